// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_EXPLORE_WORLDS_HPP
#define SIXFOLD_TESTS_EXPLORE_WORLDS_HPP

#include <cstdint>
#include <string>
#include <vector>

#include "explore/forged.hpp"
#include "explore/receiving.hpp"
#include "explore/relaying.hpp"
#include "explore/sending.hpp"

namespace explore {

/// The machines of a world, and what B's app took in any of its lives.
struct core {
    std::uint32_t a = 0;
    std::uint32_t c = 0;  // 0 where C is no sender
    std::uint32_t b = 0;
    std::uint32_t box = 0;
    std::uint32_t ever = 0;  // an id_set
    friend bool operator==(const core&, const core&) = default;
};

/// Everything at one moment.
struct world {
    core now;
    network net{};
};

/// Who does something, or to whom it happens.
enum class actor : std::uint8_t { a, b, c, relay };

enum class deed : std::uint8_t {
    submits,
    cancels,
    gives_up,
    is_refused,
    crashes,
    loses_journal,
    waits,
    writes,
    syncs,
    comes_back,
    forgets,
    looks,
    accepts,
    rejects,
    accepts_next,
    rejects_next,
    commits,
    takes_frame,  // A: as an answer to its newest sending with that content; the relay: while B is here
    takes_old_frame,   // A: as an answer to a sending that it does not remember
    takes_frame_away,  // the relay: while B is away
    expires,
    asks,
    does,
    hears,
    hears_away,
    never_hears,
};

/// One thing that happens.
struct action {
    actor who = actor::a;
    deed what = deed::submits;
    std::uint16_t which = 0;  // a message, a frame, or one of those that B's app looks at
};

/// What can happen in a world, and which world comes of it.
class worlds {
  public:
    explicit worlds(const rules& r)
        : rules_(r), frames(r.limits), as(r, frames), bs(r, frames),
          boxes(r, frames, as.streams()) {}

  private:
    rules rules_;

  public:
    frame_book frames;
    sending as;
    receiving bs;
    relaying boxes;

    [[nodiscard]] const rules& the_rules() const { return rules_; }
    [[nodiscard]] const a_node& a(const core& c) const { return as.nodes[c.a]; }
    [[nodiscard]] const a_node& c(const core& c) const { return as.nodes[c.c]; }
    [[nodiscard]] const b_node& b(const core& c) const { return bs.nodes[c.b]; }
    [[nodiscard]] const box_node& box(const core& c) const { return boxes.nodes[c.box]; }

    world first() {
        the_clock().set({});  // where another search has left it is in the future
        world w{{as.first(false), 0, bs.first(), boxes.first(), 0}, {}};
        if (rules_.c == third::sender) {
            w.now.c = as.first(true);
        } else if (rules_.c == third::forger) {
            const std::vector<frame> all = forged(as.first_epoch());
            for (std::size_t i = 0; i < all.size(); ++i) {
                if ((rules_.forged >> i & 1) != 0) {
                    frames.add(place::at_relay_from_c, all[i], w.net);
                }
            }
        }
        send_all(w, w.now, {});
        return w;
    }

    /// Calls `visit(action)` for all that can happen; some of it may change nothing.
    template <class Visit>
    void for_each_action(const world& w, Visit visit) const {
        actions_of_sender(actor::a, a(w.now), visit);
        if (rules_.c == third::sender) {
            actions_of_sender(actor::c, c(w.now), visit);
        }
        actions_of_b(b(w.now), visit);
        actions_of_mailbox(box(w.now), visit);
        w.net.for_each([&](frame_id f) {
            switch (frames[f].to) {
            case place::at_a: takes_of_sender(actor::a, f, visit); break;
            case place::at_b: visit(action{actor::b, deed::takes_frame, f}); break;
            case place::at_c: takes_of_sender(actor::c, f, visit); break;
            case place::at_relay_from_a:
            case place::at_relay_from_b:
            case place::at_relay_from_c:
                // A crash between the mailbox and its answers is in here: an answer need never arrive.
                visit(action{actor::relay, deed::takes_frame, f});
                visit(action{actor::relay, deed::takes_frame_away, f});
                if (rules_.late && box(w.now).late.at == late_request::stage::none) {
                    visit(action{actor::relay, deed::asks, f});
                }
                break;
            }
        });
    }

    /// Changes the world. False: no machine has changed. A law that is broken in it is told in `wrong`.
    bool happen(world& w, const action& x, std::string& wrong) {
        const core before = w.now;
        const network old = w.net;
        const step& s = step_of(w.now, x);
        part(w.now, x.who) = s.to;
        if (w.now == before) {
            return false;
        }
        w.now.ever |= s.taken;
        w.net.add(s.sent);
        send_all(w, before, old);
        wrong = s.wrong;
        return true;
    }

    /// What the relay says to a frame, if that leaves the mailbox as it is.
    [[nodiscard]] bool relays(const core& at, frame_id relayed, frame_id heard) {
        for (const bool b_here : {true, false}) {
            const step& s = boxes.takes(at.box, relayed, b_here);
            if (s.to == at.box && s.sent.has(heard)) {
                return true;
            }
        }
        return false;
    }

  private:
    [[nodiscard]] static std::uint32_t& part(core& c, actor who) {
        switch (who) {
        case actor::a: return c.a;
        case actor::b: return c.b;
        case actor::c: return c.c;
        case actor::relay: break;
        }
        return c.box;
    }

    template <class Visit>
    void takes_of_sender(actor who, frame_id f, Visit visit) const {
        visit(action{who, deed::takes_frame, f});
        if (sending::may_be_forgotten(frames[f].what)) {
            visit(action{who, deed::takes_old_frame, f});
        }
    }
    template <class Visit>
    void actions_of_sender(actor who, const a_node& a, Visit visit) const {
        if (as.may_submit(a)) {
            visit(action{who, deed::submits});
        }
        for (std::uint16_t id = 0; id < ids_max; ++id) {
            if (as.may_cancel(a, id)) {
                visit(action{who, deed::cancels, id});
            }
        }
        if (as.may_give_up(a, false)) {
            visit(action{who, deed::gives_up});
        }
        if (as.may_give_up(a, true)) {
            visit(action{who, deed::is_refused});
        }
        visit(action{who, deed::waits});
        if (rules_.journal) {
            actions_of_disk(who, a.files, a.crashes < rules_.crashes, visit);
        } else if (rules_.crash) {
            visit(action{who, deed::crashes});
        }
        if (a.life + 1U < rules_.lives && !a.is_c) {
            visit(action{who, deed::loses_journal});
        }
    }
    template <class Visit>
    void actions_of_b(const b_node& b, Visit visit) const {
        if (rules_.journal) {
            actions_of_disk(actor::b, b.files, true, visit);
        } else if (rules_.crash) {
            visit(action{actor::b, deed::crashes});
        }
        if (b.amnesias < rules_.amnesias) {
            visit(action{actor::b, deed::forgets});
        }
        visit(action{actor::b, rules_.slow_app ? deed::looks : deed::accepts_next});
        if (rules_.reject && !rules_.slow_app) {
            visit(action{actor::b, deed::rejects_next});
        }
        for (std::uint16_t i = 0; i < b.looked_at.size(); ++i) {
            visit(action{actor::b, deed::accepts, i});
            if (rules_.reject) {
                visit(action{actor::b, deed::rejects, i});
            }
        }
        if (!b.uncommitted.empty()) {
            visit(action{actor::b, deed::commits});
        }
    }

    template <class Visit>
    void actions_of_disk(actor who, const disk& files, bool may_crash, Visit visit) const {
        visit(action{who, deed::writes});
        if (files.unsynced() != 0) {
            visit(action{who, deed::syncs});
        }
        for (std::uint16_t kept = 0; may_crash && kept <= files.unsynced(); ++kept) {
            visit(action{who, deed::comes_back, kept});
        }
    }
    template <class Visit>
    void actions_of_mailbox(const box_node& box, Visit visit) const {
        for (std::uint16_t id = 0; id < ids_max; ++id) {
            if (boxes.may_expire(box, id)) {
                visit(action{actor::relay, deed::expires, id});
            }
        }
        if (rules_.forgets_states) {
            visit(action{actor::relay, deed::forgets});
        }
        if (box.late.at == late_request::stage::asked) {
            visit(action{actor::relay, deed::does});
        }
        if (box.late.at == late_request::stage::done) {
            visit(action{actor::relay, deed::hears});
            visit(action{actor::relay, deed::hears_away});
        }
        if (box.late.at != late_request::stage::none) {
            visit(action{actor::relay, deed::never_hears});
        }
    }

    const step& step_of(const core& c, const action& x) {
        switch (x.who) {
        case actor::a: return step_of_sender(c.a, x);
        case actor::c: return step_of_sender(c.c, x);
        case actor::b: return step_of_b(c.b, x);
        case actor::relay: break;
        }
        return step_of_relay(c.box, x);
    }
    const step& step_of_relay(std::uint32_t at, const action& x) {
        switch (x.what) {
        case deed::expires: return boxes.expires(at, x.which);
        case deed::forgets: return boxes.forgets(at);
        case deed::asks: return boxes.asks(at, x.which);
        case deed::does: return boxes.does(at);
        case deed::hears: return boxes.hears(at, true);
        case deed::hears_away: return boxes.hears(at, false);
        case deed::never_hears: return boxes.never_hears(at);
        default: return boxes.takes(at, x.which, x.what == deed::takes_frame);
        }
    }
    const step& step_of_sender(std::uint32_t at, const action& x) {
        switch (x.what) {
        case deed::submits: return as.submits(at);
        case deed::cancels: return as.cancels(at, x.which);
        case deed::gives_up: return as.gives_up(at, false);
        case deed::is_refused: return as.gives_up(at, true);
        case deed::crashes: return as.crashes(at);
        case deed::loses_journal: return as.loses_journal(at);
        case deed::waits: return as.waits(at);
        case deed::writes: return as.writes(at);
        case deed::syncs: return as.syncs(at);
        case deed::comes_back: return as.comes_back(at, x.which);
        default: return as.takes(at, x.which, x.what == deed::takes_frame);
        }
    }
    const step& step_of_b(std::uint32_t at, const action& x) {
        switch (x.what) {
        case deed::crashes: return bs.crashes(at);
        case deed::forgets: return bs.forgets(at);
        case deed::writes: return bs.writes(at);
        case deed::syncs: return bs.syncs(at);
        case deed::comes_back: return bs.comes_back(at, x.which);
        case deed::looks: return bs.looks(at);
        case deed::accepts_next: return bs.takes_next(at, false);
        case deed::rejects_next: return bs.takes_next(at, true);
        case deed::accepts: return bs.settles(at, x.which, false);
        case deed::rejects: return bs.settles(at, x.which, true);
        case deed::commits: return bs.commits(at);
        default: return bs.takes(at, x.which);
        }
    }

    /// What is sent without anything changing is sent at once: the network never forgets, so the order does not matter.
    /// A machine that has not changed was asked already what it says to the frames that were there before, `old`.
    void send_all(world& w, const core& before, const network& old) {
        network told_a = w.now.a == before.a ? old : network();
        network told_b = w.now.b == before.b ? old : network();
        network told_c = w.now.c == before.c ? old : network();
        network told_relay = w.now.box == before.box ? old : network();
        w.net.add(a(w.now).sends);
        w.net.add(b(w.now).sends);
        if (rules_.c == third::sender) {
            w.net.add(c(w.now).sends);
        }
        w.net.add(boxes.early());
        for (network now; now != w.net;) {
            now = w.net;
            now.without(told_a).common(frames.to(place::at_a)).for_each([&](frame_id f) {
                add_if_same(w, f, w.now.a);
            });
            now.without(told_b).common(frames.to(place::at_b)).for_each([&](frame_id f) {
                add_if_same(w, bs.takes(w.now.b, f), w.now.b);
            });
            now.without(told_c).common(frames.to(place::at_c)).for_each([&](frame_id f) {
                add_if_same(w, f, w.now.c);
            });
            now.without(told_relay).common(frames.to_relay()).for_each([&](frame_id f) {
                add_if_same(w, boxes.takes(w.now.box, f, true), w.now.box);
                add_if_same(w, boxes.takes(w.now.box, f, false), w.now.box);
            });
            told_a = told_b = told_c = told_relay = now;
        }
    }
    void add_if_same(world& w, frame_id f, std::uint32_t sender) {
        add_if_same(w, as.takes(sender, f, true), sender);
        if (sending::may_be_forgotten(frames[f].what)) {
            add_if_same(w, as.takes(sender, f, false), sender);
        }
    }
    static void add_if_same(world& w, const step& s, std::uint32_t state) {
        if (s.to == state) {
            w.net.add(s.sent);
        }
    }
};

}  // namespace explore

#endif
