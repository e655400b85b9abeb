// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVING_ACK_RING_HPP
#define SIXFOLD_RECEIVING_ACK_RING_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sixfold/parts/assert.hpp"
#include "sixfold/parts/loss_rule.hpp"
#include "sixfold/parts/number.hpp"
#include "sixfold/parts/round_trip.hpp"
#include "sixfold/time.hpp"
#include "sixfold/wire/frame.hpp"

namespace sixfold::inline v0 {

/// The requests of a receiver to the relay, by serial: when each was sent, about which sender, and whether it is lost. (spec 3.25)
///
///     first    oldest open        latest answered     next
///       | a l a a | o a o o a a o | a                 o o |
///       | remembered, as answers  | lost as soon as the rule says so
///       | may be late             |
///
/// An ack:R is lost by the rule of 3.5: the signal is ack:A, for all ack:R of the link together. The relay takes its time with a
/// sync:R, so that one is no signal and is never called lost here. The ring remembers the requests that are not resolved, and
/// others of the last 64; of the last 32 where few wait at the same time. It does not know what was said. O(1), on average over
/// the requests.
class ack_ring {
  public:
    /// What was sent.
    enum class kind : std::uint8_t {
        state,  ///< an ack:R that has to be answered
        other,  ///< an ack:R that is only repeated when a sender asks again
        sync,   ///< a sync:R
    };
    /// What has become of a request.
    enum class fate : std::uint8_t {
        open,           ///< an ack:R whose answer is awaited
        late_by_order,  ///< lost: enough later ones were answered
        late_by_time,   ///< lost: a later one was answered, and this one takes too long
        given_up,       ///< lost: the timer has ended, and no answer came
        answered,       ///< the relay has it
        apart,          ///< a sync:R that was not answered
    };
    /// One request.
    struct sending {
        std::uint32_t stream = 0;          ///< of an ack:R: the index of the sender that it is for
        std::uint32_t room = 0;            ///< the room that it told; 0: none
        ack_ring::kind what = kind::sync;  ///< what it was
        ack_ring::fate now = fate::answered;  ///< what has become of it
        ack_serial serial = 0;                ///< its name
        time_point at{};                      ///< when it left
    };

    /// There are never more unanswered ones. That is half of all serials, so that none has two meanings.
    static constexpr std::uint64_t size_max = 1U << 15;

    /// `before` is the serial in front of the first.
    explicit ack_ring(ack_serial before) noexcept
        : first_(before + 1U), open_(first_), latest_(first_), next_(first_) {}

    /// The serial of the next request.
    [[nodiscard]] ack_serial next() const noexcept { return static_cast<ack_serial>(next_); }
    /// Is there room for another?
    [[nodiscard]] bool has_room() const noexcept { return next_ - first_ < size_max; }

    /// The next request was sent.
    void sent(kind what, std::uint32_t stream, std::uint32_t room, time_point now) {
        SIXFOLD_ASSERT(has_room());
        if (next_ - first_ == places_.size()) {
            make_place();
        }
        at(next_) = {stream, room, what, what == kind::sync ? fate::apart : fate::open,
                     next(), now};
        ++next_;
        forget();
    }

    /// An answer to this serial came. Returns the request, if it is remembered and was not answered before.
    [[nodiscard]] std::optional<sending> answered(ack_serial serial) noexcept {
        // The place whose low bits are those of the serial, and which is the last before `next`.
        const std::uint64_t place = next_ - 1 - static_cast<ack_serial>(next_ - 1 - serial);
        if (place < first_ || place >= next_) {
            return std::nullopt;
        }
        sending& one = at(place);
        switch (one.now) {
        case fate::answered: return std::nullopt;
        case fate::open: rule_.right(latest_ > place ? latest_ - place : 0); break;
        case fate::late_by_order: rule_.wrong(loss_rule::cause::order); break;
        case fate::late_by_time: rule_.wrong(loss_rule::cause::time); break;
        case fate::given_up:
        case fate::apart: break;
        }
        if (one.now != fate::apart) {
            latest_ = (std::max)(latest_, place);
        }
        one.now = fate::answered;
        const sending out = one;
        forget();
        return out;
    }

    /// The next ack:R that is lost by now, the lowest first; nothing if there is none.
    [[nodiscard]] std::optional<sending> lose(const round_trip& path, time_point now) noexcept {
        if (open_ >= latest_) {
            return std::nullopt;
        }
        const bool by_order = rule_.by_order(latest_ - open_);
        if (!by_order && now < later(at(open_).at, rule_.patience(path))) {
            return std::nullopt;
        }
        return resolve(by_order ? fate::late_by_order : fate::late_by_time);
    }
    /// When `lose` returns something, if nothing else happens before; `never` if it does not.
    [[nodiscard]] time_point next_loss(const round_trip& path) const noexcept {
        if (open_ >= latest_) {
            return never;
        }
        const time_point left = at(open_).at;
        return rule_.by_order(latest_ - open_) ? left : later(left, rule_.patience(path));
    }
    /// The lowest that was not answered is waited for no longer, whatever the rule says.
    [[nodiscard]] std::optional<sending> give_up() noexcept {
        return open_ == next_ ? std::nullopt : std::optional(resolve(fate::given_up));
    }

    /// There is a new link: nothing that was sent on the last one is waited for. Serials go on.
    void restart() noexcept {
        first_ = open_ = latest_ = next_;
        rule_ = loss_rule();
    }

  private:
    friend struct receiver_access;

    static constexpr std::uint64_t memory = 64;  // resolved ones behind it are forgotten
    static constexpr std::size_t size_min = 32;

    [[nodiscard]] sending& at(std::uint64_t place) noexcept {
        return places_[detail::to_size(place) & (places_.size() - 1)];
    }
    [[nodiscard]] const sending& at(std::uint64_t place) const noexcept {
        return places_[detail::to_size(place) & (places_.size() - 1)];
    }

    sending resolve(fate how) noexcept {
        at(open_).now = how;
        const sending out = at(open_);
        forget();
        return out;
    }
    void forget() noexcept {
        while (open_ < next_ && at(open_).now != fate::open) {
            ++open_;
        }
        while (first_ < open_ && next_ - first_ > memory) {
            ++first_;
        }
    }

    /// On most links few wait at the same time. Then the first that is remembered makes place for the next one.
    void make_place() {
        if (4 * (next_ - open_) <= places_.size() && !places_.empty()) {
            ++first_;
        } else {
            grow();
        }
    }
    void grow() {
        std::vector<sending> larger((std::max)(size_min, 2 * places_.size()));
        for (std::uint64_t each = first_; each < next_; ++each) {
            larger[detail::to_size(each) & (larger.size() - 1)] = at(each);
        }
        places_ = std::move(larger);
    }

    // Places go on where serials wrap around: a serial is the low 16 bits of its place.
    std::uint64_t first_;   // the first that is remembered
    std::uint64_t open_;    // the first ack:R that is open
    std::uint64_t latest_;  // the latest ack:R that was answered
    std::uint64_t next_;
    loss_rule rule_;
    std::vector<sending> places_;  // none, or a power of two of them
};

}  // namespace sixfold::inline v0

#endif
