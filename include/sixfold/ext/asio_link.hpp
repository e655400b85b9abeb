// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_ASIO_LINK_HPP
#define SIXFOLD_EXT_ASIO_LINK_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "sixfold/error.hpp"
#include "sixfold/ext/asio_net.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/codec.hpp"

namespace sixfold::inline v0::inline SIXFOLD_ASIO {

/// The bounds of one connection.
struct asio_link_limits {
    /// Bytes of the largest frame that may come: `frame_size_max()` of the largest payload that the relay takes.
    std::size_t frame_size = frame_size_max(1024);
    /// Bytes that may wait for the socket. Packets beyond that are dropped: the machines send them again.
    std::size_t queue_bytes = std::size_t{1} << 20;
    /// An end from which nothing was heard for so long, though it was asked, is gone. More than a second.
    duration dead_after = std::chrono::seconds(90);
};

/// What a link has carried, and what waits in it.
struct asio_link_counts {
    std::uint64_t packets_in = 0;   ///< frames of a byte stream, packets of the others
    std::uint64_t packets_out = 0;  ///< likewise, without those that were dropped
    std::uint64_t bytes_in = 0;     ///< of these packets
    std::uint64_t bytes_out = 0;    ///< likewise
    std::uint64_t taken = 0;        ///< bytes that the socket has accepted
    std::uint64_t dropped = 0;      ///< packets for which the queue had no room
    std::size_t queued = 0;         ///< bytes that wait for the socket now
};

/// One end of a connection between a client and a relay, over whatever carries it: first a line of text each way, the login and its
/// answer, and then packets.
///
/// It knows whole frames, but not what is in them, nor who is at the other end. It lives as long as it reads or writes, or as
/// somebody holds it. It belongs to one thread or strand at a time, that of its executor.
///
/// | call    | what it does                                                                       |
/// |---------|------------------------------------------------------------------------------------|
/// | open    | connects, if it is the end that connects                                           |
/// | say     | sends a line of text                                                               |
/// | hear    | waits for one                                                                      |
/// | start   | packets follow: each is handed over, and `rest` is called when all that came were  |
/// | send    | keeps a packet; `flush` begins to write what was kept                              |
/// | finish  | ends when everything is written                                                    |
/// | close   | ends now                                                                           |
///
/// The end of the connection is reported once, with a reason for a person, whoever has ended it.
class asio_link : public std::enable_shared_from_this<asio_link> {
  public:
    using on_packet = std::function<refusal(bytes)>;  ///< whole frames; good until it returns
    using on_rest = std::function<void()>;            ///< all that has come was handed over
    using on_end = std::function<void(const std::string&)>;  ///< why it has ended
    using on_line = std::function<void(std::string_view)>;   ///< without its end of line
    using on_open = std::function<void()>;                   ///< it is connected

    /// A link over a connection with these bounds.
    explicit asio_link(const asio_link_limits& limits) : limits_(limits) {}
    asio_link(const asio_link&) = delete;             ///< a connection has one owner
    asio_link& operator=(const asio_link&) = delete;  ///< likewise
    virtual ~asio_link() = default;                   ///< does not report the end

    /// What `client::link_up` has to be told.
    [[nodiscard]] virtual transport kind() const noexcept { return transport::byte_stream; }
    /// Bytes of the largest packet that should be sent; a larger frame goes alone.
    [[nodiscard]] virtual std::size_t packet_size() const noexcept { return 16 * 1024; }

    /// Sets who is told of the end. Call it before anything else.
    void when_ended(on_end end) { end_ = std::move(end); }
    /// Connects; an end that was accepted is open already. If it fails, the connection has ended.
    virtual void open(on_open opened) { opened(); }
    /// Sends a line of text, given without its end of line, before all packets.
    virtual void say(std::string_view line) = 0;
    /// Waits for a line of text, once.
    virtual void hear(on_line line) = 0;
    /// Packets follow from now on.
    void start(on_packet packet, on_rest rest) {
        packet_ = std::move(packet);
        rest_ = std::move(rest);
        begin();
    }
    /// Keeps a copy of a packet, if there is room.
    virtual void send(bytes packet) = 0;
    /// Begins to write what was kept.
    virtual void flush() = 0;
    /// Ends when everything is written.
    virtual void finish() = 0;
    /// Ends now.
    void close(const std::string& why) {
        const auto alive = weak_from_this().lock();  // whoever is told may let it go
        if (!std::exchange(closed_, true)) {
            shut();
            packet_ = nullptr;
            rest_ = nullptr;
            if (const on_end end = std::exchange(end_, nullptr)) {
                end(why);
            }
        }
    }
    /// Whether it has ended.
    [[nodiscard]] bool closed() const noexcept { return closed_; }
    /// What it has carried so far.
    [[nodiscard]] asio_link_counts counts() const {
        asio_link_counts now = counts_;
        now.queued = queued();
        return now;
    }

  protected:
    /// Why it has ended, for a person.
    [[nodiscard]] static std::string words_of(net_error failed) {
        return failed == net::error::eof ? "ended by the other side" : failed.message();
    }
    /// Its bounds.
    [[nodiscard]] const asio_link_limits& limits() const noexcept { return limits_; }
    /// Begins to hand packets over.
    virtual void begin() = 0;
    /// Lets go of the socket.
    virtual void shut() = 0;
    /// Bytes that wait for the socket.
    [[nodiscard]] virtual std::size_t queued() const noexcept = 0;

    /// Whether so many more bytes have room; counts the packet as out or as dropped.
    [[nodiscard]] bool admit(bytes packet) {
        const bool fits = !closed_ && queued() + packet.size() <= limits_.queue_bytes;
        counts_.packets_out += std::uint64_t{fits};
        counts_.bytes_out += fits ? packet.size() : 0;
        counts_.dropped += std::uint64_t{!fits && !closed_};
        return fits;
    }
    /// False if what has come ends the connection, or if it has ended.
    [[nodiscard]] bool hand_over(bytes packet) {
        ++counts_.packets_in;
        counts_.bytes_in += packet.size();
        return packet_ && !ends_stream(packet_(packet)) && packet_;
    }
    /// The socket has taken so many bytes.
    void took(std::size_t size) { counts_.taken += size; }
    /// All that has come was handed over.
    void tell_rest() {
        if (rest_) {
            rest_();
        }
    }

  private:
    asio_link_limits limits_;
    asio_link_counts counts_;
    on_packet packet_;
    on_rest rest_;
    on_end end_;
    bool closed_ = false;
};

/// A function that makes the client's end of a new connection, which is not open yet.
using asio_dialer =
    std::function<std::shared_ptr<asio_link>(net::any_io_executor, const asio_link_limits&)>;

}  // namespace sixfold::inline v0::inline SIXFOLD_ASIO

#endif
