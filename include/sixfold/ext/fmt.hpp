// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_FMT_HPP
#define SIXFOLD_EXT_FMT_HPP

#include <cstdint>

#include <fmt/format.h>

#include "sixfold/error.hpp"
#include "sixfold/ext/fmt_frames.hpp"
#include "sixfold/ext/fmt_words.hpp"
#include "sixfold/receiver.hpp"
#include "sixfold/sender.hpp"
#include "sixfold/types.hpp"

// Formatters for {fmt} 9 and newer: everything that goes into a log or a trace, on one line.
//
//     fmt::print("{}\n", frame);     msg:R to bob 1a2b/17 number 2 base 15 64 bytes
//     fmt::print("{}\n", event);     #4 to bob 1a2b/17 delivered
//     fmt::print("{:<12}|", state);  width, fill and alignment as for a string
//
// Payloads are not shown, only their size. The texts are for people: they may change with any version. Names of peers are
// printable whatever is in them. A line longer than 500 characters allocates.

namespace sixfold::inline v0::text {

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
    if (what.reason != refused_reason::none) {
        add(to, ": {}", what.reason);
    }
}

inline void write(line& to, const message& what) {
    add(to, "from ");
    write(to, what.from);
    add(to, " ");
    write(to, what.id);
    add(to, " {} bytes", what.payload.size());
}

}  // namespace sixfold::inline v0::text

// clang-format off
template <> struct fmt::formatter<sixfold::ticket> : sixfold::text::line_formatter<sixfold::ticket> {};
template <> struct fmt::formatter<sixfold::link_id> : sixfold::text::line_formatter<sixfold::link_id> {};
template <> struct fmt::formatter<sixfold::error> : sixfold::text::line_formatter<sixfold::error> {};
template <> struct fmt::formatter<sixfold::event> : sixfold::text::line_formatter<sixfold::event> {};
template <> struct fmt::formatter<sixfold::message> : sixfold::text::line_formatter<sixfold::message> {};
// clang-format on

#endif
