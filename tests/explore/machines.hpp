// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_EXPLORE_MACHINES_HPP
#define SIXFOLD_TESTS_EXPLORE_MACHINES_HPP

#include <algorithm>
#include <string>

#include "explore/parts.hpp"

namespace explore {

/// Where an input leads one machine, and what comes out on the way.
struct step {
    std::uint32_t to = 0;
    network sent{};
    int delivered = -1;   // the id that B's app has taken, if it did
    std::string wrong{};  // a rule that B's app saw broken
};

/// A, B and the relay with its mailbox, each by itself: (state, input) -> state and frames.
class machines {
  public:
    explicit machines(const rules& r)
        : rules_(r), both_here_(make_relay(true)), b_away_(make_relay(false)) {
        for (std::uint32_t life = 0; life < r.lives; ++life) {
            epochs_.push_back(epoch::none);
        }
    }

  private:
    rules rules_;

  public:
    frame_book frames{rules_.window > rules_.width};
    node_book<a_node> as;
    node_book<b_node> bs;
    node_book<box_node> boxes;

    // --- beginnings --------------------------------------------------------------------------------

    std::uint32_t first_a() { return number(a_node{make_sender(0)}); }
    std::uint32_t first_b() { return number(b_node{make_receiver(), {}, {}, {}}); }
    std::uint32_t first_box() { return number(box_node{memory_mailbox::create({}).value()}); }

    // --- A -----------------------------------------------------------------------------------------

    [[nodiscard]] bool may_submit(std::uint32_t a) const {
        return submitted_in_life(as[a]) < (as[a].life == 0 ? rules_.messages : 1U);
    }
    std::uint32_t submit(std::uint32_t a) {
        a_node next = as[a];
        do_submit(next);
        return number(std::move(next));
    }
    std::uint32_t cancel(std::uint32_t a, std::uint32_t id) {
        a_node next = as[a];
        next.machine.cancel(next.tickets[id]);
        next.cancelled |= bit(id);
        return number(std::move(next));
    }
    /// A comes back with its journal: the worst there is, which knows what was submitted and cancelled, and nothing of
    /// what was learned since.
    std::uint32_t crash_a(std::uint32_t a) {
        const a_node& old = as[a];
        a_node next{make_sender(old.life)};
        next.stored = old.stored;
        next.settled = old.settled;
        next.submitted = old.submitted;
        next.life = old.life;
        const std::uint32_t before = first_id(old);
        for (std::uint32_t id = 0; id < before; ++id) {
            next.known[id] = old.known[id];
        }
        next.cancelled = old.cancelled;
        for (std::uint32_t id = before; id < before + submitted_in_life(old); ++id) {
            do_send(next, id);
            if ((old.cancelled >> id & 1) != 0) {
                next.machine.cancel(next.tickets[id]);
            }
        }
        if (submitted_in_life(next) != 0) {
            outbound_stream& stream = test_access::stream(next.machine, "b");
            stream.sent_end = stream.next();  // a journal does not know what was sent: all may be
        }
        return number(std::move(next));
    }
    /// A comes back without its journal.
    std::uint32_t new_life(std::uint32_t a) {
        const a_node& old = as[a];
        a_node next{make_sender(rules_.what == broken::epoch_used_again ? 0 : old.life + 1U)};
        next.known = old.known;
        next.stored = old.stored;
        next.settled = old.settled;
        next.cancelled = old.cancelled;
        next.submitted = old.submitted;
        next.life = static_cast<std::uint8_t>(old.life + 1);
        return number(std::move(next));
    }
    const step& a_takes(std::uint32_t a, frame_id f) {
        return remember(a_steps_, a, f, [&] {
            a_node next = as[a];
            step s;
            give(next, frames[f].what);
            poll(next.machine, place::at_relay_from_a, s.sent);
            s.to = number(std::move(next));
            return s;
        });
    }

    // --- B -----------------------------------------------------------------------------------------

    const step& b_takes(std::uint32_t b, frame_id f) {
        return remember(b_steps_, b, f, [&] {
            b_node next = bs[b];
            step s;
            give(next, frames[f].what);
            poll(next.machine, place::at_relay_from_b, s.sent);
            s.to = number(std::move(next));
            return s;
        });
    }
    /// B's app looks at the next message.
    [[nodiscard]] bool looks(std::uint32_t b, step& s) {
        b_node next = bs[b];
        auto m = next.machine.poll_message();
        if (!m) {
            return false;
        }
        next.looked_at.push_back(*m);
        s.to = number(std::move(next));
        return true;
    }
    /// B's app settles what it looked at first: commits and accepts, or rejects.
    [[nodiscard]] step settles(std::uint32_t b, std::size_t which, bool reject) {
        b_node next = bs[b];
        step s;
        const message m = next.looked_at[which];
        next.looked_at.erase(next.looked_at.begin() + static_cast<std::ptrdiff_t>(which));
        const std::uint8_t id = id_of(test_access::held_payload(bs[b].machine, m));
        if (reject) {
            next.machine.reject(m);
            next.rejected |= bit(id);
        } else {
            if (rules_.what == broken::accept_before_commit) {
                next.uncommitted.push_back(id);
            } else {
                s.delivered = id;
                s.wrong = app_takes(next, id);
            }
            next.machine.accept(m);
        }
        poll(next.machine, place::at_relay_from_b, s.sent);
        s.to = number(std::move(next));
        return s;
    }
    /// Only where the app accepts first: it commits at last.
    [[nodiscard]] bool commits(std::uint32_t b, step& s) {
        b_node next = bs[b];
        if (next.uncommitted.empty()) {
            return false;
        }
        s.delivered = next.uncommitted.front();
        next.uncommitted.erase(next.uncommitted.begin());
        s.wrong = app_takes(next, static_cast<std::uint8_t>(s.delivered));
        s.to = number(std::move(next));
        return true;
    }
    std::uint32_t crash_b(std::uint32_t b) {
        b_node next = bs[b];
        if (rules_.what == broken::dedup_not_durable) {
            next.machine = make_receiver();
        } else {
            test_access::crash(next.machine);
        }
        next.machine.link_up(wire());
        next.looked_at.clear();
        next.uncommitted.clear();
        return number(std::move(next));
    }
    std::uint32_t amnesia(std::uint32_t b) {
        b_node next{make_receiver(), {}, {}, {}};
        next.rejected = bs[b].rejected;
        next.amnesias = static_cast<std::uint8_t>(bs[b].amnesias + 1);
        return number(std::move(next));
    }

    // --- the relay ---------------------------------------------------------------------------------

    const step& relay_takes(std::uint32_t box, frame_id f, bool b_here) {
        return remember(b_here ? here_steps_ : away_steps_, box, f, [&] {
            box_node next = boxes[box];
            step s;
            relay server = b_here ? both_here_ : b_away_;
            reactions out;
            const auto& e = frames[f];
            server.handle(e.to == place::at_relay_from_a ? link_id{1} : link_id{2}, e.bytes, out);
            while (auto request = out.next_request()) {
                answer(server, *request, next.machine, out);
            }
            for (const outgoing& o : out.frames()) {
                s.sent.set(frames.number(o.to == peer("a") ? place::at_a : place::at_b, o.bytes));
            }
            s.to = number(std::move(next));
            return s;
        });
    }

    [[nodiscard]] const rules& the_rules() const { return rules_; }
    [[nodiscard]] static std::uint8_t bit(std::uint32_t id) {
        return static_cast<std::uint8_t>(1U << id);
    }
    /// The number of the first message of A's present life.
    [[nodiscard]] std::uint32_t first_id(const a_node& a) const {
        return a.life == 0 ? 0 : rules_.messages + a.life - 1U;
    }
    [[nodiscard]] std::uint32_t submitted_in_life(const a_node& a) const {
        return static_cast<std::uint32_t>(std::bitset<8>(a.submitted >> first_id(a)).count());
    }
    void do_submit(a_node& a) { do_send(a, first_id(a) + submitted_in_life(a)); }
    void do_send(a_node& a, std::uint32_t id) {
        const std::byte payload[] = {static_cast<std::byte>(id)};
        a.tickets[id] = a.machine.send("b", payload).value();
        a.submitted |= bit(id);
    }
    void hear(a_node& a) const {
        while (auto e = a.machine.poll_event()) {
            for (std::uint32_t id = first_id(a); id < first_id(a) + submitted_in_life(a); ++id) {
                if (a.tickets[id] == e->id) {
                    a.known[id] = e->what == status::relayed ? status::none : e->what;
                    a.settled |= is_final(e->what) ? bit(id) : std::uint8_t{0};
                }
            }
        }
    }

  private:
    static relay make_relay(bool with_b) {
        relay r = relay::create({.seed = 1}).value();
        (void)r.link_up(link_id{1}, "a", checksum::off).has_value();
        if (with_b) {
            (void)r.link_up(link_id{2}, "b", checksum::off).has_value();
        }
        return r;
    }
    sender make_sender(std::uint32_t life) {
        sender_options o;
        o.window = rules_.window;
        o.queue_entries = 8;
        o.queue_bytes = 256;
        o.payload_max = 1;
        o.unsettled_max = 8;
        o.peers_max = 1;
        sender s = sender::create(the_clock(), {life + 1U, 1}, o).value();
        s.link_up(wire());
        return s;
    }
    receiver make_receiver() {
        receiver_options o;
        o.window = rules_.width;
        o.exceptions = (std::max)(rules_.width, rules_.window);
        o.held_entries = 2;
        o.held_bytes = 64;
        o.payload_max = 1;
        o.peers_max = 1;
        o.delivery = rules_.in_order ? delivery::in_order : delivery::as_it_comes;
        receiver r = receiver::create(the_clock(), 1, o).value();
        r.link_up(wire());
        return r;
    }

    template <class Memory, class Run>
    const step& remember(Memory& memory, std::uint32_t state, frame_id f, Run run) {
        const std::uint64_t key = std::uint64_t{state} << 16 | f;
        const auto at = memory.find(key);
        return at != memory.end() ? at->second : memory.emplace(key, run()).first->second;
    }

    template <class Machine>
    void poll(Machine& machine, place to, network& sent) {
        std::array<std::byte, 2048> buffer;
        while (auto packet = machine.poll_transmit(buffer)) {
            packet_reader reader(*packet);
            while (auto one = reader.next()) {
                sent.set(frames.number(to, *one));
            }
        }
    }
    /// All that a machine sends while nothing else happens.
    template <class Machine>
    void saturate(Machine& machine, place to, network& sent) {
        std::size_t before = 0;
        int quiet = 0;
        while (quiet < 2) {
            the_clock().advance(std::chrono::hours(25));
            poll(machine, to, sent);
            quiet = sent.count() == before ? quiet + 1 : 0;
            before = sent.count();
        }
    }

    std::uint32_t number(a_node a) {
        hear(a);
        network sent;
        poll(a.machine, place::at_relay_from_a, sent);
        std::string key = test_access::fingerprint(a.machine);
        for (const status s : a.known) {
            key.push_back(static_cast<char>(s));
        }
        key.append({static_cast<char>(a.stored), static_cast<char>(a.settled),
                    static_cast<char>(a.cancelled), static_cast<char>(a.submitted),
                    static_cast<char>(a.life)});
        return as.number(key, std::move(a), [&](a_node& fresh) {
            for (std::uint32_t m = 0; m < ids_max; ++m) {
                if (fresh.known[m] == status::stored) {
                    fresh.stored |= bit(m);
                }
            }
            if (epochs_[fresh.life] == epoch::none && submitted_in_life(fresh) != 0) {
                epochs_[fresh.life] = test_access::stream(fresh.machine, "b").epoch;
            }
            saturate(fresh.machine, place::at_relay_from_a, fresh.sends);
        });
    }

    std::uint32_t number(b_node b) {
        network sent;
        poll(b.machine, place::at_relay_from_b, sent);
        std::string key = test_access::fingerprint(b.machine);
        key.append({'|', static_cast<char>(b.rejected), static_cast<char>(b.amnesias), '|'});
        key.append(b.inbox.begin(), b.inbox.end());
        key.push_back('|');
        key.append(b.uncommitted.begin(), b.uncommitted.end());
        for (const message& m : b.looked_at) {
            key.append(std::to_string(static_cast<std::uint64_t>(m.id.epoch)) + "/" +
                       std::to_string(m.id.seq) + ",");
        }
        return bs.number(key, std::move(b), [&](b_node& fresh) {
            saturate(fresh.machine, place::at_relay_from_b, fresh.sends);
        });
    }

    std::uint32_t number(box_node box) {
        box.payloads = 0;
        std::string key;
        const mailbox_outcome page = box.machine.execute({"b", sync_request{}, {}});
        box.empty = page.rows.empty();
        for (const mailbox_row& row : page.rows) {
            key += std::to_string(static_cast<std::uint64_t>(row.id.epoch)) + "/" +
                   std::to_string(row.id.seq) + "/" + std::to_string(row.base) +
                   (row.form == form::payload ? "p" : "t");
            if (row.form == form::payload) {
                box.payloads |= bit(id_of(row.payload));
            }
        }
        for (const epoch e : epochs_) {
            msg_request probe;
            probe.to = "b";
            probe.epoch = e;
            probe.form = form::probe;
            key.push_back('|');
            key.append(as_text(box.machine.execute({"a", probe, {}}).last_state));
        }
        return boxes.number(key, std::move(box), [](box_node&) {});
    }

    // --- where rules are broken --------------------------------------------------------------------

  public:
    /// A takes a frame; in the way that the broken rule says, if it is about that.
    void give(a_node& a, const frame& what) {
        if (submitted_in_life(a) == 0) {
            a.machine.handle(what);
            return;
        }
        outbound_stream& stream = test_access::stream(a.machine, "b");
        const auto* told = std::get_if<ack_notify>(&what);
        const auto end_if = [&](auto condition, status how) {
            for (seq at = stream.first(); at < stream.next(); ++at) {
                const std::uint32_t slot = stream.slot(at);
                if (slot != outbound_stream::no_slot &&
                    condition(at, test_access::queue(a.machine)[slot].state)) {
                    test_access::end(a.machine, slot, how);
                }
            }
        };
        if (told != nullptr && rules_.what == broken::ack_of_any_epoch) {
            ack_notify changed = *told;
            changed.epoch = stream.epoch;
            a.machine.handle(changed);
            return;
        }
        const std::optional<seq> floor_before = stream.reported_floor;
        a.machine.handle(what);
        ack_state state;
        if (const auto* answer = std::get_if<msg_answer>(&what)) {
            if (rules_.what == broken::forget_on_relayed && answer->id.epoch == stream.epoch) {
                end_if([&](seq at, message_state) { return at == answer->id.seq; },
                       status::delivered);
            }
        }
        if (told == nullptr || told->epoch != stream.epoch) {
            return;
        }
        const bool b_said =
            told->word == ack_word::state && ack_state::decode(told->state, state) == refusal::none;
        if (rules_.what == broken::forget_on_held && b_said) {
            end_if([&](seq at, message_state) { return state.of(at) == fate::held; },
                   status::delivered);
        }
        if (rules_.what == broken::highest_floor && b_said && floor_before) {
            stream.reported_floor = (std::max)(*floor_before, *stream.reported_floor);
            test_access::advance(a.machine, 0);
        }
        if (rules_.what == broken::stored_ends_tombstone && told->word == ack_word::stored) {
            end_if([&](seq at, message_state s) { return at == told->seq && is_tombstone(s); },
                   status::cancelled);
        }
        if (rules_.what == broken::delivered_by_relays_word && told->word == ack_word::ended) {
            end_if([&](seq at, message_state) { return at < told->low; }, status::delivered);
        }
    }

    /// B takes a frame; in the way that the broken rule says, if it is about that.
    void give(b_node& b, const frame& what) const {
        const auto* notice = std::get_if<msg_notify>(&what);
        if (notice == nullptr) {
            b.machine.handle(what);
            return;
        }
        if (rules_.what == broken::silence_beyond_window && notice->form != form::probe &&
            notice->seq >= test_access::floor(b.machine, "a") + rules_.width) {
            return;
        }
        msg_notify changed = *notice;
        if (rules_.what == broken::direct_frame_enters && !changed.looked()) {
            changed.drained = true;  // and clean, because it says nothing else
        }
        if (rules_.what == broken::holes_stay ||
            (rules_.what == broken::holes_told_by_probe_only && changed.drained)) {
            changed.smaller.seq = 0;
        }
        b.machine.handle(changed);
    }

  private:
    void answer(relay& server, mailbox_request request, memory_mailbox& box, reactions& out) {
        if (auto* ack = std::get_if<ack_request>(&request.what);
            ack != nullptr && ack->word == ack_word::state) {
            if (rules_.what == broken::erase_on_held) {
                mailbox_request more = request;
                std::array<std::byte, 256> bytes;
                auto& changed = std::get<ack_request>(more.what);
                changed.state =
                    sixfold::bytes(bytes).first(with_held_as_accepted(changed.state, bytes));
                (void)box.execute(more);
            }
        }
        mailbox_outcome outcome = box.execute(request);
        std::vector<mailbox_row> rows(outcome.rows.begin(), outcome.rows.end());
        for (mailbox_row& row : rows) {
            if (rules_.what == broken::low_without_base) {
                row.base = row.lowest;
            }
            if (rules_.what == broken::clean_without_look) {
                row.smaller = {};
            }
        }
        outcome.rows = rows;
        if (rules_.what == broken::clean_without_look) {
            outcome.smaller = {};
        }
        if (rules_.what == broken::low_without_look) {
            outcome.lowest = seq_end;
        }
        server.complete(request, outcome, out);
        if (auto* msg = std::get_if<msg_request>(&request.what);
            msg != nullptr && msg->form != form::probe &&
            rules_.what == broken::stored_before_put) {
            for (const outgoing& o : out.frames()) {
                early_.set(frames.number(o.to == peer("a") ? place::at_a : place::at_b, o.bytes));
            }
        }
    }

    static std::size_t with_held_as_accepted(bytes state, std::span<std::byte> out) {
        ack_state read;
        (void)ack_state::decode(state, read);
        std::array<std::byte, 1> bits{};
        seq floor = read.floor();
        while (read.covers(floor) || read.of(floor) == fate::held) {
            ++floor;
        }
        for (unsigned i = 1; i < 8; ++i) {
            if (read.covers(floor + i) || read.of(floor + i) == fate::held) {
                bits[0] |= static_cast<std::byte>(1U << i);
            }
        }
        return encode_ack_state({.floor = floor, .accepted = bits}, out);
    }

  public:
    /// Frames that a relay sent too early, where that rule is broken.
    [[nodiscard]] const network& early() const { return early_; }

  private:
    std::string app_takes(b_node& b, std::uint8_t id) const {
        if (std::find(b.inbox.begin(), b.inbox.end(), id) != b.inbox.end()) {
            return "message " + std::to_string(id) + " delivered twice in one life of B";
        }
        if (rules_.in_order && rules_.lives == 1 && !b.inbox.empty() && b.inbox.back() > id) {
            return "message " + std::to_string(id) + " delivered out of order";
        }
        b.inbox.push_back(id);
        return {};
    }

    relay both_here_;
    relay b_away_;
    std::vector<epoch> epochs_;
    network early_;
    std::unordered_map<std::uint64_t, step> a_steps_;
    std::unordered_map<std::uint64_t, step> b_steps_;
    std::unordered_map<std::uint64_t, step> here_steps_;
    std::unordered_map<std::uint64_t, step> away_steps_;
};

}  // namespace explore

#endif
