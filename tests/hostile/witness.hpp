// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_HOSTILE_WITNESS_HPP
#define SIXFOLD_TESTS_HOSTILE_WITNESS_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include "hostile/scene.hpp"
#include "support/allocations.hpp"
#include "support/journal_bytes.hpp"
#include "support/receiver_access.hpp"
#include "support/test_access.hpp"

// Who says that nothing has happened. Counters of what was refused, and of duplicates, may move, and nothing else.

namespace hostile {

inline void add(std::string& to, bytes data) {
    to.append(as_text(data));
    to.push_back('|');
}
template <class Number>
    requires(std::is_integral_v<Number>)
void add(std::string& to, Number value) {
    to += std::to_string(value) + ' ';
}

/// All that a client has and counts, and all that it will say and show for some deadlines if it hears nothing more.
inline std::string portrait(const client& machine, manual_clock& clock) {
    std::string out;
    add(out, support::snapshot_of(machine));
    out += test_access::fingerprint(machine.sender()) + '|';
    out += receiver_access::fingerprint(machine.receiver()) + '|';
    add(out, machine.sender().queued());
    add(out, machine.sender().unsettled());
    add(out, machine.sender().sent());
    add(out, machine.sender().written());
    add(out, machine.receiver().written());
    add(out, int{machine.linked()});

    client future = test_access::copy_of(machine);
    std::array<std::byte, 4096> buffer{};
    const time_point now = clock.now();
    for (int step = 0; step < 12; ++step) {
        while (const auto event = future.poll_event()) {
            add(out, static_cast<std::uint64_t>(event->id));
            add(out, static_cast<int>(event->what));
        }
        while (const auto message = future.poll_message()) {
            add(out, message->id.seq);
            add(out, message->payload);
        }
        while (const auto packet = future.poll_transmit(buffer)) {
            add(out, *packet);
        }
        const time_point next = future.next_deadline();
        add(out, next.time_since_epoch().count());
        clock.set(next == never ? clock.now() : (std::max)(clock.now(), next));
    }
    clock.set(now);
    return out;
}

/// Which link leads to whom, as all can see that ask.
inline std::string portrait(const relay& machine, manual_clock& /*clock*/) {
    std::string out;
    add(out, machine.peers());
    relay asked = test_access::copy_of(machine);
    reactions answers;
    for (const peer name : {"alice", "bob", "carol", "mallory"}) {
        for (const link_id link : {at_alice, at_bob, at_mallory, of_nobody}) {
            for (const peer to : {"alice", "bob", "carol", "mallory"}) {
                const blob wire = encoded(msg_request{.to = to, .epoch = epoch{1}}, name);
                add(out, static_cast<int>(asked.handle(link, wire, answers)));
            }
        }
    }
    for (const outgoing each : answers.frames()) {
        add(out, static_cast<std::uint64_t>(each.link));
        add(out, each.bytes);
    }
    return out;
}

/// All its rows.
inline std::string portrait(const memory_mailbox& machine, manual_clock& /*clock*/) {
    std::string out;
    add(out, machine.rows());
    add(out, machine.bytes());
    add(out, machine.states());
    memory_mailbox asked = machine;
    for (const peer name : {"alice", "bob", "carol", "mallory"}) {
        const auto page = asked.execute(
            {.from = name, .what = sync_request{.rows = 1000, .room = 1U << 20}, .wire = {}});
        for (const mailbox_row& row : page.rows) {
            add(out, row.from.bytes());
            add(out, row.id.seq);
            add(out, static_cast<int>(row.tombstone));
            add(out, row.payload);
        }
    }
    return out;
}

inline std::uint64_t refused(const client& machine, refusal why) {
    return machine.refusals()[why] + machine.sender().refusals()[why] +
           machine.receiver().refusals()[why];
}
inline std::uint64_t refused(const relay& machine, refusal why) {
    return machine.refusals()[why];
}

/// Looks at a machine when it begins, and says later whether anything has become of it.
template <class Machine>
class witness {
  public:
    witness(Machine& machine, manual_clock& clock)
        : machine_(machine), clock_(clock), portrait_(portrait(machine, clock)) {
        for (std::size_t why = 0; why < refusal_kinds; ++why) {
            refusals_[why] = count(why);
        }
    }

    /// `machine.handle(...)`; what it allocates is added up.
    template <class... Arguments>
    refusal handle(Arguments&&... arguments) {
        refusal why{};
        allocations_ += support::allocations_in(
            [&] { why = machine_.handle(std::forward<Arguments>(arguments)...); });
        return why;
    }

    [[nodiscard]] bool same() const { return portrait(machine_, clock_) == portrait_; }
    [[nodiscard]] std::size_t allocations() const { return allocations_; }
    /// How often this was refused since.
    [[nodiscard]] std::uint64_t counted(refusal why) const {
        return count(static_cast<std::size_t>(why)) - refusals_[static_cast<std::size_t>(why)];
    }
    /// How often anything was.
    [[nodiscard]] std::uint64_t counted() const {
        std::uint64_t all = 0;
        for (std::size_t why = 1; why < refusal_kinds; ++why) {
            all += count(why) - refusals_[why];
        }
        return all;
    }
    /// Neither its state, nor what it will do, nor its memory.
    [[nodiscard]] bool unmoved() const { return same() && allocations_ == 0; }

  private:
    [[nodiscard]] std::uint64_t count(std::size_t why) const {
        return refused(machine_, static_cast<refusal>(why));
    }

    Machine& machine_;
    manual_clock& clock_;
    std::string portrait_;
    std::array<std::uint64_t, refusal_kinds> refusals_{};
    std::size_t allocations_ = 0;
};

/// Looks at all who are in a scene.
class watch {
  public:
    explicit watch(scene& s)
        : alice(s.alice, s.clock), bob(s.bob, s.clock), relay(s.relay, s.clock), s_(s),
          box_(portrait(s.box, s.clock)) {}

    /// From the link of alice, if no other is named; nothing is carried on.
    refusal at_relay(bytes packet, link_id from = at_alice) {
        return relay.handle(from, packet, s_.out);
    }
    /// Nobody has changed, allocated, or said anything.
    [[nodiscard]] bool unmoved() const {
        return alice.unmoved() && bob.unmoved() && relay.unmoved() && s_.out.empty() &&
               portrait(s_.box, s_.clock) == box_;
    }

    witness<client> alice;
    witness<client> bob;
    witness<sixfold::relay> relay;

  private:
    scene& s_;
    std::string box_;
};

}  // namespace hostile

#endif
