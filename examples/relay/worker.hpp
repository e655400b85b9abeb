// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_RELAY_WORKER_HPP
#define SIXFOLD_EXAMPLES_RELAY_WORKER_HPP

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <sixfold/ext/asio_link.hpp>
#include <sixfold/ext/asio_net.hpp>
#include <sixfold/relay.hpp>
#include "directory.hpp"
#include "log.hpp"
#include "login.hpp"
#include "mailbox_thread.hpp"
#include "neighbours.hpp"
#include "verdict.hpp"

namespace relay_program {

namespace net = sixfold::net;

/// What is carried.
enum class carrier : std::uint8_t { tcp, tls, websocket, secure_websocket, udp };
inline constexpr std::array carrier_names{"tcp", "tls", "ws", "wss", "udp"};

/// What a worker has counted.
struct worker_metrics {
    std::array<std::uint64_t, carrier_names.size()> links{};  ///< now, by carrier
    std::array<std::uint64_t, 16> frames_in{};                ///< by kind
    std::array<std::uint64_t, 16> frames_out{};               ///< likewise
    std::uint64_t logins = 0;
    std::uint64_t logins_refused = 0;
    std::uint64_t ended_slow = 0;      ///< links whose socket took nothing for too long
    std::uint64_t ended_instead = 0;   ///< links in whose place came a newer one of their peer
    std::uint64_t dropped = 0;         ///< frames for which the queue of a socket had no room
    std::uint64_t queued = 0;          ///< bytes in the queues of all sockets now
    std::uint64_t queued_largest = 0;  ///< in the fullest now
    double lag_seconds = 0;            ///< how late the last tick of the event loop was
    double lag_seconds_max = 0;        ///< the latest since it was last asked for
    sixfold::refusal_counts refusals{};
};

class worker;

/// What the workers of a program have in common; outlives them.
struct common {
    sixfold::relay_options relay;
    /// Of a worker; the peers_max of its relay has room for those who are elsewhere, too.
    std::uint32_t links_max;
    sixfold::asio_link_limits limits;
    login& who;
    const verdict& rules;
    log& out;
    directory peers{};
    mailbox_thread* mailbox = nullptr;
    neighbours* others = nullptr;  ///< or none
    std::vector<std::unique_ptr<worker>> workers{};
};

/// A group of links with an event loop, a thread and a relay of its own. What its peers write to those of other workers goes through
/// the directory; what waits, through the mailbox that all share.
///
/// A peer who has his link in another worker, or at another node, has one here that leads away, as soon as that is known.
///
/// Frames are put together: what a turn of the loop has brought is handled, and then each link writes once. On a byte stream msg:A and
/// ack:A, for which no time-out of a client is shorter than seconds, wait for what else goes there: 100 ms at most, and until a packet of
/// them is full. Calls come from its own thread, those marked so from any.
class worker {
  public:
    worker(unsigned number, common& shared);
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;
    ~worker();

    [[nodiscard]] net::io_context& io() noexcept { return io_; }
    /// Until `stop`.
    void run();

    /// Opens a connection that was accepted, and asks who is at the other end; the rest follows.
    void greet(const std::shared_ptr<sixfold::asio_link>& link, carrier over);
    /// The same of who has said so already. False: he is refused, and was told.
    bool
    admit(const std::shared_ptr<sixfold::asio_link>& link, carrier over, std::string_view line);
    /// When a turn ends: what has to be sent for several links at once.
    void at_end_of_turn(std::function<void()> flush) { flush_ = std::move(flush); }

    // --- from any thread ---------------------------------------------------------------------------------------------

    /// Frames for peers, for whoever of them has a link here.
    void deliver(std::vector<std::pair<sixfold::peer, std::vector<std::byte>>> frames);
    /// Another link has taken the place of this one.
    void end(sixfold::link_id link);
    /// This peer has a link in another worker or node, or has none there any more. A hint: what is for him is passed on, and not
    /// stored first; where that was wrong his senders ask to have it stored, as they do when a link is dead.
    void elsewhere(const sixfold::peer& who, bool is_there);
    /// What the mailbox has done.
    void complete(std::shared_ptr<mailbox_batch> batch);
    void measure(std::function<void(const worker_metrics&)> told);
    /// Lets each link write what it has, for at most so long, and ends.
    void stop(std::chrono::milliseconds within);

  private:
    struct seat {
        std::shared_ptr<sixfold::asio_link> link{};
        sixfold::peer name{};
        carrier over{};
        std::uint32_t generation = 0;
        bool dirty = false;              // has something to write
        bool listed = false;             // among those that linger
        std::uint64_t lingers_from = 0;  // has answers to write since this look at them; 0: none
        std::uint64_t taken = 0;         // by its socket, when that was last looked at
        std::chrono::steady_clock::time_point moved{};  // since when that has not grown
    };
    struct newcomer {
        std::weak_ptr<sixfold::asio_link> link;
        std::chrono::steady_clock::time_point until;
    };

    [[nodiscard]] sixfold::link_id sit_down(const std::shared_ptr<sixfold::asio_link>& link,
                                            const sixfold::peer& name,
                                            carrier over);
    [[nodiscard]] seat* seat_of(sixfold::link_id link);
    [[nodiscard]] std::size_t seats_taken() const { return seats_.size() - free_.size(); }
    void leave(sixfold::link_id link, const std::string& why);
    void dismiss(sixfold::link_id link);
    void learn(const sixfold::peer& who);
    [[nodiscard]] sixfold::refusal take(sixfold::link_id from, sixfold::bytes packet);
    void turn_soon();
    void turn();
    void post(const sixfold::outgoing& frame);
    void put(seat& to, sixfold::bytes frame);
    void linger(std::uint32_t at);
    void look_at_lingering();
    void flush(std::uint32_t at);
    void tick();
    void look_at_links(std::chrono::steady_clock::time_point now);
    void stop_if_empty();
    void
    refuse(const std::shared_ptr<sixfold::asio_link>& link, carrier over, const std::string& why);

    unsigned number_;
    common& shared_;
    net::io_context io_{1};
    net::executor_work_guard<net::io_context::executor_type> busy_{io_.get_executor()};
    sixfold::relay machine_;
    sixfold::reactions out_;
    std::vector<seat> seats_;
    std::vector<std::uint32_t> free_;
    std::uint64_t led_away_ = 0;  // peers, so far: numbers of their links
    std::vector<std::uint32_t> dirty_;
    std::vector<std::uint32_t> lingering_;
    std::unordered_map<sixfold::asio_link*, newcomer> newcomers_;  // who has not logged in yet
    std::function<void()> flush_;
    // by worker
    std::vector<std::vector<std::pair<sixfold::peer, std::vector<std::byte>>>> elsewhere_;
    bool turn_comes_ = false;
    std::uint64_t looks_ = 1;  // at those that linger
    bool look_comes_ = false;
    bool asked_ = false;  // the mailbox, since the last turn
    bool stopping_ = false;
    net::steady_timer tick_{io_};
    net::steady_timer look_{io_};
    std::chrono::steady_clock::time_point tick_at_{};
    worker_metrics metrics_;
};

}  // namespace relay_program

#endif
