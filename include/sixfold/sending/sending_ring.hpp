// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDING_SENDING_RING_HPP
#define SIXFOLD_SENDING_SENDING_RING_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sixfold/parts/assert.hpp"
#include "sixfold/parts/loss_rule.hpp"
#include "sixfold/parts/number.hpp"
#include "sixfold/parts/round_trip.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/frame.hpp"

namespace sixfold::inline v0 {

/// Who says that a sending has come so far.
enum class signal : std::uint8_t {
    hop,  ///< the relay, by msg:A or another answer: it has taken the sending
    way,  ///< the receiver, by an echo: the sending has arrived
};

/// One msg:R: a run, or a probe.
struct sending {
    /// What is expected of a sending.
    enum class standing : std::uint8_t {
        open,      ///< an answer
        lost_hop,  ///< nothing: it was lost, because the relay has answered later ones
        lost_way,  ///< nothing: it was lost, because the receiver has seen later ones
        closed,    ///< nothing: it has arrived, will not arrive, or no message waits for it
    };

    time_point at{};                                ///< when it left
    seq first = 0;                                  ///< the first of its messages
    std::uint32_t size = 0;                         ///< bytes of a run; 0 for a probe
    std::uint8_t count = 0;                         ///< how many messages; 0: a probe
    bool keep : 1 = false;                          ///< it asked to be stored in any case
    bool taken : 1 = false;                         ///< the relay has answered it
    bool arrived : 1 = false;                       ///< the receiver has seen it
    bool echoed : 1 = false;                        ///< an echo has said so
    standing now = standing::open;                  ///< what is expected of it now
    loss_rule::cause by = loss_rule::cause::order;  ///< why it was called lost
};

/// The sendings of one stream, by their numbers: which of them were answered, and which are lost. (spec 3.2, 3.3, 3.5)
///
/// It keeps those that are open, at most 2^15, and the last 64 of the others, so that it understands answers that come late; with
/// at most 16 open it keeps the last 64 of all. It does not know messages: it asks whether one still waits for a sending. Numbers
/// go on for the life of the sender. O(1) for each sending that a call settles. Memory grows by doubling with the most that are
/// open at once, and stays.
class sending_ring {
  public:
    /// So many are remembered, and can be open at once.
    static constexpr std::uint64_t open_max = std::uint64_t{1} << 15;

    /// `first` is the number of the first sending. It is random, so that an answer to an earlier life seldom counts.
    explicit sending_ring(sending_number first) noexcept : origin_(first) {}

    /// The number of the next sending.
    [[nodiscard]] sending_number next() const noexcept { return number_of(end_); }
    /// Whether there is no room for another one until one of them is settled.
    [[nodiscard]] bool full() const noexcept { return end_ - begin_ == open_max; }
    /// Whether none is open.
    [[nodiscard]] bool idle() const noexcept { return oldest() == end_; }

    /// Adds a sending, which leaves now. Returns its number. Precondition: not full.
    sending_number add(const sending& what) {
        SIXFOLD_ASSERT(!full());
        if (end_ - begin_ == ring_.size()) {
            make_place();
        }
        ring_[place_of(end_)] = what;
        flight_ += what.size;
        return number_of(end_++);
    }

    /// The sending of a number; null if it is not remembered. Good until the next one is added.
    [[nodiscard]] const sending* find(sending_number which) const noexcept {
        const std::uint64_t at = order_of(which);
        return at == end_ ? nullptr : &ring_[place_of(at)];
    }
    /// Somebody has answered a sending. True if that is new: then it is a sample.
    bool told(sending_number which, signal by) noexcept {
        const std::uint64_t at = order_of(which);
        return at != end_ && told_at(at, by);
    }

    /// The receiver has told which sendings it has seen. Calls `arrived(sending, number)` for each that is new.
    template <class Visit>
    void told(const echo& seen, Visit arrived) {
        const std::uint64_t newest = order_of(seen.number);
        if (newest == end_) {
            return;
        }
        // If some were called lost, these may have come all the same. Else nothing below the oldest open one is new but the newest
        // itself, which is a sample even if nothing waits for it any more.
        const std::uint64_t from = lost_ != 0 ? begin_ : (std::min)(oldest(), newest);
        const std::uint64_t reach = (std::min)(newest - begin_, std::uint64_t{echo::reach});
        for (std::uint64_t at = (std::max)(from, newest - reach); at <= newest; ++at) {
            if (seen.saw(static_cast<unsigned>(newest - at)) && told_at(at, signal::way)) {
                ring_[place_of(at)].echoed = true;
                arrived(ring_[place_of(at)], number_of(at));
            }
        }
    }

    /// Has a later sending than this arrived? False, too, if this one is not remembered.
    [[nodiscard]] bool is_overtaken(sending_number which) const noexcept {
        const std::uint64_t at = order_of(which);
        return at != end_ && at + 1 < told_[index(signal::way)];
    }
    /// Has another echo told of this sending, though this echo does not? Then this echo is the older one.
    [[nodiscard]] bool is_news_to(const echo& seen, sending_number which) const noexcept {
        const std::uint64_t at = order_of(which);
        const std::uint64_t newest = order_of(seen.number);
        if (at == end_ || newest == end_ || !ring_[place_of(at)].echoed) {
            return false;
        }
        const std::uint64_t ago = newest - at;  // huge for a later one
        return ago <= echo::reach && !seen.saw(static_cast<unsigned>(ago));
    }
    /// Calls `judged(seen)` once for each sending of which the receiver must have told by now whether it has seen it: one that left
    /// before `late`, or lies as far back as an echo reaches, and that three sendings have followed. (spec 3.29)
    template <class Judged>
    void judge(const echo& seen, time_point late, Judged judged) {
        const std::uint64_t newest = order_of(seen.number);
        if (newest == end_ || judged_ + reordered >= newest) {
            return;
        }
        for (judged_ = (std::max)(judged_, begin_); judged_ + reordered < newest; ++judged_) {
            const std::uint64_t ago = newest - judged_;
            const sending& each = ring_[place_of(judged_)];
            if (ago < echo::reach && each.at > late) {
                return;
            }
            if (ago <= echo::reach) {
                judged(each.arrived || seen.saw(static_cast<unsigned>(ago)));
            }
        }
    }
    /// There is another link: sendings that are under way now are not judged.
    void judge_anew() noexcept { judged_ = end_; }
    /// How many sendings are under way.
    [[nodiscard]] std::uint64_t under_way() const noexcept { return end_ - oldest(); }

    /// Bytes under way to the relay: of open ones that it has not answered.
    [[nodiscard]] std::uint64_t flight() const noexcept { return flight_; }
    /// Nobody can tell any more whether those that left so far are under way: they do not count.
    void strand() noexcept {
        flight_ = 0;
        stranded_ = end_;
    }

    /// The relay has said what became of a sending: nothing more is expected of it.
    void close(sending_number which) noexcept {
        if (const std::uint64_t at = order_of(which); at != end_) {
            settle(at, sending::standing::closed);
        }
    }

    /// Calls `lost(sending, number)` for each open one that is lost by now; `carries(sending, number)` says whether a message
    /// waits for it. `hop` is null where the way as a whole is the only signal. Returns when the next one is lost if nothing else
    /// happens; `never`.
    template <class Carries, class Lost>
    time_point
    lose(time_point now, const round_trip* hop, const round_trip& way, Carries carries, Lost lost) {
        while (!idle() && !is_carrying(oldest(), carries)) {
            settle(oldest(), sending::standing::closed);
        }
        const time_point by_hop =
            hop == nullptr ? never : lose_by(signal::hop, *hop, now, carries, lost);
        return (std::min)(by_hop, lose_by(signal::way, way, now, carries, lost));
    }

    /// All open ones before `which` count as lost: the relay has said that the receiver is away.
    template <class Carries, class Lost>
    void lose_before(sending_number which, Carries carries, Lost lost) {
        const std::uint64_t end = order_of(which);
        if (end == end_ && which != next()) {
            return;  // it is not known which ones these were
        }
        for (std::uint64_t at = oldest(); at < end; ++at) {
            if (ring_[place_of(at)].now == sending::standing::open) {
                const bool carrying = is_carrying(at, carries);
                settle(at, sending::standing::closed);
                if (carrying) {
                    lost(ring_[place_of(at)], number_of(at));
                }
            }
        }
    }

    /// Makes room for another one: those that have been open for longest count as lost.
    template <class Carries, class Lost>
    void lose_oldest(Carries carries, Lost lost) {
        while (full()) {
            lose_before(number_of(oldest() + 1), carries, lost);
        }
    }

    /// The newest open run that a message waits for; null if there is none. Closes newer runs, which no message waits for.
    template <class Carries>
    [[nodiscard]] const sending* newest_run(Carries carries) noexcept {
        for (std::uint64_t at = end_; at > oldest(); --at) {
            const sending& each = ring_[place_of(at - 1)];
            if (each.now != sending::standing::open || each.count == 0) {
                continue;
            }
            if (is_carrying(at - 1, carries)) {
                return &each;
            }
            settle(at - 1, sending::standing::closed);
        }
        return nullptr;
    }

    /// Another epoch begins: forgets all sendings. Numbers go on, and the loss rules stay.
    void forget() noexcept {
        ring_ = std::vector<sending>();
        begin_ = expected_[0] = expected_[1] = judged_ = end_;
        told_[0] = told_[1] = 0;
        lost_ = 0;
        strand();
    }

  private:
    friend struct test_access;

    static constexpr std::uint64_t kept = 64;  // the most settled ones that are remembered
    static constexpr std::size_t size_min = 8;
    static constexpr std::uint64_t reordered = 3;  // how many places late a sending may arrive

    [[nodiscard]] static std::size_t index(signal by) noexcept {
        return static_cast<std::size_t>(by);
    }
    /// The first that may be open.
    [[nodiscard]] std::uint64_t oldest() const noexcept { return expected_[index(signal::way)]; }
    [[nodiscard]] std::size_t place_of(std::uint64_t at) const noexcept {
        return detail::to_size(at) & (ring_.size() - 1);
    }
    [[nodiscard]] sending_number number_of(std::uint64_t at) const noexcept {
        return static_cast<sending_number>(origin_ + at);
    }
    /// The place of a number among all sendings ever; `end_` if it is not remembered.
    [[nodiscard]] std::uint64_t order_of(sending_number which) const noexcept {
        const auto ago = static_cast<sending_number>(number_of(end_) - which);
        return ago == 0 || ago > end_ - begin_ ? end_ : end_ - ago;
    }

    [[nodiscard]] bool told_at(std::uint64_t at, signal by) noexcept {
        sending& each = ring_[place_of(at)];
        if (by == signal::hop ? each.taken : each.arrived) {
            return false;
        }
        if (by == signal::hop) {
            land(at);
            each.taken = true;
        } else {
            each.arrived = true;
        }
        std::uint64_t& latest = told_[index(by)];
        latest = (std::max)(latest, at + 1);
        const bool lost_by_it = each.now == (by == signal::hop ? sending::standing::lost_hop
                                                               : sending::standing::lost_way);
        if (lost_by_it) {
            rules_[index(by)].wrong(each.by);
            --lost_;
            each.now = sending::standing::closed;
        } else {
            rules_[index(by)].right(latest - at - 1);
        }
        if (by == signal::way) {
            settle(at, sending::standing::closed);
        } else {
            move_up();
        }
        return true;
    }

    /// Goes through the sendings that still lack a signal which has come for a later one.
    template <class Carries, class Lost>
    time_point
    lose_by(signal by, const round_trip& path, time_point now, Carries& carries, Lost& lost) {
        time_point next = never;
        for (std::uint64_t at = expected_[index(by)]; at < told_[index(by)]; ++at) {
            if (!is_expected(at, by)) {
                continue;
            }
            if (!is_carrying(at, carries)) {
                settle(at, sending::standing::closed);
                continue;
            }
            const time_point due = due_by(at, by, path, now);
            if (due <= now) {
                lose_at(at, by);
                lost(ring_[place_of(at)], number_of(at));
            } else {
                next = (std::min)(next, due);
            }
        }
        return next;
    }

    /// When a sending is lost that lacks a signal which a later one has: now if by order, else by time.
    [[nodiscard]] time_point
    due_by(std::uint64_t at, signal by, const round_trip& path, time_point now) const noexcept {
        const loss_rule& rule = rules_[index(by)];
        if (rule.by_order(told_[index(by)] - 1 - at)) {
            return now;
        }
        return path.sampled() ? later(ring_[place_of(at)].at, rule.patience(path)) : never;
    }

    /// Remembers by which signal the sending was lost, and why, in case that this was wrong.
    void lose_at(std::uint64_t at, signal by) noexcept {
        ring_[place_of(at)].by = rules_[index(by)].by_order(told_[index(by)] - 1 - at)
                                     ? loss_rule::cause::order
                                     : loss_rule::cause::time;
        ++lost_;
        settle(at, by == signal::hop ? sending::standing::lost_hop : sending::standing::lost_way);
    }

    /// Is this sending open, and does it lack the signal?
    [[nodiscard]] bool is_expected(std::uint64_t at, signal by) const noexcept {
        const sending& each = ring_[place_of(at)];
        return each.now == sending::standing::open && !(by == signal::hop && each.taken);
    }

    template <class Carries>
    [[nodiscard]] bool is_carrying(std::uint64_t at, Carries& carries) const noexcept {
        const sending& each = ring_[place_of(at)];
        return each.count == 0 || carries(each, number_of(at));
    }

    /// A sending is not open any more. Forgets those in front of the first open one, but for the last `kept`.
    void settle(std::uint64_t at, sending::standing as) noexcept {
        sending& each = ring_[place_of(at)];
        if (each.now == sending::standing::open) {
            land(at);
            each.now = as;
        }
        move_up();
        while (begin_ + kept < oldest()) {
            forget_first();
        }
    }
    /// A sending is not under way to the relay any more.
    void land(std::uint64_t at) noexcept {
        if (is_expected(at, signal::hop) && at >= stranded_) {
            flight_ -= ring_[place_of(at)].size;
        }
    }
    void move_up() noexcept {
        for (const signal by : {signal::hop, signal::way}) {
            std::uint64_t& first = expected_[index(by)];
            while (first != end_ && !is_expected(first, by)) {
                ++first;
            }
        }
    }
    [[nodiscard]] static bool is_lost(const sending& each) noexcept {
        return each.now == sending::standing::lost_hop || each.now == sending::standing::lost_way;
    }

    void forget_first() noexcept {
        lost_ -= std::uint32_t{is_lost(ring_[place_of(begin_)])};
        ++begin_;
    }
    /// Where few are open, the oldest of the others gives its place to the next one.
    void make_place() {
        const bool is_roomy = ring_.size() >= kept && 4 * under_way() <= ring_.size();
        is_roomy ? forget_first() : grow();
    }
    void grow() {
        std::vector<sending> larger((std::max)(size_min, 2 * ring_.size()));
        for (std::uint64_t at = begin_; at < end_; ++at) {
            larger[detail::to_size(at) & (larger.size() - 1)] = ring_[place_of(at)];
        }
        ring_ = std::move(larger);
    }

    std::vector<sending> ring_;       // none, or a power of two of them
    std::uint64_t begin_ = 0;         // the first that is remembered
    std::uint64_t end_ = 0;           // behind the last one
    std::uint64_t told_[2] = {};      // by signal: behind the latest sending that has it
    std::uint64_t expected_[2] = {};  // by signal: the first open sending that lacks it
    std::uint64_t judged_ = 0;        // the first sending that was not judged yet
    std::uint64_t stranded_ = 0;      // those in front of it are not under way
    std::uint64_t flight_ = 0;        // bytes
    loss_rule rules_[2];              // by signal
    std::uint32_t lost_ = 0;  // remembered ones that were called lost and not answered since
    sending_number origin_;   // the number of the first of all
};

}  // namespace sixfold::inline v0

#endif
