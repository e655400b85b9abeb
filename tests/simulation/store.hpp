// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SIMULATION_STORE_HPP
#define SIXFOLD_TESTS_SIMULATION_STORE_HPP

#include <cstddef>
#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include "simulation/app.hpp"

namespace simulation {

/// A copy of a request, which outlives the packet that it came in.
struct kept_request {
    sixfold::peer from;
    std::vector<std::byte> wire;
    sixfold::framing framing;
    bool passed_on;

    kept_request(const sixfold::mailbox_request& request, const sixfold::framing& link)
        : from(request.from), wire(request.wire.begin(), request.wire.end()), framing(link),
          passed_on(request.passed_on) {}

    [[nodiscard]] sixfold::mailbox_request again() const {
        sixfold::frame whole;
        demand(sixfold::decode(wire, framing, whole) == sixfold::refusal::none,
               "a request cannot be read again");
        sixfold::mailbox_request out{.from = from, .wire = wire, .passed_on = passed_on};
        if (const auto* msg = std::get_if<sixfold::msg_request>(&whole)) {
            out.what = *msg;
        } else if (const auto* ack = std::get_if<sixfold::ack_request>(&whole)) {
            out.what = *ack;
        } else {
            out.what = std::get<sixfold::sync_request>(whole);
        }
        return out;
    }
};

/// A copy of an outcome, which outlives the next request.
struct kept_outcome {
    sixfold::mailbox_outcome what;
    std::vector<std::byte> last_state;
    std::vector<sixfold::mailbox_row> rows;
    std::vector<std::vector<std::byte>> payloads;

    explicit kept_outcome(const sixfold::mailbox_outcome& outcome)
        : what(outcome), last_state(outcome.last_state.begin(), outcome.last_state.end()),
          rows(outcome.rows.begin(), outcome.rows.end()) {
        for (sixfold::mailbox_row& each : rows) {
            payloads.emplace_back(each.payload.begin(), each.payload.end());
        }
    }
    [[nodiscard]] sixfold::mailbox_outcome again() {
        for (std::size_t i = 0; i < rows.size(); ++i) {
            rows[i].payload = payloads[i];
        }
        what.rows = rows;
        what.last_state = last_state;
        return what;
    }
};

/// The mailbox that all relays share, and what goes wrong in it.
class store {
  public:
    store(surroundings& world, const sixfold::mailbox_limits& limits)
        : world_(&world), rows_(sixfold::memory_mailbox::create(limits).value()) {}

    /// Whether anything of the honest lies there for this client.
    [[nodiscard]] bool waits_for(client_number who) {
        sixfold::sync_request next = whole();
        do {
            const sixfold::mailbox_outcome page = rows_.execute({name_of(who), next, {}});
            for (const sixfold::mailbox_row& row : page.rows) {
                if (world_->book.honest(number_of(row.from))) {
                    return true;
                }
            }
            next.from = page.next;
        } while (next.from);
        return false;
    }

    [[nodiscard]] sixfold::mailbox_outcome execute(const sixfold::mailbox_request& request) {
        if (world_->bad_luck.happens(fault::store_fails)) {
            return {};
        }
        sixfold::mailbox_outcome out = rows_.execute(request);
        if (const auto* msg = std::get_if<sixfold::msg_request>(&request.what);
            msg != nullptr && msg->entries.count() > msg->entries.tombstones()) {
            demand(msg->storing == sixfold::storing::allowed ||
                       !world_->book.honest(number_of(request.from)),
                   "stored, and it must not be");
            if (out.done) {
                note(request.from, *msg);
            } else {
                world_->seen.see(sight::store_full);
            }
        }
        if (world_->bad_luck.happens(fault::store_unknown)) {
            world_->seen.see(sight::store_unknown);
            out = {};
        }
        return out;
    }

    /// Retention: a tombstone takes the place of the first payload of somebody.
    void take_back(const sixfold::peer& to) {
        const sixfold::mailbox_outcome page = rows_.execute({to, whole(), {}});
        for (const sixfold::mailbox_row& row : page.rows) {
            if (!row.tombstone) {
                if (world_->book.honest(number_of(row.from))) {
                    world_->book.taken_back(row.payload);
                }
                sixfold::msg_request tombstone;
                tombstone.to = to;
                tombstone.epoch = row.id.epoch;
                tombstone.entries = sixfold::run::tombstone();
                tombstone.first = row.id.seq;
                tombstone.base = row.low;
                demand(rows_.execute({row.from, tombstone, {}}).done, "a tombstone has no room");
                return;
            }
        }
    }

  private:
    [[nodiscard]] static sixfold::sync_request whole() {
        return {.serial = 0, .rows = 1000, .room = 1U << 20};
    }
    void note(const sixfold::peer& from, const sixfold::msg_request& msg) {
        sixfold::seq which = msg.first;
        for (const sixfold::run_entry& each : msg.entries) {
            if (!each.tombstone) {
                world_->book.put(number_of(from), number_of(msg.to), {msg.epoch, which});
            }
            ++which;
        }
    }

    surroundings* world_;
    sixfold::memory_mailbox rows_;
};

}  // namespace simulation

#endif
