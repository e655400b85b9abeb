// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_EXPLORE_RELAYING_HPP
#define SIXFOLD_TESTS_EXPLORE_RELAYING_HPP

#include <string>
#include <utility>
#include <vector>

#include "explore/broken.hpp"

namespace explore {

/// The relay with its mailbox: (rows, frame, is B here?) -> rows and frames.
class relaying {
  public:
    /// `epochs`: those of which the mailbox can know a last ack state.
    relaying(const rules& r, frame_book& frames, const std::vector<epoch>& epochs)
        : rules_(r), frames_(frames), epochs_(epochs), all_here_(make(true)), b_away_(make(false)) {
    }

    node_book<box_node> nodes;

    std::uint32_t first() { return number({memory_mailbox::create({}).value()}); }

    const step& takes(std::uint32_t at, frame_id f, bool b_here) {
        return steps_.get(at, 2U * f + (b_here ? 1 : 0), [&] {
            box_node next = nodes[at];
            step s;
            relay server = b_here ? all_here_ : b_away_;
            reactions out;
            const auto& e = frames_[f];
            server.handle(e.to == place::at_relay_from_a ? link_id{1} : link_id{2}, e.bytes, out);
            while (auto request = out.next_request()) {
                answer(server, *request, next.machine, out);
            }
            s.sent = frames_of(out);
            s.to = number(std::move(next));
            return s;
        });
    }

    /// Frames that a relay sent too early, where that rule is broken.
    [[nodiscard]] const network& early() const { return early_; }

    /// A relay to which A is linked, and B perhaps.
    [[nodiscard]] static relay make(bool with_b) {
        relay r = relay::create({.seed = 1}).value();
        (void)r.link_up(link_id{1}, "a", checksum::off).has_value();
        if (with_b) {
            (void)r.link_up(link_id{2}, "b", checksum::off).has_value();
        }
        return r;
    }

  private:
    void
    answer(relay& server, const mailbox_request& request, memory_mailbox& box, reactions& out) {
        overdo(box, request, rules_.what);
        mailbox_outcome outcome = box.execute(request);
        std::vector<mailbox_row> rows;
        falsify(outcome, rows, rules_.what);
        server.complete(request, outcome, out);
        const auto* msg = std::get_if<msg_request>(&request.what);
        if (rules_.what == broken::stored_before_put && msg != nullptr &&
            msg->form != form::probe) {
            early_.add(frames_of(out));
        }
    }

    [[nodiscard]] network frames_of(const reactions& out) {
        network sent;
        for (const outgoing& o : out.frames()) {
            sent.add(frames_.number(o.to == peer("a") ? place::at_a : place::at_b, o.bytes));
        }
        return sent;
    }

    std::uint32_t number(box_node box) {
        box.payloads = 0;
        std::string key;
        for (const mailbox_row& row : box.machine.execute({"b", sync_request{}, {}}).rows) {
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
        return nodes.number(key, std::move(box), [](box_node&) {});
    }

    rules rules_;
    frame_book& frames_;
    const std::vector<epoch>& epochs_;
    relay all_here_;
    relay b_away_;
    network early_;
    step_book steps_;
};

}  // namespace explore

#endif
