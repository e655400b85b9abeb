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
        : all_(all), a_(all.a(from)), c_(all.c(from)), b_(all.b(from)), box_(all.box(from)),
          ever_(from.ever), relay_(relaying::make(true, all.the_rules().c)) {
        the_clock().set((std::max)({a_.now, b_.now, c_.now}));
        ever_ |= b_.unwritten | b_.files.unsynced_rows();  // it crashes no more
    }

    /// Empty, or what does not happen.
    [[nodiscard]] static std::string of(worlds& all, const core& from) {
        ending full(all, from);
        const bool lost_journal = full.a_.life != 0 && all.as.submitted_in_life(full.a_) == 0;
        if (lost_journal || full.a_.left) {
            all.as.do_submit(
                full.a_);  // that an epoch was left shows only when its sender writes again
        }
        if (!full.reaches([&] { return full.done(); })) {
            return "stuck: the network has lost everything, and the end is never reached";
        }
        ending alone(all, from);
        alone.b_leaves();
        if (!alone.reaches([&] { return alone.is_full() || alone.all_is_stored(); })) {
            return "stuck: B is away for ever, and what A sends does not get into the mailbox";
        }
        ending silent(all, from);
        if (!has_let_go(all.as, silent.a_) ||
            (silent.b_.amnesias != 0 && !silent.rows_vouch_for_all_below())) {
            return {};
        }
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
        const bool any_cancelled = a.cancelled >> first != 0;  // then a tombstone has to leave
        return end != first && !any_cancelled &&
               std::all_of(a.known.begin() + first, a.known.begin() + end,
                           [](status known) { return known == status::stored; });
    }

    void b_leaves() {
        b_.machine.link_down();
        relay_.link_down(link_id{2});
    }
    [[nodiscard]] bool is_full() {
        const auto rows = all_rows(box_.machine);
        const auto is_payload = [](const mailbox_row& row) {
            return !row.tombstone;
        };
        const auto payloads = std::count_if(rows.begin(), rows.end(), is_payload);
        return static_cast<std::uint32_t>(payloads) == all_.the_rules().stored;
    }
    /// Does a message wait in the mailbox that A has taken back, and that B would still take?
    [[nodiscard]] bool keeps_cancelled() {
        const auto rows = all_rows(box_.machine);
        return b_.amnesias == 0 &&
               std::any_of(rows.begin(), rows.end(), [&](const mailbox_row& row) {
                   const std::uint32_t id = row.tombstone ? ids_max : id_of(row.payload);
                   return id < ids_max && has(a_.cancelled, id) && !is_final(a_.known[id]) &&
                          row.id.epoch == test_access::stream(a_.machine, "b").epoch() &&
                          !has_ended(row.id);
               });
    }
    [[nodiscard]] bool has_ended(const msgid& id) const {
        if (!receiver_access::knows(b_.machine, "a")) {
            return false;
        }
        const inbound_stream& stream = receiver_access::stream(b_.machine, "a");
        return stream.epoch() == id.epoch && stream.window().of(id.seq) == standing::duplicate;
    }
    /// All that A may send now: behind a tombstone in the mailbox its window may be used up.
    [[nodiscard]] bool all_is_stored() {
        if (!test_access::writes_to(a_.machine, "b")) {
            return true;
        }
        const outbound_stream& stream = test_access::stream(a_.machine, "b");
        const bool waits = stream.unsent() < stream.next() &&
                           stream.unsent() < stream.base() + all_.the_rules().window;
        return !waits && !keeps_cancelled() &&
               stream.count(transit::noted) + stream.count(transit::due) +
                       stream.count(transit::out) + stream.count(transit::there) +
                       stream.count(transit::turned_away) ==
                   0;
    }

    /// What B has forgotten and is in no row has ended, but only a probe can tell B if the rows came with lower bases.
    [[nodiscard]] bool rows_vouch_for_all_below() {
        const auto rows = all_rows(box_.machine);
        return std::all_of(rows.begin(), rows.end(), [&](const mailbox_row& row) {
            return row.low == lowest_row(box_.machine, row.from, row.id.epoch);
        });
    }

    template <class Goal>
    [[nodiscard]] bool reaches(Goal goal) {
        for (int round = 0; round < 3000; ++round) {
            run_round();
            if (packets_ > packets_max) {
                return false;
            }
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

    /// Until nobody has anything to say for now, or they answer each other without end.
    void run_round() {
        packets_ = 0;
        for (bool any = true; any && packets_ <= packets_max;) {
            make_durable(a_.machine);
            make_durable(b_.machine);
            make_durable(c_.machine);
            any = carry(a_.machine, link_id{1});
            any = carry(b_.machine, link_id{2}) || any;
            any = (c_sends() && carry(c_.machine, link_id{3})) || any;
            any = accept_all() || any;
            all_.as.hear(a_);
            all_.as.hear(c_);
        }
    }
    template <class Machine>
    static void make_durable(Machine& machine) {
        std::array<std::byte, 2048> buffer;
        while (machine.poll_journal(buffer)) {
        }
        machine.durable(machine.written());
    }
    template <class Machine>
    bool carry(Machine& from, link_id link) {
        std::array<std::byte, 2048> buffer;
        bool any = false;
        while (const auto packet = from.poll_transmit(buffer)) {
            any = true;
            if (++packets_ > packets_max) {
                break;
            }
            out_.clear();
            relay_.handle(link, *packet, out_);
            while (const auto request = out_.next_request()) {
                relay_.complete(*request, box_.machine.execute(*request), out_);
            }
            for (const outgoing o : out_.frames()) {
                frame what;
                (void)decode(o.bytes, wire(), what);
                if (o.to == peer("b")) {
                    give(b_, what, all_.the_rules());
                } else if (o.to == peer("a")) {
                    give(a_, what, all_.the_rules().what);
                } else if (c_sends()) {
                    give(c_, what, all_.the_rules().what);
                }
            }
        }
        return any;
    }
    bool accept_all() {
        bool any = !b_.looked_at.empty();
        for (const message& m : b_.looked_at) {
            ever_ |= bit(id_of(receiver_access::held_payload(b_.machine, m)));
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

    [[nodiscard]] bool done() {
        const bool differs = (a_.differs || c_.differs) && b_.amnesias == 0;
        return !differs && has_heard_all(a_) && (!c_sends() || has_heard_all(c_)) &&
               all_stored_are_taken() && is_empty();
    }
    [[nodiscard]] bool has_heard_all(const a_node& who) const {
        for (std::uint32_t id = all_.as.first_id(who); id < ids_max; ++id) {
            if (has(who.submitted, id) && !is_final(who.known[id])) {
                return false;
            }
        }
        return true;
    }
    /// But for what was forged, and can never be taken.
    [[nodiscard]] bool is_empty() {
        const auto rows = all_rows(box_.machine);
        return std::all_of(rows.begin(), rows.end(), [&](const mailbox_row& row) {
            return row.from == peer("c") && !c_sends();
        });
    }
    [[nodiscard]] bool c_sends() const { return all_.the_rules().c == third::sender; }
    [[nodiscard]] bool all_stored_are_taken() const {
        const auto owed = [&](const a_node& who) {
            return who.stored & ~who.cancelled & ~b_.rejected & ~box_.expired & ~ever_;
        };
        return owed(a_) == 0 && (!c_sends() || owed(c_) == 0);
    }

    static constexpr int packets_max = 1000;  // of one round

    worlds& all_;
    a_node a_;
    a_node c_;
    b_node b_;
    box_node box_;
    std::uint32_t ever_;
    relay relay_;
    reactions out_;
    int packets_ = 0;  // of this round
};

}  // namespace explore

#endif
