// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDER_HPP
#define SIXFOLD_SENDER_HPP

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "sixfold/ack_state.hpp"
#include "sixfold/codec.hpp"
#include "sixfold/deadlines.hpp"
#include "sixfold/error.hpp"
#include "sixfold/frame.hpp"
#include "sixfold/message_state.hpp"
#include "sixfold/options.hpp"
#include "sixfold/outbound_stream.hpp"
#include "sixfold/peer_table.hpp"
#include "sixfold/random.hpp"
#include "sixfold/retry.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wait_ack_queue.hpp"

namespace sixfold::inline v0 {

/// What may be said about one message when it is sent.
struct send_options {
    /// From now; when it has passed, the message is taken back, and the app hears `expiring` and then how it ended.
    duration expires_after = (duration::max)();
    /// `never`: worthless once the receiver is away, so taken back instead of stored.
    sixfold::storing storing = storing::allowed;
};

/// What the app learns of a message.
struct event {
    ticket id;  ///< as returned by `send`
    peer to;
    msgid name;  ///< on the wire
    status what;
};

/// The sending half of a client: takes messages, resends each with the same msgid until the receiver has told how it
/// ended, and tells the app.
///
/// Keeps track of the wait-ack queue and of one stream per receiver. Reads no clock but its own, touches no socket, and
/// knows nothing of the receiving half. Each call is O(1) per frame or message it handles, O(log n) where a timer moves;
/// `link_up` is O(messages). Calls from several threads need a lock around the machine.
class sender {
  public:
    /// Refuses options that cannot work, with an error that names the option. The clock must outlive the sender.
    [[nodiscard]] static result<sender>
    create(clock_ref clock, incarnation life, const sender_options& options = {}) {
        if (auto checked = check(life); !checked) {
            return checked.error();
        }
        if (auto checked = check(options); !checked) {
            return checked.error();
        }
        return sender(clock, life, options);
    }

    // --- the app ---------------------------------------------------------------------------------------------------

    /// Takes a copy of the payload into the wait-ack queue and answers with its ticket. Sends nothing yet: that is
    /// `poll_transmit`. Errors: peer_name, payload_too_large, queue_full, peers_full, option; then nothing has changed.
    result<ticket> send(const peer& to, bytes payload, const send_options& how = {});

    /// Takes a message back. What comes of it is told by an event: `cancelled` if the receiver's app will never see it,
    /// `delivered` or `rejected` if that came first. Error: unknown_ticket, when it has ended already. Twice is once.
    result<void> cancel(ticket message);

    /// The next thing that the app has not heard; empty when there is none. Until the last event of a message was
    /// polled, the message keeps its place in the queue. Polled late, weaker news are skipped.
    std::optional<event> poll_event();

    // --- the link --------------------------------------------------------------------------------------------------

    /// The link to the relay is there: everything outstanding goes out again, paced.
    void link_up(const framing& framing);
    /// The link is gone: nothing is put into it. Deadlines of messages go on.
    void link_down() noexcept { linked_ = false; }

    /// Takes a frame from the relay: msg:A or ack:N. Whatever it says, the call is legal and bounded.
    refusal handle(const frame& from_relay);
    refusal handle(const msg_answer& answer);
    refusal handle(const ack_notify& notice);

    /// Fills the buffer with as many frames as are due and fit; the part that was filled, or empty when nothing is due.
    /// Precondition: a link, and room for the largest frame, `frame_size_max(payload_max, 64)`. Call until empty.
    std::optional<bytes> poll_transmit(std::span<std::byte> buffer);

    /// When `poll_transmit` or `poll_event` have something again if nothing else happens; `never` if nothing. O(1).
    [[nodiscard]] time_point next_deadline() const;

    // --- the journal -----------------------------------------------------------------------------------------------

    /// The number of the last record that something depends on. (law 4)
    [[nodiscard]] std::uint64_t written() const noexcept { return written_; }
    /// All records up to this one are durable: what depends on them may leave.
    void durable(std::uint64_t record);

    // --- to look at ------------------------------------------------------------------------------------------------

    /// Messages with a place in the queue, and stored ones whose end is not known.
    [[nodiscard]] std::uint32_t queued() const noexcept { return queue_.queued(); }
    [[nodiscard]] std::uint32_t unsettled() const noexcept { return queue_.unsettled(); }
    /// msg:R frames sent, and how many of these were not the first of their message.
    [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }
    [[nodiscard]] std::uint64_t resent() const noexcept { return resent_; }
    [[nodiscard]] const refusal_counts& refusals() const noexcept { return refusals_; }

  private:
    friend struct test_access;
    using slot = wait_ack_queue::slot;
    using entry = wait_ack_queue::entry;
    using place = wait_ack_queue::place;

    sender(clock_ref clock, incarnation life, const sender_options& options);

    // time
    void tick();
    [[nodiscard]] bool burst_spent() const noexcept;
    void arm(slot at, duration timeout);
    [[nodiscard]] duration timeout(const round_trip& trip) const noexcept {
        return trip.timeout(options_.retry.first, options_.retry.min, options_.retry.max);
    }

    // streams
    [[nodiscard]] sixfold::epoch mint(std::uint64_t start) noexcept;
    void open_window(std::uint32_t stream);
    void advance(std::uint32_t stream);
    void resend_all(std::uint32_t stream);
    void begin_again(std::uint32_t stream, sixfold::epoch above);

    // messages
    void record(slot at);
    void take_back(slot at, message_state to);
    void settle(std::uint32_t stream, const ack_state& ack);
    void end(slot at, status how);
    void stretch(slot at);
    void hurry(std::uint32_t stream);

    // frames in
    refusal refuse(refusal why) noexcept;
    refusal on_state(std::uint32_t stream, const ack_notify& notice);
    void on_waiting(std::uint32_t stream);
    void on_stored(slot at);
    refusal on_ended(std::uint32_t stream, const ack_notify& notice);

    // frames out
    [[nodiscard]] bool probe_wanted(std::uint32_t stream) const noexcept;
    void consider_probe(std::uint32_t stream);
    [[nodiscard]] std::size_t transmit_probes(std::span<std::byte> out);
    [[nodiscard]] std::size_t transmit(slot at, std::span<std::byte> out);

    sender_options options_;
    clock_ref clock_;
    time_point now_{};
    random_source random_;
    std::uint64_t start_;
    framing framing_;
    bool linked_ = false;

    wait_ack_queue queue_;
    peer_table peers_;  // the index of a peer is that of its stream
    std::vector<outbound_stream> streams_;
    std::vector<std::uint32_t> probes_due_;
    deadlines retries_;      // by slot
    deadlines expiries_;     // by slot
    deadlines probes_;       // by stream
    round_trip relay_trip_;  // from msg:R to msg:A, whatever the peer

    time_point burst_began_{};
    std::uint32_t burst_size_ = 0;
    std::uint64_t written_ = 0;
    std::uint64_t durable_ = 0;
    std::uint64_t sent_ = 0;
    std::uint64_t resent_ = 0;
    refusal_counts refusals_;
};

// --- construction and time -------------------------------------------------------------------------------------------

inline sender::sender(clock_ref clock, incarnation life, const sender_options& options)
    : options_(options), clock_(clock), random_(life.seed), start_(life.start),
      framing_(peer(), checksum::on),
      queue_(options.queue_entries,
             options.unsettled_max,
             (std::max)(std::size_t{options.queue_bytes},
                        std::bit_ceil(std::size_t{options.payload_max}))),
      peers_(options.peers_max, random_.next()) {
    tick();
}

/// The only place where time comes in. A clock that steps back stands still for us.
inline void sender::tick() {
    now_ = (std::max)(now_, clock_.now());
    while (auto at = expiries_.pop_due(now_)) {
        take_back(*at, message_state::expiring);
    }
    if (!linked_) {
        return;
    }
    while (auto at = retries_.pop_due(now_)) {
        queue_.move(*at, place::due);
    }
    while (auto stream = probes_.pop_due(now_)) {
        streams_[*stream].probe_due = true;
        probes_due_.push_back(*stream);
    }
}

inline bool sender::burst_spent() const noexcept {
    return burst_size_ >= options_.burst && now_ < later(burst_began_, options_.burst_interval);
}

/// Waits for an answer to the last attempt, longer after each one.
inline void sender::arm(slot at, duration timeout) {
    const std::uint32_t resends = queue_[at].resends == 0 ? 0U : queue_[at].resends - 1U;
    retries_.set(at,
                 later(queue_[at].sent_at, backoff(timeout, resends, options_.retry.max, random_)));
}

inline time_point sender::next_deadline() const {
    if (!linked_) {
        return expiries_.next();
    }
    time_point at = (std::min)({expiries_.next(), retries_.next(), probes_.next()});
    const slot due = queue_.first(place::due);
    if (due != wait_ack_queue::none) {
        const bool waits = queue_[due].was_sent && burst_spent();
        at = (std::min)(at, waits ? later(burst_began_, options_.burst_interval) : now_);
    }
    return probes_due_.empty() ? at : (std::min)(at, now_);
}

// --- the app ---------------------------------------------------------------------------------------------------------

inline result<ticket> sender::send(const peer& to, bytes payload, const send_options& how) {
    if (!to.valid()) {
        return error{errc::peer_name, "to: a peer's name has 1 to 47 bytes"};
    }
    if (how.expires_after <= duration::zero()) {
        return error{errc::option, "expires_after: must be more than 0"};
    }
    std::uint32_t stream = peers_.find(to);
    const bool known = stream != peer_table::none;
    if (payload.size() > options_.payload_max ||
        (known && payload.size() > streams_[stream].limits.payload_max)) {
        return error{errc::payload_too_large,
                     "payload: larger than payload_max, ours or the receiver's"};
    }
    if (!known && peers_.size() == options_.peers_max) {
        return error{errc::peers_full,
                     "to: as many peers as sender.peers_max are written to already"};
    }
    const slot at = queue_.add(payload);
    if (at == wait_ack_queue::none) {
        return error{errc::queue_full,
                     "the wait-ack queue is full: poll events, and try again after one"};
    }
    tick();
    if (!known) {
        stream = peers_.insert(to);
        streams_.resize((std::max)(streams_.size(), std::size_t{stream} + 1));
        streams_[stream].epoch = mint(start_);
        streams_[stream].limits.payload_max = options_.payload_max;  // until told otherwise
    }
    entry& e = queue_[at];
    e.stream = stream;
    e.epoch = streams_[stream].epoch;
    e.storing = how.storing;
    e.seq = streams_[stream].append(at);
    record(at);
    if (how.expires_after != (duration::max)()) {
        expiries_.set(at, later(now_, how.expires_after));
    }
    open_window(stream);
    consider_probe(stream);
    return queue_.ticket_of(at);
}

inline result<void> sender::cancel(ticket message) {
    const slot at = queue_.find(message);
    if (at == wait_ack_queue::none) {
        return error{errc::unknown_ticket,
                     "no message of this ticket, or it has ended: poll its event"};
    }
    tick();
    if (!is_tombstone(queue_[at].state)) {
        take_back(at, message_state::cancelling);
    }
    return {};
}

inline std::optional<event> sender::poll_event() {
    tick();
    for (slot at = queue_.next_event(); at != wait_ack_queue::none; at = queue_.next_event()) {
        const entry& e = queue_[at];
        const event news{
            queue_.ticket_of(at), peers_[e.stream], {e.epoch, e.seq}, queue_.knowledge(at)};
        const bool is_news = news.what > e.told;  // what was to be told may have been taken back
        queue_.told();
        if (is_news) {
            return news;
        }
    }
    return std::nullopt;
}

// --- messages --------------------------------------------------------------------------------------------------------

/// Something that depends on a record: it waits for it, or goes on at once when there is no journal.
inline void sender::record(slot at) {
    queue_[at].record = ++written_;
    if (options_.journaling == journaling::none) {
        durable_ = written_;
    } else {
        queue_.move(at, place::unjournaled);
    }
}

inline void sender::durable(std::uint64_t record) {
    durable_ = (std::min)((std::max)(durable_, record), written_);
    for (slot at = queue_.first(place::unjournaled);
         at != wait_ack_queue::none && queue_[at].record <= durable_;
         at = queue_.first(place::unjournaled)) {
        const std::uint32_t stream = queue_[at].stream;
        queue_.move(at, queue_[at].seq < streams_[stream].unsent() ? place::due : place::nowhere);
        open_window(stream);
    }
}

/// A tombstone goes out under the same seq: a seq is never abandoned, so that the receiver has no hole (law 3).
inline void sender::take_back(slot at, message_state to) {
    entry& e = queue_[at];
    outbound_stream& stream = streams_[e.stream];
    ++stream.tombstones;
    stream.stored -= std::uint32_t{e.state == message_state::stored};
    stream.lower_base(e.seq);
    e.state = to;
    e.resends = 0;
    queue_.drop_payload(at);
    queue_.announce(at);
    retries_.clear(at);
    expiries_.clear(at);
    queue_.move(at, e.seq < stream.unsent() ? place::due : place::nowhere);
    record(at);
    consider_probe(e.stream);
}

/// B, or the relay, has said how the message ended.
inline void sender::end(slot at, status how) {
    entry& e = queue_[at];
    outbound_stream& stream = streams_[e.stream];
    stream.stored -= std::uint32_t{e.state == message_state::stored};
    stream.tombstones -= std::uint32_t{is_tombstone(e.state)};
    stream.remove(e.seq);
    e.state = message_state::ended;
    e.outcome = how;
    queue_.move(at, place::nowhere);
    queue_.drop_payload(at);
    retries_.clear(at);
    expiries_.clear(at);
    queue_.announce(at);
}

/// Somebody has it safe for now: the timer is stretched to its cap, never stopped (law 6).
inline void sender::stretch(slot at) {
    if (queue_[at].where != place::unjournaled) {
        queue_.move(at, place::nowhere);
        retries_.set(at, later(now_, options_.retry.max));
    }
}

/// Ends what the ack state covers, stretches what it says is held.
inline void sender::settle(std::uint32_t which, const ack_state& ack) {
    outbound_stream& stream = streams_[which];
    const seq floor = (std::min)(ack.floor(), stream.next());
    while (stream.first() < floor) {
        const slot at = stream.slot(stream.first());
        end(at, conclude(queue_[at].state, ack.of(stream.first())));
    }
    ack.for_each_accepted([&](seq accepted) {
        if (const slot at = stream.slot(accepted); at != wait_ack_queue::none) {
            end(at, conclude(queue_[at].state, ack.of(accepted)));
        }
    });
    ack.for_each_held([&](seq held) {
        if (const slot at = stream.slot(held);
            at != wait_ack_queue::none && is_unfinished(queue_[at].state)) {
            stretch(at);
        }
    });
    advance(which);
}

/// A sign of life after a long silence: what was backed off goes out again as if it had been sent once, or it would wait for
/// as long as the cap allows, and the window with it. O(window), once for each silence.
inline void sender::hurry(std::uint32_t which) {
    outbound_stream& stream = streams_[which];
    if (!stream.backed_off) {
        return;
    }
    stream.backed_off = false;
    for (seq at = stream.base(); at < stream.unsent(); ++at) {
        const slot message = stream.slot(at);
        if (message != wait_ack_queue::none && queue_[message].resends > 1 &&
            retries_.of(message) != never) {
            queue_[message].resends = 0;
            const time_point due = later(queue_[message].sent_at, timeout(stream.trip));
            retries_.set(message, (std::min)(retries_.of(message), due));
        }
    }
}

// --- streams ---------------------------------------------------------------------------------------------------------

/// A start number in the upper 44 bits, random ones below (law 1).
inline sixfold::epoch sender::mint(std::uint64_t start) noexcept {
    return sixfold::epoch{start << epoch_random_bits |
                          random_.below(std::uint64_t{1} << epoch_random_bits)};
}

/// Hands on what may be sent for the first time.
inline void sender::open_window(std::uint32_t which) {
    outbound_stream& stream = streams_[which];
    while (stream.unsent() < stream.window_end(options_.window)) {
        const slot at = stream.slot(stream.unsent());
        // A life that our journal does not know of may have sent it already, and it was stored.
        if (at != wait_ack_queue::none && is_unfinished(queue_[at].state)) {
            if (queue_[at].record > durable_) {
                return;
            }
            queue_.move(at, place::due);
        }
        stream.pass_unsent();
    }
}

inline void sender::advance(std::uint32_t which) {
    streams_[which].advance_base([this](slot at) { return !is_unfinished(queue_[at].state); });
    open_window(which);
    consider_probe(which);
}

/// Everything on its way goes out again, in order.
inline void sender::resend_all(std::uint32_t which) {
    const outbound_stream& stream = streams_[which];
    for (seq at = stream.base(); at < stream.unsent(); ++at) {
        const slot message = stream.slot(at);
        if (message != wait_ack_queue::none && is_unfinished(queue_[message].state) &&
            queue_[message].where != place::unjournaled) {
            queue_[message].resends = 0;
            retries_.clear(message);
            queue_.move(message, place::due);
        }
    }
}

/// B is past our epoch, or knows more of it than we do: our journal was lost or is old. What is unfinished goes on under a
/// larger epoch; of the rest nobody can say how it ended (law 1).
inline void sender::begin_again(std::uint32_t which, sixfold::epoch above) {
    outbound_stream& stream = streams_[which];
    const std::uint64_t start =
        (static_cast<std::uint64_t>((std::max)(above, stream.epoch)) >> epoch_random_bits) + 1;
    if (start > start_max) {
        return;  // only a receiver that makes epochs up brings us here; its own stream stands still
    }
    std::vector<slot> unfinished;
    for (seq at = stream.first(); at < stream.next(); ++at) {
        const slot message = stream.slot(at);
        if (message == wait_ack_queue::none) {
            continue;
        }
        if (is_unfinished(queue_[message].state) && !is_tombstone(queue_[message].state)) {
            unfinished.push_back(message);
        } else {
            end(message, status::ended);
        }
    }
    stream.restart(mint(start));
    for (const slot message : unfinished) {
        entry& e = queue_[message];
        e.epoch = stream.epoch;
        e.seq = stream.append(message);
        e.state = message_state::queued;
        e.attempt = e.resends = 0;
        e.was_sent = false;
        retries_.clear(message);
        queue_.move(message, place::nowhere);
        record(message);
    }
    open_window(which);
    consider_probe(which);
}

inline void sender::link_up(const framing& framing) {
    framing_ = framing;
    linked_ = true;
    burst_size_ = 0;
    tick();
    for (std::uint32_t which = 0; which < streams_.size(); ++which) {
        outbound_stream& stream = streams_[which];
        stream.met = false;
        stream.reported_floor.reset();
        stream.probes = 0;
        probes_.clear(which);
        resend_all(which);
        open_window(which);
        consider_probe(which);
    }
}

// --- frames in -------------------------------------------------------------------------------------------------------

inline refusal sender::refuse(refusal why) noexcept {
    refusals_.add(why);
    return why;
}

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
    const std::uint32_t which = peers_.find(answer.to);
    if (which == peer_table::none || streams_[which].epoch != answer.id.epoch) {
        return refuse(refusal::unknown_stream);
    }
    if (answer.id.seq >= streams_[which].sent_end) {
        return refuse(refusal::never_sent);
    }
    const slot at = streams_[which].slot(answer.id.seq);
    if (at == wait_ack_queue::none || !is_unfinished(queue_[at].state)) {
        return refusal::none;  // late, and no harm
    }
    tick();
    entry& e = queue_[at];
    if (answer.away && e.storing == storing::never && !is_tombstone(e.state)) {
        take_back(at, message_state::expiring);
        return refusal::none;
    }
    if (e.state == message_state::sent) {
        e.state = message_state::relayed;
        queue_.announce(at);
    }
    const bool of_last_attempt = answer.attempt == static_cast<std::uint8_t>(e.attempt - 1);
    if (of_last_attempt && e.where == place::nowhere) {
        relay_trip_.sample(now_ - e.sent_at, now_);
        arm(at, timeout(streams_[which].trip));
    }
    return refusal::none;
}

inline refusal sender::handle(const ack_notify& notice) {
    const std::uint32_t which = peers_.find(notice.from);
    if (which == peer_table::none || streams_[which].epoch != notice.epoch) {
        return refuse(refusal::unknown_stream);
    }
    tick();
    switch (notice.word) {
    case ack_word::state: return on_state(which, notice);
    case ack_word::waiting: on_waiting(which); break;
    case ack_word::past: begin_again(which, notice.current); break;
    case ack_word::stored:
        if (notice.seq >= streams_[which].sent_end) {
            return refuse(refusal::never_sent);
        }
        on_stored(streams_[which].slot(notice.seq));
        break;
    case ack_word::ended: return on_ended(which, notice);
    }
    return refusal::none;
}

inline refusal sender::on_state(std::uint32_t which, const ack_notify& notice) {
    ack_state ack;
    if (const refusal why = ack_state::decode(notice.state, ack); why != refusal::none) {
        return refuse(why);
    }
    outbound_stream& stream = streams_[which];
    if (ack.end() > stream.sent_end) {
        refuse(refusal::never_sent);
        begin_again(which, stream.epoch);
        return refusal::never_sent;
    }
    if (ack.limits()) {
        stream.limits = *ack.limits();
    }
    if (notice.echo) {
        const slot at = stream.slot(notice.echo->seq);
        if (at != wait_ack_queue::none &&
            notice.echo->attempt == static_cast<std::uint8_t>(queue_[at].attempt - 1) &&
            queue_[at].where == place::nowhere) {
            stream.trip.sample(now_ - queue_[at].sent_at, now_);
        }
    }
    stream.met = true;
    stream.reported_floor = ack.floor();
    hurry(which);
    settle(which, ack);
    return refusal::none;
}

/// B is not in our epoch: it needs the relay's word on smaller ones first, which a probe brings.
inline void sender::on_waiting(std::uint32_t which) {
    outbound_stream& stream = streams_[which];
    if (stream.empty()) {
        return;
    }
    stream.met = false;
    stream.reported_floor.reset();
    // At once, unless one may be on its way; and with a low backoff, because B is there: it may have to drain its mailbox
    // first, and is ready soon after.
    stream.probes = (std::min)(stream.probes, 1U);
    consider_probe(which);
    const time_point soon = (std::max)(now_, later(stream.probed_at, timeout(stream.trip)));
    probes_.set(which, (std::min)(probes_.of(which), soon));
}

/// The relay's word that the message is in the mailbox. It finishes nothing for a tombstone, which only B can finish.
inline void sender::on_stored(slot at) {
    if (at == wait_ack_queue::none || !is_unfinished(queue_[at].state)) {
        return;
    }
    if (is_tombstone(queue_[at].state)) {
        stretch(at);
        return;
    }
    const std::uint32_t which = queue_[at].stream;
    hurry(which);
    queue_[at].state = message_state::stored;
    ++streams_[which].stored;
    queue_.drop_payload(at);
    queue_.make_unsettled(at);
    queue_.move(at, place::nowhere);
    queue_.announce(at);
    retries_.clear(at);
    advance(which);
}

/// The relay's answer to a probe. What it remembers of B is as true as B's own word, but says nothing of B today.
inline refusal sender::on_ended(std::uint32_t which, const ack_notify& notice) {
    outbound_stream& stream = streams_[which];
    ack_state ack;
    const bool remembered = !notice.state.empty();
    if (remembered) {
        if (const refusal why = ack_state::decode(notice.state, ack); why != refusal::none) {
            return refuse(why);
        }
    }
    if (notice.low > stream.sent_end || (remembered && ack.end() > stream.sent_end)) {
        return refuse(refusal::never_sent);
    }
    if (remembered) {
        settle(which, ack);
    }
    // That something has ended is less than how. It is enough only when the memory for it is used up,
    // and then for one message.
    if (queue_.unsettled_full() && stream.first() < notice.low &&
        queue_[stream.slot(stream.first())].state == message_state::stored) {
        end(stream.slot(stream.first()), status::ended);
    }
    advance(which);
    return refusal::none;
}

// --- frames out ------------------------------------------------------------------------------------------------------

/// Law 11: until B itself has said since the link came up that it is in our epoch, while something is stored and its end
/// unknown, and while the floor that B itself last reported is below our base.
inline bool sender::probe_wanted(std::uint32_t which) const noexcept {
    const outbound_stream& stream = streams_[which];
    const bool lags = stream.reported_floor && *stream.reported_floor < stream.base();
    return lags || (!stream.empty() && (!stream.met || stream.stored != 0));
}

inline void sender::consider_probe(std::uint32_t which) {
    outbound_stream& stream = streams_[which];
    if (!probe_wanted(which)) {
        probes_.clear(which);
        stream.probe_due = false;
        stream.probes = 0;
        return;
    }
    if (stream.probe_due || probes_.of(which) != never) {
        return;
    }
    if (!stream.met && stream.probes == 0) {
        probes_.set(which, now_);  // in front of the messages, in the same packet
        return;
    }
    probes_.set(which, later(now_, backoff(timeout(stream.trip), stream.probes, options_.probe_max,
                                           random_)));
}

inline std::size_t sender::transmit_probes(std::span<std::byte> out) {
    std::size_t used = 0;
    while (!probes_due_.empty()) {
        const std::uint32_t which = probes_due_.back();
        outbound_stream& stream = streams_[which];
        if (stream.probe_due) {
            const msg_request probe{.to = peers_[which],
                                    .epoch = stream.epoch,
                                    .form = form::probe,
                                    .base = stream.base()};
            const std::size_t size = encode(probe, framing_, out.subspan(used));
            if (size == 0) {
                break;
            }
            used += size;
            ++stream.probes;
            stream.probe_due = false;
            stream.probed_at = now_;
            consider_probe(which);
        }
        probes_due_.pop_back();
    }
    return used;
}

inline std::size_t sender::transmit(slot at, std::span<std::byte> out) {
    entry& e = queue_[at];
    const outbound_stream& stream = streams_[e.stream];
    const bool tombstone = is_tombstone(e.state);
    const msg_request request{.to = peers_[e.stream],
                              .epoch = stream.epoch,
                              .form = tombstone ? form::tombstone : form::payload,
                              .storing = tombstone ? storing::allowed : e.storing,
                              .seq = e.seq,
                              .base = stream.base(),
                              .attempt = e.attempt,
                              .payload = tombstone ? bytes{} : queue_.payload(at)};
    const std::size_t size = encode(request, framing_, out);
    if (size == 0) {
        return 0;
    }
    ++sent_;
    if (e.was_sent) {
        ++resent_;
        if (burst_size_ >= options_.burst || now_ >= later(burst_began_, options_.burst_interval)) {
            burst_size_ = 0;
            burst_began_ = now_;
        }
        ++burst_size_;
    }
    ++e.attempt;
    e.was_sent = true;
    streams_[e.stream].sent_end = (std::max)(stream.sent_end, e.seq + 1);
    e.resends = static_cast<std::uint8_t>((std::min)(e.resends + 1, 255));
    streams_[e.stream].backed_off |= e.resends > 1;
    e.sent_at = now_;
    if (e.state == message_state::queued) {
        e.state = message_state::sent;
    }
    queue_.move(at, place::nowhere);
    arm(at, timeout(relay_trip_));
    return size;
}

inline std::optional<bytes> sender::poll_transmit(std::span<std::byte> buffer) {
    tick();
    if (!linked_) {
        return std::nullopt;
    }
    std::size_t used = transmit_probes(buffer);
    for (slot at = queue_.first(place::due); at != wait_ack_queue::none;
         at = queue_.first(place::due)) {
        if (queue_[at].was_sent && burst_spent()) {
            break;
        }
        const std::size_t size = transmit(at, buffer.subspan(used));
        if (size == 0) {
            break;
        }
        used += size;
    }
    if (used == 0) {
        return std::nullopt;
    }
    return bytes(buffer.first(used));
}

}  // namespace sixfold::inline v0

#endif
