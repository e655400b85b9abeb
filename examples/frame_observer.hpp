// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_FRAME_OBSERVER_HPP
#define SIXFOLD_EXAMPLES_FRAME_OBSERVER_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include <sixfold/sixfold.hpp>
#include "step.hpp"

namespace example {

/// Watches the frames of one client go by, in both directions, and says what is in them.
///
/// Reads nothing but their bytes. A msg:R is a resend if its first message was in one before; an ack:R or sync:R, if nothing
/// has come that asks for a new one. What answers a sending names its number, and that is looked up among the last ones.
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

    /// Consecutive messages; none: a probe, or not known any more.
    struct messages {
        std::optional<sixfold::seq> first{};
        std::uint64_t count = 1;
    };
    /// What the last requests were about, by the number or serial that names each in its answer.
    class last_requests {
      public:
        void note(std::uint16_t name, messages about) { all_[name % all_.size()] = {name, about}; }
        [[nodiscard]] messages of(std::uint16_t name) const {
            const request& last = all_[name % all_.size()];
            return last.name == name ? last.about : messages();
        }

      private:
        struct request {
            std::uint16_t name = 0;
            messages about{};
        };
        std::array<request, 1024> all_{};
    };

    static void put(messages about, frame_summary& to) {
        to.seq = about.first;
        to.count = about.count;
    }
    static messages of(sixfold::seq first, const sixfold::run& entries) {
        return entries.empty() ? messages() : messages{first, entries.count()};
    }
    static std::string beginning(const sixfold::run& entries) {
        const sixfold::bytes payload = (*entries.begin()).payload;
        return std::string(sixfold::as_text(payload.first((std::min)(payload.size(), text_max))));
    }

    void describe(const sixfold::msg_request& msg, frame_summary& to) {
        const messages about = of(msg.first, msg.entries);
        sendings_.note(msg.number, about);
        if (about.first) {
            put(about, to);
            to.text = beginning(msg.entries);
            times_.erase(times_.begin(), times_.lower_bound(msg.base));
            to.resend = times_[msg.first]++;
            for (std::uint64_t i = 1; i < about.count; ++i) {
                ++times_[msg.first + i];
            }
        }
    }
    void describe(const sixfold::msg_answer& msg, frame_summary& to) const {
        put(sendings_.of(msg.number), to);
    }
    void describe(const sixfold::msg_notify& msg, frame_summary& to) {
        const messages about = of(msg.first, msg.entries);
        if (!msg.drained) {
            received_.note(msg.number, about);
        }
        if (about.first) {
            put(about, to);
            to.drained = msg.drained;
            to.text = beginning(msg.entries);
        }
    }
    void describe(const sixfold::ack_request& ack, frame_summary& to) {
        const messages about = subject(ack, received_);
        put(about, to);
        to.resend = ack_sendings_++;
        acked_.note(ack.serial, about);
    }
    /// It names the ack:R that it answers, and not a message.
    void describe(const sixfold::ack_answer& ack, frame_summary& to) const {
        put(acked_.of(ack.serial), to);
    }
    void describe(const sixfold::ack_notify& ack, frame_summary& to) const {
        put(ack.word == sixfold::ack_word::stored ? messages{ack.first, ack.count}
                                                  : subject(ack, sendings_),
            to);
    }
    void describe(const sixfold::sync_request&, frame_summary& to) { to.resend = sync_sendings_++; }
    static void describe(const sixfold::sync_answer&, frame_summary&) {}

    /// The messages that an acknowledgement answers; where it echoes nothing new, the last that it covers.
    template <class Ack>
    static messages subject(const Ack& ack, const last_requests& sendings) {
        sixfold::ack_state state;
        if (ack.echo && !ack.echo->repeated) {
            return sendings.of(ack.echo->number);
        }
        if (ack.word != sixfold::ack_word::state ||
            sixfold::ack_state::decode(ack.state, state) != sixfold::refusal::none ||
            state.floor() == 0) {
            return {};
        }
        return {state.floor() - 1};
    }

    sixfold::framing link_;
    unsigned ack_sendings_ = 0;               // since something came that an ack:R answers
    unsigned sync_sendings_ = 0;              // since a sync:R was answered
    last_requests sendings_;                  // msg:R of this client
    last_requests received_;                  // msg:N, by the numbers of whoever sent them
    last_requests acked_;                     // ack:R of this client
    std::map<sixfold::seq, unsigned> times_;  // how often each unfinished message was sent
};

}  // namespace example

#endif
