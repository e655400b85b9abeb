// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_FUZZ_PIECES_HPP
#define SIXFOLD_TESTS_FUZZ_PIECES_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <sixfold/receiving/ack_report.hpp>
#include <sixfold/types.hpp>
#include <sixfold/wire/codec.hpp>
#include "fuzz/input.hpp"

// What a program of an input puts into its frames.

namespace fuzz {

inline const sixfold::peer& peer_of(std::uint8_t which) {
    static const std::array<sixfold::peer, 3> all = {"bob", "carol", "dave"};
    return all[which % all.size()];
}

/// The state of some receiver: a floor, some accepted behind it, some held. As it would be, or bytes.
class made_state {
  public:
    explicit made_state(input& in) {
        if (in.byte() % 4 == 0) {
            state_ = in.piece();
            return;
        }
        const sixfold::seq floor = (std::min)(in.seq(), sixfold::seq_end - 8);
        const std::byte accepted{static_cast<std::uint8_t>(in.byte() & 0xFE)};
        const std::byte held = std::byte{in.byte()} & ~accepted;
        sixfold::ack_report report{.floor = floor, .horizon = in.seq()};
        report.skip = floor < sixfold::seq_end - 8 * 256 && in.flag() ? in.byte() : 0;
        report.accepted = {&accepted, 1};
        report.held = {&held, 1};
        if (in.flag() && floor != 0) {
            exception_ = {floor - 1, sixfold::fate::rejected};
            report.exceptions = {&exception_, 1};
        }
        state_ = sixfold::bytes(buffer_).first(sixfold::encode_ack_state(report, buffer_));
    }
    made_state(const made_state&) = delete;
    made_state& operator=(const made_state&) = delete;

    [[nodiscard]] sixfold::bytes bytes() const { return state_; }

  private:
    std::array<std::byte, sixfold::ack_state_size_max()> buffer_{};
    sixfold::exception exception_{};
    sixfold::bytes state_;
};

/// One message or some in a row, as a frame carries them. Refers to the input.
class made_run {
  public:
    explicit made_run(input& in) {
        for (int left = 1 + in.byte() % 4; left != 0; --left) {
            const sixfold::run_entry next =
                in.flag() ? sixfold::run_entry{true, {}} : sixfold::run_entry{false, in.piece()};
            if (messages_.fits(next)) {
                messages_.add(next);
            }
        }
    }

    [[nodiscard]] sixfold::run get() const { return messages_.get(); }

  private:
    sixfold::run_writer messages_;
};

/// As it comes off the wire; no bytes if it cannot be there.
template <class Frame>
std::size_t wire_of(const Frame& what, std::span<std::byte> out) {
    const sixfold::framing unchecked("alice", sixfold::checksum::off);
    return sixfold::is_valid(what) ? encode(what, unchecked, out) : 0;
}

}  // namespace fuzz

#endif
