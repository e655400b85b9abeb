// SPDX-License-Identifier: BSL-1.0
// One message from A over the relay to B and its acknowledgement back, in memory: six frames, one in flight.
#include <array>
#include <cstddef>
#include <stdexcept>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"

namespace {

using namespace sixfold;

class exchange {
  public:
    explicit exchange(checksum mode) {
        alice_.link_up(mode);
        bob_.link_up(mode);
        if (!server_.link_up(link_id{1}, "alice", mode) ||
            !server_.link_up(link_id{2}, "bob", mode)) {
            throw std::logic_error("a link was refused");
        }
        for (int i = 0; i < 100; ++i) {
            run();  // past the first contact, and until no buffer grows any more
        }
    }

    /// Until A knows that B's app has the message.
    void run() {
        if (!alice_.send("bob", payload_)) {
            throw std::logic_error("the message was not taken");
        }
        for (int turn = 0; turn < 8; ++turn) {
            carry(alice_, link_id{1});
            while (const auto message = bob_.poll_message()) {
                bob_.accept(*message);
            }
            carry(bob_, link_id{2});
            while (const auto event = alice_.poll_event()) {
                if (event->what == status::delivered) {
                    return;
                }
            }
        }
        throw std::logic_error("the message did not arrive");
    }

  private:
    void carry(client& from, link_id link) {
        while (const auto packet = from.poll_transmit(buffer_)) {
            server_.handle(link, *packet, out_);
            while (const auto request = out_.next_request()) {
                server_.complete(*request, mailbox_.execute(*request), out_);
            }
            for (const auto& frame : out_.frames()) {
                (frame.link == link_id{1} ? alice_ : bob_).handle(frame.bytes);
            }
            out_.clear();
        }
    }

    manual_clock clock_;
    client alice_ = client::create(clock_, {.self = "alice", .start = 1, .seed = 1}).value();
    client bob_ = client::create(clock_, {.self = "bob", .start = 1, .seed = 2}).value();
    relay server_ = relay::create({}).value();
    memory_mailbox mailbox_ = memory_mailbox::create().value();
    reactions out_;
    std::array<std::byte, 64> payload_{};
    std::array<std::byte, 2048> buffer_{};
};

}  // namespace

TEST_CASE("exchange: one message of 64 bytes") {
    exchange checked(checksum::on);
    exchange plain(checksum::off);
    BENCHMARK("with checksums") {
        return checked.run();
    };
    BENCHMARK("without checksums") {
        return plain.run();
    };
}
