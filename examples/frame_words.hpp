// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_FRAME_WORDS_HPP
#define SIXFOLD_EXAMPLES_FRAME_WORDS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include <sixfold/sixfold.hpp>
#include "picture_row.hpp"
#include "step.hpp"

// What a frame is called in a picture, and what is to be said about it.

namespace example {

/// Frames of one kind that travel together.
struct frame_bundle {
    sixfold::time_point at;  ///< when the first of them arrives
    frame_step frames;       ///< the first of them, with all that came of any of them
    sixfold::seq last;       ///< the last message that they are about
    bool mixed = false;      ///< not all are as the first; then the counts say more
    std::uint64_t count = 1;
    std::uint64_t lost = 0;
    std::uint64_t resent = 0;
    std::uint64_t held_back = 0;
};

[[nodiscard]] inline frame_bundle bundle_of(sixfold::time_point at, const frame_step& one) {
    return {.at = at,
            .frames = one,
            .last = one.frame.seq.value_or(0) + one.frame.count - 1,
            .lost = std::uint64_t{one.on_the_way.lost},
            .resent = std::uint64_t{one.frame.resend != 0},
            .held_back = std::uint64_t{one.held_back}};
}

/// The same kind on the same hop.
[[nodiscard]] inline bool are_alike(const frame_step& a, const frame_step& b) {
    return a.from == b.from && a.to == b.to && a.frame.kind == b.frame.kind;
}

/// At the same time, and the same but for the message, which is the next one.
[[nodiscard]] inline bool continues(const frame_bundle& bundle, const frame_bundle& next) {
    const auto all = [](const frame_step& a) {
        return std::tuple(a.frame.drained, a.frame.resend, a.on_the_way.lost, a.on_the_way.repeated,
                          a.on_the_way.late, a.on_the_way.damaged, a.nobody_there, a.refused,
                          a.mailed, a.held_back);
    };
    return bundle.at == next.at && are_alike(bundle.frames, next.frames) && next.frames.frame.seq &&
           *next.frames.frame.seq == bundle.last + 1 && all(bundle.frames) == all(next.frames);
}

inline void append(frame_bundle& bundle, const frame_bundle& next) {
    const auto add = [](std::vector<sixfold::seq>& to, const std::vector<sixfold::seq>& from) {
        to.insert(to.end(), from.begin(), from.end());
    };
    bundle.mixed = bundle.mixed || next.mixed || !continues(bundle, next);
    bundle.count += next.count;
    bundle.lost += next.lost;
    bundle.resent += next.resent;
    bundle.held_back += next.held_back;
    bundle.last = (std::max)(bundle.last, next.last);
    if (next.frames.frame.seq) {
        sixfold::seq& first = bundle.frames.frame.seq.emplace(
            (std::min)(bundle.frames.frame.seq.value_or(bundle.last), *next.frames.frame.seq));
        bundle.last = (std::max)(bundle.last, first);
    }
    add(bundle.frames.read, next.frames.read);
    add(bundle.frames.stored, next.frames.stored);
    add(bundle.frames.delivered, next.frames.delivered);
}

namespace detail {

[[nodiscard]] inline std::string run(sixfold::seq first, sixfold::seq last) {
    if (first == last) {
        return std::to_string(first);
    }
    return last < 100'000 ? fmt::format("{}-{}", first, last)
                          : fmt::format("{} +{}", first, last - first);
}

/// "3", "3-5", or "3-5, 2 more".
[[nodiscard]] inline std::string runs(const std::vector<sixfold::seq>& seqs) {
    std::size_t size = 1;
    while (size < seqs.size() && seqs[size] == seqs[0] + size) {
        ++size;
    }
    const std::string first = run(seqs[0], seqs[size - 1]);
    return size == seqs.size() ? first : fmt::format("{}, {} more", first, seqs.size() - size);
}

/// How the text begins, on one line and printable whatever it is.
[[nodiscard]] inline std::string quoted_text(std::string_view text, std::size_t width_max) {
    std::string out;
    text = text.substr(0, text.find_last_not_of("\r\n") + 1);
    for (const char each : text) {
        out += each >= ' ' && each <= '~' ? each : '.';
    }
    if (out.size() + 2 > width_max) {
        out.resize(width_max - 5);
        out += "...";
    }
    return '"' + out + '"';
}

}  // namespace detail

/// "msg:R 0-3"
[[nodiscard]] inline std::string label(const frame_bundle& bundle) {
    const frame_summary& frame = bundle.frames.frame;
    const std::string name = frame_names[frame.kind];
    if (frame.seq) {
        return name + " " + detail::run(*frame.seq, bundle.last);
    }
    return name.starts_with("msg:") ? name + " probe" : name;
}

namespace detail {

/// What its sender or the network did to it.
inline void remark_way(const frame_step& step, std::vector<remark>& out) {
    if (step.frame.resend != 0) {
        out.push_back({fmt::format("resend {}", step.frame.resend), tone::warning});
    }
    if (step.on_the_way.repeated) {
        out.push_back({"second copy", tone::warning});
    }
    if (step.on_the_way.late && out.empty()) {
        out.push_back({"late", tone::warning});
    }
}

/// What became of it where it arrived.
inline void remark_arrival(const frame_step& step, std::vector<remark>& out) {
    if (step.on_the_way.lost) {
        out.push_back({"lost", tone::bad});
    } else if (step.nobody_there) {
        out.push_back({"nobody is there", tone::bad});
    } else if (step.refused) {
        out.push_back({step.on_the_way.damaged ? "damaged" : "unknown link", tone::bad});
    } else if (step.held_back) {
        out.push_back({out.empty() ? "duplicate, held back" : "held back", tone::warning});
    } else if (step.mailed) {
        out.push_back({"into mailbox", tone::warning});
    } else if (!step.read.empty()) {
        out.push_back({"Bob's app has " + runs(step.read)});
    } else if (step.frame.kind == kind::msg_n) {
        out.push_back({"not its turn yet", tone::warning});
    } else if (step.frame.kind == kind::sync_r) {
        out.push_back({"Bob asks his mailbox"});
    }
}

inline void remark_sums(const frame_bundle& bundle, std::vector<remark>& out) {
    const auto add = [&](std::uint64_t count, const char* what, tone meant) {
        if (count != 0) {
            out.push_back({fmt::format("{} {}", count, what), meant});
        }
    };
    out.push_back({fmt::format("{}x", bundle.count)});
    add(bundle.lost, "lost", tone::bad);
    add(bundle.resent, "resent", tone::warning);
    add(bundle.held_back, "held back", tone::warning);
    if (!bundle.frames.read.empty()) {
        out.push_back({"Bob's app has " + runs(bundle.frames.read)});
    }
}

}  // namespace detail

/// What is to be said about it.
[[nodiscard]] inline std::vector<remark> remarks(const frame_bundle& bundle) {
    const frame_step& step = bundle.frames;
    std::vector<remark> out;
    if (bundle.mixed) {
        detail::remark_sums(bundle, out);
    } else {
        detail::remark_way(step, out);
        const bool speaks = step.frame.kind == kind::msg_r && bundle.count == 1 && out.empty() &&
                            !step.on_the_way.lost && !step.refused;
        if (speaks) {
            out.push_back({detail::quoted_text(step.frame.text, step.mailed ? 9 : 23)});
        }
        detail::remark_arrival(step, out);
    }
    if (!step.stored.empty()) {
        out.push_back({detail::runs(step.stored) + " stored", tone::good, 1});
    }
    if (!step.delivered.empty()) {
        out.push_back({detail::runs(step.delivered) + " delivered", tone::good, 2});
    }
    return out;
}

}  // namespace example

#endif
