// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVING_ROOM_OFFERS_HPP
#define SIXFOLD_RECEIVING_ROOM_OFFERS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sixfold/receiving/inbound_store.hpp"
#include "sixfold/receiving/room_line.hpp"
#include "sixfold/time.hpp"

namespace sixfold::inline v0 {

/// How much room each sender is told, and who is told unasked when there is more. (spec 3.24)
///
///     turned away, or used up for want of places    stands in line, until a place is offered to it
///     used up by its share                          hears of it as soon as there is more
///     below half a window                           hears of it when there is half a window more
///
/// A place is offered to one sender only: to all others it is as if it was taken, until something of that sender has come, or the offer
/// is `patience` old, or up to twice as much. Does not know what is told besides. O(1), on average over the calls.
class room_offers {
  public:
    /// For a window of so many seqs; offers stand so long.
    room_offers(std::uint32_t window, duration patience) noexcept
        : window_(window), patience_(patience) {}

    /// How many seqs from its floor on a sender is told that it may send now.
    [[nodiscard]] std::uint32_t room(const inbound_store& store,
                                     std::uint32_t which) const noexcept {
        const std::uint32_t places = store.places_left();
        if (offered() == 0) {  // as a rule
            return store.room(which, places);
        }
        const std::uint32_t others = places - (std::min)(places, offered());
        const std::uint32_t its_part = is_offered(which) ? places / offered() : 0;
        return store.room(which, (std::max)(others, its_part));
    }
    /// When offers lapse; `never`.
    [[nodiscard]] time_point deadline() const noexcept { return offered() != 0 ? until_ : never; }
    /// Has somebody to hear of more room by now?
    [[nodiscard]] bool is_due(const inbound_store& store, time_point now) noexcept {
        return deadline() <= now || (places_.front() && offered() < store.places_left());
    }

    /// Something of it was turned away.
    void turned_away(std::uint32_t which) { places_.wait(which); }
    /// This room was told.
    void told(const inbound_store& store, std::uint32_t which, std::uint32_t room) {
        if (is_shut(store, which, room) && store.uses_place(which) && !is_offered(which) &&
            store.places_left() <= offered()) {
            places_.wait(which);
        } else if (is_narrow(store, which, room)) {
            narrow_.wait(which);
        }
    }
    /// Something of it has come: what it was offered it has used.
    void came(std::uint32_t which) noexcept {
        if (is_offered(which)) {
            --(offers_[which] == turn_ ? now_ : before_);
            offers_[which] = 0;
        }
    }
    /// A sender was dropped, and another has its index.
    void forget(std::uint32_t which) noexcept {
        came(which);
        places_.leave(which);
        narrow_.leave(which);
    }

    /// There may be more room. Calls `tell(which)` for those who are to hear of it; `told(which)` is what they were told last.
    template <class Told, class Tell>
    void grew(const inbound_store& store, time_point now, Told told, Tell tell) {
        lapse(now);
        const std::uint32_t places = store.places_left();
        for (auto which = places_.front(); which && offered() < places; which = places_.front()) {
            places_.leave(*which);
            if (store.uses_place(*which)) {
                offer(*which);
                narrow_.leave(*which);
                tell(*which);
            }
        }
        while (const auto which = narrow_.front()) {
            const bool grown = has_grown(store, *which, told(*which));
            if (!grown && is_narrow(store, *which, told(*which))) {
                return narrow_.rotate();  // its turn comes again
            }
            narrow_.leave(*which);
            if (grown) {
                tell(*which);
            }
        }
    }

  private:
    friend struct receiver_access;

    /// Has it used up what it was told, which is not all there can be?
    [[nodiscard]] bool
    is_shut(const inbound_store& store, std::uint32_t which, std::uint32_t told) const noexcept {
        return store.span(which) >= told && told < window_;
    }
    [[nodiscard]] bool
    is_narrow(const inbound_store& store, std::uint32_t which, std::uint32_t told) const noexcept {
        return told < half() || is_shut(store, which, told);
    }
    /// By half a window, or at all if nothing more could be sent.
    [[nodiscard]] bool
    has_grown(const inbound_store& store, std::uint32_t which, std::uint32_t told) const noexcept {
        const std::uint32_t least = is_shut(store, which, told) ? 1 : half();
        return room(store, which) >= told + least;
    }

    [[nodiscard]] std::uint32_t half() const noexcept { return (window_ + 1) / 2; }
    /// Offers that stand.
    [[nodiscard]] std::uint32_t offered() const noexcept { return now_ + before_; }
    [[nodiscard]] bool is_offered(std::uint32_t which) const noexcept {
        return which < offers_.size() && offers_[which] != 0 && turn_ - offers_[which] < 2;
    }
    void offer(std::uint32_t which) {
        if (which >= offers_.size()) {
            offers_.resize(std::size_t{which} + 1);
        }
        came(which);
        offers_[which] = turn_;
        ++now_;
    }
    /// Who has not used what it was offered has nothing to send, or is not there.
    void lapse(time_point now) noexcept {
        if (now < until_) {
            return;
        }
        const bool both = now >= later(until_, patience_);
        before_ = both ? 0 : now_;
        now_ = 0;
        turn_ += both ? 2U : 1U;
        until_ = later(now, patience_);
    }

    room_line places_;
    room_line narrow_;
    std::vector<std::uint32_t> offers_;  // by the index of the sender: in which turn; 0: none
    std::uint32_t now_ = 0;              // offers of this turn
    std::uint32_t before_ = 0;           // of the last one
    std::uint32_t turn_ = 2;
    std::uint32_t window_;
    duration patience_;
    time_point until_{};  // the turn ends
};

}  // namespace sixfold::inline v0

#endif
