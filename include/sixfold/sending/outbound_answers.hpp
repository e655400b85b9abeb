// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDING_OUTBOUND_ANSWERS_HPP
#define SIXFOLD_SENDING_OUTBOUND_ANSWERS_HPP

#include <algorithm>
#include <cstdint>
#include <optional>

#include "sixfold/error.hpp"
#include "sixfold/sending/message_state.hpp"
#include "sixfold/sending/outbound_farewell.hpp"
#include "sixfold/sending/outbound_messages.hpp"
#include "sixfold/sending/outbound_path.hpp"
#include "sixfold/sending/outbound_requests.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/ack_state.hpp"
#include "sixfold/wire/frame.hpp"

namespace sixfold::inline v0 {

/// What a msg:A or ack:N says of the messages to one receiver: the receiver's own word, or the relay's of what it has taken, stored
/// and remembers. (spec 3.3, 3.7, 3.8, 3.11, 3.12)
///
/// Made for one frame, and keeps nothing behind it. What cannot be true, as it speaks of what was never sent, is refused: it is
/// another's word, or of a life that our journal has lost. O(bytes of the frame), and of each message that it moves on.
class outbound_answers {
  public:
    /// About the messages of stream `which`, of which there is one.
    outbound_answers(outbound_messages& all,
                     outbound_requests& requests,
                     std::uint32_t which,
                     time_point now) noexcept
        : all_(all), requests_(requests), path_(requests.path(which)), which_(which), now_(now) {}

    /// The relay's word of one sending.
    void take(const msg_answer& answer) {
        const sending* const of = path_.sendings.find(answer.number);
        if (of == nullptr) {
            return;  // late, and no harm
        }
        const sending what = *of;
        told(answer.number);
        switch (answer.word) {
        case msg_word::taken: for_each(what, [this](auto at) { all_.relay(at); }); break;
        case msg_word::away:
            path_.sendings.close(answer.number);
            for_each(what, [this](auto at) { expire_if_forbidden(at); });
            break;
        case msg_word::refused:
            path_.sendings.close(answer.number);
            refused(what, answer);
            break;
        }
    }

    /// Any ack:N of the stream's present epoch, which it may leave by that.
    [[nodiscard]] refusal take(const ack_notify& notice) {
        switch (notice.word) {
        case ack_word::state: return take_state(notice);
        case ack_word::waiting: return take_waiting(notice);
        case ack_word::past: return begin_again(notice.current, refusal::none);
        case ack_word::stored: return take_stored(notice);
        case ack_word::ended: return take_ended(notice);
        }
        return refusal::none;
    }

  private:
    using slot = outbound_messages::slot;

    [[nodiscard]] const outbound_stream& stream() const noexcept { return all_[which_]; }

    /// Calls `visit(slot)` for each message of a sending that has not ended.
    template <class Visit>
    void for_each(const sending& what, Visit visit) {
        for (seq at = what.first; at < what.first + what.count; ++at) {
            if (const slot message = stream().slot(at); message != wait_ack_queue::none) {
                visit(message);
            }
        }
    }

    /// The relay has answered this sending; if that is new it is a sample of the hop.
    void told(sending_number which) {
        requests_.answered(all_);
        const sending* const what = path_.sendings.find(which);
        if (what != nullptr && path_.sendings.told(which, signal::hop)) {
            requests_.hop().sample(*what, now_);
        }
    }

    void expire_if_forbidden(slot at) {
        const outbound_messages::entry& e = all_.queue[at];
        if (e.storing == storing::forbidden && is_unfinished(e.state) && !is_tombstone(e.state)) {
            all_.take_back(at, message_state::expiring);
        }
    }

    /// What is too large for the relay is taken back; all else of the run was refused along with it. Any other reason is final.
    /// (spec 3.14)
    void refused(const sending& what, const msg_answer& answer) {
        if (answer.reason != refused_reason::too_large) {
            return detail::give_up(all_, requests_, which_, answer.reason);
        }
        path_.word.limit_payload(answer.payload_max);
        for_each(what, [&](slot at) {
            const outbound_messages::entry& e = all_.queue[at];
            if (!stream().waits_for(e.seq, answer.number)) {
                return;
            }
            if (!is_tombstone(e.state) && e.payload_size > answer.payload_max) {
                all_.take_back(at, message_state::refusing);
            } else {
                all_.become(which_, e.seq, transit::due);
            }
        });
    }

    // --- the receiver's own word -----------------------------------------------------------------------------------

    [[nodiscard]] refusal take_state(const ack_notify& notice) {
        ack_state ack;
        if (const refusal why = ack_state::decode(notice.state, ack); why != refusal::none) {
            return why;
        }
        if (ack.end() > stream().sent_end()) {
            return begin_again(stream().epoch(), refusal::never_sent);
        }
        const receiver_word::progress progress = path_.word.said(ack);
        path_.heard(now_);
        if (progress.got_on) {
            path_.timer.got_on();
        }
        if (progress.rose) {
            path_.timer.ask_anew();
        }
        if (all_.settle(which_, ack)) {
            path_.timer.ended();
        }
        if (notice.echo) {
            take_echo(*notice.echo, ack);
            dig_up(notice.echo->number, ack);
        }
        hold(ack, notice.echo);
        return_turned_away();
        return refusal::none;
    }

    /// What the receiver holds is there; what was there and is open was turned away, unless the state is older than another one: acks
    /// overtake each other.
    void hold(const ack_state& ack, const std::optional<echo>& seen) {
        const bool is_older = seen && path_.sendings.is_overtaken(seen->number);
        if (stream().count(transit::there) != 0 && !is_older) {
            const auto is_open = [&](seq at) {
                if (stream().has(at) && stream()[at].now == transit::there &&
                    !(seen && path_.sendings.is_news_to(*seen, stream()[at].last))) {
                    all_.become(which_, at, transit::turned_away);
                }
            };
            ack.for_each_open(is_open, stream().unsent(), stream().arrived());
        }
        const auto is_there = [&](seq at) {
            if (!stream().has(at)) {
                return;
            }
            const outbound_stream::place& here = stream()[at];
            // What is due may have left as the message only.
            const bool says_so = !here.tombstone || (here.now != transit::due && has_arrived(here));
            if (says_so && (here.now == transit::out || here.now == transit::due ||
                            here.now == transit::turned_away)) {
                all_.become(which_, at, transit::there);
            }
        };
        ack.for_each_held(is_there, stream().open());
    }
    [[nodiscard]] bool has_arrived(const outbound_stream::place& here) const noexcept {
        const sending* const last = path_.sendings.find(here.last);
        return last != nullptr && last->arrived;
    }

    /// What waits for a sending that has arrived is there; or it was turned away, if the receiver says that it is open.
    template <class IsOpen>
    void arrive(const sending& what, sending_number number, IsOpen is_open) {
        for (seq at = what.first; at < what.first + what.count; ++at) {
            if (stream().waits_for(at, number)) {
                all_.become(which_, at, is_open(at) ? transit::turned_away : transit::there);
            }
        }
    }

    /// What has arrived, and is open all the same, the receiver had no room for. Echo and state are of one moment.
    void take_echo(const echo& seen, const ack_state& ack) {
        requests_.answered(all_);
        path_.sendings.told(seen, [&](const sending& each, sending_number number) {
            if (number == seen.number && !seen.repeated) {
                path_.trip.sample(now_ - each.at, now_);
            }
            arrive(each, number,
                   [&ack](seq at) { return ack.tells(at) && ack.of(at) == fate::open; });
        });
        path_.judge(seen, now_);
    }

    /// A tombstone lies in the mailbox, and the receiver, asked by this sending, says that its seq is open: its row may have gone
    /// with a life of the receiver. (spec 3.7)
    void dig_up(sending_number probe, const ack_state& ack) {
        const sending* const asked = path_.sendings.find(probe);
        if (stream().count(transit::buried) == 0 || asked == nullptr || asked->count != 0) {
            return;
        }
        const seq end = (std::min)(stream().unsent(), path_.room_end());
        for (seq at = (std::max)(stream().base(), ack.first()); at < end && ack.tells(at); ++at) {
            if (stream().has(at) && stream()[at].now == transit::buried &&
                ack.of(at) == fate::open) {
                all_.become(which_, at, transit::due);
            }
        }
    }

    /// What was turned away goes again as soon as there is room for it, and ever more patiently while the receiver does not get on.
    void return_turned_away() {
        const seq end = (std::min)(stream().unsent(), path_.room_end());
        const seq first = all_.lowest_turned_away(which_);
        if (first >= end || !path_.timer.may_return(now_, requests_.wait_way(which_))) {
            return;
        }
        stream().for_each_arrived(first, end, [this](seq at) {
            if (stream()[at].now == transit::turned_away) {
                all_.become(which_, at, transit::due);
            }
        });
    }

    /// It is in another epoch, and needs the relay's word on smaller ones first, which a probe brings: at once, unless one may be
    /// on its way. (spec 3.10)
    [[nodiscard]] refusal take_waiting(const ack_notify& notice) {
        requests_.answered(all_);
        const sending* const what = path_.sendings.find(notice.number);
        if (what != nullptr && path_.sendings.told(notice.number, signal::way)) {
            path_.trip.sample(now_ - what->at, now_);
            arrive(*what, notice.number, [](seq) { return false; });
        }
        path_.word.waits();
        if (!stream().empty() &&
            now_ >= later(path_.timer.probed_at(), requests_.wait_way(which_))) {
            requests_.ask(all_, which_);
        }
        return refusal::none;
    }

    /// Goes on under a larger epoch than `above` and ours, but not again and again at somebody's word.
    [[nodiscard]] refusal begin_again(epoch above, refusal otherwise) {
        if (!path_.timer.may_begin(now_, requests_.wait_way(which_))) {
            return refusal::too_soon;
        }
        if (all_.begin_again(which_, above)) {
            path_.begin();
        }
        return otherwise;
    }

    // --- the relay's word ------------------------------------------------------------------------------------------

    /// The run is in the mailbox. That finishes nothing for a tombstone, which only the receiver can finish, and says nothing of it
    /// unless this was its last sending: an earlier one may have been that of the message. (spec 3.7)
    [[nodiscard]] refusal take_stored(const ack_notify& notice) {
        if (notice.first + notice.count > stream().sent_end()) {
            return refusal::never_sent;
        }
        const sending* const of = path_.sendings.find(notice.number);
        const bool kept = of != nullptr && of->keep;
        for (seq at = notice.first; at < notice.first + notice.count; ++at) {
            if (!stream().has(at)) {
                continue;
            }
            const outbound_stream::place& here = stream()[at];
            const bool is_stored =
                here.tombstone ? has_left(here, notice.number) : here.now != transit::stored;
            if (is_stored) {
                all_.store(here.slot);
            }
        }
        if (of != nullptr) {
            (void)path_.sendings.told(notice.number, signal::hop);
            if (!kept) {
                path_.sendings.close(notice.number);
                requests_.away(all_, which_, notice.number);
            }
        }
        requests_.answered(all_);
        return refusal::none;
    }

    /// Was this the last sending of what is there now? Of what is due, or waits for its record, only the message may have left.
    [[nodiscard]] static bool has_left(const outbound_stream::place& here,
                                       sending_number in) noexcept {
        return here.last == in && (here.now == transit::out || here.now == transit::there ||
                                   here.now == transit::turned_away);
    }

    /// The relay's answer to a probe. What it remembers of the receiver is as true as the receiver's own word, but says nothing of
    /// it today.
    [[nodiscard]] refusal take_ended(const ack_notify& notice) {
        ack_state ack;
        const bool remembered = !notice.state.empty();
        if (remembered) {
            if (const refusal why = ack_state::decode(notice.state, ack); why != refusal::none) {
                return why;
            }
        }
        const seq end = stream().sent_end();
        if (notice.low > end || (remembered && ack.end() > end)) {
            return refusal::never_sent;
        }
        told(notice.number);
        if (remembered) {
            (void)all_.settle(which_, ack);
        }
        if (notice.away && path_.sendings.find(notice.number) != nullptr) {
            requests_.away(all_, which_, notice.number);
        }
        end_stored(notice);
        return refusal::none;
    }

    /// That something has ended is less than how. It is enough only when the mailbox has given the stream up, or when the memory for
    /// what is stored is used up, and then for one message. (spec 3.11)
    void end_stored(const ack_notify& notice) {
        const auto is = [&](transit where) {  // below low something was sent, so there is a first
            return stream().first() < notice.low && stream()[stream().first()].now == where;
        };
        if (all_.queue.unsettled_full() && is(transit::stored)) {
            all_.end(stream().slot(stream().first()), status::ended);
        }
        while (notice.given_up && (is(transit::stored) || is(transit::buried))) {
            all_.end(stream().slot(stream().first()), status::ended);
        }
    }

    outbound_messages& all_;
    outbound_requests& requests_;
    outbound_path& path_;
    std::uint32_t which_;
    time_point now_;
};

}  // namespace sixfold::inline v0

#endif
