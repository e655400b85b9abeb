// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_EXPLORE_NODES_HPP
#define SIXFOLD_TESTS_EXPLORE_NODES_HPP

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include "explore/disk.hpp"
#include "support/receiver_access.hpp"
#include "support/test_access.hpp"

namespace explore {

/// All of a mailbox in one page.
inline constexpr sync_request everything{.rows = 1000, .room = 1000};

/// The newest sending of each content, of a life of a sender.
using number_book = std::array<std::optional<sending_number>, contents_max>;

/// A or C, and its app.
struct a_node {
    forkable<sender> machine;
    time_point now{};
    number_book numbers{};
    bool is_c = false;
    std::array<ticket, ids_max> tickets{};
    std::array<status, ids_max> known{};  // the strongest that the app heard
    id_set stored = 0;                    // was told `stored`, ever
    id_set settled = 0;                   // was told how it ended, ever
    id_set cancelled = 0;                 // asked for
    id_set submitted = 0;
    id_set given_up = 0;   // not over when A gave B up, or a relay refused it
    bool refused = false;  // it was a relay
    bool left = false;     // A has given B up, and submitted nothing since
    std::uint8_t life = 0;
    std::uint8_t crashes = 0;  // counted only where the journal is real
    disk files{};              // likewise
    bool differs = false;      // it was told two ends of one message
    network sends{};
};

/// B and its app.
struct b_node {
    forkable<receiver> machine;
    time_point now{};
    // handed out, not settled (their payloads are not read again)
    std::vector<message> looked_at{};
    std::vector<std::uint32_t> uncommitted{};  // only where that rule is broken
    id_set inbox = 0;                          // accepted in this life
    id_set rejected = 0;                       // in any life
    std::uint8_t amnesias = 0;
    id_set unwritten = 0;  // accepted, and in no transaction yet
    disk files{};          // only where the journal is real
    network sends{};
};

/// A mailbox with room for so many payloads.
[[nodiscard]] inline memory_mailbox empty_mailbox(std::uint32_t payloads) {
    return memory_mailbox::create({.bytes_max = payloads}).value();
}
/// The request that has put a row, or that replaces it.
[[nodiscard]] inline msg_request put_again(const mailbox_row& row, bool tombstone) {
    return {.to = "b",
            .epoch = row.id.epoch,
            .first = row.id.seq,
            .base = row.low,
            .entries = tombstone ? run::tombstone() : run::of(row.payload)};
}

/// All rows that B has.
[[nodiscard]] inline std::vector<mailbox_row> all_rows(memory_mailbox& box) {
    const auto rows = box.execute({"b", everything, {}}).rows;
    return {rows.begin(), rows.end()};
}
/// What a probe finds of a stream. Changes the base that is kept of it if this one is larger.
[[nodiscard]] inline mailbox_outcome
look(memory_mailbox& box, const peer& from, epoch of, seq base) {
    return box.execute({from, msg_request{.to = "b", .epoch = of, .base = base}, {}});
}
/// The lowest row of a stream; `seq_end`.
[[nodiscard]] inline seq lowest_row(memory_mailbox box, const peer& from, epoch of) {
    return look(box, from, of, seq_end).low;
}
/// The base that is kept of a stream with rows, which no look tells while a row is below it.
[[nodiscard]] inline seq kept_base(memory_mailbox box, const peer& from, epoch of) {
    constexpr seq far = 1000;
    std::array<std::byte, 16> state;
    const std::size_t size = encode_ack_state({.floor = far}, state);
    (void)box.execute(
        {from, msg_request{.to = "b", .epoch = of, .first = far, .entries = run::tombstone()}, {}});
    (void)box.execute(
        {"b", ack_request{.to = from, .epoch = of, .state = bytes(state).first(size)}, {}});
    return look(box, from, of, 0).low;
}

/// Of these rows of a mailbox, and the bases that are kept of them, a new one, which has seen no ack state.
template <class Keep>
[[nodiscard]] memory_mailbox with_rows(memory_mailbox& box, std::uint32_t payloads, Keep keep) {
    memory_mailbox left = empty_mailbox(payloads);
    for (const mailbox_row& row : all_rows(box)) {
        if (keep(row)) {
            (void)left.execute({row.from, put_again(row, row.tombstone), {}});
            (void)look(left, row.from, row.id.epoch, kept_base(box, row.from, row.id.epoch));
        }
    }
    return left;
}

/// A request that the mailbox does not answer at once. The relay that has asked may be gone by then.
struct late_request {
    enum class stage : std::uint8_t { none, asked, done };
    stage at = stage::none;
    frame_id which = 0;
    seq lowest_then = seq_end;  // of A's stream, when it was asked
    network if_here{};          // what the relay says when it is done and B has a link
    network if_away{};          // ... or has none
};

/// The mailbox, and what it was asked.
struct box_node {
    memory_mailbox machine;
    id_set payloads = 0;  // a row has the message
    id_set expired = 0;   // retention has made a tombstone of it
    late_request late{};
};

}  // namespace explore

#endif
