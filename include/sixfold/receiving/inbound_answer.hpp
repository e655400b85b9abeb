// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVING_INBOUND_ANSWER_HPP
#define SIXFOLD_RECEIVING_INBOUND_ANSWER_HPP

#include <cstdint>
#include <optional>

#include "sixfold/receiving/seen_numbers.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/frame.hpp"

namespace sixfold::inline v0 {

/// What is to be said to one sender, and what was said. (spec 3.24, 3.25)
///
///     quiet --something new, or asked--> due --ack:R--> said --ack:A--> quiet
///                                         ^               |
///                                         +---- lost -----+
///
/// That is our ack state of its stream. `past` and `waiting` may be due besides: they are said once for each question. It does not
/// know what the state is, nor the time.
class inbound_answer {
  public:
    /// How far our ack state of the stream is.
    enum class progress : std::uint8_t {
        quiet,  ///< the relay has it
        due,    ///< it is to be said
        said,   ///< it was said, and is not answered yet
    };
    /// An epoch, and the sending that asked about it.
    struct question {
        sixfold::epoch epoch = epoch::none;  ///< none: nobody has asked
        sending_number number = 0;           ///< of the last that has asked
    };

    /// For a sender from which nothing has come. `serial` is the next that will be used.
    explicit inbound_answer(ack_serial serial) noexcept : limits_since_(serial) {}

    /// How far our state is.
    [[nodiscard]] progress state() const noexcept { return state_; }
    /// A smaller epoch to which `past` is to be said; none.
    [[nodiscard]] epoch past() const noexcept { return past_; }
    /// A larger epoch, which is not entered, to which `waiting` is to be said.
    [[nodiscard]] const question& waiting() const noexcept { return waiting_; }
    /// The seq that came or ended last: the state is to speak of it.
    [[nodiscard]] seq latest() const noexcept { return latest_; }
    /// Which sendings have come.
    [[nodiscard]] const seen_numbers& seen() const noexcept { return seen_; }
    /// The room that was told last; 0: none.
    [[nodiscard]] std::uint32_t told_room() const noexcept { return told_room_; }
    /// Is this room to be told with the state? Yes, unless the relay has a state that told it.
    [[nodiscard]] bool tells(std::uint32_t room) const noexcept { return room != known_room_; }
    /// Is there anything to be sent?
    [[nodiscard]] bool owes() const noexcept {
        return state_ == progress::due || past_ != epoch::none || waiting_.epoch != epoch::none;
    }

    // --- reasons ---------------------------------------------------------------------------------------------------

    /// There is something new to say, or the sender has missed it.
    void owe_state(seq about) noexcept {
        state_ = progress::due;
        latest_ = about;
        again_ = false;
    }
    /// A sending of our epoch came directly.
    void saw(sending_number number) noexcept { seen_.add(number); }
    /// This epoch was entered. Nothing of it counts as seen but a sending that asked about it and was not answered.
    void enter(epoch of) noexcept {
        seen_ = seen_numbers();
        if (waiting_.epoch == of) {
            seen_.add(waiting_.number);
        }
        waiting_ = question();
        latest_ = 0;
    }
    /// Limits are to be told until the answer to this serial, or a later one, says that the relay has them.
    void owe_limits(ack_serial serial) noexcept {
        known_room_ = 0;
        limits_since_ = serial;
    }
    /// A frame of a smaller epoch came.
    void owe_past(epoch of) noexcept { past_ = of; }
    /// A frame of a larger epoch came, and that is not entered.
    void owe_waiting(epoch of, sending_number number) noexcept { waiting_ = {of, number}; }

    // --- what became of it -----------------------------------------------------------------------------------------

    /// `past` has left.
    void said_past() noexcept { past_ = epoch::none; }
    /// `waiting` has left.
    void said_waiting() noexcept { waiting_ = question(); }
    /// The state has left. `room` is what it told; 0: none.
    void said_state(ack_serial serial, std::uint32_t room) noexcept {
        state_ = progress::said;
        first_serial_ = again_ ? first_serial_ : serial;
        last_serial_ = serial;
        again_ = true;
        if (room != 0 && room != told_room_) {
            owe_limits(serial);  // the answer to an earlier serial is about another room
            told_room_ = room;
        }
        seen_.tell();
    }
    /// The relay has the state of this serial, which told this room. True if that is still all that there is to say.
    bool answered(ack_serial serial, std::uint32_t room) noexcept {
        const auto since = static_cast<ack_serial>(serial - limits_since_);
        if (room != 0 && since < 0x8000) {
            known_room_ = room;
        }
        const auto from_first = static_cast<ack_serial>(serial - first_serial_);
        const auto all = static_cast<ack_serial>(last_serial_ - first_serial_);
        if (state_ != progress::said || from_first > all) {
            return false;  // that one said less, and the last is still on its way
        }
        state_ = progress::quiet;
        return true;
    }
    /// The state of this serial is lost. True if it is to be said again.
    bool lost(ack_serial serial) noexcept { return serial == last_serial_ && lost(); }
    /// The link is lost, and with it whatever was said. True if it is to be said again.
    bool lost() noexcept {
        const bool again = state_ == progress::said;
        state_ = again ? progress::due : state_;
        return again;
    }

  private:
    friend struct receiver_access;

    seen_numbers seen_;
    seq latest_ = 0;
    epoch past_ = epoch::none;
    question waiting_;
    std::uint32_t told_room_ = 0;
    std::uint32_t known_room_ = 0;  // the same, once the relay has it; 0: not since `owe_limits`
    ack_serial limits_since_;       // answers to earlier serials do not count for the limits
    ack_serial first_serial_ = 0;   // of the first state that said what the last one said
    ack_serial last_serial_ = 0;    // of the last state
    bool again_ = false;            // there was nothing new to say since the last state
    progress state_ = progress::quiet;
};

}  // namespace sixfold::inline v0

#endif
