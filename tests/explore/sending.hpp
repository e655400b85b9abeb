// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_EXPLORE_SENDING_HPP
#define SIXFOLD_TESTS_EXPLORE_SENDING_HPP

#include <algorithm>
#include <array>
#include <bitset>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "explore/broken.hpp"
#include "explore/numbers.hpp"

namespace explore {

/// One of those who are known to the mailbox: a sender, and one of its epochs.
struct stream_name {
    peer from;
    sixfold::epoch epoch = epoch::none;
    friend bool operator==(const stream_name&, const stream_name&) = default;
};

/// A and C, each by itself: (state, input) -> state and frames.
class sending {
  public:
    sending(const rules& r, frame_book& frames) : rules_(r), frames_(frames) {}

    node_book<a_node> nodes;

    std::uint32_t first(bool is_c) { return number(a_node{make(0, is_c), {}, {}, is_c}); }

    [[nodiscard]] bool may_submit(const a_node& a) const {
        return submitted_in_life(a) < (a.life == 0 && !a.is_c ? rules_.messages : 1U);
    }
    [[nodiscard]] bool may_cancel(const a_node& a, std::uint32_t id) const {
        return has(a.submitted, id) && !has(a.cancelled, id) && !is_final(a.known[id]) &&
               std::bitset<ids_max>(a.cancelled).count() < rules_.cancels && a.life == 0;
    }

    const step& submits(std::uint32_t at) {
        return when(at, submit, [&](a_node& a) { do_submit(a); });
    }
    const step& cancels(std::uint32_t at, std::uint32_t id) {
        return when(at, cancel + id, [&](a_node& a) {
            a.machine.cancel(a.tickets[id]);
            a.cancelled |= bit(id);
        });
    }
    /// May A give B up, or a relay refuse the newest of its sendings? Once, while something is not over.
    [[nodiscard]] bool may_give_up(const a_node& a, bool refused) const {
        return rules_.gives_up && a.given_up == 0 && open(a) != 0 && (!refused || has_sent(a));
    }
    const step& gives_up(std::uint32_t at, bool refused) {
        return when(at, refused ? refuse : give_up, [&](a_node& a) {
            a.given_up = open(a);
            a.refused = refused;
            a.left = true;
            if (refused) {
                const auto newest = static_cast<sending_number>(path_of(a).sendings.next() - 1);
                a.machine.handle(msg_answer{.to = "b",
                                            .epoch = test_access::stream(a.machine, "b").epoch(),
                                            .number = newest,
                                            .word = msg_word::refused,
                                            .reason = refused_reason::not_allowed});
            } else {
                (void)a.machine.forget("b");
            }
            a.numbers = {};
        });
    }
    /// A comes back with its journal: the worst there is, which knows what was submitted and cancelled, and nothing of
    /// what was learned since.
    const step& crashes(std::uint32_t at) {
        return when(at, crash, [&](a_node& a) {
            begin(a, a.life);
            const std::uint32_t end = first_id(a) + submitted_in_life(a);
            for (std::uint32_t id = first_id(a); id < end; ++id) {
                a.known[id] = status::none;
                do_send(a, id);
                if (has(a.cancelled, id)) {
                    a.machine.cancel(a.tickets[id]);
                }
            }
            if (end != first_id(a)) {
                test_access::assume_sent(a.machine, "b");  // a journal does not know what was sent
            }
        });
    }
    // --- a real journal ----------------------------------------------------------------------------

    /// A writes its records, each by itself.
    const step& writes(std::uint32_t at) {
        return when(at, write, [&](a_node& a) {
            std::array<std::byte, 2048> buffer;
            while (const auto records = a.machine.poll_journal(buffer)) {
                journal_reader reader(*records);
                while (const auto each = reader.next()) {
                    a.files.write(each->wire, 0);
                }
            }
            if (rules_.what == broken::sent_before_durable) {
                a.machine.durable(a.machine.written());
            }
        });
    }
    const step& syncs(std::uint32_t at) {
        return when(at, sync, [](a_node& a) {
            (void)a.files.sync();
            a.machine.durable(a.machine.written());
        });
    }
    /// A crashes, and comes back with what was durable and so many of the records that were not. Its app knows what it has
    /// submitted and heard, and submits again what the machine does not know.
    const step& comes_back(std::uint32_t at, std::uint32_t kept) {
        return when(at, come_back + kept, [&](a_node& a) {
            const bool late = rules_.what == broken::tail_out_of_order;
            (void)a.files.keep(late ? a.files.unsynced() - kept : 0, kept);
            ++a.crashes;
            begin(a, start_of(a), a.files.image());
            const std::uint32_t end = first_id(a) + submitted_in_life(a);
            for (std::uint32_t id = first_id(a); id < end; ++id) {
                if (is_final(a.known[id])) {
                    continue;
                }
                if (!a.machine.outstanding(a.tickets[id])) {
                    do_send(a, id);
                }
                if (has(a.cancelled, id)) {
                    a.machine.cancel(a.tickets[id]);
                }
            }
        });
    }

    const step& loses_journal(std::uint32_t at) {
        return when(at, new_life, [&](a_node& a) {
            ++a.life;
            a.files = {};
            begin(a, rules_.what == broken::epoch_used_again ? 0 : start_of(a));
        });
    }
    /// A frame comes, which answers the newest sending of its content, or one that is not remembered.
    const step& takes(std::uint32_t at, frame_id f, bool remembered) {
        return when(at, first_frame + 2U * f + (remembered ? 1 : 0), [&](a_node& a) {
            frame what = frames_[f].what;
            if (sending_number* const answered = answered_number(what)) {
                *answered = remembered ? newest(a, *answered, says_arrived(what)) : unknown(a);
            }
            give(a, what, rules_.what);
        });
    }
    /// May it answer one that is not remembered, and does that say anything? A state goes without an echo, too.
    [[nodiscard]] static bool may_be_forgotten(const frame& to_a) {
        const auto* told = std::get_if<ack_notify>(&to_a);
        return told != nullptr && told->word != ack_word::past && told->word != ack_word::state;
    }
    /// Time passes, until it is in another state by that.
    const step& waits(std::uint32_t at) {
        return when(at, wait, [&](a_node& a) {
            a_node still = a;
            if (auto other = rest(still)) {
                a = std::move(*other);
            }
        });
    }

    /// The number of the first message of a present life.
    [[nodiscard]] std::uint32_t first_id(const a_node& a) const {
        return a.is_c ? first_id_of_c : a.life == 0 ? 0 : rules_.messages + a.life - 1U;
    }
    [[nodiscard]] std::uint32_t submitted_in_life(const a_node& a) const {
        return static_cast<std::uint32_t>(std::bitset<ids_max>(a.submitted >> first_id(a)).count());
    }
    void do_submit(a_node& a) const { do_send(a, first_id(a) + submitted_in_life(a)); }
    void hear(a_node& a) const {
        while (auto e = a.machine.poll_event()) {
            for (std::uint32_t id = first_id(a); id < first_id(a) + submitted_in_life(a); ++id) {
                if (a.tickets[id] == e->id) {
                    hear(a, id, e->what);
                }
            }
        }
    }
    /// All streams that there were.
    [[nodiscard]] const std::vector<stream_name>& streams() const { return streams_; }
    /// The epoch of A's first life, which is minted when it submits something.
    [[nodiscard]] epoch first_epoch() const {
        a_node a{make(0, false)};
        do_submit(a);
        return test_access::stream(a.machine, "b").epoch();
    }

  private:
    enum input : std::uint32_t {
        submit,
        give_up,
        refuse,
        cancel,
        crash = cancel + ids_max,
        new_life,
        wait,
        write,
        sync,
        come_back,
        first_frame = come_back + 32
    };

    /// After a crash the app may be told again what it has heard, and keeps the first end. `ended` is less than any other;
    /// and a tombstone is told as the crash has left it: who ended the message is not what B knows.
    [[nodiscard]] static bool may_follow(status first, status second) {
        const auto is_tombstone = [](status s) {
            return s == status::cancelled || s == status::expired;
        };
        return second == first || first == status::ended || second == status::ended ||
               (is_tombstone(first) && is_tombstone(second));
    }
    static void hear(a_node& a, std::uint32_t id, status what) {
        status& known = a.known[id];
        if (is_final(known)) {
            a.differs |= is_final(what) && !may_follow(known, what);
        } else if (what > known && what != status::relayed) {
            known = what;
            a.stored |= what == status::stored ? bit(id) : id_set{0};
            a.settled |= is_final(what) ? bit(id) : id_set{0};
        }
    }

    /// Grows with each start, and no two ways to lose a journal lead to the same.
    [[nodiscard]] std::uint32_t start_of(const a_node& a) const {
        return a.life + rules_.lives * a.crashes;
    }
    [[nodiscard]] static id_set open(const a_node& a) {
        id_set out = a.submitted;
        for (std::uint32_t id = 0; id < ids_max; ++id) {
            out &= is_final(a.known[id]) ? static_cast<id_set>(~bit(id)) : id_set{0xFF};
        }
        return out;
    }
    [[nodiscard]] static bool has_sent(const a_node& a) {
        return std::any_of(a.numbers.begin(), a.numbers.end(),
                           [](const auto& number) { return number.has_value(); });
    }
    sender make(std::uint32_t start, bool is_c, const std::string& journal = {}) const {
        sender_options o;
        o.window = rules_.window;
        o.queue_entries = 8;
        o.queue_bytes = 256;
        o.payload_max = 1;
        o.unsettled_max = 8;
        o.peers_max = 1;
        const journaling keeps = rules_.journal ? journaling::withhold : journaling::none;
        const incarnation life{start + 1U, is_c ? 2U : 1U};
        sender s = sender::create(the_clock(), life, o, keeps, as_bytes(journal)).value();
        s.link_up(wire());
        return s;
    }
    void begin(a_node& a, std::uint32_t start, const std::string& journal = {}) const {
        a.machine = make(start, a.is_c, journal);
        a.numbers = {};
        number_from_end(a);
    }
    void do_send(a_node& a, std::uint32_t id) const {
        const std::byte payload[] = {static_cast<std::byte>(id)};
        const bool is_first = !test_access::writes_to(a.machine, "b");
        a.tickets[id] =
            a.machine
                .send("b", payload,
                      {.storing = rules_.forbidden ? storing::forbidden : storing::allowed})
                .value();
        a.submitted |= bit(id);
        a.left = false;
        if (is_first) {
            number_from_end(a);
        }
    }
    // --- what it sends -----------------------------------------------------------------------------

    void send(a_node& a, network& sent) {
        poll(a.machine, [&](bytes one) {
            frame what;
            (void)decode(one, wire(), what);
            const auto& request = std::get<msg_request>(what);
            a.numbers[frames_.content_of(request)] = request.number;
            frames_.add(way_of(a), one, sent);
        });
    }
    /// What it sends now if B has been silent for long: that is to be kept. Other states come by `waits`.
    void send_to_silent(const a_node& a, network& sent) {
        if (!test_access::writes_to(a.machine, "b")) {
            return;
        }
        a_node waited = a;
        for (int times = 0; times < 2; ++times) {
            path_of(waited).timer.went_off(stream_timer::alarm::way, 0);
        }
        network more;
        send(waited, more);
        a_node plain = a;
        network ignored;
        send(plain, ignored);
        if (key_of(waited) == key_of(plain)) {
            sent.add(more);
        }
    }
    /// Adds to `sends` all that goes out while nothing happens but the relay's msg:A, after which it waits for B, and asks that
    /// what it sends be kept. If that leads to another state, it stops in front of it, and returns it with what is sent then.
    std::optional<a_node> rest(a_node& a) {
        const std::string before = key_of(a);
        for (int round = 0; round < rounds; ++round) {
            a_node next = a;
            const time_point longest = later(next.now, std::chrono::hours(25));
            // now, if it waits for its journal
            const time_point due = next.machine.next_deadline();
            the_clock().set(due > next.now ? (std::min)(due, longest) : longest);
            network sent;
            send(next, sent);
            if (round >= rounds_untaken) {
                take_sent(next);
            }
            next.now = the_clock().now();
            if (key_of(next) != before) {
                next.sends = sent;
                return next;
            }
            next.sends.add(sent);
            a = std::move(next);
        }
        return std::nullopt;
    }
    /// What has left just now: so it learns no long times by that.
    static void take_sent(a_node& a) {
        for (const auto& number : a.numbers) {
            const sixfold::sending* const of = number ? path_of(a).sendings.find(*number) : nullptr;
            if (of != nullptr && of->at == the_clock().now()) {
                a.machine.handle(msg_answer{.to = "b", .number = *number});
            }
        }
    }
    /// As if all that it waits for were long ago, and it had not counted how often: runs go whole again, too.
    static void calm(a_node& a) {
        if (test_access::writes_to(a.machine, "b")) {
            stream_timer timer;
            timer.sent(a.now);
            path_of(a).timer = timer;
            path_of(a).trip = {};
            path_of(a).run_max = run::count_max;
        }
    }

    [[nodiscard]] static place way_of(const a_node& a) {
        return a.is_c ? place::at_relay_from_c : place::at_relay_from_a;
    }

    void note_stream(a_node& a) {
        if (test_access::writes_to(a.machine, "b")) {
            const stream_name name{a.is_c ? "c" : "a", test_access::stream(a.machine, "b").epoch()};
            if (std::find(streams_.begin(), streams_.end(), name) == streams_.end()) {
                streams_.push_back(name);
            }
        }
    }

    template <class Happen>
    const step& when(std::uint32_t at, std::uint32_t what, Happen happen) {
        return steps_.get(at, what, [&] {
            a_node next = nodes[at];
            the_clock().set(next.now);
            step s;
            next.sends = {};
            happen(next);
            s.sent = next.sends;
            send_to_silent(next, s.sent);
            send(next, s.sent);
            hear(next);
            s.wrong = next.differs && rules_.amnesias == 0
                          ? "A was told two different ends of one message"
                          : "";
            next.sends = {};
            s.to = number(std::move(next));
            return s;
        });
    }

    [[nodiscard]] std::string key_of(const a_node& a) const {
        std::string key = test_access::fingerprint(a.machine);
        for (const status s : a.known) {
            key.push_back(static_cast<char>(s));
        }
        key.append({static_cast<char>(a.stored), static_cast<char>(a.settled),
                    static_cast<char>(a.cancelled), static_cast<char>(a.submitted),
                    static_cast<char>(a.life), static_cast<char>(a.is_c),
                    static_cast<char>(a.given_up), static_cast<char>(a.refused),
                    static_cast<char>(a.left)});
        if (rules_.journal) {
            key += test_access::journal_fingerprint(a.machine) + a.files.fingerprint();
            key.push_back(static_cast<char>(a.crashes));
        }
        return key;
    }
    std::uint32_t number(a_node a) {
        const std::string key = key_of(a);
        return nodes.number(key, std::move(a), [&](a_node& fresh) {
            note_stream(fresh);
            (void)rest(fresh);
            calm(fresh);
        });
    }

    static constexpr int rounds_untaken = 2;  // of time-outs: of the hop,
    static constexpr int rounds = 10;         // and then of the way

    rules rules_;
    frame_book& frames_;
    std::vector<stream_name> streams_;
    step_book steps_;
};

}  // namespace explore

#endif
