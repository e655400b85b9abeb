// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SIMULATION_WORLD_HPP
#define SIXFOLD_TESTS_SIMULATION_WORLD_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "simulation/app.hpp"
#include "simulation/bystander.hpp"
#include "simulation/network.hpp"
#include "simulation/relays.hpp"
#include "simulation/villain.hpp"

namespace simulation {

/// What became of a world.
struct outcome {
    std::string wrong;  ///< empty: the promise was kept
    std::uint64_t hash = 0;
    sightings seen;
    std::vector<decision> happened;
};

/// Clients, relays, their mailbox and the network between them, in one thread and in virtual time: first everything goes
/// wrong that the plan says, then all heals and must come to its end, fall silent, and not be moved by a replay of everything
/// that was ever sent.
class world {
  public:
    explicit world(const plan& what, std::optional<std::vector<decision>> only = {})
        : plan_(what), everybody_(static_cast<std::uint32_t>(what.clients + what.villains)),
          events_(clock_), bad_luck_(plan_, std::move(only)), dice_(~what.seed),
          book_(static_cast<std::uint32_t>(what.clients), everybody_, what.exceptions, seen_),
          told_(clock_), shared_{plan_, clock_, events_, bad_luck_, dice_, book_, seen_, told_},
          net_(shared_, everybody_, static_cast<std::uint32_t>(what.clients)),
          relays_(shared_, net_, everybody_), wakes_(everybody_, sixfold::never),
          paused_(everybody_) {}

    /// For a reader: each line, and a frame in words.
    void show(std::function<void(const std::string&)> print,
              std::function<std::string(const sixfold::frame&)> describe) {
        told_.print = std::move(print);
        told_.describe = std::move(describe);
    }

    outcome run() {
        outcome out;
        try {
            begin();
            go_on_until([this] { return bad_luck_.healed(); }, std::chrono::hours(24));
            const std::uint64_t healing = come_to_an_end("after everything has healed");
            seen_.healing_ms = relays_.carry_all() ? healing : 0;
            begin_new_lives();
            replay_everything();
            (void)come_to_an_end("after a replay of everything");
        } catch (const std::exception& what) {  // a violation, or what must not be thrown
            out.wrong = what.what();
            told_.say([&] { return "WRONG: " + out.wrong; });
        }
        for (app& each : apps_) {
            count_refusals(each);
        }
        seen_.simulated_seconds = static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::seconds>(clock_.now().time_since_epoch())
                .count());
        out.hash = told_.hash();
        out.seen = seen_;
        out.happened = bad_luck_.happened();
        for (const decision& each : out.happened) {
            ++out.seen.happened[static_cast<std::size_t>(each.kind)];
        }
        return out;
    }

  private:
    // --- the beginning ---------------------------------------------------------------------------------------------

    void begin() {
        for (client_number who = 0; who < plan_.clients; ++who) {
            const auto kind = plan_.disk < 3 ? plan_.disk : dice_.below(3);
            apps_.emplace_back(who, shared_, static_cast<disk>(kind), options_of(who));
            apps_.back().transmit = [this, who](sixfold::bytes packet) {
                send(who, packet);
            };
            apps_.back().begin(dice_.next());
            events_.after(std::chrono::milliseconds(dice_.below(2000)), happening::reconnect, who);
        }
        for (std::uint32_t i = 0; i < plan_.villains; ++i) {
            villains_.emplace_back(shared_, dice_.next(), everybody_);
            events_.after(1ms, happening::villainy, static_cast<client_number>(plan_.clients + i));
        }
        for (std::uint64_t i = 0; i < plan_.messages; ++i) {
            const auto from = static_cast<client_number>(dice_.below(plan_.clients));
            const auto other = static_cast<client_number>(dice_.below(plan_.clients - 1));
            write(from, other < from ? other : other + 1,
                  std::chrono::milliseconds(dice_.below(plan_.seconds * 1000)));
        }
        events_.after(tick_interval, happening::tick, 0);
        events_.after(std::chrono::seconds(plan_.seconds), happening::heal, 0);
    }
    void write(client_number from, client_number to, sixfold::duration when) {
        letter it;
        it.from = from;
        it.to = to;
        it.size = static_cast<std::size_t>(8 + dice_.below(plan_.payload - 7));
        it.rejected = it.too_large = it.size > plan_.taken;
        it.too_large_for_relay = it.size > plan_.relayed;
        book_.letters.push_back(it);
        events_.after(when, happening::submit, from, book_.letters.size() - 1);
    }
    [[nodiscard]] sixfold::client_options options_of(client_number who) {
        const auto small = [](std::uint64_t n) {
            return static_cast<std::uint32_t>(n);
        };
        sixfold::client_options o;
        o.self = name_of(who);
        o.life.start = 1000 * who;
        o.sender.window = small(plan_.window);
        o.sender.queue_entries = small(plan_.queue);
        o.sender.payload_max = small(plan_.payload);
        o.sender.queue_bytes = small(plan_.payload * plan_.queue);
        o.sender.unsettled_max = small(plan_.unsettled);
        o.sender.peer_entries = (o.sender.queue_entries + 1) / 2;
        o.sender.peers_max = everybody_;
        o.sender.burst = small(plan_.burst);
        o.sender.retry = {100ms, 20ms, 5s};
        o.sender.probe_max = 10s;
        o.receiver.window = small(plan_.width);
        o.receiver.exceptions = small(plan_.exceptions);
        o.receiver.payload_max = small(plan_.taken);
        o.receiver.held_entries = small(plan_.held);
        o.receiver.held_bytes = small(plan_.taken * plan_.held);
        o.receiver.peers_max = everybody_;
        o.receiver.retry = {100ms, 20ms, 5s};
        o.receiver.sync_interval = 10s;
        o.receiver.delivery = dice_.below(2) < plan_.as_it_comes ? sixfold::delivery::as_it_comes
                                                                 : sixfold::delivery::in_order;
        return o;
    }

    // --- events ------------------------------------------------------------------------------------------------------

    template <class Done>
    bool go_on_until(Done done, sixfold::duration limit) {
        const sixfold::time_point end = sixfold::later(clock_.now(), limit);
        for (std::uint64_t i = 0; !done(); ++i) {
            if (events_.next() > end) {
                clock_.set(end);
                return false;
            }
            demand(i < 3'000'000, "it goes on for ever");
            const event next = events_.take();
            clock_.set(next.at);
            ++seen_.events;
            told_.add(static_cast<std::uint64_t>(next.at.time_since_epoch().count()));
            told_.add(static_cast<std::uint64_t>(next.what) << 56 | std::uint64_t{next.who} << 48 |
                      next.which);
            happen(next);
        }
        return true;
    }
    void happen(const event& it) {
        switch (it.what) {
        case happening::submit: submit(it.who, static_cast<letter_number>(it.which)); break;
        case happening::cancel: cancel(it.who, static_cast<letter_number>(it.which)); break;
        case happening::forget: forget(it.who, static_cast<client_number>(it.which)); break;
        case happening::sign: write(it.who, static_cast<client_number>(it.which), 0s); break;
        case happening::turn: wake(it); break;
        case happening::restart: restart(it.who); break;
        case happening::reconnect: connect(it.who); break;
        case happening::link_down: relays_.link_is_down(it.who, it.which); break;
        case happening::arrives: arrive(it.who, static_cast<std::size_t>(it.which)); break;
        case happening::tick: tick(); break;
        case happening::store_does: relays_.store_does(it.which); break;
        case happening::store_answers: relays_.store_answers(it.which); break;
        case happening::villainy: be_bad(it.who); break;
        case happening::heal: heal(); break;
        }
    }

    // --- the apps ----------------------------------------------------------------------------------------------------

    void submit(client_number from, letter_number id) {
        app& it = apps_[from];
        if (!it.alive()) {
            events_.after(1s, happening::submit, from, id);
            return;
        }
        letter& what = book_.letters[id];
        sixfold::send_options how;
        if (auto dice = bad_luck_.happens(fault::expire)) {
            how.expires_after = std::chrono::milliseconds(1 + dice->below(10'000));
        }
        if (bad_luck_.happens(fault::not_stored)) {
            how.storing = sixfold::storing::forbidden;
        }
        what.perishable = how.expires_after != (sixfold::duration::max)() ||
                          how.storing == sixfold::storing::forbidden;
        if (auto dice = bad_luck_.happens(fault::cancel)) {
            events_.after(std::chrono::milliseconds(dice->below(5000)), happening::cancel, from,
                          id);
        }
        if (auto dice = bad_luck_.happens(fault::forget)) {
            events_.after(std::chrono::milliseconds(dice->below(5000)), happening::forget, from,
                          what.to);
        }
        it.submit(id, how);
        told_.say([&] {
            return name(from) + " submits #" + std::to_string(id) + " to " + name(what.to);
        });
        turn(from);
    }
    void cancel(client_number from, letter_number id) {
        book_.letters[id].cancelled = true;
        apps_[from].cancel(id);
        told_.say([&] { return name(from) + " takes back #" + std::to_string(id); });
        turn(from);
    }
    void forget(client_number from, client_number to) {
        if (!bad_luck_.healed()) {  // then it would owe a sign
            book_.gives_up(from, to);
            apps_[from].forget(to);
            told_.say([&] { return name(from) + " gives up " + name(to); });
            turn(from);
        }
    }
    void wake(const event& it) {
        if (wakes_[it.who] == it.at) {
            wakes_[it.who] = sixfold::never;
        }
        turn(it.who);
    }
    void turn(client_number who) {
        app& it = apps_[who];
        if (!it.alive()) {
            return;
        }
        if (is_paused(who)) {
            if (paused_[who] < wakes_[who]) {
                wakes_[who] = paused_[who];
                events_.at(paused_[who], happening::turn, who);
            }
            return;
        }
        try {
            it.turn();
        } catch (const pulled_plug&) {
            crash(who);
            return;
        }
        const sixfold::time_point due = (std::max)(
            it.clock().in_world(it.machine().next_deadline()), sixfold::later(clock_.now(), 1us));
        if (due < wakes_[who]) {
            wakes_[who] = due;
            events_.at(due, happening::turn, who);
        }
    }
    [[nodiscard]] bool is_paused(client_number who) const { return paused_[who] > clock_.now(); }
    void crash(client_number who) {
        told_.say([&] { return name(who) + " crashes"; });
        count_refusals(apps_[who]);
        drop_link(who);
        apps_[who].crash();
        const std::uint64_t longest = dice_.below(100) == 0 ? 3'600'000 : 10'000;
        events_.after(std::chrono::milliseconds(100 + dice_.below(longest)), happening::restart,
                      who);
    }
    void restart(client_number who) {
        app& it = apps_[who];
        if (it.alive()) {
            return;
        }
        told_.say([&] { return name(who) + " begins a new life"; });
        it.begin(dice_.next());
        wakes_[who] = sixfold::never;
        paused_[who] = {};
        connect(who);
    }
    void count_refusals(app& who) {
        if (who.alive()) {
            seen_.add(who.machine().refusals());
            seen_.add(who.machine().sender().refusals());
            seen_.add(who.machine().receiver().refusals());
        }
    }

    // --- links and packets -------------------------------------------------------------------------------------------

    void connect(client_number who) {
        if (book_.honest(who) && !apps_[who].alive()) {
            return;
        }
        drop_link(who);
        relays_.connect(who);
        if (book_.honest(who)) {
            apps_[who].link_up(relays_.mode(), net_.transport_of(who));
            turn(who);
        }
    }
    void drop_link(client_number who) {
        if (!relays_.linked(who)) {
            return;
        }
        relays_.drop_link(who);
        if (book_.honest(who) && apps_[who].alive()) {
            apps_[who].machine().link_down();
        }
    }
    /// A client puts a packet out.
    void send(client_number who, sixfold::bytes packet) {
        told_.add(packet);
        sixfold::packet_reader reader(packet);
        while (const auto one = reader.next()) {
            sixfold::frame what;
            demand(sixfold::decode(*one, relays_.framing_of(who), what) == sixfold::refusal::none,
                   "a client puts out what cannot be read");
            told_.say_frame([&] { return name(who) + " -> relay"; }, what);
            talk_ += book_.between_honest(who, what) ? 1 : 0;
            book_.sent(who, what);
        }
        demand(reader.refused() == sixfold::refusal::none, "a client puts out half a frame");
        net_.send(who, relays_.relay_of(who), relays_.link_of(who), true, packet);
    }
    void arrive(client_number who, std::size_t which) {
        const packet& it = net_[which];
        if (net_.transport_of(who) == sixfold::transport::byte_stream &&
            it.link != relays_.link_of(who)) {
            return;  // what was in it has ended with its link
        }
        const std::vector<std::byte> bytes(net_.bytes_of(which).begin(),
                                           net_.bytes_of(which).end());
        if (it.to_relay) {
            relays_.take(bad_luck_.healed() ? relays_.relay_of(who) : it.relay, who, bytes);
        } else if (book_.honest(who) && is_paused(who)) {
            seen_.see(sight::paused);
            events_.at(paused_[who], happening::arrives, who, which);
        } else if (book_.honest(who) && apps_[who].alive() && relays_.linked(who)) {
            watch(apps_[who].machine(), bytes, relays_.framing_of(who), seen_);
            apps_[who].handle(bytes);
            turn(who);
        }
    }

    // --- what goes wrong by itself -----------------------------------------------------------------------------------

    void tick() {
        if (bad_luck_.healed()) {
            return;
        }
        for (client_number who = 0; who < plan_.clients; ++who) {
            lose_touch(who);
            if (auto dice = bad_luck_.happens(fault::pause)) {
                paused_[who] =
                    sixfold::later(clock_.now(), std::chrono::milliseconds(1 << dice->below(15)));
            }
            if (auto dice = bad_luck_.happens(fault::clock)) {
                set_clock(who, *dice);
            }
            if (bad_luck_.happens(fault::retention)) {
                relays_.mailbox().take_back(name_of(who));
            }
        }
        events_.after(tick_interval, happening::tick, 0);
    }
    void lose_touch(client_number who) {
        if (auto dice = bad_luck_.happens(fault::cut)) {
            const auto until =
                sixfold::later(clock_.now(), std::chrono::milliseconds(dice->below(20'000)));
            const std::uint64_t how = dice->below(3);
            if (how != 1) {
                net_.cut(who, true, until);
            }
            if (how != 0) {
                net_.cut(who, false, until);
            }
        }
        if (auto dice = bad_luck_.happens(fault::flap)) {
            drop_link(who);
            const std::uint64_t longest = dice->below(4) == 0 ? 60'000 : 500;
            events_.after(std::chrono::milliseconds(dice->below(longest)), happening::reconnect,
                          who);
        }
        if (bad_luck_.happens(fault::failover)) {
            seen_.see(sight::failover);
            connect(who);
        }
    }
    void set_clock(client_number who, sixfold::random_source dice) {
        seen_.see(apps_[who].clock().change(dice) ? sight::clock_back : sight::clock_forward);
        wakes_[who] = sixfold::never;
        turn(who);
    }
    void be_bad(client_number who) {
        if (bad_luck_.healed()) {
            return;
        }
        if (!relays_.linked(who) || dice_.below(50) == 0) {
            connect(who);
        }
        const auto all = villains_[who - plan_.clients].packet(relays_.framing_of(who));
        told_.add(all);
        net_.send(who, relays_.relay_of(who), relays_.link_of(who), true, all);
        events_.after(std::chrono::milliseconds(1 + dice_.below(500)), happening::villainy, who);
    }

    // --- the end -----------------------------------------------------------------------------------------------------

    /// Nothing goes wrong any more: everybody is linked, and who has lost its journal writes to its peers again. A calm end has
    /// no new link where there is one, for a new link asks for everything; where there are several relays, and a pair may store
    /// less than its sender has there and in its window, one of them is left. (spec 5.9)
    void heal() {
        told_.say([] { return "everything heals"; });
        bad_luck_.heal();
        net_.heal();
        paused_.assign(everybody_, {});
        const bool calm = plan_.calm != 0 &&
                          (plan_.relays == 1 || plan_.stored >= plan_.window + plan_.unsettled);
        calm ? relays_.forget_dead_links() : relays_.begin_again();
        for (std::uint32_t i = 0; i < plan_.villains; ++i) {
            drop_link(static_cast<client_number>(plan_.clients + i));
        }
        for (client_number who = 0; who < plan_.clients; ++who) {
            for (const client_number to : apps_[who].written_to()) {
                if (book_.memory(who) != 0 || book_.given_up(who, to)) {
                    seen_.see(sight::knock);
                    write(who, to, 1s);
                }
            }
            apps_[who].clock().heal();
            if (!apps_[who].alive()) {
                restart(who);
            } else if (calm && relays_.linked(who)) {
                turn(who);
            } else {
                connect(who);
            }
        }
    }
    /// Of the honest; what villains have left there may lie for ever.
    [[nodiscard]] bool none_waits_in_mailbox() {
        for (client_number who = 0; who < plan_.clients; ++who) {
            if (relays_.mailbox().waits_for(who)) {
                return false;
            }
        }
        return true;
    }
    [[nodiscard]] bool all_done() {
        return std::all_of(apps_.begin(), apps_.end(),
                           [](const app& each) { return each.at_rest(); }) &&
               std::none_of(book_.letters.begin(), book_.letters.end(),
                            [this](const letter& each) {
                                return !each.submitted || book_.open(each) != nullptr;
                            }) &&
               none_waits_in_mailbox();
    }
    /// How many milliseconds of virtual time that took.
    std::uint64_t come_to_an_end(const std::string& when) {
        const sixfold::time_point begin = clock_.now();
        const sixfold::duration limit = (std::max)(rests_until() - begin, 0ns) + needs();
        seen_.see(sight::settled_apart, !relays_.carry_all());
        std::uint64_t looked = 0;
        if (!go_on_until([&] { return looked++ % 16 == 0 && all_done(); }, limit) && !all_done()) {
            throw violation(why_not_done() + ", " + when);
        }
        const auto took =
            std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - begin);
        (void)go_on_until([] { return false; }, relays_.carry_all() ? calm_within : rests_apart);
        const std::uint64_t before = talk_ + relays_.talk();
        (void)go_on_until([] { return false; }, std::chrono::minutes(5));
        demand(talk_ + relays_.talk() == before, "there is no silence, " + when);
        demand(all_done(), "what was done is not any more, " + when);
        return static_cast<std::uint64_t>(took.count());
    }
    /// How long it takes at most, behind the last rest that has begun. Where nothing is carried all waits for receivers to look and for
    /// senders to ask, at their slowest, and then for as many rounds as there are messages that cannot be under way at once.
    [[nodiscard]] sixfold::duration needs() const {
        if (relays_.carry_all()) {
            return ends_within + 100 * std::chrono::milliseconds(plan_.latency);
        }
        const std::uint64_t at_once = (std::min)({plan_.window, plan_.unsettled, plan_.queue});
        return 2 * rests_apart + 10min * static_cast<int>(book_.letters.size() / at_once);
    }
    /// When the last stream that rests asks again: a clock that jumps takes it from its first pause, a minute, to the next
    /// ones. (spec 3.10)
    [[nodiscard]] sixfold::time_point rests_until() {
        using access = sixfold::test_access;
        sixfold::time_point last = clock_.now();
        for (app& each : apps_) {
            sixfold::sender& a = each.machine().sender();
            for (std::size_t which = 0; which < access::streams(a); ++which) {
                const sixfold::peer to = access::receiver(a, which);
                if (!to.valid()) {
                    continue;  // it was given up
                }
                const sixfold::time_point due = access::timer(a, to);
                if (due != sixfold::never &&
                    access::alarm(a, to) == sixfold::stream_timer::alarm::resting) {
                    last = (std::max)(last, each.clock().in_world(due));
                }
            }
        }
        return last;
    }
    [[nodiscard]] std::string why_not_done() const {
        for (std::size_t i = 0; i < book_.letters.size(); ++i) {
            if (const char* why = book_.open(book_.letters[i])) {
                return "#" + std::to_string(i) + ": " + why;
            }
        }
        return "the mailbox is not empty, or an app is not at rest";
    }
    /// Half of those that have a disk know from now on what is on it, and no more.
    void begin_new_lives() {
        for (app& each : apps_) {
            if (each.has_disk() && dice_.below(2) == 0) {
                crash(each.number());
                restart(each.number());
            }
        }
    }
    /// Everything that was ever sent arrives again, in any order, and now and then at somebody else.
    void replay_everything() {
        told_.say([] { return "a replay of everything"; });
        const std::size_t all = net_.size();
        for (std::size_t i = 0; i < (std::min)(all, replayed_max); ++i) {
            const auto which = static_cast<std::size_t>(all <= replayed_max ? i : dice_.below(all));
            const bool astray = plan_.checked != 0 && dice_.below(10) == 0;
            const client_number who =
                astray ? static_cast<client_number>(dice_.below(everybody_)) : net_[which].client;
            events_.after(std::chrono::milliseconds(dice_.below(10'000)), happening::arrives, who,
                          which);
        }
    }

    [[nodiscard]] static std::string name(client_number who) {
        return std::string(name_of(who).name());
    }

    static constexpr sixfold::duration tick_interval = std::chrono::milliseconds(100);
    /// Some rounds of what is slowest, the looks into the mailbox and the probes, every 10 s.
    static constexpr sixfold::duration ends_within = std::chrono::seconds(90);
    static constexpr sixfold::duration calm_within = std::chrono::minutes(5);
    /// A look into the mailbox and a question about what lies there, both at their slowest.
    static constexpr sixfold::duration rests_apart = std::chrono::minutes(150);
    static constexpr std::size_t replayed_max = 3000;

    plan plan_;
    std::uint32_t everybody_;
    sixfold::manual_clock clock_;
    agenda events_;
    faults bad_luck_;
    sixfold::random_source dice_;
    sightings seen_;
    ledger book_;
    trace told_;
    surroundings shared_;
    network net_;
    relays relays_;
    std::deque<app> apps_;
    std::deque<villain> villains_;
    std::vector<sixfold::time_point> wakes_;
    std::vector<sixfold::time_point> paused_;  // until then a client stands still
    std::uint64_t talk_ = 0;  // frames of the honest to the honest, and of what became of them
};

}  // namespace simulation

#endif
