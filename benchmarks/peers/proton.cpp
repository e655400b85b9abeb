// SPDX-License-Identifier: BSL-1.0
// Qpid Proton: AMQP 1.0 transfers, at least once, from A to B, and from A over a relay to B, between engines in memory.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <proton/connection.h>
#include <proton/delivery.h>
#include <proton/event.h>
#include <proton/link.h>
#include <proton/session.h>
#include <proton/transport.h>
#include <sys/types.h>  // ssize_t

#include "cases.hpp"

namespace {

/// One end: a connection, and the transport that makes bytes of it.
class engine {
  public:
    enum class role { client, server };

    explicit engine(role which)
        : connection_(pn_connection()), transport_(pn_transport()), events_(pn_collector()) {
        pn_connection_collect(connection_, events_);
        if (which == role::server) {
            pn_transport_set_server(transport_);
        }
        pn_connection_set_container(connection_, which == role::server ? "b" : "a");
        pn_transport_bind(transport_, connection_);
        pn_connection_open(connection_);
    }
    engine(const engine&) = delete;
    engine& operator=(const engine&) = delete;
    ~engine() {
        pn_transport_unbind(transport_);
        pn_transport_free(transport_);
        pn_connection_free(connection_);
        pn_collector_free(events_);
    }

    [[nodiscard]] pn_connection_t* connection() const { return connection_; }

    /// Calls `each` for every delivery that has come, or has changed.
    template <class Each>
    void deliveries(Each each) {
        while (pn_event_t* const event = pn_collector_peek(events_)) {
            if (pn_event_type(event) == PN_DELIVERY) {
                each(pn_event_delivery(event));
            }
            pn_collector_pop(events_);
        }
    }

    /// Copies what is to be sent into the other engine, as far as it takes it. Returns whether there was anything.
    bool pass_to(engine& other) {
        bool any = false;
        for (;;) {
            const auto ready = pn_transport_pending(transport_);
            if (ready == 0) {
                return any;
            }
            if (ready < 0) {
                throw std::runtime_error("a transport has ended");
            }
            const auto taken = pn_transport_push(other.transport_, pn_transport_head(transport_),
                                                 static_cast<std::size_t>(ready));
            if (taken <= 0) {
                throw std::runtime_error("a transport does not take what the other one sends");
            }
            pn_transport_pop(transport_, static_cast<std::size_t>(taken));
            any = true;
        }
    }

  private:
    pn_connection_t* connection_;
    pn_transport_t* transport_;
    pn_collector_t* events_;
};

/// Two engines, and a link from one to the other with a credit of all messages in flight. The payload is the bytes of a transfer
/// as they are; `pn_message_t` would add an AMQP section to each.
class hop {
  public:
    hop() {
        pn_session_t* const session = pn_session(from_.connection());
        pn_session_open(session);
        sender_ = pn_sender(session, "messages");
        pn_link_open(sender_);
        pass();
        pn_session_open(pn_session_head(to_.connection(), 0));
        receiver_ = pn_link_head(to_.connection(), 0);
        pn_link_open(receiver_);
        pass();
    }

    void grant(std::uint32_t in_flight) {
        pn_link_flow(receiver_, static_cast<int>(in_flight) - pn_link_credit(receiver_));
        pass();
    }
    /// `context` comes back when this message was accepted.
    void send(std::span<const char> payload, pn_delivery_t* context = nullptr) {
        std::array<char, sizeof next_> tag;
        std::memcpy(tag.data(), &next_, sizeof next_);
        ++next_;
        pn_delivery_set_context(pn_delivery(sender_, pn_dtag(tag.data(), tag.size())), context);
        const auto sent = pn_link_send(sender_, payload.data(), payload.size());
        bench::require(sent == static_cast<ssize_t>(payload.size()) && pn_link_advance(sender_),
                       "a message was not taken");
    }
    bool carry() { return from_.pass_to(to_); }
    void carry_back() { to_.pass_to(from_); }

    /// Calls `take(delivery, payload)` for each message that has come. It is to be accepted then or later.
    template <class Take>
    void receive(Take take) {
        to_.deliveries([&](pn_delivery_t* delivery) {
            if (!pn_delivery_readable(delivery) || pn_delivery_partial(delivery)) {
                return;
            }
            std::array<char, 2048> buffer;
            const auto size = pn_link_recv(receiver_, buffer.data(), buffer.size());
            bench::require(size > 0, "a message is not what was sent");
            pn_link_advance(receiver_);
            take(delivery, std::span<const char>(buffer.data(), static_cast<std::size_t>(size)));
        });
    }
    static void accept(pn_delivery_t* delivery) {
        pn_delivery_update(delivery, PN_ACCEPTED);
        pn_delivery_settle(delivery);
    }
    /// Calls `hear(context)` for each message of which the other end says that it was accepted.
    template <class Hear>
    void settle(Hear hear) {
        from_.deliveries([&](pn_delivery_t* delivery) {
            if (pn_delivery_updated(delivery)) {
                bench::require(pn_delivery_remote_state(delivery) == PN_ACCEPTED, "not accepted");
                hear(static_cast<pn_delivery_t*>(pn_delivery_get_context(delivery)));
                pn_delivery_settle(delivery);
            }
        });
    }

  private:
    void pass() {
        while (carry() || to_.pass_to(from_)) {
        }
    }

    engine from_{engine::role::client};
    engine to_{engine::role::server};
    pn_link_t* sender_ = nullptr;
    pn_link_t* receiver_ = nullptr;
    std::uint64_t next_ = 0;
};

/// B's app accepts and settles each message; A's app is told so, and settles it, too.
class one_hop : public bench::pair {
  public:
    explicit one_hop(const bench::load& how) : how_(how), payload_(how.payload) {}

    std::uint64_t exchange() override {
        hop_.grant(how_.in_flight);
        for (std::uint32_t i = 0; i < how_.in_flight; ++i) {
            hop_.send(payload_);
        }
        std::uint64_t accepted = 0;
        while (hop_.carry()) {
            hop_.receive([this](pn_delivery_t* delivery, std::span<const char> payload) {
                bench::require(payload.size() == how_.payload, "not the whole message");
                hop::accept(delivery);
            });
            hop_.carry_back();
            hop_.settle([&](pn_delivery_t*) { ++accepted; });
        }
        return accepted;
    }

  private:
    bench::load how_;
    std::vector<char> payload_;
    hop hop_;
};

/// The relay accepts a message from A when B has accepted it. That is what six frames do for a B that is there, but this relay keeps
/// a delivery for each message in flight.
class two_hops : public bench::pair {
  public:
    explicit two_hops(const bench::load& how) : how_(how), payload_(how.payload) {}

    std::uint64_t exchange() override {
        to_bob_.grant(how_.in_flight);
        to_relay_.grant(how_.in_flight);
        for (std::uint32_t i = 0; i < how_.in_flight; ++i) {
            to_relay_.send(payload_);
        }
        std::uint64_t accepted = 0;
        while (to_relay_.carry()) {
            to_relay_.receive([this](pn_delivery_t* delivery, std::span<const char> payload) {
                to_bob_.send(payload, delivery);
            });
            while (to_bob_.carry()) {
                to_bob_.receive([this](pn_delivery_t* delivery, std::span<const char> payload) {
                    bench::require(payload.size() == how_.payload, "not the whole message");
                    hop::accept(delivery);
                });
                to_bob_.carry_back();
                to_bob_.settle([](pn_delivery_t* at_relay) { hop::accept(at_relay); });
            }
            to_relay_.carry_back();
            to_relay_.settle([&](pn_delivery_t*) { ++accepted; });
        }
        return accepted;
    }

  private:
    bench::load how_;
    std::vector<char> payload_;
    hop to_relay_;
    hop to_bob_;
};

template <class Pair>
bench::service of(const std::string& what) {
    return {what, [](const bench::load& how) {
                return std::make_unique<Pair>(how);
            }};
}

}  // namespace

int main() {
    return bench::run({of<one_hop>("proton"), of<two_hops>("proton relay")});
}
