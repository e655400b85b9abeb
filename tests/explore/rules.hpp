// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_EXPLORE_RULES_HPP
#define SIXFOLD_TESTS_EXPLORE_RULES_HPP

#include <cstdint>

namespace explore {

/// A law broken on purpose, outside of the library's code: what the explorer must refute to be believed.
enum class broken : std::uint8_t {
    nothing,
    stored_before_put,         ///< the relay says `stored`, then puts
    low_without_look,          ///< low is the base, without a look at the mailbox
    low_without_base,          ///< low is the lowest row, without the base that came with it
    clean_without_look,        ///< "nothing of a smaller epoch" is said without looking
    direct_frame_enters,       ///< a direct frame is enough to enter an epoch
    forget_on_relayed,         ///< A forgets on msg:A
    forget_on_held,            ///< A forgets what B only holds
    erase_on_held,             ///< the relay deletes what B only holds
    stored_ends_tombstone,     ///< `stored` ends a cancelled message
    highest_floor,             ///< A goes by the highest floor ever reported
    silence_beyond_window,     ///< B does not answer what is beyond its window
    epoch_used_again,          ///< A mints the same epoch after it lost its journal
    holes_stay,                ///< B waits for what nobody can send any more
    holes_told_by_probe_only,  ///< ... until A probes, and A may be gone
    accept_before_commit,      ///< B's app accepts, and commits afterwards
    dedup_not_durable,         ///< B's app commits without the dedup record
    delivered_by_relays_word,  ///< "ended below" is taken for `delivered`
    ack_of_any_epoch,          ///< an ack counts for whatever epoch A is in
    retention_drops_row,       ///< the mailbox drops what is too old, and leaves no tombstone
    silence_is_success,        ///< what the mailbox has not done in time is taken for done
    low_before_page,           ///< low is looked up before the rows that it comes with
    sent_before_durable,       ///< A sends a message before its record is durable
    acked_before_durable,      ///< B acknowledges it before the record of that is durable
    tail_out_of_order,         ///< a crash keeps the end of an unsynced tail, not its beginning
    sender_from_bytes,  ///< a frame is from whoever it says, and not from the link that it came from
    erase_of_any_sender,         ///< an ack deletes rows by their seq, whoever sent them
    stored_answers_any_sending,  ///< a tombstone is stored whichever sending was answered
    buried_for_ever,       ///< a tombstone in the mailbox is not sent again when its row is gone
    forget_there_on_away,  ///< A forgets what B held when B is away
    remembered_is_said,    ///< what the relay remembers of B counts as B's word of today
    stored_in_part,        ///< the mailbox takes what fits of a run, and says that it has all
};

/// Who C is.
enum class third : std::uint8_t {
    nobody,
    sender,  ///< another one who sends a message to B
    forger,  ///< may put forged frames to the relay, as itself, at any time
};

/// What may happen in a world. The network may always lose, repeat and reorder everything.
struct rules {
    std::uint32_t messages = 1;   ///< submitted by A in its first life; 1 in later ones
    std::uint32_t window = 1;     ///< of A
    std::uint32_t width = 1;      ///< W, of B
    std::uint32_t cancels = 0;    ///< how many messages A may cancel
    std::uint32_t amnesias = 0;   ///< how often B may lose all that it knows
    std::uint32_t lives = 1;      ///< of A: it loses its journal once less
    bool in_order = true;         ///< how B delivers
    bool crash = true;            ///< A and B may crash, and have their journals
    bool slow_app = false;        ///< B's app may look at a message before it settles it
    bool reject = false;          ///< B's app may reject
    bool forbidden = false;       ///< the messages must not be stored
    bool limits = false;          ///< B tells its limits
    std::uint32_t places = 2;     ///< for messages that B holds
    std::uint32_t expiries = 0;   ///< how many messages retention in the mailbox may end
    std::uint32_t stored = 8;     ///< payloads for which the mailbox has room
    bool forgets_states = false;  ///< the mailbox may lose the last ack states that it keeps
    bool late = false;            ///< the mailbox may answer one request late, while others go on
    bool journal = false;         ///< the journals are real, with tails that are not synced
    std::uint32_t crashes = 2;    ///< of A, if the journals are real
    bool gives_up = false;        ///< A may give B up once, or a relay refuse what it sends to B
    third c = third::nobody;
    std::uint32_t forged = 0;  ///< which of the forged frames C has: bits, in the order of forged()
    broken what = broken::nothing;
    std::uint32_t states_max = 4'000'000;
};

}  // namespace explore

#endif
