// SPDX-License-Identifier: BSL-1.0
#include "server.hpp"

#include <cstddef>
#include <vector>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>

namespace {

auto server = sixfold::relay::create({}).value();
auto mailbox = sixfold::memory_mailbox::create().value();

}  // namespace

bool connect(sixfold::link_id link, std::string_view name) {
    return static_cast<bool>(server.link_up(link, name));
}

void carry(sixfold::client& from,
           sixfold::link_id link,
           sixfold::client& alice,
           sixfold::client& bob) {
    std::vector<std::byte> buffer(from.packet_size_min());
    sixfold::reactions out;
    while (const auto packet = from.poll_transmit(buffer)) {
        server.handle(link, *packet, out);
        while (const auto request = out.next_request()) {
            server.complete(*request, mailbox.execute(*request), out);
        }
        for (const auto frame : out.frames()) {
            (frame.to == alice.self() ? alice : bob).handle(frame.bytes);
        }
        out.clear();
    }
}
