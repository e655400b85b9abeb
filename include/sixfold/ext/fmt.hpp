// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_FMT_HPP
#define SIXFOLD_EXT_FMT_HPP

#include <cstdint>
#include <iterator>
#include <string_view>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "sixfold/error.hpp"
#include "sixfold/ext/fmt_words.hpp"
#include "sixfold/receiver.hpp"
#include "sixfold/sender.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/ack_state.hpp"
#include "sixfold/wire/frame.hpp"
#include "sixfold/words.hpp"

// Formatters for {fmt} 9 and newer: everything that goes into a log or a trace, on one line.
//
//     fmt::print("{}\n", frame);     msg:R to bob 1a2b/17 attempt 2 base 15 64 bytes
//     fmt::print("{}\n", event);     #4 to bob 1a2b/17 delivered
//     fmt::print("{:<12}|", state);  width, fill and alignment as for a string
//
// Payloads are not shown, only their size. The texts are for people: they may change with any version. Names of peers are
// printable whatever is in them. A line longer than 500 characters allocates.

namespace sixfold::inline v0::text {

// --- lines -----------------------------------------------------------------------------------------------------------

/// Where a line is put together.
using line = fmt::memory_buffer;

template <class... Args>
void add(line& to, fmt::format_string<Args...> pattern, Args&&... args) {
    fmt::format_to(std::back_inserter(to), pattern, std::forward<Args>(args)...);
}

/// Printable ASCII as it is; any other byte, and a backslash, as `\\xNN`: one line whatever it is.
inline void write(line& to, const peer& who) {
    if (!who.valid()) {
        return add(to, "(nobody)");
    }
    for (const char letter : who.name()) {
        if (letter >= ' ' && letter <= '~' && letter != '\\') {
            to.push_back(letter);
        } else {
            add(to, "\\x{:02x}", static_cast<unsigned char>(letter));
        }
    }
}

inline void write(line& to, epoch which) {
    which == epoch::none ? add(to, "none") : add(to, "{:x}", static_cast<std::uint64_t>(which));
}

inline void write(line& to, const msgid& id) {
    write(to, id.epoch);
    add(to, "/{}", id.seq);
}

inline void write(line& to, ticket which) {
    add(to, "#{}", static_cast<std::uint64_t>(which));
}

inline void write(line& to, link_id which) {
    which == link_id::none ? add(to, "no link")
                           : add(to, "link {}", static_cast<std::uint64_t>(which));
}

inline void write(line& to, const error& what) {
    add(to, "{}: {}", what.code, what.what);
}

inline void write(line& to, const event& what) {
    write(to, what.id);
    add(to, " to ");
    write(to, what.to);
    add(to, " ");
    write(to, what.name);
    add(to, " {}", what.what);
}

inline void write(line& to, const message& what) {
    add(to, "from ");
    write(to, what.from);
    add(to, " ");
    write(to, what.id);
    add(to, " {} bytes", what.payload.size());
}

/// Collects seqs that come upwards, and writes runs of them: " accepted 5,7-9". `end` writes the last one; no destructor does,
/// as it may allocate, and throw.
class runs {
  public:
    runs(line& to, std::string_view word) : to_(to), word_(word) {}

    void operator()(seq which) {
        if (open_ && which == last_ + 1) {
            last_ = which;
            return;
        }
        end();
        open_ = true;
        first_ = last_ = which;
    }

    void end() {
        if (!open_) {
            return;
        }
        any_ ? add(to_, ",{}", first_) : add(to_, " {} {}", word_, first_);
        if (last_ != first_) {
            add(to_, "-{}", last_);
        }
        any_ = true;
    }

  private:
    line& to_;
    std::string_view word_;
    seq first_ = 0;
    seq last_ = 0;
    bool open_ = false;
    bool any_ = false;
};

/// "floor 5 accepted 7-9 held 6 horizon 2 rejected 3 window 64 exceptions 64 payload_max 1024"
inline void write(line& to, const ack_state& state) {
    add(to, "floor {}", state.floor());
    runs accepted(to, "accepted");
    state.for_each_accepted([&](seq which) {
        if (state.of(which) == fate::accepted) {
            accepted(which);
        }
    });
    accepted.end();
    runs held(to, "held");
    state.for_each_held([&](seq which) { held(which); });
    held.end();
    if (state.horizon() != 0) {
        add(to, " horizon {}", state.horizon());
    }
    for (const fate how : {fate::tombstoned, fate::rejected}) {
        runs exceptions(to, to_string(how));
        for (const exception each : state.exceptions()) {
            if (each.how == how) {
                exceptions(each.seq);
            }
        }
        exceptions.end();
    }
    if (state.limits()) {
        add(to, " window {} exceptions {} payload_max {}", state.limits()->window,
            state.limits()->exceptions, state.limits()->payload_max);
    }
}

/// An ack state as a frame has it.
inline void write_state(line& to, bytes encoded) {
    ack_state state;
    if (ack_state::decode(encoded, state) != refusal::none) {
        return add(to, " (no ack state, {} bytes)", encoded.size());
    }
    add(to, " ");
    write(to, state);
}

// --- frames ----------------------------------------------------------------------------------------------------------

/// "msg:R to bob 1a2b": the stream of a frame.
inline void begin(line& to, fmt::string_view kind_and_way, const peer& who, epoch which) {
    add(to, "{} ", kind_and_way);
    write(to, who);
    add(to, " ");
    write(to, which);
}

inline void write(line& to, const msg_request& m) {
    begin(to, "msg:R to", m.to, m.epoch);
    if (m.form == form::probe) {
        return add(to, " probe base {}", m.base);
    }
    add(to, "/{}", m.seq);
    if (m.form == form::tombstone) {
        add(to, " tombstone");
    }
    if (m.storing == storing::forbidden) {
        add(to, " never-stored");
    }
    add(to, " attempt {} base {}", m.attempt, m.base);
    if (m.form == form::payload) {
        add(to, " {} bytes", m.payload.size());
    }
}

inline void write(line& to, const msg_answer& m) {
    begin(to, "msg:A to", m.to, m.id.epoch);
    add(to, "/{} attempt {}{}", m.id.seq, m.attempt, m.away ? " away" : "");
}

inline void write(line& to, const msg_notify& m) {
    begin(to, "msg:N from", m.from, m.epoch);
    if (m.form != form::probe) {
        add(to, "/{}", m.seq);
    }
    if (m.form != form::payload) {
        add(to, " {}", m.form);
    }
    if (!m.looked()) {
        add(to, " attempt {}", m.attempt);
    } else {
        add(to, "{}{} low {}", m.drained ? " drained" : "", m.clean() ? " clean" : "", m.low);
    }
    if (m.smaller.epoch != epoch::none) {
        add(to, " smaller ");
        write(to, m.smaller);
    }
    if (m.form == form::payload) {
        add(to, " {} bytes", m.payload.size());
    }
}

/// What ack:R and ack:N have in common.
template <class Ack>
void write_word(line& to, const Ack& m) {
    if (m.echo) {
        add(to, " echo {} attempt {}", m.echo->seq, m.echo->attempt);
    }
    if (m.word == ack_word::state) {
        write_state(to, m.state);
    } else if (m.word == ack_word::past) {
        add(to, " current ");
        write(to, m.current);
    }
}

inline void write(line& to, const ack_request& m) {
    begin(to, "ack:R to", m.to, m.epoch);
    add(to, " serial {} {}", m.serial, m.word);
    write_word(to, m);
}

inline void write(line& to, const ack_answer& m) {
    add(to, "ack:A to ");
    write(to, m.to);
    add(to, " serial {}", m.serial);
}

inline void write(line& to, const ack_notify& m) {
    begin(to, "ack:N from", m.from, m.epoch);
    if (m.word == ack_word::stored) {
        return add(to, "/{} stored attempt {}", m.seq, m.attempt);
    }
    add(to, " {}", m.word);
    write_word(to, m);
    if (m.word == ack_word::ended) {
        add(to, " low {}", m.low);
        if (!m.state.empty()) {
            write_state(to, m.state);
        }
    }
}

inline void write(line& to, const mailbox_key& key) {
    write(to, key.from);
    add(to, " ");
    write(to, key.id);
}

inline void write(line& to, const sync_request& m) {
    add(to, "sync:R serial {}", m.serial);
    if (m.after) {
        add(to, " after ");
        write(to, *m.after);
    }
}

inline void write(line& to, const sync_answer& m) {
    add(to, "sync:A serial {} rows {}{}", m.serial, m.rows, m.last ? " last " : " end");
    if (m.last) {
        write(to, *m.last);
    }
}

inline void write(line& to, const frame& any) {
    std::visit([&](const auto& kind) { write(to, kind); }, any);
}

/// Formats as a string does, with what `write` writes.
template <class T>
struct line_formatter : fmt::formatter<fmt::string_view> {
    template <class Context>
    auto format(const T& what, Context& context) const {
        line text;
        write(text, what);
        return fmt::formatter<fmt::string_view>::format({text.data(), text.size()}, context);
    }
};

}  // namespace sixfold::inline v0::text

// clang-format off
template <> struct fmt::formatter<sixfold::peer> : sixfold::text::line_formatter<sixfold::peer> {};
template <> struct fmt::formatter<sixfold::epoch> : sixfold::text::line_formatter<sixfold::epoch> {};
template <> struct fmt::formatter<sixfold::msgid> : sixfold::text::line_formatter<sixfold::msgid> {};
template <> struct fmt::formatter<sixfold::ticket> : sixfold::text::line_formatter<sixfold::ticket> {};
template <> struct fmt::formatter<sixfold::link_id> : sixfold::text::line_formatter<sixfold::link_id> {};
template <> struct fmt::formatter<sixfold::error> : sixfold::text::line_formatter<sixfold::error> {};
template <> struct fmt::formatter<sixfold::event> : sixfold::text::line_formatter<sixfold::event> {};
template <> struct fmt::formatter<sixfold::message> : sixfold::text::line_formatter<sixfold::message> {};
template <> struct fmt::formatter<sixfold::ack_state> : sixfold::text::line_formatter<sixfold::ack_state> {};
template <> struct fmt::formatter<sixfold::mailbox_key> : sixfold::text::line_formatter<sixfold::mailbox_key> {};
template <> struct fmt::formatter<sixfold::msg_request> : sixfold::text::line_formatter<sixfold::msg_request> {};
template <> struct fmt::formatter<sixfold::msg_answer> : sixfold::text::line_formatter<sixfold::msg_answer> {};
template <> struct fmt::formatter<sixfold::msg_notify> : sixfold::text::line_formatter<sixfold::msg_notify> {};
template <> struct fmt::formatter<sixfold::ack_request> : sixfold::text::line_formatter<sixfold::ack_request> {};
template <> struct fmt::formatter<sixfold::ack_answer> : sixfold::text::line_formatter<sixfold::ack_answer> {};
template <> struct fmt::formatter<sixfold::ack_notify> : sixfold::text::line_formatter<sixfold::ack_notify> {};
template <> struct fmt::formatter<sixfold::sync_request> : sixfold::text::line_formatter<sixfold::sync_request> {};
template <> struct fmt::formatter<sixfold::sync_answer> : sixfold::text::line_formatter<sixfold::sync_answer> {};
template <> struct fmt::formatter<sixfold::frame> : sixfold::text::line_formatter<sixfold::frame> {};
// clang-format on

#endif
