// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SIMULATION_WORLD_HPP
#define SIXFOLD_TESTS_SIMULATION_WORLD_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "simulation/app.hpp"
#include "simulation/network.hpp"
#include "simulation/store.hpp"
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
        : plan_(what), bad_luck_(plan_, std::move(only)),
          everybody_(static_cast<std::uint32_t>(what.clients + what.villains)),
          book_(static_cast<std::uint32_t>(what.clients), everybody_, seen_), shared_{plan_,
                                                                                      bad_luck_,
                                                                                      book_, seen_,
                                                                                      clock_},
          dice_(~what.seed), mailbox_(shared_, mailbox_limits()), net_(shared_, everybody_),
          links_(everybody_) {
        net_.deliver = [this](std::size_t which, client_number at, sixfold::duration after) {
            later(after, happening::arrives, at, which);
        };
    }

    /// Is given a line for each event; for a reader.
    std::function<void(const std::string&)> print;

    outcome run() {
        outcome out;
        try {
            begin();
            go_on_until([this] { return bad_luck_.healed(); }, std::chrono::hours(24));
            come_to_an_end("after everything has healed");
            replay_everything();
            come_to_an_end("after a replay of everything");
        } catch (const violation& what) {
            out.wrong = what.what();
            say("WRONG: " + out.wrong);
        }
        for (const app& each : apps_) {
            count_refusals(each);
        }
        seen_.simulated_seconds = static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::seconds>(clock_.now().time_since_epoch())
                .count());
        out.hash = trace_.hash();
        out.seen = seen_;
        out.happened = bad_luck_.happened();
        return out;
    }

  private:
    enum class happening : std::uint8_t {
        submit,
        cancel,
        turn,
        restart,
        reconnect,
        link_down,
        arrives,
        tick,
        store_does,
        store_answers,
        villainy,
        heal,
    };
    struct event {
        sixfold::time_point at;
        std::uint64_t ordinal;
        happening what;
        client_number who;
        std::uint64_t which;
        friend bool operator<(const event& a, const event& b) {
            return a.at != b.at ? a.at > b.at
                                : a.ordinal > b.ordinal;  // the top of the heap is first
        }
    };
    struct link {
        std::uint32_t relay = 0;
        sixfold::link_id id = sixfold::link_id::none;  // none: it has none
    };
    struct relay_host {
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

    // --- the beginning ---------------------------------------------------------------------------------------------

    void begin() {
        for (std::uint32_t i = 0; i < plan_.relays; ++i) {
            hosts_.push_back({make_relay(), 0, std::vector<sixfold::link_id>(everybody_)});
        }
        for (client_number who = 0; who < plan_.clients; ++who) {
            const auto kind = plan_.disk < 3 ? plan_.disk : dice_.below(3);
            apps_.emplace_back(who, shared_, static_cast<disk>(kind), options_of(who));
            app& it = apps_.back();
            it.transmit = [this, who](sixfold::bytes packet) {
                send(who, packet);
            };
            it.call_later = [this, who](sixfold::duration after) {
                later(after, happening::turn, who, 0);
            };
            it.begin(dice_.next());
            later(std::chrono::milliseconds(dice_.below(2000)), happening::reconnect, who, 0);
        }
        wakes_.assign(everybody_, sixfold::never);
        for (std::uint32_t i = 0; i < plan_.villains; ++i) {
            villains_.emplace_back(shared_, dice_.next(), everybody_);
            later(1ms, happening::villainy, static_cast<client_number>(plan_.clients + i), 0);
        }
        for (std::uint64_t i = 0; i < plan_.messages; ++i) {
            const auto from = static_cast<client_number>(dice_.below(plan_.clients));
            const auto other = static_cast<client_number>(dice_.below(plan_.clients - 1));
            write(from, other < from ? other : other + 1, random_time());
        }
        later(tick_interval, happening::tick, 0, 0);
        later(std::chrono::seconds(plan_.seconds), happening::heal, 0, 0);
    }
    void write(client_number from, client_number to, sixfold::duration when) {
        letter it;
        it.from = from;
        it.to = to;
        it.size = static_cast<std::size_t>(8 + dice_.below(plan_.payload - 7));
        it.rejected = it.size > plan_.taken;
        book_.letters.push_back(it);
        later(when, happening::submit, from, book_.letters.size() - 1);
    }
    [[nodiscard]] sixfold::duration random_time() {
        return std::chrono::milliseconds(dice_.below(plan_.seconds * 1000));
    }
    [[nodiscard]] sixfold::relay make_relay() {
        sixfold::relay_options o;
        o.peers_max = everybody_;
        o.payload_max = static_cast<std::uint32_t>(plan_.payload);
        o.seed = dice_.next();
        return sixfold::relay::create(o).value();
    }
    [[nodiscard]] sixfold::mailbox_limits mailbox_limits() const {
        sixfold::mailbox_limits o;
        o.rows_per_pair_max = plan_.stored;
        o.page_rows = plan_.page;
        return o;
    }
    [[nodiscard]] sixfold::client_options options_of(client_number who) {
        const auto small = [](std::uint64_t n) {
            return static_cast<std::uint32_t>(n);
        };
        sixfold::client_options o;
        o.self = name_of(who);
        o.start = 1000 * who;
        o.sender.window = small(plan_.window);
        o.sender.queue_entries = small(plan_.queue);
        o.sender.payload_max = small(plan_.payload);
        o.sender.queue_bytes = small(plan_.payload * plan_.queue);
        o.sender.unsettled_max = small(plan_.unsettled);
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

    void later(sixfold::duration after, happening what, client_number who, std::uint64_t which) {
        events_.push({sixfold::later(clock_.now(), after), ordinal_++, what, who, which});
    }
    template <class Done>
    bool go_on_until(Done done, sixfold::duration limit) {
        const sixfold::time_point end = sixfold::later(clock_.now(), limit);
        for (std::uint64_t i = 0; !done(); ++i) {
            if (events_.empty() || events_.top().at > end) {
                clock_.set(end);
                return false;
            }
            demand(i < 3'000'000, "it goes on for ever");
            const event next = events_.top();
            events_.pop();
            clock_.set(next.at);
            ++seen_.events;
            trace_.add(static_cast<std::uint64_t>(next.at.time_since_epoch().count()));
            trace_.add(static_cast<std::uint64_t>(next.what) << 56 | std::uint64_t{next.who} << 48 |
                       next.which);
            happen(next);
        }
        return true;
    }
    void happen(const event& it) {
        switch (it.what) {
        case happening::submit: submit(it.who, static_cast<letter_number>(it.which)); break;
        case happening::cancel: cancel(it.who, static_cast<letter_number>(it.which)); break;
        case happening::turn: wake(it); break;
        case happening::restart: restart(it.who); break;
        case happening::reconnect: connect(it.who); break;
        case happening::link_down:
            link_is_down(static_cast<std::uint32_t>(it.who), it.which);
            break;
        case happening::arrives: arrive(it.who, static_cast<std::size_t>(it.which)); break;
        case happening::tick: tick(); break;
        case happening::store_does: store_does(it.which); break;
        case happening::store_answers: store_answers(it.which); break;
        case happening::villainy: be_bad(it.who); break;
        case happening::heal: heal(); break;
        }
    }

    // --- the apps ----------------------------------------------------------------------------------------------------

    void submit(client_number from, letter_number id) {
        app& it = apps_[from];
        if (!it.alive()) {
            later(1s, happening::submit, from, id);
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
            later(std::chrono::milliseconds(dice->below(5000)), happening::cancel, from, id);
        }
        it.submit(id, how);
        say_if([&] {
            return name(from) + " submits #" + std::to_string(id) + " to " + name(what.to);
        });
        turn(from);
    }
    void cancel(client_number from, letter_number id) {
        book_.letters[id].cancelled = true;
        apps_[from].cancel(id);
        say_if([&] { return name(from) + " takes back #" + std::to_string(id); });
        turn(from);
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
            events_.push({due, ordinal_++, happening::turn, who, 0});
        }
    }
    void crash(client_number who) {
        say_if([&] { return name(who) + " crashes"; });
        count_refusals(apps_[who]);
        drop_link(who);
        apps_[who].crash();
        later(std::chrono::milliseconds(100 +
                                        dice_.below(dice_.below(100) == 0 ? 3'600'000 : 10'000)),
              happening::restart, who, 0);
    }
    void restart(client_number who) {
        app& it = apps_[who];
        if (it.alive()) {
            return;
        }
        say_if([&] { return name(who) + " begins a new life"; });
        it.begin(dice_.next());
        wakes_[who] = sixfold::never;
        connect(who);
    }
    void count_refusals(const app& who) {
        if (!who.alive()) {
            return;
        }
        const sixfold::client& it = const_cast<app&>(who).machine();
        for (std::size_t i = 1; i < sixfold::refusal_kinds; ++i) {
            const auto why = static_cast<sixfold::refusal>(i);
            seen_.refused[i] +=
                it.refusals()[why] + it.sender().refusals()[why] + it.receiver().refusals()[why];
        }
    }

    // --- links -------------------------------------------------------------------------------------------------------

    void connect(client_number who) {
        const bool villain = !book_.honest(who);
        if (!villain && !apps_[who].alive()) {
            return;
        }
        drop_link(who);
        const auto where =
            static_cast<std::uint32_t>(bad_luck_.healed() ? 0 : dice_.below(plan_.relays));
        const auto mode = plan_.checked != 0 ? sixfold::checksum::on : sixfold::checksum::off;
        links_[who] = {where, sixfold::link_id{++link_count_}};
        demand(hosts_[where].machine.link_up(links_[who].id, name_of(who), mode).has_value(),
               "a relay has no room for a link");
        hosts_[where].links[who] = links_[who].id;
        say_if([&] { return name(who) + " is linked to relay " + std::to_string(where); });
        if (!villain) {
            apps_[who].machine().link_up(mode);
            turn(who);
        }
    }
    /// The client has lost its link; the relay finds out later.
    void drop_link(client_number who) {
        link& it = links_[who];
        if (it.id == sixfold::link_id::none) {
            return;
        }
        later(std::chrono::milliseconds(dice_.below(dice_.below(4) == 0 ? 60'000 : 1000)),
              happening::link_down, it.relay, static_cast<std::uint64_t>(it.id));
        it.id = sixfold::link_id::none;
        if (book_.honest(who) && apps_[who].alive()) {
            apps_[who].machine().link_down();
        }
    }
    void link_is_down(std::uint32_t relay, std::uint64_t id) {
        hosts_[relay].machine.link_down(sixfold::link_id{id});
    }

    // --- packets -----------------------------------------------------------------------------------------------------

    [[nodiscard]] sixfold::framing framing_of(client_number who) const {
        return sixfold::framing(name_of(who), plan_.checked != 0 ? sixfold::checksum::on
                                                                 : sixfold::checksum::off);
    }
    /// A client puts a packet out.
    void send(client_number who, sixfold::bytes packet) {
        trace_.add(packet);
        sixfold::packet_reader reader(packet);
        while (const auto one = reader.next()) {
            sixfold::frame what;
            demand(sixfold::decode(*one, framing_of(who), what) == sixfold::refusal::none,
                   "a client puts out what cannot be read");
            note(what);
            say_frame(who, true, what);
            if (const auto* msg = std::get_if<sixfold::msg_request>(&what)) {
                book_.sent(who, number_of(msg->to), what);
            } else if (const auto* ack = std::get_if<sixfold::ack_request>(&what)) {
                book_.sent(who, number_of(ack->to), what);
            }
        }
        demand(reader.refused() == sixfold::refusal::none, "a client puts out half a frame");
        net_.send(who, links_[who].relay, true, packet);
    }
    void arrive(client_number who, std::size_t which) {
        const packet& it = net_[which];
        const std::vector<std::byte> bytes(net_.bytes_of(which).begin(),
                                           net_.bytes_of(which).end());
        it.to_relay ? at_relay(it.relay, who, bytes) : at_client(who, bytes);
    }
    void at_client(client_number who, sixfold::bytes packet) {
        if (!book_.honest(who) || !apps_[who].alive() || links_[who].id == sixfold::link_id::none) {
            return;
        }
        (void)apps_[who].machine().handle(packet);
        turn(who);
    }
    void at_relay(std::uint32_t where, client_number who, sixfold::bytes packet) {
        const sixfold::link_id id = hosts_[where].links[who];
        sixfold::reactions out;
        try {
            (void)hosts_[where].machine.handle(id, packet, out);
            while (const auto request = out.next_request()) {
                ask_mailbox(where, *request, out);
            }
            put_out(where, out);
        } catch (const pulled_plug&) {
            crash_relay(where);
        }
    }
    void ask_mailbox(std::uint32_t where,
                     const sixfold::mailbox_request& request,
                     sixfold::reactions& out) {
        relay_effect(sight::relay_crash_before_put);
        if (auto dice = bad_luck_.happens(fault::store_late)) {
            pending_.push_back({where,
                                hosts_[where].life,
                                kept_request(request, framing_of(number_of(request.from))),
                                {}});
            later(std::chrono::milliseconds(dice->below(1000)), happening::store_does, 0,
                  pending_.size() - 1);
            return;
        }
        const sixfold::mailbox_outcome outcome = mailbox_.execute(request);
        relay_effect(sight::relay_crash_before_answer);
        (void)hosts_[where].machine.complete(request, outcome, out);
    }
    void store_does(std::uint64_t which) {
        pending& it = pending_[static_cast<std::size_t>(which)];
        it.result.emplace(mailbox_.execute(it.request.again()));
        later(std::chrono::milliseconds(dice_.below(1000)), happening::store_answers, 0, which);
    }
    void store_answers(std::uint64_t which) {
        pending& it = pending_[static_cast<std::size_t>(which)];
        if (hosts_[it.relay].life != it.life) {
            seen_.see(sight::answered_later_life);  // and nobody hears it
            return;
        }
        sixfold::reactions out;
        (void)hosts_[it.relay].machine.complete(it.request.again(), it.result->again(), out);
        try {
            put_out(it.relay, out);
        } catch (const pulled_plug&) {
            crash_relay(it.relay);
        }
    }
    void put_out(std::uint32_t where, const sixfold::reactions& out) {
        for (const sixfold::outgoing& each : out.frames()) {
            relay_effect(sight::relay_crash_before_frame);
            trace_.add(each.bytes);
            const client_number to = number_of(each.to);
            if (to >= everybody_) {
                continue;  // a villain has made it up
            }
            if (each.link == sixfold::link_id::none) {
                carry(to, each.bytes);
            } else if (each.link == links_[to].id) {
                note_frame(to, each.bytes);
                net_.send(to, where, false, each.bytes);
            } else {
                seen_.see(sight::stale_link);
            }
        }
    }
    /// To the relay that has the link. It is a hint, so it may be lost.
    void carry(client_number to, sixfold::bytes frame) {
        if (plan_.checked != 0 && links_[to].id != sixfold::link_id::none &&
            !bad_luck_.happens(fault::bus)) {
            seen_.see(sight::carried);
            note_frame(to, frame);
            net_.send(to, links_[to].relay, false, frame);
        }
    }
    void relay_effect(sight what) {
        if (bad_luck_.happens(fault::relay_crash)) {
            seen_.see(what);
            throw pulled_plug();
        }
    }
    void crash_relay(std::uint32_t where) {
        say_if([&] { return "relay " + std::to_string(where) + " crashes"; });
        ++seen_.crashes;
        new_relay(where);
        for (client_number who = 0; who < everybody_; ++who) {
            if (links_[who].id != sixfold::link_id::none && links_[who].relay == where) {
                later(std::chrono::milliseconds(dice_.below(5000)), happening::reconnect, who, 0);
            }
        }
    }
    void new_relay(std::uint32_t where) {
        const std::uint64_t life = hosts_[where].life + 1;
        for (std::size_t i = 1; i < sixfold::refusal_kinds; ++i) {
            seen_.refused[i] += hosts_[where].machine.refusals()[static_cast<sixfold::refusal>(i)];
        }
        hosts_[where] = {make_relay(), life, std::vector<sixfold::link_id>(everybody_)};
    }

    // --- what goes wrong by itself -----------------------------------------------------------------------------------

    void tick() {
        if (bad_luck_.healed()) {
            return;
        }
        for (client_number who = 0; who < plan_.clients; ++who) {
            if (auto dice = bad_luck_.happens(fault::cut)) {
                const auto until =
                    sixfold::later(clock_.now(), std::chrono::milliseconds(dice->below(20'000)));
                const std::uint64_t how = dice->below(3);
                how != 1 ? net_.cut(who, true, until) : void();
                how != 0 ? net_.cut(who, false, until) : void();
            }
            if (auto dice = bad_luck_.happens(fault::flap)) {
                drop_link(who);
                later(std::chrono::milliseconds(dice->below(dice->below(4) == 0 ? 60'000 : 500)),
                      happening::reconnect, who, 0);
            }
            if (bad_luck_.happens(fault::failover)) {
                seen_.see(sight::failover);
                connect(who);
            }
            if (auto dice = bad_luck_.happens(fault::clock)) {
                set_clock(who, *dice);
            }
            if (bad_luck_.happens(fault::retention)) {
                mailbox_.take_back(name_of(who));
            }
        }
        later(tick_interval, happening::tick, 0, 0);
    }
    void set_clock(client_number who, sixfold::random_source dice) {
        skewed_clock& it = apps_[who].clock();
        const sixfold::time_point before = it.now();
        it.latest = (std::max)(it.latest, before);
        if (dice.below(2) == 0) {
            it.drift = static_cast<std::int64_t>(dice.below(201)) - 100;
        } else {
            it.offset += static_cast<std::int64_t>(dice.below(1'200'000'000'000)) - 600'000'000'000;
        }
        seen_.see(it.now() < before ? sight::clock_back : sight::clock_forward);
        wakes_[who] = sixfold::never;
        turn(who);
    }
    void be_bad(client_number who) {
        if (bad_luck_.healed()) {
            return;
        }
        if (links_[who].id == sixfold::link_id::none || dice_.below(50) == 0) {
            connect(who);
        }
        const auto all = villains_[who - plan_.clients].packet(framing_of(who));
        trace_.add(all);
        net_.send(who, links_[who].relay, true, all);
        later(std::chrono::milliseconds(1 + dice_.below(500)), happening::villainy, who, 0);
    }

    // --- the end -----------------------------------------------------------------------------------------------------

    /// Nothing goes wrong any more: one relay, everybody is linked, and who has lost its journal writes to its peers again.
    void heal() {
        say("everything heals");
        bad_luck_.heal();
        net_.heal();
        for (std::uint32_t i = 0; i < plan_.relays; ++i) {
            new_relay(i);
        }
        for (std::uint32_t i = 0; i < plan_.villains; ++i) {
            drop_link(static_cast<client_number>(plan_.clients + i));
        }
        for (client_number who = 0; who < plan_.clients; ++who) {
            if (book_.memory(who) != 0) {
                for (const client_number to : apps_[who].written_to()) {
                    seen_.see(sight::knock);
                    write(who, to, 1s);
                }
            }
            apps_[who].clock().heal();
            apps_[who].alive() ? connect(who) : restart(who);
        }
    }
    [[nodiscard]] bool all_done() const {
        return std::all_of(apps_.begin(), apps_.end(),
                           [](const app& each) { return each.at_rest(); }) &&
               std::none_of(book_.letters.begin(), book_.letters.end(),
                            [this](const letter& each) {
                                return !each.submitted || book_.open(each) != nullptr;
                            }) &&
               (plan_.villains != 0 || mailbox_.rows() == 0);
    }
    void come_to_an_end(const std::string& when) {
        std::uint64_t looked = 0;
        if (!go_on_until([&] { return looked++ % 16 == 0 && all_done(); }, std::chrono::hours(2))) {
            throw violation(why_not_done() + ", " + when);
        }
        (void)go_on_until([] { return false; }, std::chrono::minutes(5));
        const std::uint64_t before = talk_;
        (void)go_on_until([] { return false; }, std::chrono::minutes(5));
        demand(plan_.villains != 0 || talk_ == before, "there is no silence, " + when);
        demand(all_done(), "what was done is not any more, " + when);
    }
    [[nodiscard]] std::string why_not_done() const {
        for (std::size_t i = 0; i < book_.letters.size(); ++i) {
            if (const char* why = book_.open(book_.letters[i])) {
                return "#" + std::to_string(i) + ": " + why;
            }
        }
        return "the mailbox is not empty, or an app is not at rest";
    }
    /// Everything that was ever sent arrives again, in any order, and now and then at somebody else.
    void replay_everything() {
        say("a replay of everything");
        const std::size_t all = net_.size();
        for (std::size_t i = 0; i < (std::min)(all, replayed_max); ++i) {
            const auto which = static_cast<std::size_t>(all <= replayed_max ? i : dice_.below(all));
            const bool astray = plan_.checked != 0 && dice_.below(10) == 0;
            const client_number who =
                astray ? static_cast<client_number>(dice_.below(everybody_)) : net_[which].client;
            later(std::chrono::milliseconds(dice_.below(10'000)), happening::arrives, who, which);
        }
    }

    // --- what can be seen --------------------------------------------------------------------------------------------

    void note_frame(client_number to, sixfold::bytes wire) {
        sixfold::frame what;
        demand(sixfold::decode(wire, framing_of(to), what) == sixfold::refusal::none,
               "a relay puts out what cannot be read");
        note(what);
        say_frame(to, false, what);
        if (const auto* msg = std::get_if<sixfold::msg_notify>(&what);
            msg != nullptr && msg->drained) {
            seen_.see(msg->clean() ? sight::drained_clean : sight::drained_not_clean);
        }
    }
    /// Counts what is not about the slow look into the mailbox.
    void note(const sixfold::frame& what) {
        talk_ += std::holds_alternative<sixfold::sync_request>(what) ||
                         std::holds_alternative<sixfold::sync_answer>(what)
                     ? 0
                     : 1;
    }
    [[nodiscard]] static std::string name(client_number who) {
        return std::string(name_of(who).name());
    }
    void say(const std::string& line) {
        if (print) {
            const auto at = std::chrono::duration_cast<std::chrono::milliseconds>(
                clock_.now().time_since_epoch());
            print(std::to_string(at.count()) + " ms  " + line);
        }
    }
    template <class Line>
    void say_if(Line line) {
        if (print) {
            say(line());
        }
    }
    void say_frame(client_number who, bool to_relay, const sixfold::frame& what) {
        if (print && describe) {
            say((to_relay ? name(who) + " -> relay " + std::to_string(links_[who].relay)
                          : "relay -> " + name(who)) +
                "  " + describe(what));
        }
    }

  public:
    /// A frame in words.
    std::function<std::string(const sixfold::frame&)> describe;

  private:
    static constexpr sixfold::duration tick_interval = std::chrono::milliseconds(100);
    static constexpr std::size_t replayed_max = 3000;

    plan plan_;
    faults bad_luck_;
    std::uint32_t everybody_;
    sightings seen_;
    ledger book_;
    sixfold::manual_clock clock_;
    surroundings shared_;
    sixfold::random_source dice_;
    trace trace_;
    store mailbox_;
    network net_;
    std::vector<link> links_;
    std::deque<app> apps_;
    std::vector<relay_host> hosts_;
    std::deque<villain> villains_;
    std::deque<pending> pending_;
    std::priority_queue<event> events_;
    std::vector<sixfold::time_point> wakes_;
    std::uint64_t ordinal_ = 0;
    std::uint64_t link_count_ = 0;
    std::uint64_t talk_ = 0;
};

}  // namespace simulation

#endif
