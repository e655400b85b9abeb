// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>  // memcpy
#include <map>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/test_access.hpp"

// A phone that goes from one network to another in the middle of a bulk: real machines in virtual time, from a fixed seed.

namespace networks_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;

/// A way between Alice and the relay.
struct network {
    transport over = transport::datagrams;
    std::size_t packet = 1200;  ///< bytes
    duration way = 10ms;        ///< to the relay, or back, without a queue
    double mbit = 10;           ///< a second, to the relay
    std::uint32_t lost = 0;     ///< packets of a hundred, on each way
};

/// Alice writes to Bob, who accepts at once. What is under way on a network that she leaves is lost.
class moving {
  public:
    static constexpr std::uint32_t messages = 6'000;

    moving() {
        bob_.link_up();
        REQUIRE(relay_.link_up(to_bob, "bob").has_value());
    }
    moving(const moving&) = delete;  // the clients refer to the clock
    moving& operator=(const moving&) = delete;

    void go_to(const network& other) {
        network_ = other;
        free_at_ = clock_.now();
        REQUIRE(relay_.link_up(to_alice, "alice").has_value());
        alice_.link_up(checksum::on, other.over);
    }
    void leave() {
        alice_.link_down();
        relay_.link_down(to_alice);
        std::erase_if(under_way_, [](const auto& each) { return each.second.far; });
    }
    void run_for(duration time) {
        for (const time_point end = clock_.now() + time; clock_.now() < end;) {
            step(end);
        }
    }
    /// Until Alice knows that all are delivered; how long that took.
    duration finish() {
        const time_point from = clock_.now();
        while (delivered < messages) {
            REQUIRE(clock_.now() - from < 600s);
            step(never);
        }
        return clock_.now() - from;
    }

    [[nodiscard]] const sender& alice() const { return alice_.sender(); }
    [[nodiscard]] const congestion& link() const { return test_access::congestion(alice()); }
    [[nodiscard]] const round_trip& hop() const {
        return test_access::trip(test_access::hop(alice()));
    }
    [[nodiscard]] double round_trip_ms() const {
        return std::chrono::duration<double, std::milli>(test_access::smoothed(hop())).count();
    }

    std::uint32_t next = 0;              // that Bob will be shown
    std::uint32_t delivered = 0;         // as Alice knows
    std::size_t largest = 0;             // packet of Alice since somebody has set it to 0
    std::optional<sending_number> last;  // of the sendings that left
    std::uint32_t jumps = 0;             // numbers that did not follow the one before

  private:
    static constexpr link_id to_alice{1};
    static constexpr link_id to_bob{2};

    struct packet {
        link_id link;   // of whom it is from, or to
        bool to_relay;  // else it comes from there
        bool far;       // it is on the way between Alice and the relay
        std::vector<std::byte> content;
    };

    [[nodiscard]] static client_options options(const peer& self) {
        client_options out{.self = self, .life = {.start = 1, .seed = self == "bob" ? 2U : 1U}};
        out.sender.window = out.receiver.window = 512;
        out.sender.flight_first = 14'600;
        out.receiver.held_entries = 1024;
        out.receiver.held_bytes = 1 << 20;
        return out;
    }

    void step(time_point end) {
        serve_alice();
        serve_bob();
        const time_point arrives = under_way_.empty() ? never : under_way_.begin()->first;
        clock_.set((std::max)(clock_.now(), (std::min)({end, arrives, alice_.next_deadline(),
                                                        bob_.next_deadline()})));
        if (arrives <= clock_.now()) {
            const packet one = std::move(under_way_.begin()->second);
            under_way_.erase(under_way_.begin());
            arrive(one);
        }
    }
    void arrive(const packet& one) {
        if (one.to_relay) {
            pass(one);
        } else {
            (one.link == to_alice ? alice_ : bob_).handle(one.content);
        }
    }
    void put(link_id link, bool to_relay, std::vector<std::byte> content) {
        const bool far = link == to_alice;
        if (far && random_.below(100) < network_.lost) {
            return;
        }
        time_point leaves = clock_.now();
        if (far && to_relay) {
            free_at_ = leaves = (std::max)(free_at_, leaves) +
                                duration(static_cast<duration::rep>(
                                    static_cast<double>(content.size()) * 8e3 / network_.mbit));
        }
        under_way_.emplace(leaves + (far ? network_.way : 5ms),
                           packet{link, to_relay, far, std::move(content)});
    }
    void pass(const packet& one) {
        relay_.handle(one.link, one.content, reactions_);
        while (const auto request = reactions_.next_request()) {
            relay_.complete(*request, mailbox_.execute(*request), reactions_);
        }
        for (const auto frame : reactions_.frames()) {
            if (frame.link != link_id::none) {
                put(frame.link, false, {frame.bytes.begin(), frame.bytes.end()});
            }
        }
        reactions_.clear();
    }

    void serve_alice() {
        std::array<std::byte, 400> payload{};
        while (written_ < messages) {
            std::memcpy(payload.data(), &written_, sizeof written_);
            if (!alice_.send("bob", payload)) {
                break;
            }
            ++written_;
        }
        std::array<std::byte, 1 << 14> buffer{};
        while (const auto content =
                   alice_.poll_transmit(std::span(buffer).first(network_.packet))) {
            look(*content);
            put(to_alice, true, {content->begin(), content->end()});
        }
        while (const auto event = alice_.poll_event()) {
            delivered += std::uint32_t{event->what == status::delivered};
        }
    }
    void look(bytes content) {
        largest = (std::max)(largest, content.size());
        packet_reader reader(content);
        while (const auto one = reader.next()) {
            frame decoded;
            REQUIRE(decode(*one, framing("alice"), decoded) == refusal::none);
            if (const auto* const request = std::get_if<msg_request>(&decoded)) {
                jumps += std::uint32_t{last && request->number != sending_number(*last + 1)};
                last = request->number;
            }
        }
    }
    void serve_bob() {
        while (const auto message = bob_.poll_message()) {
            std::uint32_t number = 0;
            std::memcpy(&number, message->payload.data(), sizeof number);
            REQUIRE(number == next);  // none is missing, none comes twice
            ++next;
            bob_.accept(*message);
        }
        std::array<std::byte, 1200> buffer{};
        while (const auto content = bob_.poll_transmit(buffer)) {
            put(to_bob, true, {content->begin(), content->end()});
        }
    }

    random_source random_{3};
    manual_clock clock_;
    client alice_ = client::create(clock_, options("alice")).value();
    client bob_ = client::create(clock_, options("bob")).value();
    relay relay_ = relay::create({}).value();
    memory_mailbox mailbox_ = memory_mailbox::create().value();
    reactions reactions_;
    std::multimap<time_point, packet> under_way_;
    network network_;
    time_point free_at_{};
    std::uint32_t written_ = 0;
};

TEST_CASE("networks: in the middle of a bulk to another network, and a third: what was measured "
          "begins anew, numbers go on, nothing is "
          "lost or doubled [spec 3.2, 3.4, 3.28, 3.30]") {
    moving m;
    m.go_to({.packet = 1'400, .way = 10ms, .mbit = 10});
    m.run_for(1s);
    CHECK(m.delivered > 1'000);
    CHECK(m.delivered < moving::messages * 2 / 3);
    CHECK((m.round_trip_ms() >= 20 && m.round_trip_ms() < 60));
    CHECK(m.link().window() > 14'600);

    m.leave();
    m.run_for(300ms);
    const std::uint64_t sent_again = m.alice().resent();
    m.largest = 0;
    m.go_to({.over = transport::byte_stream, .packet = 8'192, .way = 150ms, .mbit = 4});
    CHECK_FALSE(m.hop().sampled());
    CHECK(m.link().flight() == 0);
    m.run_for(2s);
    CHECK(m.round_trip_ms() >= 300);
    CHECK(m.largest > 1'400);  // a stream has no window, and larger packets
    const std::uint32_t before = m.delivered;
    CHECK(before < moving::messages);

    m.leave();
    m.run_for(300ms);
    m.largest = 0;
    m.go_to({.packet = 1'200, .way = 40ms, .mbit = 2, .lost = 3});
    CHECK_FALSE(m.hop().sampled());
    CHECK(m.link().window() == 1'800);  // as messages wait
    (void)m.finish();
    CHECK(m.largest <= 1'200);
    CHECK((m.round_trip_ms() >= 80 && m.round_trip_ms() < 250));
    CHECK((m.next == moving::messages && m.jumps == 0));
    // Of what was under way on a link that went, what the first answers of the next one miss; and what the third one loses.
    CHECK(m.alice().resent() <= sent_again + 512 + (moving::messages - before) / 10);
}

}  // namespace
}  // namespace networks_tests
