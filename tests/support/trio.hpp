// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SUPPORT_TRIO_HPP
#define SIXFOLD_TESTS_SUPPORT_TRIO_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/frame_log.hpp"
#include "support/journal_bytes.hpp"
#include "support/party.hpp"
#include "support/receiver_access.hpp"
#include "support/test_access.hpp"

// A, the relay and B in one process, with a network between them that does what a script says, on a
// clock that goes from one deadline to the next.

namespace support {

using namespace std::chrono_literals;

struct trio_options {
    sixfold::client_options a{.self = "alice", .life = {.start = 1, .seed = 1}};
    sixfold::client_options b{.self = "bob", .life = {.start = 1, .seed = 2}};
    sixfold::relay_options relay{};
    sixfold::mailbox_limits mailbox{};
    sixfold::duration hop = 10ms;
    bool compare_snapshots = true;  ///< a test that has queues full for long has no time for it
    sixfold::duration put = 0ms;    ///< how long the mailbox takes to take something in,
    sixfold::duration store = 0ms;  ///< and for any other request
    std::size_t relays = 1;         ///< that share the mailbox
    bool carried = true;            ///< from one relay to another, what is for a peer that is there
};

/// A and B are online from the start, unless a test sends one of them away first. Everything repeats
/// exactly. When a REQUIRE fails while a trio lives, it prints its frames.
class trio {
  public:
    explicit trio(const trio_options& options = {})
        : options_(options),
          mailbox_(sixfold::memory_mailbox::create(options.mailbox, clock).value()),
          a(add(options.a)), b(add(options.b)) {}

    trio(const trio&) = delete;
    trio& operator=(const trio&) = delete;
    ~trio() {
        if (std::uncaught_exceptions() != exceptions_) {
            std::cerr << "The frames of the trio:\n" << log.text();
        }
    }

    // --- the parties -------------------------------------------------------------------------------

    /// One more client, online.
    party& add(const sixfold::client_options& options) {
        party& one = parties_.emplace_back();
        one.options = options;
        replace(one, options);
        return one;
    }

    /// Another object in place of a client: a process that ended, and nothing of it survived.
    void replace(party& who, const sixfold::client_options& options) {
        const bool again = who.online() || !who.machine;
        disconnect(who);
        who.options = options;
        who.machine.reset();
        who.machine.emplace(sixfold::client::create(clock, options).value());
        who.waiting.clear();
        for (party::outgoing& each : who.outbox) {
            each.id.reset();
        }
        if (again) {
            connect(who);
        }
    }

    /// A crash of a receiver whose journal has survived.
    void crash(party& who) {
        const bool again = who.online();
        disconnect(who);
        sixfold::receiver_access::crash(who.machine->receiver());
        who.waiting.clear();
        if (again) {
            connect(who);
        }
    }

    sixfold::result<sixfold::ticket> try_send(party& from,
                                              const party& to,
                                              std::string_view text,
                                              const sixfold::send_options& how = {}) {
        auto sent = machine(
            from, [&] { return from.machine->send(to.name(), sixfold::as_bytes(text), how); });
        if (sent) {
            from.outbox.push_back({*sent, std::string(text), ""});
        }
        serve(from);
        return sent;
    }
    sixfold::ticket send(party& from,
                         const party& to,
                         std::string_view text,
                         const sixfold::send_options& how = {}) {
        const auto sent = try_send(from, to, text, how);
        REQUIRE(sent.has_value());
        return *sent;
    }
    sixfold::ticket send(std::string_view text, const sixfold::send_options& how = {}) {
        return send(a, b, text, how);
    }
    void cancel(party& who, sixfold::ticket message) {
        REQUIRE(who.machine->cancel(message));
        serve(who);
    }

    /// The app of `who`, which waits, settles the message that it was shown first.
    void accept_one(party& who) {
        const sixfold::message message = who.waiting.front();
        who.waiting.pop_front();
        take(who, message);
        REQUIRE(who.machine->accept(message));
        serve(who);
    }

    // --- links -------------------------------------------------------------------------------------

    /// A new link, of which both ends know. An older one of this client is not heard of any more.
    void connect(party& who) {
        who.link = sixfold::link_id{++links_};
        REQUIRE(relays_[who.relay].link_up(who.link, who.name()).has_value());
        who.machine->link_up();
        serve(who);
    }
    /// The link is gone, with what was on its way, and both ends know.
    void disconnect(party& who) {
        if (who.online()) {
            relays_[who.relay].link_down(who.link);
            vanish(who);
        }
    }
    /// It goes to another of the relays.
    void move(party& who, std::size_t relay) {
        disconnect(who);
        who.relay = relay;
        connect(who);
    }
    /// The link is gone, and only the client knows; what link it was.
    sixfold::link_id vanish(party& who) {
        if (who.machine) {
            who.machine->link_down();
        }
        return std::exchange(who.link, sixfold::link_id::none);
    }
    /// The relay hears that a link is gone.
    void gone(sixfold::link_id link) {
        for (sixfold::relay& each : relays_) {
            each.link_down(link);
        }
    }

    /// Another relay takes over the mailbox. All links break, with what was on its way, and come up anew.
    void crash_relay(std::size_t which = 0) {
        relays_[which] = sixfold::relay::create(options_.relay).value();
        ++crashes;
        std::erase_if(stores_, [&](const auto& each) { return each.second.relay == which; });
        for (party& each : parties_) {
            if (each.online() && each.relay == which) {
                vanish(each);
                connect(each);
            }
        }
    }

    /// One who is no party says what it likes, over a link to the first relay that it keeps.
    void stranger_says(const sixfold::peer& from, const sixfold::frame& what) {
        const auto [at, is_new] = strangers_.try_emplace(std::string(from.name()));
        if (is_new) {
            at->second = sixfold::link_id{++links_};
            REQUIRE(relays_[0].link_up(at->second, from).has_value());
        }
        const std::size_t size = sixfold::encode(what, sixfold::framing(from), buffer_);
        REQUIRE(size != 0);
        relays_[0].handle(at->second, sixfold::bytes(buffer_).first(size), out_);
        finish(0);
    }

    // --- the network -------------------------------------------------------------------------------

    /// Does something to the next frame of a kind, or to the next few; probes do not count.
    void next(kind what, treatment how, std::size_t times = 1) {
        for (std::size_t i = 0; i < times; ++i) {
            next_.push_back({what, how});
        }
    }
    /// Does something to the frame with this number, counted from 0 as they are put on the network.
    void at(std::size_t ordinal, treatment how) { plan_[ordinal] = how; }
    /// Does something to any frame; asked for those that nothing above has touched.
    std::function<treatment(kind)> weather;
    /// What the relay's app says of who writes to whom.
    std::function<sixfold::refused_reason(const sixfold::peer&, const sixfold::peer&)> verdict =
        sixfold::allow_all();

    /// Does something at a moment of the virtual clock.
    void after(sixfold::duration wait, std::function<void()> what) {
        script_.emplace(clock.now() + wait, std::move(what));
    }

    // --- time --------------------------------------------------------------------------------------

    /// Goes on until there is nothing on the way, and nobody who is online waits for an answer except to the
    /// slow repair timers (probes, the mailbox now and then). False if that is not so when `limit` has passed.
    bool run_until_quiet(sixfold::duration limit = 10min) {
        return run_until([this] { return quiet(); }, limit);
    }
    void run_for(sixfold::duration time) {
        (void)run_until([] { return false; }, time);
    }
    /// Goes on until the goal is reached, and answers whether it was in time.
    template <class Goal>
    bool run_until(Goal goal, sixfold::duration limit = 10min) {
        const sixfold::time_point end = clock.now() + limit;
        for (party& each : parties_) {
            serve(each);
        }
        for (std::size_t steps = 0; !goal(); ++steps) {
            const sixfold::time_point due = next_due();
            if (due > end) {
                clock.set(end);
                return goal();
            }
            if (steps == steps_max) {
                FAIL("goes on for ever");
            }
            clock.set((std::max)(clock.now(), due));
            step();
        }
        return true;
    }

    [[nodiscard]] bool quiet() const {
        return flights_.empty() && stores_.empty() && script_.empty() &&
               std::all_of(parties_.begin(), parties_.end(), [](const party& each) {
                   return !each.online() ||
                          (sixfold::test_access::quiet(each.machine->sender()) &&
                           sixfold::receiver_access::quiet(each.machine->receiver()));
               });
    }

    [[nodiscard]] sixfold::relay& relay(std::size_t which = 0) { return relays_[which]; }
    [[nodiscard]] sixfold::memory_mailbox& mailbox() { return mailbox_; }
    [[nodiscard]] sixfold::duration now() const { return clock.now().time_since_epoch(); }

    sixfold::manual_clock clock;
    frame_log log;
    std::size_t crashes = 0;             ///< of the relay
    std::size_t client_allocations = 0;  ///< made inside of the clients
    std::size_t relay_allocations = 0;   ///< made inside of the relay and its reactions

  private:
    static constexpr std::size_t steps_max = 2'000'000;

    struct rule {
        kind what;
        treatment how;
    };
    struct flight {
        sixfold::link_id link;
        std::size_t relay;
        bool to_relay;
        bool crash;
        std::vector<std::byte> bytes;
    };
    struct stored_request {
        std::size_t relay;
        sixfold::peer from;
        std::vector<std::byte> wire;
        bool passed_on;
    };
    /// First what is due first, and in the order in which it was sent.
    using moment = std::pair<sixfold::time_point, std::uint64_t>;

    static std::vector<sixfold::relay> make_relays(const trio_options& options) {
        std::vector<sixfold::relay> out;
        for (std::size_t i = 0; i < options.relays; ++i) {
            out.push_back(sixfold::relay::create(options.relay).value());
        }
        return out;
    }
    template <class Call>
    auto machine(party& who, Call call) -> std::invoke_result_t<Call> {
        check_journal(who);
        const std::size_t before = allocation_count;
        auto out = call();
        who.allocations += allocation_count - before;
        return out;
    }
    /// Before every call of every scenario: a new life has the same snapshot as the one that it begins with.
    void check_journal(const party& who) {
        if (!options_.compare_snapshots) {
            return;
        }
        const std::vector<std::byte> left = snapshot_of(*who.machine);
        if (left == last_snapshot_) {
            return;
        }
        last_snapshot_ = left;
        sixfold::client_options options = who.options;
        options.journaling = sixfold::journaling::withhold;
        const auto next = sixfold::client::create(clock, options, left);
        REQUIRE(next.has_value());
        REQUIRE(snapshot_of(*next) == left);
    }
    template <class Call>
    void at_relay(Call call) {
        relay_allocations += allocations_in(call);
    }

    [[nodiscard]] sixfold::time_point next_due() {
        sixfold::time_point due = sixfold::never;
        for (party& each : parties_) {
            due = (std::min)(due, each.machine->next_deadline());
        }
        const auto first = [&due](const auto& queue, auto time) {
            if (!queue.empty()) {
                due = (std::min)(due, time(queue.begin()->first));
            }
        };
        first(flights_, [](const moment& at) { return at.first; });
        first(stores_, [](const moment& at) { return at.first; });
        first(script_, [](sixfold::time_point at) { return at; });
        return due;
    }

    /// Does what is due now: one thing of the script, of the store or of the network, or the timers.
    void step() {
        if (!script_.empty() && script_.begin()->first <= clock.now()) {
            const auto what = std::move(script_.extract(script_.begin()).mapped());
            what();
        } else if (!stores_.empty() && stores_.begin()->first.first <= clock.now()) {
            execute(std::move(stores_.extract(stores_.begin()).mapped()));
        } else if (!flights_.empty() && flights_.begin()->first.first <= clock.now()) {
            arrive(std::move(flights_.extract(flights_.begin()).mapped()));
        } else {
            for (party& each : parties_) {
                if (each.machine->next_deadline() <= clock.now()) {
                    serve(each);
                    // Else an app that polls at the deadline would go round and round.
                    if (each.machine->next_deadline() <= clock.now()) {
                        FAIL("a deadline that polling does not move");
                    }
                }
            }
        }
    }

    void arrive(const flight& frame) {
        if (frame.to_relay) {
            at_relay([&] { relays_[frame.relay].handle(frame.link, frame.bytes, out_, verdict); });
            return frame.crash ? fail(frame.relay) : finish(frame.relay);
        }
        for (party& each : parties_) {
            if (each.link == frame.link) {
                machine(each, [&] { return each.machine->handle(frame.bytes); });
                serve(each);
            }
        }
    }

    /// What an app does when something may have changed.
    void serve(party& who) {
        while (auto event = machine(who, [&] { return who.machine->poll_event(); })) {
            hear(who, *event);
        }
        while (who.looks()) {
            const auto message = machine(who, [&] { return who.machine->poll_message(); });
            if (!message) {
                break;
            }
            show(who, *message);
        }
        keep(who);
        while (auto packet = machine(who, [&] { return who.machine->poll_transmit(buffer_); })) {
            sixfold::packet_reader reader(*packet);
            while (auto one = reader.next()) {
                put(who, true, *one);
            }
        }
    }

    /// What it journals is durable at once, and read by nobody: `check_journal` asks for a snapshot.
    void keep(party& who) {
        if (who.options.journaling == sixfold::journaling::none) {
            return;
        }
        while (const auto record =
                   machine(who, [&] { return who.machine->poll_journal(buffer_); })) {
            who.journaled += record->size();
        }
        (void)machine(who, [&] {
            who.machine->durable(who.machine->written());
            return true;
        });
    }

    static void hear(party& who, const sixfold::event& event) {
        for (party::outgoing& each : who.outbox) {
            if (each.id == event.id) {
                each.told += (each.told.empty() ? "" : " ") + std::string(to_string(event.what));
                if (sixfold::is_final(event.what)) {
                    each.id.reset();
                }
                return;
            }
        }
        FAIL("an event of a message that nobody has sent, or that had ended");
    }

    void show(party& who, const sixfold::message& message) {
        who.shown.push_back(message);
        switch (who.app) {
        case app::accepts:
            take(who, message);
            REQUIRE(machine(who, [&] { return who.machine->accept(message); }));
            break;
        case app::rejects:
            REQUIRE(machine(who, [&] { return who.machine->reject(message); }));
            break;
        case app::waits: who.waiting.push_back(message); break;
        case app::takes_its_time:
            who.waiting.push_back(message);
            after(who.needs, [this, &who] {
                if (!who.waiting.empty()) {  // it has not crashed
                    accept_one(who);
                }
            });
            break;
        case app::looks_at_it: take(who, message); break;
        }
    }
    static void take(party& who, const sixfold::message& message) {
        who.inbox.emplace_back(sixfold::as_text(message.payload));
        who.inbox_from.emplace_back(message.from.name());
    }

    /// Puts what the relay says on the network, after the mailbox has done its part.
    void finish(std::size_t relay) {
        while (auto request = out_.next_request()) {
            const auto* msg = std::get_if<sixfold::msg_request>(&request->what);
            const bool put = msg != nullptr && !msg->probes();
            const sixfold::duration wait = put ? options_.put : options_.store;
            if (wait != sixfold::duration::zero()) {
                stores_.emplace(moment{clock.now() + wait, ++serial_},
                                stored_request{relay,
                                               request->from,
                                               {request->wire.begin(), request->wire.end()},
                                               request->passed_on});
                continue;
            }
            const sixfold::mailbox_outcome outcome = mailbox_.execute(*request);
            at_relay([&] { relays_[relay].complete(*request, outcome, out_); });
        }
        for (const sixfold::outgoing& frame : out_.frames()) {
            for (party& each : parties_) {
                if (is_for(each, frame, relay) &&
                    !put(each, false, frame.bytes, each.relay != relay)) {
                    return fail(relay);
                }
            }
        }
        out_.clear();
    }
    /// By its link, or carried to the relay that has the link.
    [[nodiscard]] bool
    is_for(const party& who, const sixfold::outgoing& frame, std::size_t relay) const {
        const bool elsewhere = frame.link == sixfold::link_id::none && frame.to == who.name() &&
                               who.relay != relay && options_.carried;
        return who.online() && (frame.link == who.link || elsewhere);
    }
    void fail(std::size_t relay) {
        out_.clear();
        crash_relay(relay);
    }

    void execute(const stored_request& stored) {
        sixfold::frame whole;
        REQUIRE(sixfold::decode(stored.wire, sixfold::framing(stored.from), whole) ==
                sixfold::refusal::none);
        sixfold::mailbox_request request{stored.from, {}, stored.wire};
        request.passed_on = stored.passed_on;
        if (const auto* msg = std::get_if<sixfold::msg_request>(&whole)) {
            request.what = *msg;
        } else if (const auto* ack = std::get_if<sixfold::ack_request>(&whole)) {
            request.what = *ack;
        } else {
            request.what = std::get<sixfold::sync_request>(whole);
        }
        relays_[stored.relay].complete(request, mailbox_.execute(request), out_);
        finish(stored.relay);
    }

    /// False if the relay crashes before it puts this frame out.
    bool put(party& who, bool to_relay, sixfold::bytes wire, bool carried = false) {
        const treatment how = decide(wire);
        log.add({clock.now(), who.name(), kind_of(wire), to_relay, how, 0, 0}, wire);
        if (how.crash && !to_relay) {
            return false;
        }
        for (unsigned copy = 0; copy < how.copies; ++copy) {
            // A second copy comes a little later, between others.
            const sixfold::duration way =
                (carried ? 2 : 1) * options_.hop + how.delay + copy * (options_.hop / 2);
            flights_.emplace(
                moment{clock.now() + way, ++serial_},
                flight{who.link, who.relay, to_relay, how.crash, {wire.begin(), wire.end()}});
        }
        return true;
    }

    treatment decide(sixfold::bytes wire) {
        if (const auto at = plan_.find(log.size()); at != plan_.end()) {
            return at->second;
        }
        const kind what = kind_of(wire);
        const auto found = std::find_if(next_.begin(), next_.end(),
                                        [&](const rule& each) { return each.what == what; });
        if (found != next_.end() && !is_probe(wire)) {
            const treatment how = found->how;
            next_.erase(found);
            return how;
        }
        return weather ? weather(what) : treatment{};
    }

    /// The bits of a msg frame's flags that say its form are the codec's business: ask it.
    [[nodiscard]] bool is_probe(sixfold::bytes wire) const {
        if (kind_of(wire) != kind::msg_r && kind_of(wire) != kind::msg_n) {
            return false;
        }
        return std::any_of(parties_.begin(), parties_.end(), [&](const party& each) {
            sixfold::frame whole;
            if (sixfold::decode(wire, sixfold::framing(each.name()), whole) !=
                sixfold::refusal::none) {
                return false;
            }
            const auto* request = std::get_if<sixfold::msg_request>(&whole);
            const auto* notify = std::get_if<sixfold::msg_notify>(&whole);
            return request != nullptr ? request->probes() : notify->probes();
        });
    }

    trio_options options_;
    std::vector<sixfold::relay> relays_ = make_relays(options_);
    sixfold::memory_mailbox mailbox_;
    sixfold::reactions out_;
    std::deque<party> parties_;
    std::map<std::string, sixfold::link_id> strangers_;
    std::uint64_t links_ = 0;
    std::vector<std::byte> buffer_ = std::vector<std::byte>(8192);
    std::vector<std::byte> last_snapshot_;

    std::multimap<sixfold::time_point, std::function<void()>> script_;
    std::map<moment, flight> flights_;
    std::map<moment, stored_request> stores_;
    std::uint64_t serial_ = 0;
    std::vector<rule> next_;
    std::map<std::size_t, treatment> plan_;
    int exceptions_ = std::uncaught_exceptions();

  public:
    // Behind what they are made of.
    party& a;
    party& b;
};

}  // namespace support

#endif
