// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_EXPLORE_ENDING_HPP
#define SIXFOLD_TESTS_EXPLORE_ENDING_HPP

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "explore/worlds.hpp"

namespace explore {

/// Can a world still end well? The network has lost everything, and from now on nothing goes wrong: the real machines must
/// reach the end by themselves.
class ending {
  public:
    ending(worlds& all, const core& from)
        : all_(all), a_(all.a(from)), b_(all.b(from)), box_(all.box(from)), ever_(from.ever),
          relay_(relaying::make(true)) {}

    /// Empty, or what does not happen.
    [[nodiscard]] static std::string of(worlds& all, const core& from) {
        ending full(all, from);
        if (full.a_.life != 0 && all.as.submitted_in_life(full.a_) == 0) {
            all.as.do_submit(full.a_);  // a lost journal shows only when its sender writes again
        }
        if (!full.reaches([&] { return full.done(); })) {
            return "stuck: the network has lost everything, and the end is never reached";
        }
        if (!has_let_go(all.as, all.a(from))) {
            return {};
        }
        ending silent(all, from);
        silent.a_.machine.link_down();
        if (!silent.reaches([&] { return silent.all_stored_are_taken(); })) {
            return "stuck: A is gone for ever, and what was told `stored` does not reach B's app";
        }
        return {};
    }

  private:
    /// Has A nothing left that it would have to send? Then the mailbox alone vouches for it.
    [[nodiscard]] static bool has_let_go(const sending& as, const a_node& a) {
        const std::uint32_t first = as.first_id(a);
        const std::uint32_t end = first + as.submitted_in_life(a);
        return end != first && std::all_of(a.known.begin() + first, a.known.begin() + end,
                                           [](status known) { return known == status::stored; });
    }

    template <class Goal>
    [[nodiscard]] bool reaches(Goal goal) {
        for (int round = 0; round < 3000; ++round) {
            run_round();
            if (goal()) {
                return true;
            }
            const time_point next =
                (std::min)({a_.machine.next_deadline(), b_.machine.next_deadline(),
                            later(the_clock().now(), std::chrono::hours(1))});
            the_clock().set((std::max)(next, later(the_clock().now(), duration(1))));
        }
        return false;
    }

    /// Until nobody has anything to say for now.
    void run_round() {
        for (bool any = true; any;) {
            any = carry(a_.machine, link_id{1});
            any = carry(b_.machine, link_id{2}) || any;
            any = accept_all() || any;
            all_.as.hear(a_);
        }
    }
    template <class Machine>
    bool carry(Machine& from, link_id link) {
        std::array<std::byte, 2048> buffer;
        bool any = false;
        while (const auto packet = from.poll_transmit(buffer)) {
            any = true;
            out_.clear();
            relay_.handle(link, *packet, out_);
            while (const auto request = out_.next_request()) {
                relay_.complete(*request, box_.machine.execute(*request), out_);
            }
            for (const outgoing& o : out_.frames()) {
                frame what;
                (void)decode(o.bytes, wire(), what);
                if (o.to == peer("a")) {
                    give(a_, what, all_.the_rules().what);
                } else {
                    give(b_, what, all_.the_rules());
                }
            }
        }
        return any;
    }
    bool accept_all() {
        bool any = !b_.looked_at.empty();
        for (const message& m : b_.looked_at) {
            ever_ |= bit(id_of(test_access::held_payload(b_.machine, m)));
            b_.machine.accept(m);
        }
        b_.looked_at.clear();
        while (const auto m = b_.machine.poll_message()) {
            ever_ |= bit(id_of(m->payload));
            b_.machine.accept(*m);
            any = true;
        }
        return any;
    }

    [[nodiscard]] bool done() const {
        for (std::uint32_t id = all_.as.first_id(a_); id < ids_max; ++id) {
            if (has(a_.submitted, id) && !is_final(a_.known[id])) {
                return false;
            }
        }
        return all_stored_are_taken() && box_.machine.rows() == 0;
    }
    [[nodiscard]] bool all_stored_are_taken() const {
        return (a_.stored & ~a_.cancelled & ~b_.rejected & ~box_.expired & ~ever_) == 0;
    }

    worlds& all_;
    a_node a_;
    b_node b_;
    box_node box_;
    std::uint32_t ever_;
    relay relay_;
    reactions out_;
};

}  // namespace explore

#endif
