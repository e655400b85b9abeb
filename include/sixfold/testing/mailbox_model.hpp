// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTING_MAILBOX_MODEL_HPP
#define SIXFOLD_TESTING_MAILBOX_MODEL_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "sixfold/mailbox/mailbox_limits.hpp"
#include "sixfold/testing/mailbox_requests.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/ack_state.hpp"
#include "sixfold/wire/frame.hpp"
#include "sixfold/wire/run.hpp"

namespace sixfold::inline v0::testing {

/// What a mailbox should do, in the plainest way: lists that are searched from end to end.
struct mailbox_model {
    /// One that waits for its receiver.
    struct row {
        peer to;              ///< the receiver
        mailbox_key key;      ///< the sender and the msgid
        bool tombstone;       ///< or a payload
        std::string payload;  ///< empty in a tombstone
        time_point expires;   ///< when it becomes a tombstone
    };
    /// That all below has ended, or is a row. The seq of the key is it.
    struct base {
        peer to;          ///< the receiver
        mailbox_key key;  ///< the sender, the epoch and the base
    };
    /// An ack state that a receiver has sent.
    struct state {
        peer to;               ///< the receiver, whose state it is
        peer from;             ///< the sender, who asks for it
        sixfold::epoch epoch;  ///< that it is about
        seq floor;             ///< that it has
        blob encoded;          ///< all of it

        /// Whether it is of a larger epoch, or a higher floor of the same: then it is not replaced by the other.
        [[nodiscard]] bool is_beyond(const state& other) const {
            return epoch != other.epoch ? epoch > other.epoch : floor > other.floor;
        }
    };

    mailbox_limits limits;        ///< those of the mailbox that is compared
    std::vector<row> rows{};      ///< sorted by receiver and key
    std::vector<base> bases{};    ///< each that was brought since its stream has rows
    std::vector<state> states{};  ///< each that may be the kept one of its pair

    /// Rows for which `condition(row)` holds.
    template <class Condition>
    [[nodiscard]] std::size_t count(Condition condition) const {
        return static_cast<std::size_t>(std::count_if(rows.begin(), rows.end(), condition));
    }
    /// Payload bytes of the rows for which it holds.
    template <class Condition>
    [[nodiscard]] std::size_t bytes(Condition condition) const {
        std::size_t sum = 0;
        for (const row& each : rows) {
            sum += condition(each) ? each.payload.size() : 0;
        }
        return sum;
    }

    /// It is this time now.
    void pass(time_point now) {
        for (row& each : rows) {
            if (each.expires <= now) {
                each = {each.to, each.key, true, "", never};
            }
        }
    }

    /// Is it done? On a copy, which takes the place of this if it is.
    bool put(const peer& from, const msg_request& msg, time_point now) {
        mailbox_model after = *this;
        const time_point expires =
            msg.left ? later(now, std::chrono::milliseconds(*msg.left)) : never;
        seq which = msg.first;
        for (const run_entry& each : msg.entries) {
            after.put(msg.to, {from, {msg.epoch, which++}}, each, expires);
        }
        const auto to_receiver = [&](const row& r) {
            return r.to == msg.to;
        };
        const auto of_pair = [&](const row& r) {
            return r.to == msg.to && r.key.from == from;
        };
        const auto of_sender = [&](const row& r) {
            return r.key.from == from;
        };
        const auto any = [](const row&) {
            return true;
        };
        const bool above = after.rows.size() > limits.rows_max ||
                           after.bytes(any) > limits.bytes_max ||
                           after.bytes(of_sender) > limits.bytes_per_sender_max ||
                           after.count(of_sender) > limits.rows_per_sender_max ||
                           after.count(to_receiver) > limits.rows_per_receiver_max ||
                           after.count(of_pair) > limits.rows_per_pair_max;
        if (above && after.rows.size() > rows.size()) {
            return false;
        }
        *this = after;
        raise(msg.to, from, msg.epoch, msg.base);
        return true;
    }

    /// A put or a look has brought this base.
    void raise(const peer& to, const peer& from, epoch epoch, seq value) {
        if (lowest(to, from, epoch) != seq_end) {
            bases.push_back({to, {from, {epoch, value}}});
        }
    }

    /// Does it erase anything?
    template <class Covered>
    bool erase(const peer& to, const peer& from, epoch epoch, Covered covered) {
        const auto gone = std::remove_if(rows.begin(), rows.end(), [&](const row& r) {
            return r.to == to && r.key.from == from && r.key.id.epoch == epoch &&
                   covered(r.key.id.seq);
        });
        const bool any = gone != rows.end();
        rows.erase(gone, rows.end());
        if (lowest(to, from, epoch) == seq_end) {
            bases.erase(std::remove_if(bases.begin(), bases.end(),
                                       [&](const base& b) {
                                           return b.to == to && b.key.from == from &&
                                                  b.key.id.epoch == epoch;
                                       }),
                        bases.end());
        }
        return any;
    }

    /// What erases must be kept, unless what is kept is beyond it. What erases nothing may take the
    /// place of what is kept of its pair.
    void remember(const state& now, bool erased) {
        const auto of_pair = [&](const state& s) {
            return s.to == now.to && s.from == now.from;
        };
        const auto replaced = [&](const state& s) {
            return of_pair(s) && !s.is_beyond(now);
        };
        const bool known = std::any_of(states.begin(), states.end(), of_pair);
        const bool taken = std::any_of(states.begin(), states.end(), replaced);
        if (erased) {
            states.erase(std::remove_if(states.begin(), states.end(), replaced), states.end());
        }
        if (taken || (erased && !known)) {
            states.push_back(now);
        }
    }

    /// May this be the last state of the stream? Empty: none.
    [[nodiscard]] bool
    may_keep(const peer& to, const peer& from, epoch epoch, const blob& last) const {
        bool any = false;
        for (const state& s : states) {
            if (s.to == to && s.from == from) {
                any = true;
                if (s.epoch == epoch ? s.encoded == last : last.empty()) {
                    return true;
                }
            }
        }
        return !any && last.empty();
    }

    /// The lowest seq of a stream; seq_end: it has no row.
    [[nodiscard]] seq lowest(const peer& to, const peer& from, epoch epoch) const {
        seq low = seq_end;
        for (const row& r : rows) {
            if (r.to == to && r.key.from == from && r.key.id.epoch == epoch) {
                low = (std::min)(low, r.key.id.seq);
            }
        }
        return low;
    }
    /// All seqs below this have ended: the highest base that was brought, or the lowest row if that is lower. No rows: seq_end.
    [[nodiscard]] seq low(const peer& to, const peer& from, epoch epoch) const {
        const seq stored = lowest(to, from, epoch);
        seq high = 0;
        for (const base& b : bases) {
            if (b.to == to && b.key.from == from && b.key.id.epoch == epoch) {
                high = (std::max)(high, b.key.id.seq);
            }
        }
        return stored == seq_end ? stored : (std::min)(stored, high);
    }
    /// The lowest row of a smaller epoch of this sender; epoch none: it has no row.
    [[nodiscard]] msgid smaller(const peer& to, const peer& from, epoch epoch) const {
        std::optional<mailbox_key> low;
        for (const row& r : rows) {
            if (r.to == to && r.key.from == from && r.key.id.epoch < epoch) {
                low = low ? (std::min)(*low, r.key) : r.key;
            }
        }
        return low ? low->id : msgid{};
    }

    /// The rows of a page, and where there are more.
    [[nodiscard]] std::vector<row>
    page(const peer& to, const sync_request& sync, std::optional<mailbox_key>& next) const {
        std::vector<row> taken;
        std::size_t size = 0;
        next.reset();
        for (const row& each : rows) {
            if (!(each.to == to) || (sync.from && each.key < *sync.from) ||
                (sync.until && !(each.key < *sync.until))) {
                continue;
            }
            size += each.payload.size();
            const bool is_full = taken.size() == sync.rows || taken.size() == limits.page_rows ||
                                 size > sync.room || size > limits.page_bytes;
            if (!taken.empty() && is_full) {
                next = each.key;
                break;
            }
            taken.push_back(each);
        }
        return taken;
    }

  private:
    void put(const peer& to, const mailbox_key& key, const run_entry& what, time_point expires) {
        for (row& each : rows) {
            if (each.to == to && each.key == key) {
                if (what.tombstone) {
                    each = {to, key, true, "", never};
                }
                return;
            }
        }
        rows.push_back({to, key, what.tombstone, std::string(as_text(what.payload)),
                        what.tombstone ? never : expires});
        std::sort(rows.begin(), rows.end(), [](const row& a, const row& b) {
            return a.to == b.to ? a.key < b.key : a.to < b.to;
        });
    }
};

}  // namespace sixfold::inline v0::testing

#endif
