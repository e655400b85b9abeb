// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_EXPLORE_RECEIVING_HPP
#define SIXFOLD_TESTS_EXPLORE_RECEIVING_HPP

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "explore/broken.hpp"

namespace explore {

/// B by itself: (state, input) -> state, frames and what its app has got.
class receiving {
  public:
    receiving(const rules& r, frame_book& frames) : rules_(r), frames_(frames) {}

    node_book<b_node> nodes;

    std::uint32_t first() { return number(b_node{make()}); }

    const step& takes(std::uint32_t at, frame_id f) {
        return when(at, first_frame + f, [&](b_node& b, step& s) {
            const auto* notice = std::get_if<msg_notify>(&frames_[f].what);
            const peer other = notice != nullptr && notice->from == peer("a") ? "c" : "a";
            const std::string before = receiver_access::fingerprint(b.machine, other);
            give(b, frames_[f].what, rules_);
            // Where there is one place, what waits makes place for another's.
            const bool may_move = rules_.places == 1;
            if (!may_move && receiver_access::fingerprint(b.machine, other) != before) {
                s.wrong = "a frame of one stream has moved another at B";
            }
        });
    }
    /// B's app looks at the next message, if there is one.
    const step& looks(std::uint32_t at) {
        return when(at, peek, [&](b_node& b, step& s) {
            if (const auto m = b.machine.poll_message()) {
                const std::uint32_t id = id_of(m->payload);
                for (const message& other : b.looked_at) {  // what was settled since may be higher
                    check_order(bit(id_of(receiver_access::held_payload(b.machine, other))), id, s);
                }
                b.looked_at.push_back(*m);
            }
        });
    }
    /// ... and settles it at once.
    const step& takes_next(std::uint32_t at, bool reject) {
        return when(at, reject ? reject_next : take_next, [&](b_node& b, step& s) {
            if (const auto m = b.machine.poll_message()) {
                check_order(b.inbox, id_of(m->payload), s);
                settle(b, *m, reject, s);
            }
        });
    }
    /// B's app settles one of those that it looked at: commits and accepts, or rejects.
    const step& settles(std::uint32_t at, std::uint32_t which, bool reject) {
        return when(at, settle_first + 2 * which + (reject ? 1 : 0), [&](b_node& b, step& s) {
            const message m = b.looked_at[which];
            b.looked_at.erase(b.looked_at.begin() + static_cast<std::ptrdiff_t>(which));
            settle(b, m, reject, s);
        });
    }
    /// Only where the app accepts first: it commits at last.
    const step& commits(std::uint32_t at) {
        return when(at, commit, [&](b_node& b, step& s) {
            if (!b.uncommitted.empty()) {
                put_in_inbox(b, bit(b.uncommitted.front()), s);
                b.uncommitted.erase(b.uncommitted.begin());
            }
        });
    }
    const step& crashes(std::uint32_t at) {
        return when(at, crash, [&](b_node& b, step&) {
            if (rules_.what == broken::dedup_not_durable) {
                b.machine = make();
            } else {
                receiver_access::crash(b.machine);
                b.machine.link_up(wire());
            }
            b.looked_at.clear();
            b.uncommitted.clear();
        });
    }
    // --- a real journal ----------------------------------------------------------------------------

    /// B writes its records, and the rows of what its app has accepted, in one transaction.
    const step& writes(std::uint32_t at) {
        return when(at, write, [&](b_node& b, step&) {
            std::array<std::byte, 2048> buffer;
            if (const auto records = b.machine.poll_journal(buffer)) {
                b.files.write(*records, b.unwritten);
                b.unwritten = 0;
            }
            if (rules_.what == broken::acked_before_durable) {
                b.machine.durable(b.machine.written());
            }
        });
    }
    const step& syncs(std::uint32_t at) {
        return when(at, sync, [&](b_node& b, step& s) {
            put_in_inbox(b, b.files.sync(), s);
            b.machine.durable(b.machine.written());
        });
    }
    /// B crashes, and comes back with what was durable and so many of the transactions that were not.
    const step& comes_back(std::uint32_t at, std::uint32_t kept) {
        return when(at, come_back + kept, [&](b_node& b, step& s) {
            const bool late = rules_.what == broken::tail_out_of_order;
            put_in_inbox(b, b.files.keep(late ? b.files.unsynced() - kept : 0, kept), s);
            b.unwritten = 0;
            b.looked_at.clear();
            b.machine = make(b.files.image());
        });
    }

    const step& forgets(std::uint32_t at) {
        return when(at, amnesia, [&](b_node& b, step&) {
            b_node next{make(), b.now};
            next.rejected = b.rejected;
            next.amnesias = static_cast<std::uint8_t>(b.amnesias + 1);
            b = std::move(next);
        });
    }

    /// How many seqs B remembers that have ended otherwise than by acceptance.
    [[nodiscard]] std::uint32_t exceptions_max() const {
        return (std::max)(rules_.width, rules_.window);
    }

  private:
    enum input : std::uint32_t {
        peek,
        take_next,
        reject_next,
        commit,
        crash,
        amnesia,
        write,
        sync,
        come_back,
        settle_first = come_back + 32,
        first_frame = settle_first + 2 * ids_max
    };

    receiver make(const std::string& journal = {}) const {
        receiver_options o;
        o.window = rules_.width;
        o.exceptions = exceptions_max();
        o.held_entries = rules_.places;
        o.held_bytes = std::size_t{32} * rules_.places;
        o.payload_max = 1;
        o.peers_max = rules_.c == third::nobody ? 1 : 2;
        const journaling keeps = rules_.journal ? journaling::withhold : journaling::none;
        o.delivery = rules_.in_order ? delivery::in_order : delivery::as_it_comes;
        receiver r = receiver::create(the_clock(), 1, o, keeps, as_bytes(journal)).value();
        r.link_up(wire());
        return r;
    }

    void settle(b_node& b, const message& m, bool reject, step& s) const {
        const std::uint32_t id = id_of(receiver_access::held_payload(b.machine, m));
        if (reject) {
            b.machine.reject(m);
            b.rejected |= bit(id);
            return;
        }
        if (rules_.what == broken::accept_before_commit) {
            b.uncommitted.push_back(id);
        } else {
            check_new(b, m, id, s);
            if (rules_.journal && rules_.what != broken::dedup_not_durable) {
                b.unwritten |= bit(id);
            } else {
                put_in_inbox(b, bit(id), s);
            }
        }
        b.machine.accept(m);
    }
    void check_new(const b_node& b, const message& m, std::uint32_t id, step& s) const {
        if (!(m.from == peer(has(ids_of_c, id) ? "c" : "a"))) {
            s.wrong = "message " + std::to_string(id) + " is shown as from who did not send it";
        } else if (is_forged(id)) {
            return;  // it may come under as many names as its forger likes
        } else if (has(b.inbox | b.unwritten | b.files.unsynced_rows(), id)) {
            s.wrong = "message " + std::to_string(id) + " delivered twice in one life of B";
        }
    }
    /// Are any of these, which came before, of the same sender and later?
    void check_order(id_set before, std::uint32_t id, step& s) const {
        const id_set of_one = has(ids_of_c, id) ? ids_of_c : static_cast<id_set>(~ids_of_c);
        const id_set later = static_cast<id_set>(0xFE << id);
        if (rules_.in_order && rules_.lives == 1 && (before & of_one & later) != 0) {
            s.wrong = "message " + std::to_string(id) + " delivered out of order";
        }
    }
    void put_in_inbox(b_node& b, id_set ids, step& s) const {
        const id_set honest = rules_.c == third::forger ? ids & ~bit(forged_id) : ids;
        b.inbox |= honest;
        s.taken |= honest;
    }
    [[nodiscard]] bool is_forged(std::uint32_t id) const {
        return rules_.c == third::forger && id == forged_id;
    }

    /// All that it has to send, its limits included wherever they may be. What was answered is not echoed again.
    void send(b_node& b, network& sent) const {
        receiver_access::tell_limits(b.machine);
        poll(b.machine, [&](bytes one) { frames_.add(place::at_relay_from_b, one, sent); });
        receiver_access::forget_seen(b.machine);
    }

    template <class Happen>
    const step& when(std::uint32_t at, std::uint32_t what, Happen happen) {
        return steps_.get(at, what, [&] {
            b_node next = nodes[at];
            the_clock().set(next.now);
            step s;
            happen(next, s);
            send(next, s.sent);
            s.to = number(std::move(next));
            return s;
        });
    }

    std::uint32_t number(b_node b) {
        std::string key = receiver_access::fingerprint(b.machine);
        key.append({'|', static_cast<char>(b.rejected), static_cast<char>(b.amnesias),
                    static_cast<char>(b.inbox)});
        for (const std::uint32_t id : b.uncommitted) {
            key.push_back(static_cast<char>(id));
        }
        for (const message& m : b.looked_at) {
            key.append("|" + std::to_string(static_cast<std::uint64_t>(m.id.epoch)) + "/" +
                       std::to_string(m.id.seq));
        }
        if (rules_.journal) {
            key += receiver_access::journal_fingerprint(b.machine) + b.files.fingerprint();
            key.push_back(static_cast<char>(b.unwritten));
        }
        return nodes.number(key, std::move(b), [&](b_node& fresh) { rest(fresh); });
    }
    /// All that it says again while nothing else happens.
    void rest(b_node& b) const {
        for (int round = 0; round < 4; ++round) {
            the_clock().advance(std::chrono::hours(25));
            send(b, b.sends);
        }
        b.now = the_clock().now();
    }

    rules rules_;
    frame_book& frames_;
    step_book steps_;
};

}  // namespace explore

#endif
