// SPDX-License-Identifier: BSL-1.0
// usrsctp at the ends of a path that loses: an association on each hop, by its AF_CONN interface, without a thread.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "chains.hpp"
#include "sctp.hpp"

/// Where usrsctp has its tags, first numbers and jitter from; so each run is the same.
extern "C" void read_random(void* out, std::size_t size) {
    static sixfold::random_source random(1);
    auto* bytes = static_cast<std::byte*>(out);
    for (; size != 0; --size) {
        *bytes++ = static_cast<std::byte>(random.below(256));
    }
}

namespace {

using namespace std::chrono_literals;
using bench::lossy_network;
using bench::way;

/// One end of a hop as usrsctp sees it: an address, which is that of this object, and where its packets go.
struct sctp_end {
    lossy_network* network;
    way out;
};

int carry(void* from, void* packet, std::size_t size, std::uint8_t, std::uint8_t) {
    const auto& end = *static_cast<const sctp_end*>(from);
    if (end.network != nullptr) {
        end.network->put(end.out, {static_cast<const std::byte*>(packet), size});
    }
    return 0;
}

/// How an app sets usrsctp. SCTP_NODELAY is set in any case, so that no message waits for an acknowledgement of another one.
struct sctp_setting {
    /// The least timeout is 100 ms, not 1 s, the longest 1 s, not 60 s, and each packet is acknowledged at once.
    bool hasty = false;
    bool in_order = true;
};

/// Two sockets with an association: the front connects, the back has listened.
class sctp_hop {
  public:
    sctp_hop(lossy_network& network, way there, way back, const sctp_setting& setting)
        : setting_(setting), front_end_(new_end(network, there)),
          back_end_(new_end(network, back)) {
        listener_ = open(back_end_);
        bench::check(usrsctp_listen(listener_, 1) == 0, "listen");
        front_ = open(front_end_);
        bench::connect(front_, &front_end_);
    }
    sctp_hop(const sctp_hop&) = delete;
    sctp_hop& operator=(const sctp_hop&) = delete;
    ~sctp_hop() {
        for (sctp_end* end : {&front_end_, &back_end_}) {
            end->network = nullptr;
            usrsctp_deregister_address(end);
        }
        for (struct socket* s : {front_, back_, listener_}) {
            if (s != nullptr) {
                usrsctp_close(s);
            }
        }
    }

    [[nodiscard]] bool is_linked() const {
        return back_ != nullptr && (usrsctp_get_events(front_) & SCTP_EVENT_WRITE) != 0;
    }
    void arrive_at_back(sixfold::bytes packet) {
        usrsctp_conninput(&back_end_, packet.data(), packet.size(), 0);
    }
    void arrive_at_front(sixfold::bytes packet) {
        usrsctp_conninput(&front_end_, packet.data(), packet.size(), 0);
    }
    /// Returns false if the association is over.
    [[nodiscard]] bool send(sixfold::bytes message) {
        sctp_sndinfo info{};
        info.snd_flags = setting_.in_order ? 0 : SCTP_UNORDERED;
        return bench::send(front_, message, info);
    }
    /// Likewise.
    template <class Take>
    [[nodiscard]] bool receive(Take take_one) {
        if (back_ == nullptr) {
            back_ = usrsctp_accept(listener_, nullptr, nullptr);
            if (back_ == nullptr) {
                return true;
            }
            prepare(back_);
        }
        return bench::receive(back_, [&](sixfold::bytes message, int) { take_one(message); });
    }

  private:
    /// The library may know of an end for longer than anybody else.
    [[nodiscard]] static sctp_end& new_end(lossy_network& network, way out) {
        static std::deque<sctp_end> all;
        usrsctp_register_address(&all.emplace_back(sctp_end{&network, out}));
        return all.back();
    }
    void prepare(struct socket* s) const {
        bench::prepare(s, setting_.hasty ? bench::acknowledges::each_packet
                                         : bench::acknowledges::as_by_default);
        bench::set_option(s, IPPROTO_SCTP, SCTP_NODELAY, int{1}, "SCTP_NODELAY");
        bench::set_option(s, SOL_SOCKET, SO_LINGER, linger{1, 0}, "SO_LINGER");
        if (setting_.hasty) {
            sctp_rtoinfo timeouts{};
            timeouts.srto_initial = 300;
            timeouts.srto_min = 100;
            timeouts.srto_max = 1000;
            bench::set_option(s, IPPROTO_SCTP, SCTP_RTOINFO, timeouts, "SCTP_RTOINFO");
        }
    }
    [[nodiscard]] struct socket* open(sctp_end& at) const {
        struct socket* const out = bench::open_socket();
        prepare(out);
        bench::bind(out, &at);
        return out;
    }

    sctp_setting setting_;
    sctp_end& front_end_;
    sctp_end& back_end_;
    struct socket* listener_ = nullptr;
    struct socket* front_ = nullptr;
    struct socket* back_ = nullptr;
};

class sctp_chain : public bench::chain {
  public:
    sctp_chain(lossy_network& network, const sctp_setting& setting)
        : to_relay_(network, way::from_alice, way::to_alice, setting),
          to_bob_(network, way::to_bob, way::from_bob, setting) {}

    [[nodiscard]] bool is_linked() const override {
        return to_relay_.is_linked() && to_bob_.is_linked();
    }
    [[nodiscard]] bool is_broken() const override { return broken_; }
    void send(sixfold::bytes message) override { survive(to_relay_.send(message)); }
    void arrive(const lossy_network::packet& packet) override {
        switch (packet.on) {
        case way::from_alice: to_relay_.arrive_at_back(packet.content); break;
        case way::to_alice: to_relay_.arrive_at_front(packet.content); break;
        case way::to_bob: to_bob_.arrive_at_back(packet.content); break;
        case way::from_bob: to_bob_.arrive_at_front(packet.content); break;
        }
    }
    void serve(const take& to_app) override {
        const auto elapsed = (bench::virtual_time.now() - ticked_at_) / 1ms;
        if (elapsed > 0) {
            usrsctp_handle_timers(static_cast<std::uint32_t>(elapsed));
            ticked_at_ += elapsed * 1ms;
        }
        survive(to_relay_.receive([this](sixfold::bytes m) { survive(to_bob_.send(m)); }));
        survive(to_bob_.receive(to_app));
    }

  private:
    void survive(bool so) { broken_ = broken_ || !so; }

    sctp_hop to_relay_;
    sctp_hop to_bob_;
    bench::time_point ticked_at_ = bench::virtual_time.now();
    bool broken_ = false;
};

}  // namespace

std::vector<bench::chain_kind> bench::chains_of_usrsctp() {
    usrsctp_init_nothreads(0, carry, nullptr);
    usrsctp_sysctl_set_sctp_max_chunks_on_queue(1 << 20);
    return {
        chain_of<sctp_chain>("usrsctp", "in order", sctp_setting{}),
        chain_of<sctp_chain>("usrsctp, hasty", "in order", sctp_setting{.hasty = true}),
        chain_of<sctp_chain>("usrsctp, hasty", "as it comes",
                             sctp_setting{.hasty = true, .in_order = false}),
    };
}
