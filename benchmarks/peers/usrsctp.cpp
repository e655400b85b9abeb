// SPDX-License-Identifier: BSL-1.0
// usrsctp: SCTP messages from A to B over its AF_CONN interface, in memory, without a thread.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <usrsctp.h>

#include "cases.hpp"
#include "packet_queue.hpp"
#include "sctp.hpp"

namespace {

/// One end as usrsctp sees it: an address, which is that of this object, and what was sent to it.
struct end {
    bench::packet_queue to_here;
    end* other = nullptr;
};

int carry(void* from, void* packet, std::size_t size, std::uint8_t, std::uint8_t) {
    bench::packet_queue& queue = static_cast<end*>(from)->other->to_here;
    queue.begin();
    queue.append({static_cast<const std::byte*>(packet), size});
    return 0;
}

enum class checks { on, off };
enum class order { yes, no };

/// SCTP's CRC-32C. It is a setting of the whole stack.
void choose(checks checksum) {
    checksum == checks::on ? usrsctp_disable_crc32c_offload() : usrsctp_enable_crc32c_offload();
}

/// What the app does besides. Small messages wait for each other as by default (Nagle): that costs nothing here, and with SCTP_NODELAY
/// 64 of them take twice as long.
void prepare(struct socket* s) {
    bench::prepare(s, bench::acknowledges::each_packet);
}

/// Two sockets with an association, and the packets between them.
class association {
  public:
    explicit association(order in_order) {
        a_.other = &b_;
        b_.other = &a_;
        usrsctp_register_address(&a_);
        usrsctp_register_address(&b_);
        info_.snd_flags = in_order == order::yes ? 0 : SCTP_UNORDERED;
        connect();
    }
    association(const association&) = delete;  // usrsctp keeps the addresses of its ends
    association& operator=(const association&) = delete;
    ~association() {
        usrsctp_close(front_);
        usrsctp_close(back_);
        pass_packets();
        usrsctp_deregister_address(&a_);
        usrsctp_deregister_address(&b_);
    }

    /// The end that connected, and the one that listened.
    [[nodiscard]] struct socket* front() const { return front_; }
    [[nodiscard]] struct socket* back() const { return back_; }

    /// Returns false if the buffer of the socket is full, or the association is over.
    bool send(struct socket* from, std::span<const std::byte> message) {
        return bench::send(from, message, info_);
    }
    /// Hands over all packets, and those that answer them, until there are none. Returns whether there were any.
    bool pass_packets() {
        bool any = false;
        while (!a_.to_here.empty() || !b_.to_here.empty()) {
            for (end* to : {&b_, &a_}) {
                std::swap(to->to_here, arriving_);  // what is handed over may send
                while (!arriving_.empty()) {
                    const auto packet = arriving_.take();
                    usrsctp_conninput(to, packet.data(), packet.size(), 0);
                    any = true;
                }
            }
        }
        return any;
    }

  private:
    void connect() {
        struct socket* const listener = bench::open_socket();
        prepare(listener);
        bench::bind(listener, &b_);
        bench::check(usrsctp_listen(listener, 1) == 0, "listen");
        front_ = bench::open_socket();
        prepare(front_);
        bench::bind(front_, &a_);
        bench::connect(front_, &a_);
        pass_packets();
        back_ = usrsctp_accept(listener, nullptr, nullptr);
        prepare(back_);
        usrsctp_close(listener);
    }

    sctp_sndinfo info_{};
    end a_, b_;
    bench::packet_queue arriving_;
    struct socket* front_ = nullptr;
    struct socket* back_ = nullptr;
};

template <class Take>
void receive(struct socket* at, Take take) {
    bench::require(bench::receive(at, take), "an association is over");
}

/// The sending app learns that all it has sent was acknowledged (SCTP_SENDER_DRY_EVENT): SCTP tells it nothing of a single message.
/// B's SCTP acknowledges, whatever B's app does with a message.
class one_hop : public bench::pair {
  public:
    one_hop(const bench::load& how, order in_order, checks checksum)
        : how_(how), checksum_(checksum), payload_(how.payload), hop_(in_order) {
        sctp_event dry{};
        dry.se_assoc_id = SCTP_ALL_ASSOC;
        dry.se_type = SCTP_SENDER_DRY_EVENT;
        dry.se_on = 1;
        bench::set_option(hop_.front(), IPPROTO_SCTP, SCTP_EVENT, dry, "SCTP_EVENT");
        listen();
    }

    std::uint64_t exchange() override {
        choose(checksum_);
        std::uint64_t sent = 0;
        std::uint64_t arrived = 0;
        while (sent < how_.in_flight || arrived < how_.in_flight || !dry_) {
            const std::uint64_t before = sent;
            while (sent < how_.in_flight && hop_.send(hop_.front(), payload_)) {
                ++sent;
                dry_ = false;
            }
            const bool moved = hop_.pass_packets() || sent != before;
            bench::require(moved, "the association stands still");
            receive(hop_.back(), [&](std::span<const std::byte> message, int) {
                arrived += message.size() == how_.payload ? 1 : 0;
            });
            listen();
        }
        return arrived;
    }

  private:
    void listen() {
        receive(hop_.front(), [this](std::span<const std::byte> notification, int flags) {
            bench::require((flags & MSG_NOTIFICATION) != 0, "a message that nobody sent");
            std::uint16_t kind = 0;  // the first field of each
            std::memcpy(&kind, notification.data(), sizeof kind);
            dry_ = dry_ || kind == SCTP_SENDER_DRY_EVENT;
        });
    }

    bench::load how_;
    checks checksum_;
    std::vector<std::byte> payload_;
    association hop_;
    bool dry_ = false;
};

/// Two associations, and B's app answers each message with eight bytes, which come back to A's app over the relay. That is what six
/// frames do for a B that is there.
class two_hops : public bench::pair {
  public:
    two_hops(const bench::load& how, order in_order, checks checksum)
        : how_(how), checksum_(checksum), payload_(how.payload), to_relay_(in_order),
          to_bob_(in_order) {}

    std::uint64_t exchange() override {
        choose(checksum_);
        std::uint64_t sent = 0;
        std::uint64_t confirmed = 0;
        while (confirmed < how_.in_flight) {
            const std::uint64_t before = sent;
            while (sent < how_.in_flight && to_relay_.send(to_relay_.front(), payload_)) {
                ++sent;
            }
            bool moved = to_relay_.pass_packets() || sent != before;
            forward(to_relay_.back(), to_bob_, to_bob_.front());
            moved = to_bob_.pass_packets() || moved;
            receive(to_bob_.back(), [this](std::span<const std::byte> message, int) {
                bench::require(message.size() == how_.payload, "not the whole message");
                bench::require(to_bob_.send(to_bob_.back(), answer), "no room for an answer");
            });
            moved = to_bob_.pass_packets() || moved;
            forward(to_bob_.front(), to_relay_, to_relay_.back());
            moved = to_relay_.pass_packets() || moved;
            bench::require(moved, "the associations stand still");
            receive(to_relay_.front(), [&](std::span<const std::byte> message, int) {
                confirmed += message.size() == answer.size() ? 1 : 0;
            });
        }
        return confirmed;
    }

  private:
    static constexpr std::array<std::byte, 8> answer{};

    static void forward(struct socket* came_at, association& on, struct socket* from) {
        receive(came_at, [&](std::span<const std::byte> message, int) {
            bench::require(on.send(from, message), "no room at the relay");
        });
    }

    bench::load how_;
    checks checksum_;
    std::vector<std::byte> payload_;
    association to_relay_;
    association to_bob_;
};

template <class Pair>
bench::service of(const std::string& what, order in_order, checks checksum) {
    return {what, [=](const bench::load& how) {
                return std::make_unique<Pair>(how, in_order, checksum);
            }};
}

}  // namespace

int main() {
    usrsctp_init_nothreads(0, carry, nullptr);
    usrsctp_sysctl_set_sctp_max_chunks_on_queue(1 << 20);
    return bench::run({of<one_hop>("usrsctp ordered", order::yes, checks::on),
                       of<one_hop>("usrsctp unordered", order::no, checks::on),
                       of<one_hop>("usrsctp unordered unchecked", order::no, checks::off),
                       of<two_hops>("usrsctp relay unordered unchecked", order::no, checks::off)});
}
