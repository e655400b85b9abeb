// SPDX-License-Identifier: BSL-1.0
// The client, as JavaScript sees it: numbers, and bytes in the exchange. js/core.js is its other side, and the only caller.
#include <algorithm>
#include <chrono>
#include <memory>

#include "exported.hpp"

namespace {

using web::io;

/// A client, and the time that JavaScript says it is.
struct hosted {
    sixfold::manual_clock clock;
    std::optional<sixfold::client> client;
};

std::uint32_t text(std::string_view words) {
    io.begin();
    io.put(sixfold::as_bytes(words));
    return io.size();
}

}  // namespace

/// Where the exchange is, with room for so many bytes.
SIXFOLD_EXPORTED(reserve) std::byte* reserve(std::uint32_t size) {
    return io.reserve(size);
}

/// In the exchange: the name, then the journal. 0: refused, and `failure` says why.
SIXFOLD_EXPORTED(open_client)
hosted* open_client(std::int64_t now,
                    std::uint32_t name,
                    std::uint32_t journal,
                    std::uint64_t start,
                    std::uint64_t seed,
                    std::int64_t away,
                    bool keeps) {
    auto host = std::make_unique<hosted>();
    host->clock.set(sixfold::time_point(sixfold::duration(now)));
    auto client = sixfold::client::create(
        host->clock,
        {.self = io.peer(name),
         .life = {.start = start, .seed = seed, .away = sixfold::duration(away)},
         .journaling = keeps ? sixfold::journaling::withhold : sixfold::journaling::none},
        io.part(name, journal));
    if (!client) {
        text(client.error().what);
        return nullptr;
    }
    host->client.emplace(std::move(*client));
    const auto record = host->client->journal_record_size_max();
    io.reserve((std::max)(record, host->client->packet_size_min()));
    return host.release();
}

/// The size of the words why the last call failed.
SIXFOLD_EXPORTED(failure) std::uint32_t failure() {
    return io.size();
}

SIXFOLD_EXPORTED(close_client) void close_client(hosted* host) {
    delete host;
}

/// Nanoseconds of a clock that does not go back.
SIXFOLD_EXPORTED(set_time) void set_time(hosted* host, std::int64_t now) {
    host->clock.set(sixfold::time_point(sixfold::duration(now)));
}

/// In the exchange: the receiver's name, then the payload. The ticket, or 0 and `failure`.
SIXFOLD_EXPORTED(send)
std::uint64_t send(
    hosted* host, std::uint32_t to, std::uint32_t payload, std::int64_t expires_after, bool store) {
    const auto sent = host->client->send(
        io.peer(to), io.part(to, payload),
        {.expires_after = sixfold::duration(expires_after),
         .storing = store ? sixfold::storing::allowed : sixfold::storing::forbidden});
    if (!sent) {
        text(sent.error().what);
        return 0;
    }
    return static_cast<std::uint64_t>(*sent);
}

SIXFOLD_EXPORTED(cancel) bool cancel(hosted* host, std::uint64_t ticket) {
    return host->client->cancel(sixfold::ticket{ticket});
}
SIXFOLD_EXPORTED(forget) bool forget(hosted* host, std::uint32_t to) {
    return host->client->forget(io.peer(to));
}
SIXFOLD_EXPORTED(outstanding) bool outstanding(hosted* host, std::uint64_t ticket) {
    return host->client->outstanding(sixfold::ticket{ticket});
}

SIXFOLD_EXPORTED(link_up) void link_up(hosted* host, bool checked, bool byte_stream) {
    host->client->link_up(checked ? sixfold::checksum::on : sixfold::checksum::off,
                          byte_stream ? sixfold::transport::byte_stream
                                      : sixfold::transport::datagrams);
}
SIXFOLD_EXPORTED(link_down) void link_down(hosted* host) {
    host->client->link_down();
}

/// A packet of so many bytes has come. Whether the link cannot go on.
SIXFOLD_EXPORTED(handle) bool handle(hosted* host, std::uint32_t size) {
    return sixfold::ends_stream(host->client->handle(io.part(0, size)));
}

/// | ticket | epoch | seq | what | reason | to ... |, or 0.
SIXFOLD_EXPORTED(poll_event) std::uint32_t poll_event(hosted* host) {
    const auto event = host->client->poll_event();
    if (!event) {
        return 0;
    }
    io.begin();
    io.put(static_cast<std::uint64_t>(event->id), 8);
    io.put(static_cast<std::uint64_t>(event->name.epoch), 8);
    io.put(event->name.seq, 8);
    io.put(static_cast<std::uint64_t>(event->what), 1);
    io.put(static_cast<std::uint64_t>(event->reason), 1);
    io.put(event->to.bytes());
    return io.size();
}

/// | epoch | seq | place: 4 bytes | size of from: 1 byte | from | payload ... |, or 0.
SIXFOLD_EXPORTED(poll_message) std::uint32_t poll_message(hosted* host) {
    const auto message = host->client->poll_message();
    if (!message) {
        return 0;
    }
    io.begin();
    io.put(static_cast<std::uint64_t>(message->id.epoch), 8);
    io.put(message->id.seq, 8);
    io.put(message->place, 4);
    io.put(message->from.bytes().size(), 1);
    io.put(message->from.bytes());
    io.put(message->payload);
    return io.size();
}

/// In the exchange: who sent it. Whether it was still open.
SIXFOLD_EXPORTED(settle)
bool settle(hosted* host,
            std::uint32_t from,
            std::uint64_t epoch,
            std::uint64_t seq,
            std::uint32_t place,
            bool accepted) {
    const sixfold::message handed{
        .from = io.peer(from), .id = {sixfold::epoch{epoch}, seq}, .payload = {}, .place = place};
    return accepted ? host->client->accept(handed) : host->client->reject(handed);
}

SIXFOLD_EXPORTED(poll_transmit) std::uint32_t poll_transmit(hosted* host) {
    const auto room =
        io.room().first((std::min)(io.room().size(), host->client->packet_size_min()));
    const auto packet = host->client->poll_transmit(room);
    return packet ? static_cast<std::uint32_t>(packet->size()) : 0;
}

SIXFOLD_EXPORTED(poll_journal) std::uint32_t poll_journal(hosted* host) {
    const auto records = host->client->poll_journal(io.room());
    return records ? static_cast<std::uint32_t>(records->size()) : 0;
}

/// What poll_journal has given: of the receiver, and of the sender.
SIXFOLD_EXPORTED(written_received) std::uint64_t written_received(hosted* host) {
    return host->client->written().received;
}
SIXFOLD_EXPORTED(written_sent) std::uint64_t written_sent(hosted* host) {
    return host->client->written().sent;
}
SIXFOLD_EXPORTED(durable) void durable(hosted* host, std::uint64_t received, std::uint64_t sent) {
    host->client->durable({received, sent});
}

/// Nanoseconds of the same clock; the largest number is never.
SIXFOLD_EXPORTED(next_deadline) std::int64_t next_deadline(hosted* host) {
    return host->client->next_deadline().time_since_epoch().count();
}
SIXFOLD_EXPORTED(queued) std::uint32_t queued(hosted* host) {
    return host->client->sender().queued() + host->client->sender().unsettled();
}
