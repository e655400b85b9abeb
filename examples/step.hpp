// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_STEP_HPP
#define SIXFOLD_EXAMPLES_STEP_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <sixfold/sixfold.hpp>

// What happens in a run, as values. The world hands them out; whoever draws or counts them knows
// nothing else of the world.

namespace example {

/// Who is at the ends of the hops, from left to right.
enum class host : std::uint8_t { alice, relay, bob };
inline constexpr std::array<const char*, 3> host_names{"Alice", "relay", "Bob"};

/// Which of the six frames it is, or sync:R or sync:A: 0 to 7, in the order of `sixfold::frame`.
using frame_kind = std::size_t;
namespace kind {
inline constexpr frame_kind msg_r = 0;
inline constexpr frame_kind msg_n = 2;
inline constexpr frame_kind ack_a = 4;
inline constexpr frame_kind ack_n = 5;
inline constexpr frame_kind sync_r = 6;
inline constexpr frame_kind sync_a = 7;
}  // namespace kind
inline constexpr std::array<const char*, 8> frame_names{"msg:R", "msg:A", "msg:N",  "ack:R",
                                                        "ack:A", "ack:N", "sync:R", "sync:A"};

/// What one frame says, as far as a person wants to know.
struct frame_summary {
    frame_kind kind = 0;
    std::optional<sixfold::seq> seq;  ///< the first message that it is about; none: about none
    std::uint64_t count = 1;          ///< so many messages, if it is about any
    bool drained = false;             ///< msg:N out of the mailbox
    unsigned resend = 0;              ///< which resend of a request it is; 0: the first sending
    std::string text;                 ///< how the payload begins
};

/// What the network does to one copy of a frame.
struct treatment {
    bool lost = false;
    bool repeated = false;  ///< the second copy of one frame
    bool late = false;      ///< others overtake it
    bool damaged = false;
};

/// A frame has arrived, or would have now.
struct frame_step {
    host from;
    host to;
    frame_summary frame;
    treatment on_the_way;
    bool nobody_there = false;  ///< its client has no link any more
    bool refused = false;       ///< because it is damaged, or its link is gone
    // What came of it.
    bool mailed = false;                    ///< the relay put the message into the mailbox
    bool held_back = false;                 ///< Bob had it already
    std::vector<sixfold::seq> read{};       ///< what Bob's app got
    std::vector<sixfold::seq> stored{};     ///< what Alice's app was told
    std::vector<sixfold::seq> delivered{};  ///< likewise
};

/// The links of somebody go, or come back; the relay goes and at once another one comes.
struct presence_step {
    enum class what : std::uint8_t { leaves, returns, replaced };
    host who;
    what happens;
};

/// What comes next is about this.
struct title_step {
    std::string text;
};

struct step {
    sixfold::time_point at;
    std::variant<frame_step, presence_step, title_step> what;
};

}  // namespace example

#endif
