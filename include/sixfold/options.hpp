// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_OPTIONS_HPP
#define SIXFOLD_OPTIONS_HPP

#include <cstdint>

#include "sixfold/error.hpp"
#include "sixfold/time.hpp"
#include "sixfold/wire/ack_state.hpp"
#include "sixfold/wire/frame.hpp"

// What can be set, with the reason for each default, and which values are refused. Every capacity can be 1.

namespace sixfold::inline v0 {

/// What tells one life of a sender from the others. The app supplies both numbers: the library makes nothing up (law 14). Most apps
/// use `new_life()` of ext/new_life.hpp.
///
/// If a life without the journal of the last one has the same two numbers, it uses the same names again: new messages are lost, and
/// called delivered. With the same start and another seed that may happen. A smaller start, as after a clock was set back, may end
/// what was stored. `past_epochs()` of sender and receiver counts such mistakes as far as they can be seen. (spec 6.1)
struct incarnation {
    /// Larger at each start without the journal of the last one: a counter that is kept, or milliseconds since 1970.
    /// 1 to 2^44 - 1. It is the upper part of each new epoch (law 1).
    std::uint64_t start = 0;
    /// 64 bits from a good source (std::random_device, getrandom): jitter, hashing and the lower part of epochs.
    std::uint64_t seed = 0;
    /// How long ago the journal was last written, as far as the app knows: so much of each message's `expires_after` has passed
    /// without a life. If it is too large, messages are taken back too early. `file_age` of ext/file_age.hpp asks the file.
    duration away = duration::zero();
};

/// An epoch is a start number, and so many random bits below it. (spec 3.1)
inline constexpr unsigned epoch_random_bits = 20;
/// The largest start number: it takes the other bits of an epoch.
inline constexpr std::uint64_t start_max = (std::uint64_t{1} << (64 - epoch_random_bits)) - 1;

/// When requests are sent again. One rule for msg:R, ack:R, sync:R and probes.
struct retry_options {
    /// Used until a round trip was measured: it covers most paths. Over a byte stream it is at least 3 s. So long, or up to twice as
    /// long, a receiver keeps a place that it has offered to a sender.
    duration first = std::chrono::milliseconds(500);
    /// Lower bound: below it, a delay of the scheduler would look like loss.
    duration min = std::chrono::milliseconds(20);
    /// Cap of the backoff: so late may a repaired path be noticed.
    duration max = std::chrono::seconds(30);
};

/// The limits of a sender, and how it resends.
struct sender_options {
    /// Seqs under way for each peer; receivers take 64 unless they say more.
    std::uint32_t window = 64;
    std::uint32_t queue_entries = 1024;  ///< messages in the wait-ack queue, of all peers
    /// Bytes of their payloads; storage of this size is taken at construction.
    std::uint32_t queue_bytes = 1 << 20;
    /// How many of these one peer may hold, so that an absent or slow peer leaves room for the others. With a single peer set it to
    /// `queue_entries`.
    std::uint32_t peer_entries = 512;
    std::uint32_t peer_bytes = 512 << 10;  ///< likewise of `queue_bytes`; one message always fits
    /// Stored messages whose end is not known yet: about 110 bytes each.
    std::uint32_t unsettled_max = 4096;
    /// Bytes of the largest payload: with its frame it fits a datagram of 1,200 bytes. Use no more than the relay's `payload_max`:
    /// larger messages end as `refused`.
    std::uint32_t payload_max = 1024;
    /// Peers that are written to. Each takes about 0.7 kB while nothing is under way to it, or 1 kB while a probe is not answered, until
    /// it is forgotten: at most 66 MB here, and half as much more while tables grow.
    std::uint32_t peers_max = 65536;
    retry_options retry{};  ///< of msg:R, and of probes but for the cap
    /// Cap of the probes' backoff: they only repair, as acks come by themselves.
    duration probe_max = std::chrono::seconds(60);
    std::uint32_t burst = 32;  ///< frames that are resent at once when the link returns
    /// The next burst follows after this time, so that a return causes no storm.
    duration burst_interval = std::chrono::milliseconds(5);
    /// Congestion control of a link of datagrams: bytes of msg:R that may be under way before the relay answers, 14,600 as in RFC 6928;
    /// from then on as many as the path takes without a queue. 0 switches it off, for a transport with its own, as QUIC has for its
    /// datagrams: two of them would wait for each other. A byte stream never has it. (spec 3.30)
    std::uint32_t flight_first = 14'600;
    /// Bytes of earlier messages that are repeated in a packet which leaves anyway, on a path that loses packets. 0 switches it off. A
    /// datagram of 1,200 bytes costs a network as much as one of 100. (spec 3.29)
    std::uint32_t repeat_bytes = 1024;
    /// Packets a second, to all peers together, that repeat a message which no other follows, on a path that loses packets. 0 switches
    /// it off. The default is enough for people who type or play and for sensors; it is less than 5 kB/s of small messages.
    std::uint32_t repeat_packets = 50;
};

/// The options of one message.
struct send_options {
    /// Counts from the call. When it has passed, the message is taken back, and the app hears `expiring` and then how it ended. Only
    /// the receiver can say that, so the message keeps its place in the window until the receiver is back, even if it was stored.
    ///
    /// A new life counts, from its own beginning, what was left when the record of the message was written, less
    /// `incarnation::away`. A stored message expires in the mailbox at the same time, even without a life of its sender; the time that it
    /// took to the relay is added, and up to an eighth of what was left if it shared a run (spec 3.13, 5.6).
    duration expires_after = (duration::max)();
    /// `forbidden`: it is worthless once the receiver is away, so it is taken back instead of stored.
    sixfold::storing storing = storing::allowed;
};

/// In which order the app sees the messages of one sender.
enum class delivery : std::uint8_t {
    in_order,    ///< as they were sent; default
    as_it_comes  ///< at once, when a gap does not matter
};

/// Whose word makes a message accepted.
enum class acceptance : std::uint8_t {
    by_app,  ///< `accept`, after the app's own commit; default
    /// `poll_message` itself: for apps that keep nothing, where "on the screen" is "delivered".
    on_delivery
};

/// The limits of a receiver, and what it does with what comes.
struct receiver_options {
    std::uint32_t window = 64;      ///< W: seqs from the floor on that are taken, per sender
    std::uint32_t exceptions = 64;  ///< rejected seqs and tombstones remembered per sender: 1 to 64
    std::uint32_t payload_max = 1024;  ///< larger ones are rejected
    /// Messages that wait for their turn or for the app's word. One sender gets a quarter of the places, or all while no other has any.
    std::uint32_t held_entries = 256;
    /// Bytes of their payloads; storage of this size is taken at construction.
    std::uint32_t held_bytes = 256 << 10;
    /// Senders that are remembered, for ever; but one of which nothing ever ended gives way to a new one. Each takes about 0.28 kB:
    /// 18 MB in all, and half as much more while tables grow. A sender that has taken back as many messages as `exceptions` says
    /// takes 1 kB more.
    std::uint32_t peers_max = 65536;
    retry_options retry{};  ///< of ack:R and sync:R
    /// After this time without news the mailbox is looked into, as a repair; the time doubles with each look, up to an hour.
    duration sync_interval = std::chrono::seconds(30);
    sixfold::delivery delivery = delivery::in_order;      ///< the order of each sender's messages
    sixfold::acceptance acceptance = acceptance::by_app;  ///< whose word makes a message accepted
};

/// The largest window; its bitmap is 128 KiB per stream.
inline constexpr std::uint32_t window_max = 1 << 20;
/// The largest value of `payload_max`: frames and records have room for it.
inline constexpr std::uint32_t payload_limit = 1 << 27;

namespace detail {

[[nodiscard]] inline result<void> validate(const retry_options& retry) {
    if (retry.first <= duration::zero() || retry.first > std::chrono::hours(24)) {
        return error{errc::option, "retry.first: must be more than 0 and at most 24 hours"};
    }
    if (retry.min <= duration::zero()) {
        return error{errc::option, "retry.min: must be more than 0"};
    }
    if (retry.max < retry.min || retry.max > std::chrono::hours(24)) {
        return error{errc::option, "retry.max: must be at least retry.min and at most 24 hours"};
    }
    return {};
}

}  // namespace detail

/// Refuses a start number that cannot work.
[[nodiscard]] inline result<void> validate(const incarnation& life) {
    if (life.start == 0 || life.start > start_max) {
        return error{
            errc::option,
            "life.start: must be 1 to 2^44 - 1, and larger at each start without a journal"};
    }
    if (life.away < duration::zero()) {
        return error{errc::option, "life.away: must not be less than 0"};
    }
    return {};
}

/// Refuses sender options that cannot work, and names the first one.
[[nodiscard]] inline result<void> validate(const sender_options& o) {
    if (o.window == 0 || o.window > window_max) {
        return error{errc::option, "sender.window: must be 1 to 1048576"};
    }
    if (o.queue_entries == 0 || o.queue_entries > (1U << 28)) {
        return error{errc::option, "sender.queue_entries: must be 1 to 268435456"};
    }
    if (o.unsettled_max == 0 || o.unsettled_max > (1U << 28)) {
        return error{errc::option, "sender.unsettled_max: must be 1 to 268435456"};
    }
    if (o.payload_max == 0 || o.payload_max > payload_limit) {
        return error{errc::option, "sender.payload_max: must be 1 to 134217728"};
    }
    if (o.queue_bytes < o.payload_max || o.queue_bytes > (1U << 31)) {
        return error{errc::option, "sender.queue_bytes: must be payload_max to 2147483648"};
    }
    if (o.peer_entries == 0) {
        return error{errc::option, "sender.peer_entries: must be at least 1"};
    }
    if (o.peer_bytes == 0) {
        return error{errc::option, "sender.peer_bytes: must be at least 1"};
    }
    if (o.peers_max == 0 || o.peers_max > (1U << 28)) {
        return error{errc::option, "sender.peers_max: must be 1 to 268435456"};
    }
    if (o.probe_max <= duration::zero() || o.probe_max > std::chrono::hours(24)) {
        return error{errc::option, "sender.probe_max: must be more than 0 and at most 24 hours"};
    }
    if (o.burst == 0) {
        return error{errc::option, "sender.burst: must be at least 1"};
    }
    if (o.burst_interval < duration::zero() || o.burst_interval > std::chrono::hours(1)) {
        return error{errc::option, "sender.burst_interval: must be 0 to 1 hour"};
    }
    return detail::validate(o.retry);
}

/// Refuses receiver options that cannot work, and names the first one.
[[nodiscard]] inline result<void> validate(const receiver_options& o) {
    if (o.window == 0 || o.window > window_max) {
        return error{errc::option, "receiver.window: must be 1 to 1048576"};
    }
    if (o.exceptions == 0 || o.exceptions > 64) {
        return error{errc::option, "receiver.exceptions: must be 1 to 64"};
    }
    if (o.payload_max == 0 || o.payload_max > payload_limit) {
        return error{errc::option, "receiver.payload_max: must be 1 to 134217728"};
    }
    if (o.held_entries == 0 || o.held_entries > (1U << 28)) {
        return error{errc::option, "receiver.held_entries: must be 1 to 268435456"};
    }
    if (o.held_bytes < o.payload_max || o.held_bytes > (1U << 31)) {
        return error{errc::option, "receiver.held_bytes: must be payload_max to 2147483648"};
    }
    if (o.peers_max == 0 || o.peers_max > (1U << 28)) {
        return error{errc::option, "receiver.peers_max: must be 1 to 268435456"};
    }
    if (o.sync_interval <= duration::zero()) {
        return error{errc::option, "receiver.sync_interval: must be more than 0"};
    }
    return detail::validate(o.retry);
}

}  // namespace sixfold::inline v0

#endif
