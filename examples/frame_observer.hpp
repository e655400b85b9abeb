// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_FRAME_OBSERVER_HPP
#define SIXFOLD_EXAMPLES_FRAME_OBSERVER_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include <sixfold/sixfold.hpp>
#include "step.hpp"

namespace example {

/// Watches the frames of one client go by, in both directions, and says what is in them.
///
/// Reads nothing but their bytes. Which sending of a request it is, a msg:R says; of an ack:R or
/// sync:R it is a resend if nothing has come that asks for a new one.
class frame_observer {
  public:
    explicit frame_observer(const sixfold::peer& client) : link_(client) {}

    /// The client or the relay puts a frame on the link.
    [[nodiscard]] frame_summary sent(sixfold::bytes bytes) {
        sixfold::frame decoded;
        frame_summary summary;
        if (sixfold::decode(bytes, link_, decoded) == sixfold::refusal::none) {
            summary.kind = decoded.index();
            std::visit([&](const auto& frame) { describe(frame, summary); }, decoded);
        }
        return summary;
    }

    /// The client has taken a frame.
    void arrived(frame_kind what) {
        if (what == kind::msg_n) {
            ack_sendings_ = 0;
        } else if (what == kind::sync_a) {
            sync_sendings_ = 0;
        }
    }

  private:
    static constexpr std::size_t text_max = 40;  // bytes

    static std::string beginning(sixfold::bytes payload) {
        return std::string(sixfold::as_text(payload.first((std::min)(payload.size(), text_max))));
    }

    static void describe(const sixfold::msg_request& msg, frame_summary& to) {
        if (msg.form != sixfold::form::probe) {
            to.seq = msg.seq;
            to.resend = msg.attempt;
            to.text = beginning(msg.payload);
        }
    }
    static void describe(const sixfold::msg_answer& msg, frame_summary& to) { to.seq = msg.id.seq; }
    static void describe(const sixfold::msg_notify& msg, frame_summary& to) {
        if (msg.form != sixfold::form::probe) {
            to.seq = msg.seq;
            to.drained = msg.drained;
            to.text = beginning(msg.payload);
        }
    }
    void describe(const sixfold::ack_request& ack, frame_summary& to) {
        to.seq = subject(ack);
        to.resend = ack_sendings_++;
        acked_[ack.serial % acked_.size()] = {ack.serial, to.seq};
    }
    /// It names the ack:R that it answers, and not a message.
    void describe(const sixfold::ack_answer& ack, frame_summary& to) const {
        const answerable& last = acked_[ack.serial % acked_.size()];
        to.seq = last.serial == ack.serial ? last.seq : std::nullopt;
    }
    static void describe(const sixfold::ack_notify& ack, frame_summary& to) {
        to.seq = ack.word == sixfold::ack_word::stored ? ack.seq : subject(ack);
    }
    void describe(const sixfold::sync_request&, frame_summary& to) { to.resend = sync_sendings_++; }
    static void describe(const sixfold::sync_answer&, frame_summary&) {}

    /// The message that an acknowledgement answers; without an echo, the last that it covers.
    template <class Ack>
    static std::optional<sixfold::seq> subject(const Ack& ack) {
        sixfold::ack_state state;
        if (ack.echo) {
            return ack.echo->seq;
        }
        if (ack.word != sixfold::ack_word::state ||
            sixfold::ack_state::decode(ack.state, state) != sixfold::refusal::none ||
            state.floor() == 0) {
            return std::nullopt;
        }
        return state.floor() - 1;
    }

    sixfold::framing link_;
    unsigned ack_sendings_ = 0;   // since something came that an ack:R answers
    unsigned sync_sendings_ = 0;  // since a sync:R was answered
    struct answerable {
        std::uint32_t serial = 0;
        std::optional<sixfold::seq> seq{};  // the message that it was about
    };
    std::array<answerable, 64> acked_{};  // the last ack:R
};

}  // namespace example

#endif
