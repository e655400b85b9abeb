// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SUPPORT_CRASH_WORLD_HPP
#define SIXFOLD_TESTS_SUPPORT_CRASH_WORLD_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/journal_bytes.hpp"

// Two apps with a disk, a relay between them, and a plug that can be pulled between any two effects.

namespace support {

using namespace std::chrono_literals;

/// How an app keeps its journal.
enum class disk {
    transaction,  ///< its own rows and the records are one commit, which is done or not
    log,  ///< the records lie in a file of their own, which is synced; its rows are elsewhere
};

/// What a crash leaves of what was written and not synced. (of a log)
struct tail {
    std::size_t bytes = SIZE_MAX;  ///< so many bytes of it
};

/// One app, with all that it knows on its disk but for `machine`.
struct node {
    struct outgoing {
        std::string text;
        std::optional<sixfold::ticket> id;
        sixfold::status end = sixfold::status::none;
        bool cancelled = false;
    };
    using key = std::tuple<std::string, std::uint64_t, sixfold::seq>;

    sixfold::client_options options;
    std::string to;
    std::optional<sixfold::client> machine;
    sixfold::link_id link = sixfold::link_id::none;
    std::vector<std::byte> journal;   // durable
    std::vector<std::byte> unsynced;  // behind it
    std::vector<outgoing> outbox;
    std::map<key, std::string> rows;  // what came, by its msgid
    std::vector<std::string> inbox;   // the same, as it came
    std::vector<std::string> seen;    // each poll_message, in all lives
    bool wants_link = false;
    std::size_t effects = 0;
    std::size_t crash_at = 0;    // the effect that does not happen any more; 0: none
    std::size_t recrash_at = 0;  // likewise, counted from the start of the next life
    tail left;
    std::size_t lives = 0;
};

/// What has become of a commit.
struct committed {
    bool done = true;
    bool alive = true;  ///< false: the app had to begin a new life, in which it has found out
};

class crash_world {
  public:
    struct pulled_plug {};

    crash_world(disk kind, const sixfold::client_options& a, const sixfold::client_options& b)
        : kind_(kind), relay_(sixfold::relay::create({}).value()),
          memory_(sixfold::memory_mailbox::create().value()) {
        nodes_[0].options = a;
        nodes_[0].to = std::string(b.self.name());
        nodes_[1].options = b;
        nodes_[1].to = std::string(a.self.name());
        for (node& each : nodes_) {
            each.options.journaling = sixfold::journaling::withhold;
        }
    }

    node& a() { return nodes_[0]; }
    node& b() { return nodes_[1]; }

    void at(sixfold::duration when, std::function<void()> what) {
        script_.emplace(sixfold::time_point(when), std::move(what));
    }
    void connect(node& who) {
        who.wants_link = true;
        link(who);
        turn(who);
    }
    void disconnect(node& who) {
        who.wants_link = false;
        unlink(who);
    }
    /// The app wants to send something: that much is on its disk.
    void submit(node& who, std::string_view text) {
        who.outbox.push_back({std::string(text), {}});
        turn(who);
    }
    void cancel(node& who, std::string_view text) {
        for (node::outgoing& each : who.outbox) {
            each.cancelled = each.cancelled || each.text == text;
        }
        turn(who);
    }
    /// The disk of an app, to be brought back later.
    struct backup {
        std::vector<std::byte> journal;
        std::vector<node::outgoing> outbox;
        std::map<node::key, std::string> rows;
        std::vector<std::string> inbox;
    };
    [[nodiscard]] static backup back_up(const node& who) {
        return {who.journal, who.outbox, who.rows, who.inbox};
    }
    /// An app begins a new life with what its disk had then.
    void bring_back(node& who, const backup& then) {
        unlink(who);
        who.machine.reset();
        who.unsynced.clear();
        who.journal = then.journal;
        who.outbox = then.outbox;
        who.rows = then.rows;
        who.inbox = then.inbox;
        start(who);
        turn(who);
    }
    /// The relay has only what is in its mailbox.
    void replace_relay() {
        relay_crashed();
        relay_.emplace(sixfold::relay::create({}).value());
        for (node& each : nodes_) {
            unlink(each);
            link(each);
            turn(each);
        }
    }

    /// Until everything that was submitted has ended and nobody waits for anything but the slow timers. False: it goes
    /// on for ever, or for too long.
    [[nodiscard]] bool run(sixfold::duration limit = 1h) {
        for (node& each : nodes_) {
            start(each);
        }
        for (std::size_t step = 0; step < 200'000; ++step) {
            if (script_.empty() && done()) {
                return true;
            }
            if (!network_.empty()) {
                auto [link, to_relay, packet] = std::move(network_.front());
                network_.pop_front();
                to_relay ? at_relay(link, packet) : at_client(link, packet);
                continue;
            }
            sixfold::time_point next = script_.empty() ? sixfold::never : script_.begin()->first;
            for (node& each : nodes_) {
                next = (std::min)(next, each.machine->next_deadline());
            }
            if (next - sixfold::time_point() > limit) {
                return false;
            }
            clock.set((std::max)(clock.now(), next));
            if (!script_.empty() && script_.begin()->first <= clock.now()) {
                const auto what = std::move(script_.extract(script_.begin()).mapped());
                what();
            }
            for (node& each : nodes_) {
                turn(each);
            }
        }
        return false;
    }

    /// One more thing that cannot be taken back: here the plug may be pulled.
    static void effect(node& who) {
        if (++who.effects == who.crash_at) {
            throw pulled_plug();
        }
    }

    sixfold::manual_clock clock;
    /// Where the journal is, if not in the memory of this world: what a new life begins with, and what becomes durable with
    /// the rows of the app in one commit.
    std::function<std::vector<std::byte>(const node&)> load = [](const node& who) {
        return who.journal;
    };
    std::function<committed(node&, const std::vector<std::byte>&)> commit =
        [](node& who, const std::vector<std::byte>& records) {
            who.journal.insert(who.journal.end(), records.begin(), records.end());
            return committed();
        };
    /// How records get into the log, durable when it returns, and what is left of it without power.
    std::function<void(node&, const std::vector<std::byte>&)> write_log =
        [](node& who, const std::vector<std::byte>& records) {
            who.unsynced.insert(who.unsynced.end(), records.begin(), records.end());
            effect(who);
            who.journal.insert(who.journal.end(), who.unsynced.begin(), who.unsynced.end());
            who.unsynced.clear();
            effect(who);
        };
    std::function<void(node&)> power_off = [](node& who) {
        const std::size_t left = (std::min)(who.left.bytes, who.unsynced.size());
        who.journal.insert(who.journal.end(), who.unsynced.begin(),
                           who.unsynced.begin() + static_cast<std::ptrdiff_t>(left));
        who.unsynced.clear();
        sixfold::journal_reader whole(who.journal);
        while (whole.next()) {
        }
        who.journal.resize(who.journal.size() - whole.left().size());
    };
    /// The mailbox, in which a request is durable when it returns, and what it does when its relay begins a new life.
    std::function<sixfold::mailbox_outcome(const sixfold::mailbox_request&)> mailbox =
        [this](const sixfold::mailbox_request& request) {
            return memory_.execute(request);
        };
    std::function<void()> relay_crashed = [] {
    };
    std::size_t relay_effects = 0;
    std::size_t relay_crash_at = 0;  ///< the effect of the relay that does not happen; 0: none
    /// Replaces the journal of whoever begins a new life by its snapshot, before it goes on.
    bool compact_at_start = false;

  private:
    [[nodiscard]] bool done() const {
        return std::all_of(std::begin(nodes_), std::end(nodes_), [](const node& each) {
            return std::all_of(
                each.outbox.begin(), each.outbox.end(),
                [](const node::outgoing& one) { return sixfold::is_final(one.end); });
        });
    }

    void start(node& who) {
        while (!who.machine) {
            try {
                begin_life(who);
            } catch (const pulled_plug&) {
                crash(who);
            }
        }
    }

    void begin_life(node& who) {
        auto made = sixfold::client::create(clock, who.options, load(who));
        REQUIRE(made.has_value());
        who.machine.emplace(*std::move(made));
        ++who.lives;
        ++who.options.life.seed;
        if (compact_at_start && !who.journal.empty()) {
            who.journal = snapshot_of(*who.machine);
        }
        for (node::outgoing& each : who.outbox) {
            if (each.id && !sixfold::is_final(each.end) && !who.machine->outstanding(*each.id)) {
                REQUIRE(kind_ == disk::log);  // one commit would have kept both
                each.id.reset();
            }
        }
        if (who.wants_link) {
            link(who);
        }
    }

    /// What was on its way arrives: it is too late to take it back.
    void arrive(const node& who) {
        for (std::size_t i = 0; i < network_.size(); ++i) {
            const auto [link, to_relay, packet] = network_[i];
            if (to_relay && link == who.link) {
                at_relay(link, packet);
            }
        }
    }

    void crash(node& who) {
        arrive(who);
        unlink(who);
        who.machine.reset();
        power_off(who);
        who.crash_at = std::exchange(who.recrash_at, 0);
        who.crash_at += who.crash_at == 0 ? 0 : who.effects;
    }

    void link(node& who) {
        if (who.machine && who.wants_link) {
            who.link = sixfold::link_id{++links_};
            REQUIRE(relay_->link_up(who.link, who.options.self).has_value());
            who.machine->link_up();
        }
    }
    void unlink(node& who) {
        if (who.link != sixfold::link_id::none) {
            relay_->link_down(who.link);
            who.machine->link_down();
            who.link = sixfold::link_id::none;
        }
    }

    /// What an app does when something may have changed; if the plug is pulled, what it does after that.
    void turn(node& who) {
        while (who.machine) {
            try {
                kind_ == disk::log ? turn_with_log(who) : turn_with_transaction(who);
                return;
            } catch (const pulled_plug&) {
                crash(who);
                start(who);
            }
        }
    }

    void send_new(node& who, std::vector<node::outgoing>& outbox) {
        for (node::outgoing& each : outbox) {
            if (!each.id) {
                if (const auto sent = who.machine->send(who.to, sixfold::as_bytes(each.text))) {
                    each.id = *sent;
                }
            }
            if (each.cancelled && each.id && !sixfold::is_final(each.end)) {
                who.machine->cancel(*each.id);
            }
        }
    }

    static void hear(std::vector<node::outgoing>& outbox, const sixfold::event& news) {
        for (node::outgoing& each : outbox) {
            if (each.id == news.id && sixfold::is_final(news.what)) {
                REQUIRE((each.end == sixfold::status::none || each.end == news.what));
                each.end = news.what;
            }
        }
    }

    [[nodiscard]] static node::key key_of(const sixfold::message& m) {
        return {std::string(m.from.name()), static_cast<std::uint64_t>(m.id.epoch), m.id.seq};
    }

    /// Rows at once, records in a file: what was sent or taken twice is known by its ticket or msgid.
    void turn_with_log(node& who) {
        send_new(who, who.outbox);
        effect(who);
        while (const auto news = who.machine->poll_event()) {
            hear(who.outbox, *news);
            effect(who);
        }
        while (const auto message = who.machine->poll_message()) {
            who.seen.emplace_back(sixfold::as_text(message->payload));
            if (who.rows.emplace(key_of(*message), who.seen.back()).second) {
                who.inbox.push_back(who.seen.back());
            }
            effect(who);
            REQUIRE(who.machine->accept(*message));
        }
        transmit(who);  // too early: what depends on a record must not come out
        const std::vector<std::byte> news = records_of(*who.machine);
        transmit(who);
        if (!news.empty()) {
            write_log(who, news);
            who.machine->durable(who.machine->written());
        }
        transmit(who);
    }

    /// Rows and records in one commit.
    void turn_with_transaction(node& who) {
        std::vector<node::outgoing> outbox = who.outbox;
        std::vector<std::string> inbox = who.inbox;
        send_new(who, outbox);
        while (const auto news = who.machine->poll_event()) {
            hear(outbox, *news);
        }
        while (const auto message = who.machine->poll_message()) {
            who.seen.emplace_back(sixfold::as_text(message->payload));
            inbox.push_back(who.seen.back());
            REQUIRE(who.machine->accept(*message));
        }
        transmit(who);  // too early: what depends on a record must not come out
        const std::vector<std::byte> news = records_of(*who.machine);
        transmit(who);
        if (!news.empty()) {
            effect(who);
            const auto [done, alive] = commit(who, news);
            if (done) {
                who.outbox = std::move(outbox);
                who.inbox = std::move(inbox);
            }
            if (!alive) {
                throw pulled_plug();
            }
            effect(who);
            who.machine->durable(who.machine->written());
        }
        transmit(who);
    }

    void transmit(node& who) {
        while (const auto packet = who.machine->poll_transmit(buffer_)) {
            effect(who);
            network_.emplace_back(who.link, true,
                                  std::vector<std::byte>(packet->begin(), packet->end()));
        }
    }

    void relay_effect() {
        if (++relay_effects == relay_crash_at) {
            throw pulled_plug();
        }
    }
    void at_relay(sixfold::link_id link, const std::vector<std::byte>& packet) {
        try {
            work_of_relay(link, packet);
        } catch (const pulled_plug&) {
            replace_relay();
        }
    }
    void work_of_relay(sixfold::link_id link, const std::vector<std::byte>& packet) {
        sixfold::reactions out;
        relay_->handle(link, packet, out);
        while (const auto request = out.next_request()) {
            relay_effect();
            const sixfold::mailbox_outcome outcome = mailbox(*request);
            relay_effect();
            relay_->complete(*request, outcome, out);
        }
        for (const sixfold::outgoing& frame : out.frames()) {
            relay_effect();
            network_.emplace_back(frame.link, false,
                                  std::vector<std::byte>(frame.bytes.begin(), frame.bytes.end()));
        }
    }
    void at_client(sixfold::link_id link, const std::vector<std::byte>& packet) {
        for (node& each : nodes_) {
            if (each.link == link && link != sixfold::link_id::none) {
                (void)each.machine->handle(packet);
                turn(each);
            }
        }
    }

    disk kind_;
    node nodes_[2];
    std::optional<sixfold::relay> relay_;
    sixfold::memory_mailbox memory_;
    std::uint64_t links_ = 0;
    std::deque<std::tuple<sixfold::link_id, bool, std::vector<std::byte>>> network_;
    std::multimap<sixfold::time_point, std::function<void()>> script_;
    std::vector<std::byte> buffer_ = std::vector<std::byte>(1400);
};

}  // namespace support

#endif
