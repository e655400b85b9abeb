// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_EXPLORE_RELAYING_HPP
#define SIXFOLD_TESTS_EXPLORE_RELAYING_HPP

#include <algorithm>
#include <array>
#include <bitset>
#include <string>
#include <utility>
#include <vector>

#include "explore/broken.hpp"
#include "explore/sending.hpp"

namespace explore {

/// The relay with its mailbox: (rows, frame, is B here?) -> rows and frames.
class relaying {
  public:
    /// `streams`: those of which the mailbox can know a last ack state.
    relaying(const rules& r, frame_book& frames, const std::vector<stream_name>& streams)
        : rules_(r), frames_(frames), streams_(streams), all_here_(make(true, r.c)),
          b_away_(make(false, r.c)) {}

    node_book<box_node> nodes;

    std::uint32_t first() { return number({empty_mailbox(rules_.stored)}); }

    /// B's one request for its mailbox is answered by every page that it can ask for.
    const step& takes(std::uint32_t at, frame_id f, bool b_here) {
        return when(at, first_frame + 3U * f + (b_here ? 1 : 0), [&](box_node& box, step& s) {
            forkable<relay> server = b_here ? all_here_ : b_away_;
            reactions out;
            for (const mailbox_request& request : handle(server, f, out)) {
                for_each_page(request, box.machine, [&](const mailbox_request& one) {
                    answer(server, one, box.machine, out);
                });
            }
            s.sent = frames_of(out);
            if (moves_others(nodes[at].machine, box.machine, frames_[f])) {
                s.wrong = "a frame of one stream has moved another in the mailbox";
            }
        });
    }

    // --- retention ---------------------------------------------------------------------------------

    [[nodiscard]] bool may_expire(const box_node& box, std::uint32_t id) const {
        return has(box.payloads, id) && std::bitset<ids_max>(box.expired).count() < rules_.expiries;
    }
    const step& expires(std::uint32_t at, std::uint32_t id) {
        return when(at, expire + id, [&](box_node& box, step&) {
            box.expired |= bit(id);
            const mailbox_row row = row_of(box.machine, id);
            if (rules_.what == broken::retention_drops_row) {
                box.machine = with_rows(box.machine, rules_.stored, [&](const mailbox_row& each) {
                    return !(each.from == row.from && each.id == row.id);
                });
            } else {
                (void)box.machine.execute({row.from, put_again(row, true), {}});
            }
        });
    }

    /// Last ack states are bounded: one may make room for another.
    const step& forgets(std::uint32_t at) {
        return when(at, forget, [&](box_node& box, step&) {
            box.machine =
                with_rows(box.machine, rules_.stored, [](const mailbox_row&) { return true; });
        });
    }

    // --- a mailbox that answers late ---------------------------------------------------------------
    //
    // None of this leads anywhere else than a mailbox that answers at once, which the tests check, for these reasons. A
    // request is a frame, and frames stay: what is done late is what is done when the frame arrives late. What a relay says
    // when it is told of an outcome depends on the request, the outcome, and whether B has a link by then: if it is said
    // later, it is a frame that arrives later. A look is about the past, whenever it is told; a page was read in one
    // snapshot. If B comes while the put is under way, the msg:N that it gets is the one of a relay that had seen it. If the
    // relay crashes before, the request was done or not: the first is an answer that is lost, the second never happened.

    const step& asks(std::uint32_t at, frame_id f) {
        return when(at, first_frame + 3U * f + 2, [&](box_node& box, step& s) {
            forkable<relay> server = asked_by_b(f) ? all_here_ : b_away_;
            reactions out;
            if (!handle(server, f, out).empty()) {
                const seq lowest = streams_.empty()
                                       ? seq_end
                                       : lowest_row(box.machine, "a", streams_.front().epoch);
                box.late = {late_request::stage::asked, f, lowest, {}, {}};
            }
            s.sent = frames_of(out);
        });
    }
    /// The mailbox does what it was asked.
    const step& does(std::uint32_t at) {
        return when(at, do_late, [&](box_node& box, step&) {
            box.late.at = late_request::stage::done;
            forkable<relay> server = asked_by_b(box.late.which) ? all_here_ : b_away_;
            reactions out;
            for (const mailbox_request& request : handle(server, box.late.which, out)) {
                for_each_page(request, box.machine,
                              [&](const mailbox_request& one) { does(box, one); });
            }
        });
    }
    /// The relay hears of it.
    const step& hears(std::uint32_t at, bool b_here) {
        return when(at, b_here ? hear_here : hear_away, [&](box_node& box, step& s) {
            s.sent = b_here ? box.late.if_here : box.late.if_away;
            box.late = {};
        });
    }
    /// The relay crashes.
    const step& never_hears(std::uint32_t at) {
        return when(at, lose_late, [](box_node& box, step&) { box.late = {}; });
    }

    /// Frames that a relay sent too early, where that rule is broken.
    [[nodiscard]] const network& early() const { return early_; }

    /// A relay to which A is linked, and B perhaps.
    [[nodiscard]] static relay make(bool with_b, third c) {
        relay r = relay::create({.seed = 1}).value();
        (void)r.link_up(link_id{1}, "a", checksum::off).has_value();
        if (c != third::nobody) {
            (void)r.link_up(link_id{3}, "c", checksum::off).has_value();
        }
        if (with_b) {
            (void)r.link_up(link_id{2}, "b", checksum::off).has_value();
        }
        return r;
    }

  private:
    enum input : std::uint32_t {
        do_late,
        hear_here,
        hear_away,
        lose_late,
        forget,
        expire,
        first_frame = expire + ids_max
    };

    template <class Happen>
    const step& when(std::uint32_t at, std::uint32_t what, Happen happen) {
        return steps_.get(at, what, [&] {
            box_node next = nodes[at];
            step s;
            happen(next, s);
            s.to = number(std::move(next));
            return s;
        });
    }

    [[nodiscard]] bool asked_by_b(frame_id f) const {
        return frames_[f].to == place::at_relay_from_b;
    }
    [[nodiscard]] link_id link_of(const frame_book::entry& e) const {
        const bool is_msg = std::holds_alternative<msg_request>(e.what);
        if (e.to == place::at_relay_from_c && rules_.what != broken::sender_from_bytes) {
            return link_id{3};
        }
        return e.to == place::at_relay_from_a || (e.to == place::at_relay_from_c && is_msg)
                   ? link_id{1}
                   : link_id{2};
    }
    /// Have rows changed of another sender than the one that the frame is from, or about?
    [[nodiscard]] bool
    moves_others(memory_mailbox before, memory_mailbox after, const frame_book::entry& e) const {
        const auto* ack = std::get_if<ack_request>(&e.what);
        const peer one = ack != nullptr ? ack->to : e.to == place::at_relay_from_c ? "c" : "a";
        const peer other = one == peer("a") ? "c" : "a";
        return rules_.c != third::nobody && rules_.what != broken::sender_from_bytes &&
               rows_of(before, other) != rows_of(after, other);
    }
    /// The requests that a frame leads to. They refer to it.
    [[nodiscard]] std::vector<mailbox_request>
    handle(relay& server, frame_id f, reactions& out) const {
        const auto& e = frames_[f];
        server.handle(link_of(e), e.bytes, out);
        std::vector<mailbox_request> requests;
        while (const auto request = out.next_request()) {
            requests.push_back(*request);
        }
        return requests;
    }
    [[nodiscard]] network
    told(forkable<relay> server, const mailbox_request& request, const mailbox_outcome& outcome) {
        reactions out;
        server.complete(request, outcome, out);
        return frames_of(out);
    }
    [[nodiscard]] static mailbox_row row_of(memory_mailbox& box, std::uint32_t id) {
        const auto rows = all_rows(box);
        return *std::find_if(rows.begin(), rows.end(), [&](const mailbox_row& row) {
            return !row.tombstone && id_of(row.payload) == id;
        });
    }
    /// All that B may ask for instead of its mailbox as a whole: any rows that follow one another.
    template <class Visit>
    static void for_each_page(const mailbox_request& request, memory_mailbox box, Visit visit) {
        if (!std::holds_alternative<sync_request>(request.what)) {
            return visit(request);
        }
        const auto rows = all_rows(box);
        for (std::size_t from = 0; from < rows.size(); ++from) {
            for (std::size_t count = 1; count <= rows.size() - from; ++count) {
                mailbox_request one = request;
                one.what = sync_request{.rows = static_cast<std::uint32_t>(count),
                                        .room = everything.room,
                                        .from = mailbox_key{rows[from].from, rows[from].id}};
                visit(one);
            }
        }
    }
    void does(box_node& box, const mailbox_request& request) {
        memory_mailbox other = box.machine;
        memory_mailbox& one = rules_.what == broken::silence_is_success ? other : box.machine;
        mailbox_outcome outcome = one.execute(request);
        std::vector<mailbox_row> rows;
        falsify(outcome, rows, request, one, box.late, rules_.what);
        box.late.if_here.add(told(all_here_, request, outcome));
        box.late.if_away.add(told(b_away_, request, outcome));
    }
    [[nodiscard]] static place place_of(const peer& to) {
        return to == peer("a") ? place::at_a : to == peer("b") ? place::at_b : place::at_c;
    }
    void
    answer(relay& server, const mailbox_request& request, memory_mailbox& box, reactions& out) {
        overdo(box, request, rules_.what);
        mailbox_outcome outcome = box.execute(request);
        std::vector<mailbox_row> rows;
        falsify(outcome, rows, request, box, {}, rules_.what);
        server.complete(request, outcome, out);
        const auto* msg = std::get_if<msg_request>(&request.what);
        if (rules_.what == broken::stored_before_put && msg != nullptr && !msg->probes()) {
            early_.add(frames_of(out));
        }
    }

    [[nodiscard]] network frames_of(const reactions& out) {
        network sent;
        for (const outgoing o : out.frames()) {
            const bool is_for_forger = o.to == peer("c") && rules_.c == third::forger;
            if (o.link != link_id::none && !is_for_forger) {  // or nobody carries it, or wants it
                frames_.add(place_of(o.to), o.bytes, sent);
            }
        }
        return sent;
    }

    /// Rows of a sender, and the bases that are kept of them.
    [[nodiscard]] static std::string rows_of(memory_mailbox& box, const peer& from) {
        std::string out;
        for (const mailbox_row& row : all_rows(box)) {
            if (row.from == from) {
                out += std::to_string(static_cast<std::uint64_t>(row.id.epoch)) + "/" +
                       std::to_string(row.id.seq) + "/" +
                       std::to_string(kept_base(box, from, row.id.epoch)) +
                       (row.tombstone ? "t" : "p");
                out.append(as_text(row.payload));
            }
        }
        return out;
    }

    std::uint32_t number(box_node box) {
        box.payloads = 0;
        for (const mailbox_row& row : all_rows(box.machine)) {
            if (!row.tombstone) {
                box.payloads |= bit(id_of(row.payload));
            }
        }
        std::string key = rows_of(box.machine, "a") + "|" + rows_of(box.machine, "c");
        for (const stream_name& stream : streams_) {
            const mailbox_outcome found = look(box.machine, stream.from, stream.epoch, 0);
            if (!found.last_state.empty()) {
                std::array<std::byte, 512> buffer;
                key += "|" + std::to_string(static_cast<std::uint64_t>(stream.epoch)) + ":";
                key += stream.from.name();
                key += as_text(frame_book::without_limits(found.last_state, buffer));
            }
        }
        key.append({'|', static_cast<char>(box.expired), static_cast<char>(box.late.at)});
        key += std::to_string(box.late.which) + "/" + std::to_string(box.late.lowest_then);
        box.late.if_here.for_each([&](frame_id f) { key += "/" + std::to_string(f); });
        return nodes.number(key, std::move(box), [](box_node&) {});
    }

    rules rules_;
    frame_book& frames_;
    const std::vector<stream_name>& streams_;
    forkable<relay> all_here_;
    forkable<relay> b_away_;
    network early_;
    step_book steps_;
};

}  // namespace explore

#endif
