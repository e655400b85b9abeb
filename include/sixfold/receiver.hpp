// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVER_HPP
#define SIXFOLD_RECEIVER_HPP

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "sixfold/codec.hpp"
#include "sixfold/deadlines.hpp"
#include "sixfold/error.hpp"
#include "sixfold/frame.hpp"
#include "sixfold/held_messages.hpp"
#include "sixfold/inbound_stream.hpp"
#include "sixfold/mailbox_sync.hpp"
#include "sixfold/options.hpp"
#include "sixfold/peer_table.hpp"
#include "sixfold/random.hpp"
#include "sixfold/retry.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"

namespace sixfold::inline v0 {

/// A message for the app.
struct message {
    peer from;
    msgid id;
    /// Good until the message is accepted or rejected; with `acceptance::on_delivery` until the next `poll_message`.
    bytes payload;
};

/// The receiving half of a client: hands each message to the app once, and tells the sender when the app has it.
///
/// Keeps track of one stream per sender, of the messages that the app has not settled, and of the rounds through the
/// mailbox. Nothing is acknowledged as delivered before the app's word. Reads no clock but its own, touches no socket, and
/// knows nothing of the sending half. Each call is O(1) per frame or message it handles, O(log n) where a timer moves;
/// `link_up` is O(senders). Calls from several threads need a lock around the machine.
class receiver {
  public:
    /// Refuses options that cannot work, with an error that names the option. The clock must outlive the receiver.
    [[nodiscard]] static result<receiver>
    create(clock_ref clock, std::uint64_t seed, const receiver_options& options = {}) {
        if (auto checked = check(options); !checked) {
            return checked.error();
        }
        return receiver(clock, seed, options);
    }

    // --- the app ---------------------------------------------------------------------------------------------------

    /// The next message for the app; empty when there is none. Each message is handed out once in the life of this object.
    std::optional<message> poll_message();

    /// The app has the message: its own commit is done. Only now may the sender forget it.
    ///
    /// In this order: commit, then accept. The other way round, a crash between the two loses the message; this way it
    /// comes again, unless the app's commit and the record of this acceptance are one transaction (law 4). Twice is once.
    /// Error: unknown_message, for what `poll_message` has not handed out.
    result<void> accept(const message& handed) { return settle(handed, fate::accepted); }

    /// The app will never take the message; its sender learns `rejected`. Otherwise as `accept`.
    result<void> reject(const message& handed) { return settle(handed, fate::rejected); }

    // --- the link --------------------------------------------------------------------------------------------------

    /// The link to the relay is there: the mailbox is asked for, and what was not answered goes out again.
    void link_up(const framing& framing);
    /// The link is gone: nothing is put into it.
    void link_down() noexcept;

    /// Takes a frame from the relay: msg:N, ack:A or sync:A. Whatever it says, the call is legal and bounded.
    refusal handle(const frame& from_relay);
    refusal handle(const msg_notify& notice);
    refusal handle(const ack_answer& answer);
    refusal handle(const sync_answer& answer);

    /// Fills the buffer with as many frames as are due and fit; the part that was filled, or empty when nothing is due.
    /// Precondition: a link, and room for the largest frame, `frame_size_max(0, exceptions)`. Call until empty.
    std::optional<bytes> poll_transmit(std::span<std::byte> buffer);

    /// When `poll_transmit` has something again if nothing else happens; `never` if nothing. O(1).
    [[nodiscard]] time_point next_deadline() const;

    // --- the journal -----------------------------------------------------------------------------------------------

    /// The number of the last record that something depends on. (law 4)
    [[nodiscard]] std::uint64_t written() const noexcept { return written_; }
    /// All records up to this one are durable: acknowledgements that speak of them may leave.
    void durable(std::uint64_t record);

    // --- to look at ------------------------------------------------------------------------------------------------

    /// Frames that brought what was there already.
    [[nodiscard]] std::uint64_t duplicates() const noexcept { return duplicates_; }
    [[nodiscard]] const refusal_counts& refusals() const noexcept { return refusals_; }

  private:
    friend struct test_access;
    using slot = held_messages::slot;

    receiver(clock_ref clock, std::uint64_t seed, const receiver_options& options);

    [[nodiscard]] bool in_order() const noexcept { return options_.delivery == delivery::in_order; }
    void tick();
    refusal refuse(refusal why) noexcept;

    // epochs and floors
    [[nodiscard]] bool enters(std::uint32_t which, const msg_notify& notice);
    void pass_holes(std::uint32_t which, seq lowest_row);
    void hold_ahead(std::uint32_t which, const msg_notify& notice);
    void drop_ahead(std::uint32_t which);
    void take_ahead(std::uint32_t which);
    void raise(std::uint32_t which, seq low);
    void release_held(std::uint32_t which, seq to);

    // messages
    void take(std::uint32_t which, const msg_notify& notice);
    void hold(std::uint32_t which, const msg_notify& notice);
    void line_up(std::uint32_t which);
    void make_ready(slot at) noexcept;
    result<void> settle(const message& handed, fate how);
    void commit(std::uint32_t which, seq at, fate how);

    // acknowledgements
    void owe(std::uint32_t which);
    [[nodiscard]] std::size_t transmit_acks(std::span<std::byte> out);
    [[nodiscard]] std::size_t transmit_ack(std::uint32_t which, std::span<std::byte> out);
    [[nodiscard]] std::size_t transmit_state(std::uint32_t which, std::span<std::byte> out);
    [[nodiscard]] std::size_t transmit_sync(std::span<std::byte> out);
    [[nodiscard]] duration timeout() const {
        return relay_trip_.timeout(options_.retry.first, options_.retry.min, options_.retry.max);
    }

    receiver_options options_;
    clock_ref clock_;
    time_point now_{};
    random_source random_;
    framing framing_;
    bool linked_ = false;

    peer_table peers_;  // the index of a peer is that of its stream
    std::vector<inbound_stream> streams_;
    held_messages held_;
    mailbox_sync sync_;
    std::vector<std::uint32_t> owed_;      // streams whose acknowledgement is to be sent, in order
    std::vector<std::uint32_t> withheld_;  // those of them that wait for a record
    deadlines retries_;                    // by stream
    round_trip relay_trip_;                // from ack:R to ack:A
    slot shown_ = held_messages::none;     // accepted on delivery, and still looked at by the app

    std::uint32_t serial_;
    std::uint64_t written_ = 0;
    std::uint64_t durable_ = 0;
    std::uint64_t duplicates_ = 0;
    refusal_counts refusals_;
};

// --- construction and time -------------------------------------------------------------------------------------------

inline receiver::receiver(clock_ref clock, std::uint64_t seed, const receiver_options& options)
    : options_(options), clock_(clock), random_(seed), framing_(peer(), checksum::on),
      peers_(options.peers_max, random_.next()),
      held_(options.held_entries, options.held_bytes, options.payload_max, random_.next()),
      sync_(options.sync_interval), serial_(static_cast<std::uint32_t>(random_.next())) {
    tick();
}

/// The only place where time comes in. A clock that steps back stands still for us.
inline void receiver::tick() {
    now_ = (std::max)(now_, clock_.now());
    if (linked_) {
        while (auto which = retries_.pop_due(now_)) {
            ++streams_[*which].resends;
            streams_[*which].state_due = true;
            owe(*which);
        }
    }
}

inline time_point receiver::next_deadline() const {
    if (!linked_) {
        return never;
    }
    return owed_.empty() ? (std::min)(retries_.next(), sync_.deadline()) : now_;
}

inline refusal receiver::refuse(refusal why) noexcept {
    refusals_.add(why);
    return why;
}

// --- frames in -------------------------------------------------------------------------------------------------------

inline refusal receiver::handle(const frame& from_relay) {
    if (const auto* notice = std::get_if<msg_notify>(&from_relay)) {
        return handle(*notice);
    }
    if (const auto* answer = std::get_if<ack_answer>(&from_relay)) {
        return handle(*answer);
    }
    if (const auto* synced = std::get_if<sync_answer>(&from_relay)) {
        return handle(*synced);
    }
    return refuse(refusal::direction);
}

inline refusal receiver::handle(const msg_notify& notice) {
    const std::uint32_t which = peers_.insert(notice.from);
    if (which == peer_table::none) {
        return refuse(refusal::peers_full);
    }
    if (which == streams_.size()) {
        streams_.emplace_back(options_.window, options_.exceptions);
    }
    tick();
    if (notice.drained) {
        sync_.row();
    }
    owe(which);
    inbound_stream& stream = streams_[which];
    if (notice.epoch != stream.epoch && !enters(which, notice)) {
        (notice.epoch < stream.epoch ? stream.past : stream.waiting) = notice.epoch;
        hold_ahead(which, notice);
        return refusal::none;
    }
    stream.state_due = true;
    stream.resends = 0;  // there is something new to be said, or somebody missed it
    if (notice.looked()) {
        raise(which, notice.low);
    }
    if (notice.form == form::probe) {
        stream.tell_limits = true;
        stream.limits_sent = false;
        return refusal::none;
    }
    if (!notice.drained) {
        stream.echo = echo{notice.seq, notice.attempt};
    }
    take(which, notice);
    return refusal::none;
}

inline refusal receiver::handle(const ack_answer& answer) {
    const std::uint32_t which = peers_.find(answer.to);
    if (which == peer_table::none) {
        return refuse(refusal::unknown_stream);
    }
    inbound_stream& stream = streams_[which];
    if (!stream.unanswered || stream.serial != answer.serial) {
        return refusal::none;  // of an earlier one; the last is still on its way
    }
    tick();
    // A serial names one sending, so no sample is in doubt.
    relay_trip_.sample(now_ - stream.sent_at, now_);
    retries_.clear(which);
    stream.unanswered = false;
    stream.resends = 0;
    stream.tell_limits = stream.tell_limits && !stream.limits_sent;
    return refusal::none;
}

inline refusal receiver::handle(const sync_answer& answer) {
    tick();
    sync_.answered(answer, now_, timeout());
    return refusal::none;
}

// --- epochs and floors -----------------------------------------------------------------------------------------------

/// B keeps one epoch per sender, and enters a larger one only on the relay's word that the mailbox holds nothing of a
/// smaller one; else what waits there would be lost, or be delivered twice (law 1).
inline bool receiver::enters(std::uint32_t which, const msg_notify& notice) {
    inbound_stream& stream = streams_[which];
    if (notice.epoch < stream.epoch) {
        return false;
    }
    if (!notice.clean()) {
        if (notice.looked()) {
            sync_.look_again(now_);  // the way in leads through these rows
        }
        if (notice.smaller.epoch == stream.epoch) {
            pass_holes(which, notice.smaller.seq);
        }
        return false;
    }
    release_held(which, stream.window.floor() + stream.window.width());
    const bool came_ahead = stream.ahead == notice.epoch;
    if (!came_ahead) {
        drop_ahead(which);
    }
    stream.enter(notice.epoch);
    if (came_ahead) {
        take_ahead(which);
    }
    stream.record = ++written_;
    sync_.progress(now_);
    sync_.look_again(now_);  // a row of this epoch may have been turned away
    return true;
}

/// A message has overtaken the word that lets us into its epoch: it is kept, so that nobody has to send it again (law 1).
inline void receiver::hold_ahead(std::uint32_t which, const msg_notify& notice) {
    inbound_stream& stream = streams_[which];
    const bool fits = notice.form == form::payload &&
                      notice.payload.size() <= options_.payload_max &&
                      notice.seq < stream.window.width();
    if (notice.looked() || !fits || notice.epoch < (std::max)(stream.epoch, stream.ahead)) {
        return;
    }
    if (stream.ahead != notice.epoch) {
        drop_ahead(which);
        stream.ahead = notice.epoch;
    }
    const msgid id{notice.epoch, notice.seq};
    if (held_.find(which, id) == held_messages::none) {
        (void)held_.add(which, id, notice.payload, held_messages::room::ordinary);
    }
}

inline void receiver::drop_ahead(std::uint32_t which) {
    const inbound_stream& stream = streams_[which];
    for (seq at = 0; stream.ahead != epoch::none && at < stream.window.width(); ++at) {
        if (const slot message = held_.find(which, {stream.ahead, at});
            message != held_messages::none) {
            held_.erase(message);
        }
    }
}

/// We have entered: what was held ahead is held now.
inline void receiver::take_ahead(std::uint32_t which) {
    inbound_stream& stream = streams_[which];
    for (seq at = 0; at < stream.window.width(); ++at) {
        const slot message = held_.find(which, {stream.epoch, at});
        if (message != held_messages::none) {
            stream.held.set(at);
            if (!in_order()) {
                make_ready(message);
            }
        }
    }
    line_up(which);
}

/// A larger epoch was minted before the relay looked, so nobody fills the holes of ours any more: below its lowest row in
/// the mailbox there is only what is held here, which goes first (law 1). Being about the past it stays true.
inline void receiver::pass_holes(std::uint32_t which, seq lowest_row) {
    const inbound_stream& stream = streams_[which];
    const seq end = (std::min)(lowest_row, stream.window.floor() + stream.window.width());
    for (seq at = stream.window.floor(); at < end; ++at) {
        if (stream.held.test(at)) {
            return raise(which, at);
        }
    }
    raise(which, lowest_row);
}

/// The relay's word that all below has ended, in this or another life of ours (law 11).
inline void receiver::raise(std::uint32_t which, seq low) {
    inbound_stream& stream = streams_[which];
    if (low <= stream.window.floor()) {
        return;
    }
    release_held(which, low);
    stream.raise(low);
    stream.record = ++written_;
    sync_.progress(now_);
    line_up(which);
}

/// Forgets what is held below `to`, but for what the app was handed: its payload stays until the app has settled it.
inline void receiver::release_held(std::uint32_t which, seq to) {
    inbound_stream& stream = streams_[which];
    const seq floor = stream.window.floor();
    const seq end = (std::min)(to, floor + stream.window.width());
    for (seq at = floor; at < end; ++at) {
        if (!stream.held.test(at)) {
            continue;
        }
        stream.held.reset(at);
        const slot message = held_.find(which, {stream.epoch, at});
        if (message != held_messages::none && !held_[message].handed) {
            held_.erase(message);
        }
    }
}

// --- messages --------------------------------------------------------------------------------------------------------

inline void receiver::take(std::uint32_t which, const msg_notify& notice) {
    inbound_stream& stream = streams_[which];
    if (stream.window.of(notice.seq) != standing::fresh) {
        duplicates_ += std::uint64_t{stream.window.of(notice.seq) == standing::duplicate};
        return;  // the ack state, as it is, is the answer to both (law 2)
    }
    const bool held = stream.held.test(notice.seq);
    if (notice.form == form::tombstone) {
        const slot waiting =
            held ? held_.find(which, {notice.epoch, notice.seq}) : held_messages::none;
        if (waiting != held_messages::none && held_[waiting].handed) {
            return;  // the app has seen it, and has the first word
        }
        if (waiting != held_messages::none) {
            held_.erase(waiting);
        }
        commit(which, notice.seq, fate::tombstoned);
    } else if (held) {
        ++duplicates_;
    } else if (notice.payload.size() > options_.payload_max) {
        commit(which, notice.seq, fate::rejected);
    } else {
        hold(which, notice);
    }
}

/// Keeps a message for the app, if there is room; if not, the sender has it still.
inline void receiver::hold(std::uint32_t which, const msg_notify& notice) {
    inbound_stream& stream = streams_[which];
    const bool awaited = notice.seq == (in_order() ? stream.next : stream.window.floor());
    const slot at = held_.add(which, {notice.epoch, notice.seq}, notice.payload,
                              awaited ? held_messages::room::spare : held_messages::room::ordinary);
    if (at == held_messages::none) {
        return;
    }
    stream.held.set(notice.seq);
    if (in_order()) {
        line_up(which);
    } else {
        make_ready(at);
    }
}

inline void receiver::make_ready(slot at) noexcept {
    if (!held_[at].ready && !held_[at].handed) {
        held_.make_ready(at);
    }
}

/// In order: moves on over what has ended and what is there.
inline void receiver::line_up(std::uint32_t which) {
    if (!in_order()) {
        return;
    }
    inbound_stream& stream = streams_[which];
    stream.next = (std::max)(stream.next, stream.window.floor());
    for (standing place = stream.window.of(stream.next); place != standing::beyond;
         place = stream.window.of(++stream.next)) {
        if (place == standing::duplicate) {
            continue;
        }
        if (!stream.held.test(stream.next)) {
            return;
        }
        make_ready(held_.find(which, {stream.epoch, stream.next}));
    }
}

inline std::optional<message> receiver::poll_message() {
    if (shown_ != held_messages::none) {
        held_.erase(shown_);
        shown_ = held_messages::none;
    }
    const slot at = held_.hand_out();
    if (at == held_messages::none) {
        return std::nullopt;
    }
    const held_messages::entry& e = held_[at];
    if (options_.acceptance == acceptance::on_delivery) {
        tick();
        commit(e.stream, e.id.seq, fate::accepted);
        owe(e.stream);
        shown_ = at;
    }
    return message{peers_[e.stream], e.id, held_.payload(at)};
}

inline result<void> receiver::settle(const message& handed, fate how) {
    const std::uint32_t which = peers_.find(handed.from);
    const slot at = which == peer_table::none ? held_messages::none : held_.find(which, handed.id);
    inbound_stream* stream = which == peer_table::none ? nullptr : &streams_[which];
    if (at == held_messages::none || !held_[at].handed) {
        const bool again =
            stream != nullptr && (handed.id.epoch < stream->epoch ||
                                  (handed.id.epoch == stream->epoch &&
                                   stream->window.of(handed.id.seq) == standing::duplicate));
        return again ? result<void>()
                     : error{errc::unknown_message, "not a message that poll_message handed out"};
    }
    if (at == shown_) {
        return {};  // accepted on delivery
    }
    tick();
    held_.erase(at);
    // Its stream may have gone on to another epoch or floor while the app was at work: then there is nothing to say.
    if (stream->epoch == handed.id.epoch && stream->window.of(handed.id.seq) == standing::fresh) {
        commit(which, handed.id.seq, how);
        stream->state_due = true;
        owe(which);
    }
    return {};
}

/// The seq has ended here. What follows from it waits for the record.
inline void receiver::commit(std::uint32_t which, seq at, fate how) {
    inbound_stream& stream = streams_[which];
    stream.window.accept(at);
    stream.held.reset(at);
    if (how != fate::accepted) {
        stream.note({at, how});
    }
    stream.record = ++written_;
    stream.state_due = true;
    stream.resends = 0;
    sync_.progress(now_);
    line_up(which);
}

// --- acknowledgements ------------------------------------------------------------------------------------------------

inline void receiver::owe(std::uint32_t which) {
    if (!streams_[which].owed) {
        streams_[which].owed = true;
        owed_.push_back(which);
    }
}

inline void receiver::durable(std::uint64_t record) {
    durable_ = (std::min)((std::max)(durable_, record), written_);
    owed_.insert(owed_.end(), withheld_.begin(), withheld_.end());
    withheld_.clear();
}

inline void receiver::link_up(const framing& framing) {
    framing_ = framing;
    linked_ = true;
    tick();
    sync_.start(now_);
    for (std::uint32_t which = 0; which < streams_.size(); ++which) {
        if (streams_[which].unanswered) {
            streams_[which].resends = 0;
            streams_[which].state_due = true;
            owe(which);
        }
    }
}

inline void receiver::link_down() noexcept {
    linked_ = false;
    sync_.stop();
}

inline std::size_t receiver::transmit_acks(std::span<std::byte> out) {
    if (options_.journaling == journaling::none) {
        durable_ = written_;
    }
    std::size_t used = 0;
    std::size_t done = 0;
    for (; done < owed_.size(); ++done) {
        const std::uint32_t which = owed_[done];
        inbound_stream& stream = streams_[which];
        if (stream.record > durable_) {
            withheld_.push_back(which);
            continue;
        }
        const std::size_t size = transmit_ack(which, out.subspan(used));
        used += size;
        if (stream.owes()) {
            break;  // no room for the rest
        }
        stream.owed = false;
    }
    owed_.erase(owed_.begin(), owed_.begin() + static_cast<std::ptrdiff_t>(done));
    return used;
}

/// What is owed to one sender: an answer about another epoch, the state of ours, or both.
inline std::size_t receiver::transmit_ack(std::uint32_t which, std::span<std::byte> out) {
    inbound_stream& stream = streams_[which];
    std::size_t used = 0;
    for (sixfold::epoch* other : {&stream.past, &stream.waiting}) {
        if (*other == epoch::none) {
            continue;
        }
        const bool past = other == &stream.past;
        const ack_request answer{.to = peers_[which],
                                 .epoch = *other,
                                 .word = past ? ack_word::past : ack_word::waiting,
                                 .serial = ++serial_,
                                 .current = past ? stream.epoch : epoch::none};
        const std::size_t size = encode(answer, framing_, out.subspan(used));
        if (size == 0) {
            return used;
        }
        used += size;
        *other = epoch::none;
    }
    return used + (stream.state_due ? transmit_state(which, out.subspan(used)) : 0);
}

inline std::size_t receiver::transmit_state(std::uint32_t which, std::span<std::byte> out) {
    inbound_stream& stream = streams_[which];
    std::array<std::byte, ack_state_size_max(receiver_limits::exceptions_max)> state;
    std::optional<receiver_limits> limits;
    if (stream.tell_limits) {
        limits = receiver_limits{options_.window, options_.exceptions, options_.payload_max};
    }
    const std::size_t state_size = stream.report(limits, state);
    const ack_request request{.to = peers_[which],
                              .epoch = stream.epoch,
                              .serial = ++serial_,
                              .echo = stream.echo,
                              .state = bytes(state).first(state_size)};
    const std::size_t size = encode(request, framing_, out);
    if (size == 0) {
        return 0;
    }
    stream.serial = serial_;
    stream.sent_at = now_;
    stream.state_due = false;
    stream.unanswered = true;
    stream.limits_sent = stream.tell_limits;
    stream.echo.reset();
    retries_.set(which,
                 later(now_, backoff(timeout(), stream.resends, options_.retry.max, random_)));
    return size;
}

inline std::size_t receiver::transmit_sync(std::span<std::byte> out) {
    if (sync_.deadline() > now_) {
        return 0;
    }
    const std::size_t size = encode(sync_.poll(++serial_), framing_, out);
    if (size != 0) {
        sync_.sent(later(now_, backoff(timeout(), sync_.resends(), options_.retry.max, random_)));
    }
    return size;
}

inline std::optional<bytes> receiver::poll_transmit(std::span<std::byte> buffer) {
    tick();
    if (!linked_) {
        return std::nullopt;
    }
    std::size_t used = transmit_acks(buffer);
    used += transmit_sync(buffer.subspan(used));
    if (used == 0) {
        return std::nullopt;
    }
    return bytes(buffer.first(used));
}

}  // namespace sixfold::inline v0

#endif
