// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_FUZZ_RELAY_HPP
#define SIXFOLD_TESTS_FUZZ_RELAY_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/relay.hpp>
#include "fuzz/input.hpp"
#include "fuzz/pieces.hpp"

namespace fuzz {

/// Each peer has a link of its own.
inline void link_all(sixfold::relay& machine) {
    for (std::uint8_t which = 0; which < 3; ++which) {
        (void)machine.link_up(sixfold::link_id{1U + which}, peer_of(which), sixfold::checksum::off);
    }
}

/// A relay, clients that send it anything, and a mailbox that may be late, fail, or do what it does not say.
inline void relay(sixfold::bytes data) {
    using namespace sixfold;
    input in(data);
    auto machine = sixfold::relay::create({}).value();
    auto mailbox = memory_mailbox::create({.rows_per_pair_max = 5, .page_rows = 4}).value();
    reactions out;
    std::array<std::byte, 1500> wire{};
    if (in.flag()) {
        link_all(machine);
    }
    while (!in.empty()) {
        const link_id link{1 + in.byte() % 4U};
        const peer& to = peer_of(in.byte());
        const epoch e{1 + in.number() % 4};
        std::size_t size = 0;
        switch (in.byte() % 8) {
        case 0: (void)machine.link_up(link, to, checksum::off); break;
        case 1: machine.link_down(link); break;
        case 2: machine.handle(link, in.piece(), out); break;
        case 3:
        case 4: {
            msg_request msg{.to = to, .epoch = e, .number = in.byte()};
            if (in.byte() % 3 == 0) {
                msg.base = in.seq();
                size = wire_of(msg, wire);
                break;
            }
            const made_run messages(in);
            const std::uint8_t how = in.byte();
            msg.first = in.seq();
            msg.base = (std::min)(in.seq(), msg.first);
            msg.entries = messages.get();
            msg.storing = how % 8 == 0 ? storing::forbidden : storing::allowed;
            msg.keep = how % 8 == 1;
            if (how % 8 == 2) {
                msg.left = in.number();
            }
            size = wire_of(msg, wire);
            break;
        }
        case 5:
        case 6: {
            ack_request ack{.to = to, .epoch = e, .word = static_cast<ack_word>(in.byte() % 3)};
            ack.serial = in.byte();
            if (ack.word == ack_word::past) {
                ack.current = epoch{static_cast<std::uint64_t>(e) + 1};
            }
            const made_state state(in);
            ack.state = ack.word == ack_word::state ? state.bytes() : bytes();
            if (ack.word == ack_word::waiting) {
                ack.number = in.byte();
            } else if (ack.word == ack_word::state && in.flag()) {
                ack.echo = echo{in.byte(), in.number(), in.flag()};
            }
            size = wire_of(ack, wire);
            break;
        }
        default: {
            sync_request sync{.serial = in.byte(), .rows = 1U + in.byte(), .room = 1U + in.byte()};
            if (in.flag()) {
                sync.from = mailbox_key{to, {e, in.seq()}};
            }
            if (in.flag()) {
                sync.until = mailbox_key{peer_of(in.byte()), {e, in.seq()}};
            }
            size = wire_of(sync, wire);
            break;
        }
        }
        machine.handle(link, bytes(wire).first(size), out);
        while (const auto request = out.next_request()) {
            const std::uint8_t how = in.byte() % 4;
            mailbox_outcome outcome = how == 1 ? mailbox_outcome() : mailbox.execute(*request);
            outcome.done = outcome.done && how != 2;
            machine.complete(*request, outcome, out);
            if (how == 3) {
                machine.complete(*request, outcome, out);
            }
        }
        for (const outgoing each : out.frames()) {
            frame what;
            const bool linked = each.link != link_id::none;  // else it is for another relay
            const framing link_of(each.to, linked ? checksum::off : checksum::on);
            demand(decode(each.bytes, link_of, what) == refusal::none,
                   "a frame of the relay cannot be read");
        }
        demand(out.frames().size() < 100, "one frame has too many answers");
        out.clear();
    }
}

}  // namespace fuzz

#endif
