// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SIMULATION_RELAYS_HPP
#define SIXFOLD_TESTS_SIMULATION_RELAYS_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "simulation/app.hpp"
#include "simulation/network.hpp"
#include "simulation/store.hpp"

namespace simulation {

/// The relays, who is linked to which of them, and the mailbox that they share.
class relays {
  public:
    relays(surroundings& world, network& net, std::uint32_t everybody)
        : world_(&world), net_(&net), everybody_(everybody), links_(everybody),
          mailbox_(world, limits()) {
        for (std::uint64_t i = 0; i < world.what.relays; ++i) {
            hosts_.push_back({make_relay(), 0, std::vector<sixfold::link_id>(everybody)});
        }
    }

    // --- links -------------------------------------------------------------------------------------------------------

    [[nodiscard]] bool linked(client_number who) const {
        return links_[who].id != sixfold::link_id::none;
    }
    /// `none`: it has none.
    [[nodiscard]] sixfold::link_id link_of(client_number who) const { return links_[who].id; }
    /// Of a client that is linked.
    [[nodiscard]] std::uint32_t relay_of(client_number who) const { return links_[who].relay; }
    [[nodiscard]] sixfold::checksum mode() const {
        return world_->what.checked != 0 ? sixfold::checksum::on : sixfold::checksum::off;
    }
    [[nodiscard]] sixfold::framing framing_of(client_number who) const {
        return sixfold::framing(name_of(who), mode());
    }
    /// A client without a link gets one to any relay.
    void connect(client_number who) {
        const auto where =
            static_cast<std::uint32_t>(one_is_left_ ? 0 : world_->dice.below(world_->what.relays));
        links_[who] = {where, sixfold::link_id{++link_count_}};
        demand(hosts_[where].machine.link_up(links_[who].id, name_of(who), mode()).has_value(),
               "a relay has no room for a link");
        hosts_[where].links[who] = links_[who].id;
        world_->told.say([&] {
            return std::string(name_of(who).name()) + " is linked to relay " +
                   std::to_string(where);
        });
    }
    /// The client has lost its link; the relay finds out later.
    void drop_link(client_number who) {
        const std::uint64_t most = world_->dice.below(4) == 0 ? 60'000 : 1000;
        world_->events.after(std::chrono::milliseconds(world_->dice.below(most)),
                             happening::link_down, links_[who].relay,
                             static_cast<std::uint64_t>(links_[who].id));
        links_[who].id = sixfold::link_id::none;
    }
    void link_is_down(std::uint32_t where, std::uint64_t id) {
        hosts_[where].machine.link_down(sixfold::link_id{id});
    }

    // --- packets -----------------------------------------------------------------------------------------------------

    void take(std::uint32_t where, client_number who, sixfold::bytes packet) {
        const sixfold::link_id id = hosts_[where].links[who];
        sixfold::reactions out;
        try {
            (void)hosts_[where].machine.handle(id, packet, out, [this](auto& from, auto& to) {
                return verdict(number_of(from), number_of(to));
            });
            while (const auto request = out.next_request()) {
                ask_mailbox(where, *request, out);
            }
            put_out(where, out);
        } catch (const pulled_plug&) {
            crash(where);
        }
    }
    void store_does(std::uint64_t which) {
        pending& it = pending_[static_cast<std::size_t>(which)];
        it.result.emplace(mailbox_.execute(it.request.again()));
        world_->events.after(std::chrono::milliseconds(world_->dice.below(1000)),
                             happening::store_answers, 0, which);
    }
    void store_answers(std::uint64_t which) {
        pending& it = pending_[static_cast<std::size_t>(which)];
        if (hosts_[it.relay].life != it.life) {
            world_->seen.see(sight::answered_later_life);  // and nobody hears it
            return;
        }
        sixfold::reactions out;
        (void)hosts_[it.relay].machine.complete(it.request.again(), it.result->again(), out);
        try {
            put_out(it.relay, out);
        } catch (const pulled_plug&) {
            crash(it.relay);
        }
    }

    /// All of them begin a new life, without any link, and from now on there are only links to the first.
    void begin_again() {
        one_is_left_ = true;
        for (std::uint32_t where = 0; where < hosts_.size(); ++where) {
            begin_again(where);
        }
    }
    /// They find out which links are dead.
    void forget_dead_links() {
        for (host& each : hosts_) {
            for (client_number who = 0; who < everybody_; ++who) {
                if (each.links[who] != links_[who].id) {
                    each.machine.link_down(each.links[who]);
                }
            }
        }
    }

    [[nodiscard]] store& mailbox() { return mailbox_; }
    /// Does all that one of them has for a client of another get there, when nothing goes wrong?
    [[nodiscard]] bool carry_all() const {
        return one_is_left_ || hosts_.size() == 1 ||
               (mode() == sixfold::checksum::on && world_->what.carried != 0);
    }
    /// Frames to clients that are about what the honest send each other, and not about the slow look into the mailbox.
    [[nodiscard]] std::uint64_t talk() const { return talk_; }

  private:
    struct link {
        std::uint32_t relay = 0;
        sixfold::link_id id = sixfold::link_id::none;  // none: it has none
    };
    struct host {
        sixfold::relay machine;
        std::uint64_t life = 0;
        std::vector<sixfold::link_id> links;  // of each client the last one here
    };
    struct pending {
        std::uint32_t relay;
        std::uint64_t life;
        kept_request request;
        std::optional<kept_outcome> result;
    };

    [[nodiscard]] sixfold::refused_reason verdict(client_number from, client_number to) {
        const auto dice = world_->bad_luck.happens(fault::refuse);
        if (!dice) {
            return sixfold::refused_reason::none;
        }
        world_->book.refuses(from, to);
        auto how = *dice;
        return static_cast<sixfold::refused_reason>(1 + how.below(3));
    }
    [[nodiscard]] sixfold::relay make_relay() {
        sixfold::relay_options o;
        o.peers_max = everybody_;
        o.payload_max = static_cast<std::uint32_t>(world_->what.relayed);
        o.seed = world_->dice.next();
        return sixfold::relay::create(o).value();
    }
    [[nodiscard]] sixfold::mailbox_limits limits() const {
        sixfold::mailbox_limits o;
        o.rows_per_pair_max = world_->what.stored;
        o.page_rows = world_->what.page;
        return o;
    }

    void ask_mailbox(std::uint32_t where,
                     const sixfold::mailbox_request& request,
                     sixfold::reactions& out) {
        effect(sight::relay_crash_before_put);
        if (auto dice = world_->bad_luck.happens(fault::store_late)) {
            pending_.push_back({where,
                                hosts_[where].life,
                                kept_request(request, framing_of(number_of(request.from))),
                                {}});
            world_->events.after(std::chrono::milliseconds(dice->below(1000)),
                                 happening::store_does, 0, pending_.size() - 1);
            return;
        }
        const sixfold::mailbox_outcome outcome = mailbox_.execute(request);
        effect(sight::relay_crash_before_answer);
        (void)hosts_[where].machine.complete(request, outcome, out);
    }
    void put_out(std::uint32_t where, const sixfold::reactions& out) {
        for (const sixfold::outgoing& each : out.frames()) {
            effect(sight::relay_crash_before_frame);
            world_->told.add(each.bytes);
            const client_number to = number_of(each.to);
            if (to >= everybody_) {
                continue;  // a villain has made it up
            }
            if (each.link == links_[to].id && linked(to)) {
                send(to, where, each.bytes);
            } else if (each.link == sixfold::link_id::none) {
                carry(to, each.bytes);
            } else {
                world_->seen.see(sight::stale_link);
            }
        }
    }
    /// To the relay that has the link. It is a hint, so it may be lost.
    void carry(client_number to, sixfold::bytes frame) {
        const bool carried = mode() == sixfold::checksum::on && world_->what.carried != 0;
        if (!linked(to)) {
            return;
        }
        world_->seen.see(sight::not_carried, !carried);
        if (carried && !world_->bad_luck.happens(fault::bus)) {
            world_->seen.see(sight::carried);
            send(to, links_[to].relay, frame);
        }
    }
    void send(client_number to, std::uint32_t from, sixfold::bytes wire) {
        sixfold::frame what;
        demand(sixfold::decode(wire, framing_of(to), what) == sixfold::refusal::none,
               "a relay puts out what cannot be read");
        world_->told.say_frame(
            [&] {
                return "relay " + std::to_string(from) + " -> " + std::string(name_of(to).name());
            },
            what);
        talk_ += world_->book.between_honest(to, what) ? 1 : 0;
        if (const auto* msg = std::get_if<sixfold::msg_notify>(&what);
            msg != nullptr && msg->drained) {
            world_->seen.see(msg->clean() ? sight::drained_clean : sight::drained_not_clean);
        }
        net_->send(to, from, links_[to].id, false, wire);
    }

    /// One more thing that cannot be taken back.
    void effect(sight what) {
        if (world_->bad_luck.happens(fault::relay_crash)) {
            world_->seen.see(what);
            throw pulled_plug();
        }
    }
    void crash(std::uint32_t where) {
        world_->told.say([&] { return "relay " + std::to_string(where) + " crashes"; });
        ++world_->seen.crashes;
        begin_again(where);
        for (client_number who = 0; who < everybody_; ++who) {
            if (linked(who) && links_[who].relay == where) {
                world_->events.after(std::chrono::milliseconds(world_->dice.below(5000)),
                                     happening::reconnect, who);
            }
        }
    }
    void begin_again(std::uint32_t where) {
        world_->seen.add(hosts_[where].machine.refusals());
        hosts_[where] = {make_relay(), hosts_[where].life + 1,
                         std::vector<sixfold::link_id>(everybody_)};
    }

    surroundings* world_;
    network* net_;
    std::uint32_t everybody_;
    std::vector<link> links_;
    std::vector<host> hosts_;
    store mailbox_;
    std::deque<pending> pending_;
    std::uint64_t link_count_ = 0;
    bool one_is_left_ = false;
    std::uint64_t talk_ = 0;
};

}  // namespace simulation

#endif
