// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDER_HPP
#define SIXFOLD_SENDER_HPP

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>

#include "sixfold/error.hpp"
#include "sixfold/event.hpp"
#include "sixfold/journal/creation.hpp"
#include "sixfold/journal/journal.hpp"
#include "sixfold/options.hpp"
#include "sixfold/parts/peer_table.hpp"
#include "sixfold/sending/message_state.hpp"
#include "sixfold/sending/outbound_answers.hpp"
#include "sixfold/sending/outbound_farewell.hpp"
#include "sixfold/sending/outbound_journal.hpp"
#include "sixfold/sending/outbound_messages.hpp"
#include "sixfold/sending/outbound_record.hpp"
#include "sixfold/sending/outbound_requests.hpp"
#include "sixfold/sending/outbound_restore.hpp"
#include "sixfold/sending/outbound_stream.hpp"
#include "sixfold/sending/wait_ack_queue.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/codec.hpp"
#include "sixfold/wire/frame.hpp"

namespace sixfold::inline v0 {

/// The sending half of a client: takes messages, resends each with the same msgid until the receiver has said how it
/// ended, and tells the app.
///
/// Keeps track of the wait-ack queue and of one stream per receiver. Reads no clock but its own, touches no socket, and
/// knows nothing of the receiving half. Each call is O(1) per frame or message it handles, O(log n) where a timer moves;
/// `link_up` is O(messages). Calls from several threads, const ones too, need a lock around the machine.
class sender {
  public:
    /// Refuses options that cannot work, with an error that names the option. The clock must outlive the sender.
    [[nodiscard]] static result<sender> create(clock_ref clock,
                                               incarnation life,
                                               const sender_options& options = {},
                                               sixfold::journaling keeps = journaling::none) {
        return creation::of<sender>({validate(life), validate(options)}, clock, life, options,
                                    keeps);
    }
    /// Goes on where an earlier life has ended, with the same tickets and msgids; the app hears again what it may not have heard.
    /// `journal` is what is durable of the sender's own records, or of a whole client's. Errors: journal_version,
    /// journal_damaged; option, if `keeps` is none, or the options have no room for what is in it. O(n log n).
    [[nodiscard]] static result<sender> create(clock_ref clock,
                                               incarnation life,
                                               const sender_options& options,
                                               sixfold::journaling keeps,
                                               bytes journal) {
        return creation::from<sender>(
            journal, {validate(life), validate(options), check_journal(keeps, journal)}, clock,
            life, options, keeps);
    }
    /// For `create`.
    sender(creation /*key*/,
           clock_ref clock,
           incarnation life,
           const sender_options& options,
           sixfold::journaling keeps)
        : options_(options), away_(life.away), clock_(clock), framing_(peer(), checksum::on),
          messages_(life, options, keeps), requests_(options) {
        tick();
    }
    /// Moved, not copied: two would give one name to two messages. What was moved from may only be destroyed or assigned to.
    sender(sender&&) noexcept = default;
    sender& operator=(sender&&) noexcept = default;  ///< likewise

    // --- the app ---------------------------------------------------------------------------------------------------

    /// Takes a copy of the payload into the wait-ack queue and returns its ticket; `poll_transmit` sends it. Errors: peer_name,
    /// payload_too_large, queue_full, peer_full, peers_full, option, tickets_used_up; then nothing has changed.
    result<ticket> send(const peer& to, bytes payload, const send_options& how = {});

    /// Takes a message back. An event tells the outcome: `cancelled` if the receiver's app will never see it, `delivered` or
    /// `rejected` if that came first, `ended` if more messages were taken back at once than the receiver remembers (its
    /// `exceptions`). False if it has ended already, or never was: then nothing has changed. A second call changes nothing.
    bool cancel(ticket message);

    /// Gives a peer up: messages that were never sent to it are `cancelled` (`expired` if they were too late), all others have
    /// `ended`, as nobody can say any more how. Events tell it. The peer may still get what waits in its mailbox. (spec 3.14)
    ///
    /// Its place among `peers_max` is free when the app has heard these events, and has polled the journal after them. A life
    /// whose journal ends before that goes on with the rest: give the peer up again. False if it has no place. O(messages to it).
    bool forget(const peer& to);

    /// Was a message with this ticket taken whose end the app has not heard? An app that keeps its tickets asks after a restart:
    /// it sends a message again if that is not outstanding and has no known end, as its record did not become durable. O(1).
    [[nodiscard]] bool outstanding(ticket message) const noexcept {
        return messages_.queue.is_taken(message);
    }

    /// The next thing that the app has not heard; empty when there is none. A message keeps its place in the queue until its last
    /// event was polled, and the record that lets go of it. If it is polled late, weaker events are skipped.
    std::optional<event> poll_event();

    // --- the link --------------------------------------------------------------------------------------------------

    /// The link to the relay is there, over datagrams or a byte stream. The lowest outstanding messages to each receiver go out
    /// again; others follow if the answers say that they are missing. (spec 3.28)
    void link_up(const framing& framing, transport over = transport::datagrams);
    /// The link is gone: nothing is sent until `link_up`. Deadlines of messages go on.
    void link_down() noexcept { linked_ = false; }

    /// Takes a frame from the relay: msg:A or ack:N. Whatever it says, the call is legal and bounded.
    refusal handle(const frame& from_relay);
    /// A msg:A, decoded. Refuses `unknown_stream`.
    refusal handle(const msg_answer& answer);
    /// An ack:N, decoded. Refuses `unknown_stream`, `never_sent`, `too_soon` (spec 3.12), and invalid ack states.
    refusal handle(const ack_notify& notice);

    /// Fills the buffer with as many frames as are due and fit. Returns the part that was filled, or nothing when no frame is due
    /// or there is no link. Call it until it returns nothing. Precondition: `packet_size_min()` bytes of room.
    std::optional<bytes> poll_transmit(std::span<std::byte> buffer);
    /// Bytes of the largest frame that comes out, with these options.
    [[nodiscard]] std::size_t packet_size_min() const noexcept {
        return frame_overhead_max + options_.payload_max;
    }

    /// When `poll_journal`, `poll_transmit` or `poll_event` have something again if nothing else happens; `never` if that is never.
    /// O(1), and O(log n) for each stream of which something came or left since the last call.
    [[nodiscard]] time_point next_deadline();

    // --- the journal -----------------------------------------------------------------------------------------------

    /// Fills the buffer with as many records as there are and fit; append them to the journal in this order. Returns nothing when
    /// there are none. What depends on them is withheld until `durable` says that they are durable. (law 4)
    ///
    /// Call it until it returns nothing. Without journaling there are no records. Precondition: room for `journal_record_size_max`.
    std::optional<bytes> poll_journal(std::span<std::byte> buffer);
    /// How many records `poll_journal` has given in all.
    [[nodiscard]] std::uint64_t written() const noexcept { return messages_.ledger.written(); }
    /// The first `records` of them are durable: what depends on them may leave. A smaller number than before changes nothing.
    void durable(std::uint64_t records) {
        messages_.durable(records, [this](std::uint32_t stream) { consider(stream); });
    }
    /// Fills the buffer with as many records as fit, of those with which a new journal must begin to replace the old one; they
    /// include what was polled. `place` is 0 at first, and says where to go on. Returns nothing at the end. Call nothing else in between.
    std::optional<bytes> snapshot(std::uint64_t& place, std::span<std::byte> buffer) const;
    /// Bytes of the largest record, with these options.
    [[nodiscard]] std::size_t journal_record_size_max() const noexcept {
        return detail::message_record_size_max(options_.payload_max);
    }

    // --- to look at ------------------------------------------------------------------------------------------------

    /// Is there a link, as far as the app has said?
    [[nodiscard]] bool linked() const noexcept { return linked_; }
    /// Messages with a place in the queue; at most `queue_entries`, or as many as a journal brought.
    [[nodiscard]] std::uint32_t queued() const noexcept { return messages_.queue.queued(); }
    /// Messages that were stored and whose end the app has not heard; at most `unsettled_max`, the others stay queued.
    [[nodiscard]] std::uint32_t unsettled() const noexcept { return messages_.queue.unsettled(); }
    /// Messages and tombstones sent, in msg:R frames.
    [[nodiscard]] std::uint64_t sent() const noexcept { return requests_.sent(); }
    /// How many of these were sent again, because an answer was due or the first was lost.
    [[nodiscard]] std::uint64_t resent() const noexcept { return requests_.resent(); }
    /// How many copies were sent before anybody could know that they were needed, because the path loses. (spec 3.29)
    [[nodiscard]] std::uint64_t repeated() const noexcept { return requests_.repeated(); }
    /// How often a receiver was past our epoch: our start number did not grow, or our journal is old (spec 6.1).
    [[nodiscard]] std::uint64_t past_epochs() const noexcept { return past_epochs_; }
    /// What was refused in frames, since the sender was made.
    [[nodiscard]] const refusal_counts& refusals() const noexcept { return refusals_; }

  private:
    friend class client;
    friend class creation;
    friend struct test_access;
    using slot = outbound_messages::slot;
    using entry = outbound_messages::entry;

    sender(const sender&) = default;  // for tests, in which one state goes on in several ways
    sender& operator=(const sender&) = default;

    [[nodiscard]] result<void> restore(bytes journal) {
        const auto read = detail::outbound_restore(messages_, options_, away_, now_).read(journal);
        for (std::uint32_t which = 0; read && which < messages_.size(); ++which) {
            consider(which);
        }
        return read;
    }

    void tick();
    void take_back(slot at, message_state to);
    refusal refuse(refusal why) noexcept {
        refusals_.add(why);
        return why;
    }
    void consider(std::uint32_t stream) { requests_.consider(messages_, stream); }

    sender_options options_;
    duration away_;
    clock_ref clock_;
    time_point now_{};
    framing framing_;
    bool linked_ = false;
    outbound_messages messages_;
    outbound_requests requests_;
    std::uint64_t past_epochs_ = 0;
    refusal_counts refusals_;
};

// --- time ------------------------------------------------------------------------------------------------------------

/// The only place where time comes in. A clock that steps back stands still for us.
inline void sender::tick() {
    now_ = (std::max)(now_, clock_.now());
    while (const auto at = messages_.expiries.pop_due(now_)) {
        take_back(*at, message_state::expiring);
    }
}

inline void sender::take_back(slot at, message_state to) {
    messages_.take_back(at, to);
    consider(messages_.queue[at].stream);
}

inline time_point sender::next_deadline() {
    time_point next = messages_.expiries.next();
    if (messages_.owes_records()) {
        next = now_;
    } else if (linked_) {
        next = (std::min)(next, requests_.next(messages_, now_));
    }
    return clock_.at(next, now_);
}

// --- the app ---------------------------------------------------------------------------------------------------------

inline result<ticket> sender::send(const peer& to, bytes payload, const send_options& how) {
    if (!to.valid()) {
        return error{errc::peer_name, "to: a peer's name has 1 to 47 bytes"};
    }
    if (how.expires_after <= duration::zero()) {
        return error{errc::option, "expires_after: must be more than 0"};
    }
    const std::uint32_t stream = messages_.peers.find(to);
    const bool known = stream != peer_table::none;
    if (payload.size() > options_.payload_max ||
        (known && payload.size() > requests_.path(stream).word.payload_max())) {
        return error{errc::payload_too_large,
                     "payload: larger than payload_max, ours, the relay's or the receiver's"};
    }
    if (!known && messages_.peers.size() == options_.peers_max) {
        return error{errc::peers_full, "to: sender.peers_max are written to: forget one of them"};
    }
    if (!known && messages_.epochs.used_up()) {
        return error{errc::option, "life.start: no larger one is left: begin without this journal"};
    }
    if (known && !messages_.queue.of(stream).takes(payload.size(), options_.peer_entries,
                                                   options_.peer_bytes)) {
        return error{errc::peer_full, "to: its share of the queue (peer_entries, peer_bytes) is "
                                      "full: poll events, then the journal, and try again"};
    }
    const slot at = messages_.queue.add(payload);
    if (at == wait_ack_queue::none) {
        return messages_.queue.is_at_its_end()
                   ? error{errc::tickets_used_up,
                           "all tickets were given: begin without this journal"}
                   : error{errc::queue_full, "the wait-ack queue is full: poll events, then the "
                                             "journal, and try again"};
    }
    tick();
    messages_.queue[at].storing = how.storing;
    const std::uint32_t which = messages_.append(at, to, stream);
    if (!known) {
        requests_.begin(messages_, which);
    }
    if (how.expires_after != (duration::max)()) {
        messages_.expiries.set(at, later(now_, how.expires_after));
    }
    consider(which);
    return messages_.queue.ticket_of(at);
}

inline bool sender::cancel(ticket message) {
    const slot at = messages_.queue.find(message);
    if (at == wait_ack_queue::none) {
        return false;
    }
    tick();
    if (!is_tombstone(messages_.queue[at].state)) {
        take_back(at, message_state::cancelling);
    }
    return true;
}

inline bool sender::forget(const peer& to) {
    const std::uint32_t which = messages_.peers.find(to);
    if (which == peer_table::none) {
        return false;
    }
    tick();
    detail::give_up(messages_, requests_, which);
    return true;
}

inline std::optional<event> sender::poll_event() {
    tick();
    for (slot at = messages_.queue.next_event(); at != wait_ack_queue::none;
         at = messages_.queue.next_event()) {
        const entry& e = messages_.queue[at];
        const event news{messages_.queue.ticket_of(at),
                         messages_.peers[e.stream],
                         {e.epoch, e.seq},
                         messages_.queue.knowledge(at),
                         e.reason};
        const bool is_news = news.what > e.told;  // what was to be told may have been taken back
        if (messages_.queue.told()) {
            messages_.heard(at);
        }
        if (is_news) {
            return news;
        }
    }
    return std::nullopt;
}

// --- the link --------------------------------------------------------------------------------------------------------

inline void sender::link_up(const framing& framing, transport over) {
    framing_ = framing;
    linked_ = true;
    tick();
    requests_.link_up(messages_, over);
}

// --- frames in -------------------------------------------------------------------------------------------------------

inline refusal sender::handle(const frame& from_relay) {
    if (const auto* answer = std::get_if<msg_answer>(&from_relay)) {
        return handle(*answer);
    }
    if (const auto* notice = std::get_if<ack_notify>(&from_relay)) {
        return handle(*notice);
    }
    return refuse(refusal::direction);
}

inline refusal sender::handle(const msg_answer& answer) {
    const std::uint32_t which = messages_.peers.find(answer.to);
    if (which == peer_table::none ||
        (answer.word != msg_word::taken && messages_[which].epoch() != answer.epoch)) {
        return refuse(refusal::unknown_stream);
    }
    tick();
    outbound_answers(messages_, requests_, which, now_).take(answer);
    consider(which);
    return refusal::none;
}

inline refusal sender::handle(const ack_notify& notice) {
    const std::uint32_t which = messages_.peers.find(notice.from);
    if (which == peer_table::none || messages_[which].epoch() != notice.epoch) {
        return refuse(refusal::unknown_stream);
    }
    tick();
    past_epochs_ += std::uint64_t{notice.word == ack_word::past};
    const refusal why = outbound_answers(messages_, requests_, which, now_).take(notice);
    consider(which);
    return why == refusal::none ? why : refuse(why);
}

// --- frames out ------------------------------------------------------------------------------------------------------

inline std::optional<bytes> sender::poll_transmit(std::span<std::byte> buffer) {
    tick();
    if (!linked_) {
        return std::nullopt;
    }
    const std::size_t used = requests_.transmit(messages_, framing_, buffer, now_);
    if (used == 0) {
        return std::nullopt;
    }
    return bytes(buffer.first(used));
}

// --- the journal -----------------------------------------------------------------------------------------------------

inline std::optional<bytes> sender::poll_journal(std::span<std::byte> buffer) {
    tick();
    return detail::fill(buffer,
                        [&](auto left) { return detail::write_record(messages_, left, now_); });
}

inline std::optional<bytes> sender::snapshot(std::uint64_t& place,
                                             std::span<std::byte> buffer) const {
    return detail::fill(
        buffer, [&](auto left) { return detail::write_snapshot(messages_, place, left, now_); });
}

}  // namespace sixfold::inline v0

#endif
