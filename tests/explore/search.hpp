// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_EXPLORE_SEARCH_HPP
#define SIXFOLD_TESTS_EXPLORE_SEARCH_HPP

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "explore/machines.hpp"

namespace explore {

/// Everything at one moment.
struct world {
    std::uint32_t a = 0;
    std::uint32_t b = 0;
    std::uint32_t box = 0;
    std::uint32_t ever = 0;  // bits: messages that B's app took, in any of its lives
    network net{};
};

/// A world without its network.
struct core {
    std::uint32_t a = 0;
    std::uint32_t b = 0;
    std::uint32_t box = 0;
    std::uint32_t ever = 0;
    friend bool operator==(const core&, const core&) = default;
};

struct core_hash {
    std::size_t operator()(const core& c) const {
        std::uint64_t h = 0;
        for (const std::uint32_t part : {c.a, c.b, c.box, c.ever}) {
            h = (h ^ part) * 0x9E3779B97F4A7C15U;
            h ^= h >> 29;
        }
        return static_cast<std::size_t>(h);
    }
};

/// What a search found.
struct finding {
    std::string wrong{};  // a law that does not hold, or empty
    std::string path{};   // how to get there, a line a step
    std::size_t states = 0;
    std::size_t cores = 0;
    std::size_t transitions = 0;
    bool complete = false;  // no state was left out
};

/// Breadth-first through all worlds. In each state the laws are checked; and from each, with a network that has lost
/// everything, the real machines must still reach the end by themselves.
///
/// A world is left out if another one has the same machines and all of its frames: whatever can happen in the first can
/// happen in the second, because frames need not be delivered.
class search {
  public:
    explicit search(const rules& r) : m_(r) {}

    finding run() {
        world first{m_.first_a(), m_.first_b(), m_.first_box(), 0, {}};
        add(first, 0, {});
        for (std::size_t at = 0; at < worlds_.size() && found_.wrong.empty(); ++at) {
            if (worlds_.size() > m_.the_rules().states_max) {
                break;
            }
            now_ = at;
            if (!left_out_[at]) {
                visit(worlds_[at]);
            }
        }
        found_.states = worlds_.size();
        found_.cores = known_.size();
        found_.complete = found_.wrong.empty() && worlds_.size() <= m_.the_rules().states_max;
        return found_;
    }

  private:
    struct origin {
        std::size_t from;
        std::string how;
    };

    // --- one state ---------------------------------------------------------------------------------

    void visit(const world w) {
        check(w);
        if (found_.wrong.empty() && ends_well(w)) {
            expand(w);
        }
    }

    void fail(const std::string& what) {
        if (!found_.wrong.empty()) {
            return;
        }
        found_.wrong = what;
        std::vector<std::string> lines;
        for (std::size_t at = now_; at != 0; at = origins_[at].from) {
            lines.push_back(origins_[at].how);
        }
        for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
            found_.path += "  " + *line + "\n";
        }
    }

    void check(const world& w) {
        const a_node& a = m_.as[w.a];
        const b_node& b = m_.bs[w.b];
        for (std::uint32_t id = 0; id < ids_max; ++id) {
            const bool taken = (w.ever >> id & 1) != 0;
            const bool rejected = (b.rejected >> id & 1) != 0;
            const bool row = (m_.boxes[w.box].payloads >> id & 1) != 0;
            const bool cancelled = (a.cancelled >> id & 1) != 0;
            const std::string name = "message " + std::to_string(id);
            if (a.known[id] == status::delivered && !taken) {
                fail(name + ": A was told `delivered`, and B never took it");
            }
            if (a.known[id] == status::rejected && !rejected) {
                fail(name + ": A was told `rejected`, and B never rejected it");
            }
            if (a.known[id] == status::cancelled && taken && b.amnesias == 0) {
                fail(name + ": A was told `cancelled`, and B has it");
            }
            // Of what it was told before, and forgot in a crash, A may hear no more than that.
            const bool first_time =
                (m_.as[origins_[now_].from == now_ ? w.a : worlds_[origins_[now_].from].a]
                         .settled >>
                     id &
                 1) == 0;
            // Nor of what B rejected only after A had let it out of its window.
            const bool late = rejected && (a.stored >> id & 1) != 0;
            if (a.known[id] == status::ended && first_time && !late && b.amnesias == 0 &&
                m_.the_rules().lives == 1) {
                fail(name + ": A was told `ended`, and nobody has lost anything");
            }
            if ((a.stored >> id & 1) != 0 && !taken && !rejected && !row && !cancelled) {
                fail(name + ": A was told `stored`, and it is lost");
            }
        }
    }

    // --- what can happen ---------------------------------------------------------------------------

    void expand(const world& w) {
        const rules& r = m_.the_rules();
        const a_node& a = m_.as[w.a];
        if (m_.may_submit(w.a)) {
            go({m_.submit(w.a), w.b, w.box, w.ever, w.net}, "A submits");
        }
        for (std::uint32_t id = 0; id < ids_max; ++id) {
            const bool may = (a.submitted >> id & 1) != 0 && (a.cancelled >> id & 1) == 0 &&
                             !is_final(a.known[id]) &&
                             std::bitset<8>(a.cancelled).count() < r.cancels && a.life == 0;
            if (may) {
                go({m_.cancel(w.a, id), w.b, w.box, w.ever, w.net},
                   "A cancels " + std::to_string(id));
            }
        }
        if (r.crash) {
            go({m_.crash_a(w.a), w.b, w.box, w.ever, w.net},
               "A crashes and comes back with its journal");
            go({w.a, m_.crash_b(w.b), w.box, w.ever, w.net},
               "B crashes and comes back with its journal");
        }
        if (a.life + 1U < r.lives) {
            go({m_.new_life(w.a), w.b, w.box, w.ever, w.net},
               "A loses its journal and begins a new life");
        }
        if (m_.bs[w.b].amnesias < r.amnesias) {
            go({w.a, m_.amnesia(w.b), w.box, w.ever, w.net}, "B loses everything that it knows");
        }
        expand_app(w);
        for (std::size_t f = 0; f < m_.frames.size(); ++f) {
            if (w.net[f]) {
                deliver(w, static_cast<frame_id>(f));
            }
        }
    }

    void expand_app(const world& w) {
        const rules& r = m_.the_rules();
        step s;
        if (m_.looks(w.b, s)) {
            if (r.slow_app) {
                go({w.a, s.to, w.box, w.ever, w.net}, "B's app looks at a message");
            } else {
                settle(w, s.to, m_.bs[s.to].looked_at.size() - 1);
            }
        }
        if (r.slow_app) {
            for (std::size_t i = 0; i < m_.bs[w.b].looked_at.size(); ++i) {
                settle(w, w.b, i);
            }
        }
        if (m_.commits(w.b, s)) {
            taken(w, s, "B's app commits what it accepted");
        }
    }
    void settle(const world& w, std::uint32_t b, std::size_t which) {
        taken(w, m_.settles(b, which, false), "B's app takes a message");
        if (m_.the_rules().reject) {
            taken(w, m_.settles(b, which, true), "B's app rejects a message");
        }
    }
    void taken(const world& w, const step& s, const std::string& how) {
        if (!s.wrong.empty()) {
            fail(s.wrong);
            found_.path += "  " + how + "\n";
        }
        world next{w.a, s.to, w.box, w.ever, w.net | s.sent};
        if (s.delivered >= 0) {
            next.ever |= 1U << s.delivered;
        }
        go(next, how + (s.delivered >= 0 ? " " + std::to_string(s.delivered) : ""));
    }

    void deliver(const world& w, frame_id f) {
        switch (m_.frames[f].to) {
        case place::at_a: {
            const step& s = m_.a_takes(w.a, f);
            if (s.to != w.a) {
                go({s.to, w.b, w.box, w.ever, w.net | s.sent}, "A takes " + name(f));
            }
            break;
        }
        case place::at_b: {
            const step& s = m_.b_takes(w.b, f);
            if (s.to != w.b) {
                go({w.a, s.to, w.box, w.ever, w.net | s.sent}, "B takes " + name(f));
            }
            break;
        }
        case place::at_relay_from_a:
        case place::at_relay_from_b:
            for (const bool b_here : {true, false}) {
                const step& s = m_.relay_takes(w.box, f, b_here);
                if (s.to != w.box) {
                    go({w.a, w.b, s.to, w.ever, w.net | s.sent}, "the relay takes " + name(f));
                    // A crash between the mailbox and its answers is in here: an answer need never arrive.
                }
            }
            break;
        }
    }

    /// What is sent without anything changing is sent at once: the network never forgets, so the order does not matter.
    void go(world w, std::string how) {
        ++found_.transitions;
        network seen;
        w.net |= m_.as[w.a].sends | m_.bs[w.b].sends | m_.early();
        while (seen != w.net) {
            const network fresh = w.net & ~seen;
            seen = w.net;
            for (std::size_t f = 0; f < m_.frames.size(); ++f) {
                if (fresh[f]) {
                    react(w, static_cast<frame_id>(f));
                }
            }
            w.net |= m_.early();
        }
        add(w, now_, std::move(how));
    }
    void react(world& w, frame_id f) {
        switch (m_.frames[f].to) {
        case place::at_a:
            if (const step& s = m_.a_takes(w.a, f); s.to == w.a) {
                w.net |= s.sent;
            }
            break;
        case place::at_b:
            if (const step& s = m_.b_takes(w.b, f); s.to == w.b) {
                w.net |= s.sent;
            }
            break;
        case place::at_relay_from_a:
        case place::at_relay_from_b:
            for (const bool b_here : {true, false}) {
                if (const step& s = m_.relay_takes(w.box, f, b_here); s.to == w.box) {
                    w.net |= s.sent;
                }
            }
            break;
        }
    }
    void add(const world& w, std::size_t from, std::string how) {
        std::vector<std::size_t>& same = known_[{w.a, w.b, w.box, w.ever}];
        for (const std::size_t other : same) {
            if ((w.net & ~worlds_[other].net).none()) {
                return;
            }
        }
        std::erase_if(same, [&](std::size_t other) {
            left_out_[other] = (worlds_[other].net & ~w.net).none();
            return left_out_[other];
        });
        same.push_back(worlds_.size());
        worlds_.push_back(w);
        origins_.push_back({from, std::move(how)});
        left_out_.push_back(false);
    }

    [[nodiscard]] std::string name(frame_id f) const;

    // --- can it still end well? --------------------------------------------------------------------

    /// The network has lost everything. From now on nothing goes wrong: does all come to its end?
    bool ends_well(const world& w) {
        if (!live_.insert({w.a, w.b, w.box, w.ever}).second) {
            return true;
        }
        a_node a = m_.as[w.a];
        if (a.life != 0 && m_.submitted_in_life(a) == 0) {
            m_.do_submit(a);  // a lost journal shows only when its sender writes again
        }
        if (!ends(w, a, [this](auto&... of) { return done(of...); })) {
            fail("stuck: the network has lost everything, and the end is never reached");
        } else if (has_let_go(m_.as[w.a])) {
            a_node silent = m_.as[w.a];
            silent.machine.link_down();
            if (!ends(w, silent, [](auto&... of) { return all_stored_are_taken(of...); })) {
                fail(
                    "stuck: A is gone for ever, and what was told `stored` does not reach B's app");
            }
        }
        return found_.wrong.empty();
    }

    /// Has A nothing left that it would have to send? Then the mailbox alone vouches for it.
    [[nodiscard]] bool has_let_go(const a_node& a) const {
        bool all = m_.submitted_in_life(a) != 0;
        for (std::uint32_t id = m_.first_id(a); id < m_.first_id(a) + m_.submitted_in_life(a);
             ++id) {
            all = all && a.known[id] == status::stored;
        }
        return all;
    }

    template <class Goal>
    bool ends(const world& w, a_node& a, Goal goal) {
        b_node b = m_.bs[w.b];
        box_node box = m_.boxes[w.box];
        std::uint32_t ever = w.ever;
        relay server = relay::create({.seed = 1}).value();
        (void)server.link_up(link_id{1}, "a", checksum::off).has_value();
        (void)server.link_up(link_id{2}, "b", checksum::off).has_value();
        for (int round = 0; round < 3000; ++round) {
            run_round(a, b, box, server, ever);
            if (goal(a, b, box, ever)) {
                return true;
            }
            const time_point next =
                (std::min)({a.machine.next_deadline(), b.machine.next_deadline(),
                            later(the_clock().now(), std::chrono::hours(1))});
            the_clock().set((std::max)(next, later(the_clock().now(), duration(1))));
        }
        return false;
    }

    void run_round(a_node& a, b_node& b, box_node& box, relay& server, std::uint32_t& ever) {
        std::array<std::byte, 2048> buffer;
        reactions out;
        bool any = true;
        while (any) {
            any = false;
            for (const bool from_a : {true, false}) {
                while (auto packet = from_a ? a.machine.poll_transmit(buffer)
                                            : b.machine.poll_transmit(buffer)) {
                    any = true;
                    out.clear();
                    server.handle(from_a ? link_id{1} : link_id{2}, *packet, out);
                    while (auto request = out.next_request()) {
                        server.complete(*request, box.machine.execute(*request), out);
                    }
                    for (const outgoing& o : out.frames()) {
                        frame what;
                        (void)decode(o.bytes, wire(), what);
                        if (o.to == peer("a")) {
                            m_.give(a, what);
                        } else {
                            m_.give(b, what);
                        }
                    }
                }
            }
            for (const message& m : b.looked_at) {
                ever |= 1U << id_of(test_access::held_payload(b.machine, m));
                b.machine.accept(m);
                any = true;
            }
            b.looked_at.clear();
            while (auto m = b.machine.poll_message()) {
                ever |= 1U << id_of(m->payload);
                b.machine.accept(*m);
                any = true;
            }
            m_.hear(a);
        }
    }
    [[nodiscard]] bool
    done(const a_node& a, const b_node& b, box_node& box, std::uint32_t ever) const {
        for (std::uint32_t id = m_.first_id(a); id < ids_max; ++id) {
            if ((a.submitted >> id & 1) != 0 && !is_final(a.known[id])) {
                return false;
            }
        }
        return all_stored_are_taken(a, b, box, ever) && box.machine.rows() == 0;
    }
    [[nodiscard]] static bool
    all_stored_are_taken(const a_node& a, const b_node& b, const box_node&, std::uint32_t ever) {
        for (std::uint32_t id = 0; id < ids_max; ++id) {
            const bool owed = (a.stored >> id & 1) != 0 && (a.cancelled >> id & 1) == 0 &&
                              (b.rejected >> id & 1) == 0;
            if (owed && (ever >> id & 1) == 0) {
                return false;
            }
        }
        return true;
    }

    machines m_;
    std::deque<world> worlds_;
    std::deque<origin> origins_;
    std::deque<bool> left_out_;
    std::unordered_map<core, std::vector<std::size_t>, core_hash> known_;
    std::unordered_set<core, core_hash> live_;
    std::size_t now_ = 0;
    finding found_;
};

/// A frame, for a reader.
inline std::string search::name(frame_id f) const {
    static const char* const kinds[] = {"msg:R", "msg:A", "msg:N",  "ack:R",
                                        "ack:A", "ack:N", "sync:R", "sync:A"};
    static const char* const forms[] = {"", " tombstone", " probe"};
    static const char* const words[] = {" state", " waiting", " past", " stored", " ended"};
    const frame& what = m_.frames[f].what;
    std::string out = kinds[what.index()];
    const auto number = [](std::uint64_t n) {
        return std::to_string(n);
    };
    const auto stream = [&](epoch e) {
        return " e" + number(static_cast<std::uint64_t>(e) >> epoch_random_bits);
    };
    const auto state = [&](bytes encoded) {
        ack_state s;
        if (encoded.empty() || ack_state::decode(encoded, s) != refusal::none) {
            return std::string();
        }
        std::string text = " floor " + number(s.floor());
        s.for_each_accepted([&](seq at) { text += " +" + number(at); });
        s.for_each_held([&](seq at) { text += " ?" + number(at); });
        if (s.horizon() != 0) {
            text += " horizon " + number(s.horizon());
        }
        for (const exception e : s.exceptions()) {
            text += (e.how == fate::rejected ? " x" : " -") + number(e.seq);
        }
        return text;
    };
    if (const auto* r = std::get_if<msg_request>(&what)) {
        out += forms[static_cast<int>(r->form)] + stream(r->epoch) + " #" + number(r->seq) +
               " base " + number(r->base);
    } else if (const auto* n = std::get_if<msg_notify>(&what)) {
        out += forms[static_cast<int>(n->form)] + stream(n->epoch) + " #" + number(n->seq) +
               (n->drained ? " drained" : "") + (n->clean() ? " clean" : "") + " low " +
               number(n->low);
        if (n->smaller.epoch != epoch::none) {
            out += " smaller" + stream(n->smaller.epoch) + " #" + number(n->smaller.seq);
        }
    } else if (const auto* a = std::get_if<ack_request>(&what)) {
        out += words[static_cast<int>(a->word)] + stream(a->epoch) + state(a->state);
    } else if (const auto* t = std::get_if<ack_notify>(&what)) {
        out += words[static_cast<int>(t->word)] + stream(t->epoch) + " #" + number(t->seq) +
               " low " + number(t->low) + state(t->state);
    } else if (const auto* m = std::get_if<msg_answer>(&what)) {
        out += stream(m->id.epoch) + " #" + number(m->id.seq);
    }
    return out;
}

}  // namespace explore

#endif
