// SPDX-License-Identifier: BSL-1.0
// usrsctp: SCTP messages from A to B over its AF_CONN interface, in memory, without a thread.
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <usrsctp.h>

#include "cases.hpp"
#include "packet_queue.hpp"

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

void check(bool succeeded, const char* what) {
    if (!succeeded) {
        throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
    }
}

constexpr std::uint16_t port = 5000;

sockaddr_conn address_of(end& e) {
    sockaddr_conn address{};
    address.sconn_family = AF_CONN;
    address.sconn_port = htons(port);
    address.sconn_addr = &e;
    return address;
}

template <class Option>
void set_option(struct socket* s, int level, int name, const Option& value, const char* what) {
    check(usrsctp_setsockopt(s, level, name, &value, sizeof value) == 0, what);
}

enum class checks { on, off };
enum class order { yes, no };

/// What the app does besides: an acknowledgement for each packet, because the one for every second packet may wait for a timer
/// of 200 ms, and buffers into which all messages in flight fit. Small messages wait for each other as by default (Nagle):
/// that costs nothing here, and with SCTP_NODELAY 64 of them take twice as long.
void prepare(struct socket* s) {
    check(s != nullptr, "socket");
    check(usrsctp_set_non_blocking(s, 1) == 0, "non-blocking");
    sctp_sack_info each{};
    each.sack_freq = 1;
    set_option(s, IPPROTO_SCTP, SCTP_DELAYED_SACK, each, "SCTP_DELAYED_SACK");
    constexpr int room = 256 << 20;
    set_option(s, SOL_SOCKET, SO_SNDBUF, room, "SO_SNDBUF");
    set_option(s, SOL_SOCKET, SO_RCVBUF, room, "SO_RCVBUF");
}

/// An association. The sending app learns that all it has sent was acknowledged (SCTP_SENDER_DRY_EVENT): SCTP tells it nothing of a
/// single message. B's SCTP acknowledges, whatever B's app does with a message.
class association : public bench::pair {
  public:
    association(const bench::load& how, order in_order, checks checksum)
        : how_(how), checksum_(checksum), payload_(how.payload) {
        a_.other = &b_;
        b_.other = &a_;
        usrsctp_register_address(&a_);
        usrsctp_register_address(&b_);
        info_.snd_flags = in_order == order::yes ? 0 : SCTP_UNORDERED;
        choose_checksum();
        connect();
    }
    ~association() override {
        usrsctp_close(alice_);
        usrsctp_close(bob_);
        pass_packets();
        usrsctp_deregister_address(&a_);
        usrsctp_deregister_address(&b_);
    }

    std::uint64_t exchange() override {
        choose_checksum();
        dry_ = false;
        std::uint64_t sent = 0;
        std::uint64_t arrived = 0;
        while (sent < how_.in_flight || arrived < how_.in_flight || !dry_) {
            bool moved = false;
            while (sent < how_.in_flight && send()) {
                ++sent;
                moved = true;
            }
            moved = pass_packets() || moved;
            arrived += receive(bob_);
            receive(alice_);
            bench::require(moved, "the association stands still");
        }
        return arrived;
    }

  private:
    void choose_checksum() const {
        checksum_ == checks::on ? usrsctp_disable_crc32c_offload()
                                : usrsctp_enable_crc32c_offload();
    }
    static struct socket* open() {
        return usrsctp_socket(AF_CONN, SOCK_STREAM, IPPROTO_SCTP, nullptr, nullptr, 0, nullptr);
    }
    static void bind(struct socket* s, end& to) {
        sockaddr_conn address = address_of(to);
        check(usrsctp_bind(s, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "bind");
    }
    void connect() {
        struct socket* const listener = open();
        prepare(listener);
        bind(listener, b_);
        check(usrsctp_listen(listener, 1) == 0, "listen");
        alice_ = open();
        prepare(alice_);
        bind(alice_, a_);
        sockaddr_conn to = address_of(a_);  // of the way out, not of the other end
        check(usrsctp_connect(alice_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0 ||
                  errno == EINPROGRESS,
              "connect");
        pass_packets();
        bob_ = usrsctp_accept(listener, nullptr, nullptr);
        prepare(bob_);
        usrsctp_close(listener);
        sctp_event dry{};
        dry.se_assoc_id = SCTP_ALL_ASSOC;
        dry.se_type = SCTP_SENDER_DRY_EVENT;
        dry.se_on = 1;
        set_option(alice_, IPPROTO_SCTP, SCTP_EVENT, dry, "SCTP_EVENT");
        receive(alice_);
    }

    bool send() {
        const auto sent = usrsctp_sendv(alice_, payload_.data(), payload_.size(), nullptr, 0,
                                        &info_, sizeof info_, SCTP_SENDV_SNDINFO, 0);
        check(sent >= 0 || errno == EWOULDBLOCK, "send");
        dry_ = dry_ && sent < 0;
        return sent >= 0;
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
    /// Takes all that there is for an app; returns how many messages those were.
    std::uint64_t receive(struct socket* s) {
        std::uint64_t messages = 0;
        for (;;) {
            std::array<std::byte, 2048> buffer;
            socklen_t no_address = 0;
            sctp_rcvinfo info;
            socklen_t info_size = sizeof info;
            unsigned info_type = 0;
            int flags = 0;
            const auto size = usrsctp_recvv(s, buffer.data(), buffer.size(), nullptr, &no_address,
                                            &info, &info_size, &info_type, &flags);
            if (size <= 0) {
                check(size < 0 && errno == EWOULDBLOCK, "receive");
                return messages;
            }
            if ((flags & MSG_NOTIFICATION) == 0) {
                messages += static_cast<std::size_t>(size) == how_.payload ? 1 : 0;
                continue;
            }
            std::uint16_t kind = 0;  // the first field of each
            std::memcpy(&kind, buffer.data(), sizeof kind);
            dry_ = dry_ || kind == SCTP_SENDER_DRY_EVENT;
        }
    }

    bench::load how_;
    checks checksum_;
    std::vector<std::byte> payload_;
    sctp_sndinfo info_{};
    end a_, b_;
    bench::packet_queue arriving_;
    struct socket* alice_ = nullptr;
    struct socket* bob_ = nullptr;
    bool dry_ = false;
};

bench::service of(const std::string& what, order in_order, checks checksum) {
    return {what, [=](const bench::load& how) {
                return std::make_unique<association>(how, in_order, checksum);
            }};
}

}  // namespace

int main() {
    usrsctp_init_nothreads(0, carry, nullptr);
    usrsctp_sysctl_set_sctp_max_chunks_on_queue(1 << 20);
    bench::run({of("usrsctp ordered", order::yes, checks::on),
                of("usrsctp unordered", order::no, checks::on),
                of("usrsctp unordered unchecked", order::no, checks::off)});
}
