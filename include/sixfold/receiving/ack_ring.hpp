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

/// The requests of a receiver to the relay, by serial: when each was sent and for whom, and which of them are lost. (spec 3.25)
///
///     first    oldest open        latest answered     next
///       | a l a a | o a o o a a o | a                 o o |
///       | remembered, as answers  | lost as soon as the rule says so
///       | may be late             |
///
/// An ack:R is lost by the rule of 3.5, with ack:A as the signal, over all of the link; a sync:R, which the relay takes its time
/// with, is no signal and is never called lost here. Remembers those that are not resolved, and others within the last 64; where few wait
/// at once, within the last 32. Does not know what was said. O(1), on average over the requests.
class ack_ring {
  public:
    /// What was sent.
    enum class kind : std::uint8_t {
        state,  ///< an ack:R that has to be answered
        other,  ///< an ack:R that is said again when it is asked for
        sync,   ///< a sync:R
    };
    /// What has become of a request.
    enum class fate : std::uint8_t {
        open,           ///< an ack:R that is waited for
        late_by_order,  ///< it was overtaken
        late_by_time,   ///< one was answered that is later, and it takes too long
        given_up,       ///< none was answered
        answered,       ///< the relay has it
        apart,          ///< a sync:R that was not answered
    };
    /// One request.
    struct sending {
        std::uint32_t stream = 0;             ///< of an ack:R, the index of whom it tells
        std::uint32_t room = 0;               ///< that it told; 0: none
        ack_ring::kind what = kind::sync;     ///< what it was
        ack_ring::fate now = fate::answered;  ///< what has become of it
        ack_serial serial = 0;                ///< its name
        time_point at{};                      ///< when it left
    };

    /// Unanswered ones are never more. Half of all serials: so none has two meanings.
    static constexpr std::uint64_t size_max = 1U << 15;

    /// `before`: the serial in front of the first.
    explicit ack_ring(ack_serial before) noexcept
        : first_(before + 1U), open_(first_), latest_(first_), next_(first_) {}

    /// The serial of the next request.
    [[nodiscard]] ack_serial next() const noexcept { return static_cast<ack_serial>(next_); }
    /// Is there room for another?
    [[nodiscard]] bool has_room() const noexcept { return next_ - first_ < size_max; }

    /// The next request has left.
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

    /// The answer to a serial came: the request, if it is remembered and was not answered before.
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

    /// The next ack:R that is lost by now, the lowest first, if any.
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
    /// When `lose` has something if nothing else happens; `never`.
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

    /// Few wait at once on most links: then the first that is remembered makes place for the next one.
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

    // Places count on where serials wrap: the serial is their low 16 bits.
    std::uint64_t first_;   // that is remembered
    std::uint64_t open_;    // all below are resolved, it is not
    std::uint64_t latest_;  // ack:R that was answered
    std::uint64_t next_;
    loss_rule rule_;
    std::vector<sending> places_;  // none, or a power of two of them
};

}  // namespace sixfold::inline v0

#endif
