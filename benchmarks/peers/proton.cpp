// SPDX-License-Identifier: BSL-1.0
// Qpid Proton: AMQP 1.0 transfers from A to B between two engines, at least once, in memory.
#include <array>
#include <cstring>
#include <stdexcept>
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

/// A link with a credit of all messages in flight. B's app accepts and settles each message, A's app is told so and settles it, too.
/// The payload is the bytes of a transfer as they are; `pn_message_t` would add an AMQP section to each.
class amqp_link : public bench::pair {
  public:
    explicit amqp_link(const bench::load& how) : how_(how), payload_(how.payload) {
        pn_session_t* const from = pn_session(alice_.connection());
        pn_session_open(from);
        sender_ = pn_sender(from, "messages");
        pn_link_open(sender_);
        pass();
        pn_session_t* const to = pn_session_head(bob_.connection(), 0);
        pn_session_open(to);
        receiver_ = pn_link_head(bob_.connection(), 0);
        pn_link_open(receiver_);
        pass();
    }

    std::uint64_t exchange() override {
        pn_link_flow(receiver_, static_cast<int>(how_.in_flight) - pn_link_credit(receiver_));
        pass();
        for (std::uint32_t i = 0; i < how_.in_flight; ++i) {
            send();
        }
        std::uint64_t settled = 0;
        while (alice_.pass_to(bob_)) {
            accept();
            bob_.pass_to(alice_);
            settled += settle();
        }
        return settled;
    }

  private:
    void pass() {
        bool any = true;
        while (any) {
            any = alice_.pass_to(bob_);
            any = bob_.pass_to(alice_) || any;
        }
    }
    void send() {
        std::array<char, sizeof next_> tag;
        std::memcpy(tag.data(), &next_, sizeof next_);
        ++next_;
        pn_delivery(sender_, pn_dtag(tag.data(), tag.size()));
        const auto sent = pn_link_send(sender_, payload_.data(), payload_.size());
        if (sent != static_cast<ssize_t>(payload_.size()) || !pn_link_advance(sender_)) {
            throw std::runtime_error("a message was not taken");
        }
    }
    void accept() {
        bob_.deliveries([this](pn_delivery_t* delivery) {
            if (!pn_delivery_readable(delivery) || pn_delivery_partial(delivery)) {
                return;
            }
            std::array<char, 2048> buffer;
            const auto size = pn_link_recv(receiver_, buffer.data(), buffer.size());
            const bool whole = size == static_cast<ssize_t>(how_.payload);
            pn_link_advance(receiver_);
            pn_delivery_update(delivery, whole ? PN_ACCEPTED : PN_REJECTED);
            pn_delivery_settle(delivery);
        });
    }
    std::uint64_t settle() {
        std::uint64_t accepted = 0;
        alice_.deliveries([&](pn_delivery_t* delivery) {
            if (pn_delivery_updated(delivery)) {
                accepted += pn_delivery_remote_state(delivery) == PN_ACCEPTED ? 1 : 0;
                pn_delivery_settle(delivery);
            }
        });
        return accepted;
    }

    bench::load how_;
    std::vector<char> payload_;
    std::uint64_t next_ = 0;
    engine alice_{engine::role::client};
    engine bob_{engine::role::server};
    pn_link_t* sender_ = nullptr;
    pn_link_t* receiver_ = nullptr;
};

}  // namespace

int main() {
    bench::run({{"proton", [](const bench::load& how) {
                     return std::make_unique<amqp_link>(how);
                 }}});
}
