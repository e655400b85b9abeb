// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_COOKBOOK_WORLD_HPP
#define SIXFOLD_EXAMPLES_COOKBOOK_WORLD_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <sixfold/ext/new_life.hpp>
#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>

namespace example {

/// What stands for sockets and a server in the recipes: a relay with a mailbox, and the clients that are connected, in one
/// process. Time is virtual.
class world {
  public:
    [[nodiscard]] sixfold::client make(const sixfold::peer& name) const {
        return sixfold::client::create(clock_, {.self = name, .life = sixfold::new_life()}).value();
    }

    /// They connect, and log in. A client stays where it is until it leaves.
    template <class... Clients>
    void come(Clients&... who) {
        (connect(who), ...);
    }
    void leave(sixfold::client& who) {
        const auto at = std::find(connected_.begin(), connected_.end(), &who);
        (void)relay_.link_down(link_of(static_cast<std::size_t>(at - connected_.begin())));
        who.link_down();
        *at = nullptr;
    }
    [[nodiscard]] bool online(const sixfold::peer& who) const { return relay_.online(who); }

    /// A second goes by, in which each app has its turn a hundred times.
    template <class Turn>
    void run(Turn turn) {
        for (int i = 0; i < 100; ++i) {
            for (std::size_t at = 0; at < connected_.size(); ++at) {
                carry(at);
            }
            turn();
            clock_.advance(std::chrono::milliseconds(10));
        }
    }

  private:
    void connect(sixfold::client& who) {
        connected_.push_back(&who);
        (void)relay_.link_up(link_of(connected_.size() - 1), who.self());
        who.link_up();
    }
    static sixfold::link_id link_of(std::size_t at) { return sixfold::link_id{at + 1}; }

    void carry(std::size_t at) {
        std::vector<std::byte> buffer(2048);
        while (connected_[at] != nullptr) {
            const auto packet = connected_[at]->poll_transmit(buffer);
            if (!packet) break;
            relay_.handle(link_of(at), *packet, out_);
            while (const auto request = out_.next_request()) {
                relay_.complete(*request, mailbox_.execute(*request), out_);
            }
            for (const auto frame : out_.frames()) {
                if (frame.link != sixfold::link_id::none) {
                    connected_[static_cast<std::size_t>(frame.link) - 1]->handle(frame.bytes);
                }
            }
            out_.clear();
        }
    }

    sixfold::manual_clock clock_;
    sixfold::relay relay_ = sixfold::relay::create({}).value();
    sixfold::memory_mailbox mailbox_ = sixfold::memory_mailbox::create().value();
    sixfold::reactions out_;
    std::vector<sixfold::client*> connected_;  // null: has left
};

}  // namespace example

#endif
