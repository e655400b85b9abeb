// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SIMULATION_LEDGER_HPP
#define SIXFOLD_TESTS_SIMULATION_LEDGER_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "simulation/agenda.hpp"
#include "simulation/record.hpp"

namespace simulation {

/// The promise is broken.
struct violation : std::runtime_error {
    using std::runtime_error::runtime_error;
};

inline void demand(bool holds, const std::string& what) {
    if (!holds) {
        throw violation(what);
    }
}

using letter_number = std::uint32_t;

/// One message, as the apps at both ends and their disks know it.
struct letter {
    client_number from = 0;
    client_number to = 0;
    std::size_t size = 0;
    bool submitted = false;   ///< it is on the disk of its sender
    bool forgotten = false;   ///< and the disk is gone
    bool cancelled = false;   ///< the app has asked for it
    bool perishable = false;  ///< it has a deadline, or must not be stored
    bool taken_back = false;  ///< the mailbox has made a tombstone of it
    bool too_large = false;   ///< for its receiver
    bool too_large_for_relay = false;
    bool rejected = false;  ///< by the other app, or it is too large for it
    bool stored = false;    ///< its sender was told so
    bool named = false;     ///< it was sent under some msgid
    /// Its receiver, which has rows and records apart, has lost its power between the two: it has the message, and its journal
    /// does not know. It comes again, or, if it was taken back meanwhile, does not.
    bool unrecorded = false;
    sixfold::status end = sixfold::status::none;
    std::vector<std::uint32_t> accepted{};  ///< by which lives of the receiver's disk

    /// May it end otherwise than by being accepted?
    [[nodiscard]] bool may_end_otherwise() const {
        return cancelled || perishable || taken_back || rejected || too_large_for_relay;
    }
};

/// What a sixfold message carries here: the number of its letter, again and inverted, and bytes that follow from it.
[[nodiscard]] inline std::vector<std::byte> write_letter(letter_number id, std::size_t size) {
    std::vector<std::byte> out(size);
    for (std::size_t i = 0; i < size; ++i) {
        const std::uint32_t word = i < 4   ? id
                                   : i < 8 ? ~id
                                           : id * 31 + static_cast<std::uint32_t>(i / 4);
        out[i] = static_cast<std::byte>(word >> (8 * (i % 4)));
    }
    return out;
}
[[nodiscard]] inline letter_number read_letter(sixfold::bytes payload) {
    letter_number id = 0;
    for (std::size_t i = 0; i < (std::min)(payload.size(), std::size_t{4}); ++i) {
        id |= std::to_integer<letter_number>(payload[i]) << (8 * i);
    }
    return id;
}

/// Knows what the apps did and what their disks have, sees what is sent, and holds the protocol to its promise. It shares no
/// code with the machines but the codec.
class ledger {
  public:
    /// `exceptions`: so many messages of a stream that were not accepted a receiver remembers at least.
    ledger(std::uint32_t honest, std::uint32_t all, std::uint64_t exceptions, sightings& seen)
        : honest_(honest), exceptions_max_(exceptions), memories_(all), set_back_(all),
          seen_(&seen) {}

    std::vector<letter> letters;

    [[nodiscard]] bool honest(client_number who) const { return who < honest_; }
    /// Whether a frame of or to this client is about what the honest send each other. The slow look into the mailbox is not.
    [[nodiscard]] bool between_honest(client_number who, const sixfold::frame& what) const {
        return honest(who) && std::visit(
                                  [&](const auto& frame) {
                                      if constexpr (requires { frame.to.name(); }) {
                                          return honest(number_of(frame.to));
                                      } else if constexpr (requires { frame.from.name(); }) {
                                          return honest(number_of(frame.from));
                                      } else {
                                          return false;
                                      }
                                  },
                                  what);
    }
    /// How often a client has lost all that was on its disk.
    [[nodiscard]] std::uint32_t memory(client_number who) const { return memories_[who]; }

    // --- what the apps say -------------------------------------------------------------------------------------------

    void lost_memory(client_number who) {
        seen_->see(sight::memory_lost);
        forget_settled(who);
        for (letter& each : letters) {
            each.forgotten = each.forgotten ||
                             (each.from == who && each.submitted && !sixfold::is_final(each.end));
        }
    }
    /// It has the disk of an earlier day. As a receiver it has lost its memory; as a sender it is promised nothing but that it
    /// gets on: what it sends anew has names that were given already. (spec 6.4)
    void set_back(client_number who) {
        seen_->see(sight::set_back);
        forget_settled(who);
        set_back_[who] = true;
    }
    /// A client hands a message to its app: it is what was submitted, by whom it says.
    void shown(client_number to, client_number from, sixfold::bytes payload) const {
        if (!honest(from)) {
            return;
        }
        const letter_number id = read_letter(payload);
        demand(id < letters.size() && letters[id].submitted, "a message that nobody has sent");
        const letter& what = letters[id];
        demand(what.from == from, "a message as if another peer had sent it");
        demand(what.to == to, "a message at the wrong peer");
        const std::vector<std::byte> right = write_letter(id, what.size);
        demand(std::equal(right.begin(), right.end(), payload.begin(), payload.end()),
               "a message has other bytes");
    }
    /// The row of a message is on the disk of its receiver, with its msgid, and was not there before.
    void accepted(client_number to, client_number from, sixfold::msgid name, letter_number id) {
        settle(to, from, name);
        if (!promised(from)) {
            return;
        }
        letter& what = letters[id];
        demand(std::find(what.accepted.begin(), what.accepted.end(), memories_[to]) ==
                   what.accepted.end(),
               "accepted twice");
        demand(!rejected_by_.contains({to, memories_[to], id}), "accepted, and rejected before");
        demand(memories_[to] != 0 || what.unrecorded ||
                   (what.end != sixfold::status::cancelled &&
                    what.end != sixfold::status::expired &&
                    (what.end != sixfold::status::refused || refused_.contains({from, to}))),
               "accepted, after its sender was told that it was not");
        if (!what.accepted.empty()) {
            seen_->see(sight::accepted_twice_by_two_lives);
        }
        what.accepted.push_back(memories_[to]);
        ++seen_->delivered;
    }
    void rejected(client_number to, client_number from, sixfold::msgid name, letter_number id) {
        settle(to, from, name);
        if (honest(from)) {
            letters[id].rejected = true;
            rejected_by_.insert({to, memories_[to], id});
        }
    }
    /// What a sender learns. `again`: its app may hear it once more, because it lost what it had heard.
    void told(letter_number id, sixfold::status what, sixfold::msgid name, bool again) {
        letter& it = letters[id];
        const bool checks = honest(it.to) && promised(it.from);
        if (what == sixfold::status::stored) {
            demand(!checks || put_.contains({it.from, it.to, name.epoch, name.seq}),
                   "told stored, and it never was");
            it.stored = true;
            seen_->see(sight::told_stored);
        }
        if (!sixfold::is_final(what)) {
            return;
        }
        demand(it.end == sixfold::status::none || (again && it.end == what) || set_back_[it.from],
               "told twice how it ended");
        if (checks && it.end == sixfold::status::none) {
            check_end(it, what);
        }
        it.end = what;
    }

    /// An app does not want to know of its messages to this one any more, or a relay has said that it may not write to it. What
    /// becomes of these is then the truth, or that nobody knows it. (spec 3.14)
    void gives_up(client_number from, client_number to) { given_up_.insert({from, to}); }
    void refuses(client_number from, client_number to) { refused_.insert({from, to}); }
    [[nodiscard]] bool given_up(client_number from, client_number to) const {
        return given_up_.contains({from, to}) || refused_.contains({from, to});
    }

    // --- what the mailbox does ---------------------------------------------------------------------------------------

    void put(client_number from, client_number to, sixfold::msgid name) {
        put_.insert({from, to, name.epoch, name.seq});
    }
    void taken_back(sixfold::bytes payload) {
        if (const letter_number id = read_letter(payload); id < letters.size()) {
            letters[id].taken_back = true;
            seen_->see(sight::taken_back_in_mailbox);
        }
    }

    // --- what is on the wire -----------------------------------------------------------------------------------------

    /// A client has put this out.
    void sent(client_number from, const sixfold::frame& what) {
        if (const auto* msg = std::get_if<sixfold::msg_request>(&what)) {
            sent_message(from, number_of(msg->to), *msg);
        } else if (const auto* ack = std::get_if<sixfold::ack_request>(&what)) {
            sent_ack(from, number_of(ack->to), *ack);
        }
    }

    /// Names that were given to messages, for those who want to forge some.
    struct wire_name {
        client_number from;
        client_number to;
        sixfold::epoch epoch;
        sixfold::seq seq;
        friend auto operator<=>(const wire_name&, const wire_name&) = default;
    };
    [[nodiscard]] const std::map<wire_name, letter_number>& names() const { return names_; }

    // --- the end -----------------------------------------------------------------------------------------------------

    /// What a message still waits for, if it does.
    [[nodiscard]] const char* open(const letter& it) const {
        if (!it.submitted || !honest(it.to) || !promised(it.from)) {
            return nullptr;
        }
        if (!it.forgotten && !sixfold::is_final(it.end)) {
            return "its sender does not know how it ended";
        }
        const bool owed = !it.forgotten || it.stored;
        if (owed && !it.may_end_otherwise() && !given_up(it.from, it.to) &&
            it.accepted.empty()) {  // not by any life
            return "it is lost";
        }
        return nullptr;
    }

  private:
    using settled_name = std::tuple<client_number, client_number, std::uint64_t, sixfold::seq>;

    [[nodiscard]] static std::uint64_t number(sixfold::epoch e) {
        return static_cast<std::uint64_t>(e);
    }

    /// Whether more is promised of what it sends than that it gets on.
    [[nodiscard]] bool promised(client_number who) const { return honest(who) && !set_back_[who]; }

    void forget_settled(client_number who) {
        ++memories_[who];
        settled_.erase(settled_.lower_bound({who, 0, 0, 0}),
                       settled_.lower_bound({who + 1, 0, 0, 0}));
        checked_.erase(checked_.lower_bound({who, 0, 0}), checked_.lower_bound({who + 1, 0, 0}));
    }
    void settle(client_number to, client_number from, sixfold::msgid name) {
        const bool fresh = settled_.insert({to, from, number(name.epoch), name.seq}).second;
        demand(fresh, "the same msgid settled twice");
        ever_settled_.insert({to, from, number(name.epoch), name.seq});
    }
    /// Its receiver has, or may have, a tombstone of it, or has refused it by its size.
    [[nodiscard]] bool ended_without_app(const letter& it, const wire_name& name) const {
        return it.taken_back || it.too_large || tombstones_.contains(name);
    }

    void check_end(const letter& it, sixfold::status what) {
        using sixfold::status;
        const bool remembers = memories_[it.to] == 0 && !it.unrecorded;
        switch (what) {
        case status::delivered:
            demand(!it.accepted.empty(), "told delivered, and it is not");
            if (it.stored) {
                seen_->see(sight::told_delivered_after_stored);
            }
            if (it.cancelled) {
                seen_->see(sight::too_late_to_cancel);
            }
            break;
        case status::rejected:
            demand(it.rejected, "told rejected, and it is not");
            demand(!remembers || it.accepted.empty(), "told rejected, and it was accepted");
            seen_->see(sight::told_rejected);
            break;
        case status::cancelled:
            demand(it.cancelled || given_up_.contains({it.from, it.to}),
                   "told cancelled, and nobody has asked for it");
            demand(!remembers || !settled(it), "told cancelled, and its receiver has settled it");
            seen_->see(sight::told_cancelled);
            break;
        case status::expired:
            demand(it.perishable || it.taken_back || it.cancelled,
                   "told expired, and it could not");
            demand(!remembers || !settled(it), "told expired, and its receiver has settled it");
            seen_->see(sight::told_expired);
            break;
        case status::refused: {
            const bool for_good = refused_.contains({it.from, it.to});
            demand(for_good || it.too_large_for_relay, "told refused, and it could not");
            demand(for_good || !remembers || !settled(it),
                   "told refused as too large, and its receiver has settled it");
            seen_->see(for_good ? sight::told_refused : sight::refused_too_large);
            break;
        }
        default:
            demand(!remembers || given_up(it.from, it.to) ||
                       exceptions_of(it.from, it.to) > exceptions_max_,
                   "told ended, where its receiver still knows how");
            seen_->see(sight::told_ended);
        }
    }

    /// Whether an app has accepted it, or did not want it.
    [[nodiscard]] bool settled(const letter& it) const {
        return !it.accepted.empty() || (it.rejected && !it.too_large);
    }
    /// At most so many messages from one to the other can have ended otherwise than by being accepted.
    [[nodiscard]] std::size_t exceptions_of(client_number from, client_number to) const {
        return static_cast<std::size_t>(
            std::count_if(letters.begin(), letters.end(), [&](const letter& each) {
                return each.from == from && each.to == to && each.may_end_otherwise();
            }));
    }

    void sent_message(client_number from, client_number to, const sixfold::msg_request& msg) {
        seen_->see(sight::probe, msg.probes());
        seen_->see(sight::run, msg.entries.count() > 1);
        seen_->see(sight::keep, msg.keep);
        wire_name name{from, to, msg.epoch, msg.first};
        for (const sixfold::run_entry& each : msg.entries) {
            each.tombstone ? sent_tombstone(name) : sent_payload(name, each.payload);
            ++name.seq;
        }
    }
    void sent_tombstone(const wire_name& name) {
        seen_->see(sight::tombstone);
        tombstones_.insert(name);
    }
    void sent_payload(const wire_name& name, sixfold::bytes payload) {
        const letter_number id = read_letter(payload);
        demand(id < letters.size() && letters[id].submitted && letters[id].from == name.from &&
                   letters[id].to == name.to,
               "sent before it was durable");
        const auto [at, fresh] = names_.emplace(name, id);
        demand(at->second == id || set_back_[name.from], "one msgid for two messages");
        if (fresh && letters[id].named) {
            seen_->see(sight::renamed);
        }
        letters[id].named = true;
    }

    /// An ack speaks of nothing that is not durable at its receiver. (law 4)
    void sent_ack(client_number from, client_number to, const sixfold::ack_request& ack) {
        if (ack.word == sixfold::ack_word::waiting) {
            seen_->see(sight::said_waiting);
        }
        if (ack.word == sixfold::ack_word::past) {
            seen_->see(sight::said_past);
        }
        if (ack.word != sixfold::ack_word::state || !promised(to)) {
            return;
        }
        sixfold::ack_state state;
        demand(sixfold::ack_state::decode(ack.state, state) == sixfold::refusal::none,
               "an ack state that cannot be read");
        if (state.first() != state.floor()) {
            seen_->see(sight::later_part);
        }
        sixfold::seq& checked = checked_[{from, to, number(ack.epoch)}];
        demand(state.floor() >= checked, "a floor that sinks");
        for (auto at = names_.lower_bound({to, from, ack.epoch, checked});
             at != names_.end() && at->first.from == to && at->first.to == from &&
             at->first.epoch == ack.epoch && at->first.seq < state.end();
             ++at) {
            const letter& it = letters[at->second];
            const bool may = ended_without_app(it, at->first) || (it.forgotten && !it.stored) ||
                             given_up(it.from, it.to) ||  // nobody fills that hole
                             ever_settled_.contains({from, to, number(ack.epoch), at->first.seq});
            demand(may || !state.covers(at->first.seq), "acknowledged, and not durable");
        }
        checked = state.floor();
    }

    std::uint32_t honest_;
    std::uint64_t exceptions_max_;
    std::vector<std::uint32_t> memories_;
    std::vector<bool> set_back_;
    std::set<std::pair<client_number, client_number>> given_up_;  // by the app of the first,
    std::set<std::pair<client_number, client_number>> refused_;   // or by a relay
    sightings* seen_;
    std::set<std::tuple<client_number, client_number, sixfold::epoch, sixfold::seq>> put_;
    std::map<wire_name, letter_number> names_;
    std::set<wire_name> tombstones_;  // that were sent
    std::set<settled_name> settled_;  // receiver, sender, epoch, seq: that the receiver remembers
    std::set<settled_name> ever_settled_;  // and that it has forgotten
    std::set<std::tuple<client_number, std::uint32_t, letter_number>> rejected_by_;
    std::map<std::tuple<client_number, client_number, std::uint64_t>, sixfold::seq> checked_;
};

}  // namespace simulation

#endif
