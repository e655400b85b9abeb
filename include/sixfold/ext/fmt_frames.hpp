// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_FMT_FRAMES_HPP
#define SIXFOLD_EXT_FMT_FRAMES_HPP

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "sixfold/ext/fmt_words.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/ack_state.hpp"
#include "sixfold/wire/frame.hpp"
#include "sixfold/wire/run.hpp"
#include "sixfold/words.hpp"

// Formatters of frames and of what is in them, for {fmt} 9 and newer. Included by "sixfold/ext/fmt.hpp".

namespace sixfold::inline v0::text {

// --- lines -----------------------------------------------------------------------------------------------------------

/// Where a line is put together. A type of this namespace, so that a formatter finds each `write` in it, wherever that is.
struct line {
    fmt::memory_buffer buffer{};
};

template <class... Args>
void add(line& to, fmt::format_string<Args...> pattern, Args&&... args) {
    fmt::format_to(std::back_inserter(to.buffer), pattern, std::forward<Args>(args)...);
}

/// Printable ASCII as it is; any other byte, and a backslash, as `\\xNN`: one line whatever it is.
inline void write(line& to, const peer& who) {
    if (!who.valid()) {
        return add(to, "(nobody)");
    }
    for (const char letter : who.name()) {
        if (letter >= ' ' && letter <= '~' && letter != '\\') {
            to.buffer.push_back(letter);
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

/// "floor 5 accepted 7-9 held 6 horizon 2 rejected 3 room 64 exceptions 64 payload_max 1024"
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
        add(to, " room {} exceptions {} payload_max {}", state.limits()->room,
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

/// "/17" or, of several, "/17-19".
inline void write_seqs(line& to, seq first, std::size_t count) {
    add(to, "/{}", first);
    if (count > 1) {
        add(to, "-{}", first + count - 1);
    }
}

/// " 64 bytes", " tombstone" or, of several, " run 2,+,64 bytes".
inline void write_messages(line& to, const run& messages) {
    if (messages.count() == 1) {
        messages.is_payload() ? add(to, " {} bytes", messages.largest()) : add(to, " tombstone");
        return;
    }
    fmt::string_view between = " run ";
    for (const run_entry& each : messages) {
        each.tombstone ? add(to, "{}+", between) : add(to, "{}{}", between, each.payload.size());
        between = ",";
    }
    add(to, " bytes");
}

inline void write(line& to, const msg_request& m) {
    begin(to, "msg:R to", m.to, m.epoch);
    if (m.probes()) {
        return add(to, " number {} probe base {}", m.number, m.base);
    }
    write_seqs(to, m.first, m.entries.count());
    add(to, " number {} base {}{}{}", m.number, m.base,
        m.storing == storing::forbidden ? " never-stored" : "", m.keep ? " keep" : "");
    if (m.left) {
        add(to, " left {} ms", *m.left);
    }
    write_messages(to, m.entries);
}

inline void write(line& to, const msg_answer& m) {
    add(to, "msg:A to ");
    write(to, m.to);
    if (m.epoch != epoch::none) {
        add(to, " ");
        write(to, m.epoch);
    }
    add(to, " number {} {}", m.number, m.word);
    if (m.reason != refused_reason::none) {
        add(to, " {}", m.reason);
    }
    if (m.reason == refused_reason::too_large) {
        add(to, " payload_max {}", m.payload_max);
    }
}

inline void write(line& to, const msg_notify& m) {
    begin(to, "msg:N from", m.from, m.epoch);
    if (!m.probes()) {
        write_seqs(to, m.first, m.entries.count());
    }
    if (m.drained) {
        add(to, " drained serial {} index {}", m.serial, m.index);
    } else {
        add(to, " number {}{}", m.number, m.probes() ? " probe" : "");
    }
    if (m.looked()) {
        add(to, " low {}{}", m.low, m.clean() ? " clean" : " smaller ");
        if (!m.clean()) {
            write(to, m.smaller);
        }
    }
    if (!m.probes()) {
        write_messages(to, m.entries);
    }
}

/// "number 4660 missing 4659,4657 repeated": what was seen of a stream, but for what was not.
inline void write(line& to, const echo& seen) {
    add(to, "number {}", seen.number);
    fmt::string_view between = " missing ";
    for (unsigned before = 1; before <= echo::reach; ++before) {
        if (!seen.saw(before)) {
            add(to, "{}{}", between, static_cast<sending_number>(seen.number - before));
            between = ",";
        }
    }
    add(to, "{}", seen.repeated ? " repeated" : "");
}

/// What ack:R and ack:N have in common.
template <class Ack>
void write_word(line& to, const Ack& m) {
    add(to, " {}", m.word);
    switch (m.word) {
    case ack_word::state:
        if (m.echo) {
            add(to, " echo ");
            write(to, *m.echo);
        }
        return write_state(to, m.state);
    case ack_word::past: add(to, " current "); return write(to, m.current);
    case ack_word::waiting:
    case ack_word::stored:
    case ack_word::ended: add(to, " number {}", m.number);
    }
}

inline void write(line& to, const ack_request& m) {
    begin(to, "ack:R to", m.to, m.epoch);
    add(to, " serial {}", m.serial);
    write_word(to, m);
}

inline void write(line& to, const ack_answer& m) {
    add(to, "ack:A serial {}", m.serial);
}

inline void write(line& to, const ack_notify& m) {
    begin(to, "ack:N from", m.from, m.epoch);
    if (m.word == ack_word::stored) {
        write_seqs(to, m.first, m.count);
    }
    write_word(to, m);
    if (m.word == ack_word::ended) {
        add(to, " low {}{}{}", m.low, m.away ? " away" : "", m.given_up ? " given-up" : "");
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
    add(to, "sync:R serial {} rows {} room {}", m.serial, m.rows, m.room);
    if (m.from) {
        add(to, " from ");
        write(to, *m.from);
    }
    if (m.until) {
        add(to, " until ");
        write(to, *m.until);
    }
}

inline void write(line& to, const sync_answer& m) {
    add(to, "sync:A serial {} rows {}{}", m.serial, m.rows, m.next ? " next " : " all");
    if (m.next) {
        write(to, *m.next);
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
        return fmt::formatter<fmt::string_view>::format({text.buffer.data(), text.buffer.size()},
                                                        context);
    }
};

}  // namespace sixfold::inline v0::text

// clang-format off
template <> struct fmt::formatter<sixfold::peer> : sixfold::text::line_formatter<sixfold::peer> {};
template <> struct fmt::formatter<sixfold::epoch> : sixfold::text::line_formatter<sixfold::epoch> {};
template <> struct fmt::formatter<sixfold::msgid> : sixfold::text::line_formatter<sixfold::msgid> {};
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
