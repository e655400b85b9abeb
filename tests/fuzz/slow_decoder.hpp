// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_FUZZ_SLOW_DECODER_HPP
#define SIXFOLD_TESTS_FUZZ_SLOW_DECODER_HPP

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "fuzz/slow_fields.hpp"

// A second decoder, written from sections 2 and 4 of the specification alone: nothing of the library is in it. It is slow, and
// stops at the first thing that is wrong, by an exception. What it reads are plain values, so that they can be compared.

namespace fuzz::slow {

/// What an ack state says (2.8). Seqs are numbers, not bits.
struct ack_facts {
    std::vector<number> limits;  // window, exceptions, payload_max; or nothing
    number floor = 0, horizon = 0;
    std::set<number> accepted, held;
    std::vector<std::pair<number, bool>> exceptions;  // and whether it was rejected
    friend bool operator==(const ack_facts&, const ack_facts&) = default;
};

/// What a frame says, each field that section 4 has for its kind and flags; the others are as they are here.
struct frame_facts {
    number kind = 0, flags = 0;
    text peer;
    number epoch = 0, seq = 0, base = 0, attempt = 0, low = 0, serial = 0, rows = 0, current = 0;
    std::pair<number, number> smaller;
    std::vector<number> echo;                           // seq and attempt, or nothing
    std::vector<std::tuple<text, number, number>> key;  // or nothing
    text payload;
    text ack_bytes;
    ack_facts ack;
    friend bool operator==(const frame_facts&, const frame_facts&) = default;
};

/// 2.8, to the end of what it is in.
inline ack_facts ack_state(fields& in) {
    ack_facts out;
    const number parts = in.byte();
    fields::require(parts < 32, "flags");
    out.floor = in.bound();
    if ((parts & 1) != 0) {
        out.limits.push_back(in.limit(32, 1, 1 << 20));
        out.limits.push_back(in.limit(32, 1, 64));
        out.limits.push_back(in.limit(28, 0, (1 << 28) - 1));
    }
    number first = out.floor;
    if ((parts & 16) != 0) {
        const number skip = in.varint(32);
        fields::require(skip != 0, "not_canonical");
        fields::require(skip < 1 << 17, "ack_state");
        first += 8 * skip;
    }
    if ((parts & 2) != 0) {
        out.accepted = in.bits(first);
        fields::require(!out.accepted.contains(out.floor), "ack_state");
    }
    if ((parts & 4) != 0) {
        out.held = in.bits(first);
        for (const number each : out.held) {
            fields::require(!out.accepted.contains(each), "ack_state");
        }
    }
    if (first != out.floor) {
        const auto begins = [first](const std::set<number>& seqs) {
            return !seqs.empty() && *seqs.begin() < first + 8;
        };
        fields::require(begins(out.accepted) || begins(out.held), "not_canonical");
    }
    if ((parts & 8) != 0) {
        out.horizon = in.bound();
        const number beyond = out.accepted.empty() ? 0 : *out.accepted.rbegin() + 1;
        fields::require(out.horizon <= out.floor || out.horizon <= beyond, "ack_state");
        const number count = in.byte();
        fields::require(count <= 64, "ack_state");
        fields::require(count != 0 || out.horizon != 0, "not_canonical");
        number next = out.horizon;
        for (number i = 0; i < count; ++i) {
            const number entry = in.varint(64);
            const number seq = next + (entry >> 1);
            fields::require(seq < out.floor || out.accepted.contains(seq), "ack_state");
            out.exceptions.emplace_back(seq, entry % 2 == 1);
            next = seq + 1;
        }
    }
    in.end();
    return out;
}

/// What it says of a seq.
inline text said_of(const ack_facts& ack, number seq) {
    const bool ended = seq < ack.floor || ack.accepted.contains(seq);
    if (ended && seq < ack.horizon) {
        return "ended";
    }
    for (const auto& [which, rejected] : ack.exceptions) {
        if (ended && which == seq) {
            return rejected ? "rejected" : "tombstoned";
        }
    }
    return ended ? "accepted" : ack.held.contains(seq) ? "held" : "open";
}

/// The flags that a kind can have (4.1 to 4.8).
inline std::set<number> flags_of(number kind) {
    switch (kind) {
    case 1: return {0x00, 0x01, 0x02, 0x04};
    case 3: return {0x00, 0x01, 0x04, 0x05, 0x0C, 0x0D, 0x02, 0x0A};
    case 4: return {0x00, 0x01, 0x02, 0x04};
    case 5: return {0x00};
    case 6: return {0x00, 0x01, 0x02, 0x03, 0x04, 0x08, 0x14};
    default: return {0x00, 0x01};
    }
}

inline void ack_of(fields& in, frame_facts& out) {
    out.ack_bytes = in.rest();
    fields again(out.ack_bytes);
    out.ack = ack_state(again);
}
inline void current_of(fields& in, frame_facts& out) {
    out.current = in.epoch();
    fields::require(out.current > out.epoch, "epoch");
}
inline void echo_of(fields& in, frame_facts& out) {
    out.echo.push_back(in.seq());
    out.echo.push_back(in.byte());
}
inline void key_of(fields& in, frame_facts& out) {
    text from = in.peer();
    const number epoch = in.epoch();
    out.key.emplace_back(std::move(from), epoch, in.seq());
}

/// 4.1 and 4.3.
inline void msg_of(fields& in, frame_facts& out) {
    const bool probe = out.flags % 4 == 2;
    const bool drained = out.kind == 3 && (out.flags & 4) != 0;
    out.peer = in.peer();
    out.epoch = in.epoch();
    if (!probe) {
        out.seq = in.seq();
    }
    if (out.kind == 1) {
        const number back = probe ? 0 : in.varint(64);
        fields::require(back <= out.seq, "seq_range");
        out.base = probe ? in.seq() : out.seq - back;
    } else if (probe || drained) {
        out.low = in.bound();
        fields::require(probe || out.low <= out.seq, "seq_range");
        if ((out.flags & 8) == 0) {
            out.smaller.first = in.epoch();
            fields::require(out.smaller.first < out.epoch, "epoch");
            out.smaller.second = in.seq();
        }
    }
    if (!probe && !drained) {
        out.attempt = in.byte();
    }
    if (out.flags % 4 == 0) {
        out.payload = in.rest();
    }
}

/// 4.4 and 4.6.
inline void ack_frame_of(fields& in, frame_facts& out) {
    const number word = out.kind == 4 ? out.flags % 4 : out.flags % 8;
    out.peer = in.peer();
    out.epoch = in.epoch();
    if (out.kind == 4) {
        out.serial = in.varint(32);
    }
    if (out.flags == (out.kind == 4 ? 0x04 : 0x08)) {
        echo_of(in, out);
    }
    if (out.kind == 4 ? word == 0 : word == 0 || out.flags == 0x14) {
        out.low = word == 4 ? in.bound() : 0;
        ack_of(in, out);
    } else if (word == 2) {
        current_of(in, out);
    } else if (word == 3) {
        out.seq = in.seq();
        out.attempt = in.byte();
    } else if (word == 4) {
        out.low = in.bound();
    }
}

inline void body_of(fields& in, frame_facts& out) {
    switch (out.kind) {
    case 1:
    case 3: msg_of(in, out); break;
    case 4:
    case 6: ack_frame_of(in, out); break;
    case 2:
        out.peer = in.peer();
        out.epoch = in.epoch();
        out.seq = in.seq();
        out.attempt = in.byte();
        break;
    case 5:
        out.peer = in.peer();
        out.serial = in.varint(32);
        break;
    default:
        out.serial = in.varint(32);
        out.rows = out.kind == 8 ? in.varint(32) : 0;
        if (out.flags == 1) {
            key_of(in, out);
        }
    }
    in.end();
}

/// What is read, or why not.
struct verdict {
    std::string refused = "none";
    frame_facts facts{};
    friend bool operator==(const verdict&, const verdict&) = default;
};

/// Where frames come from: the name of the client counts on a checked link. (2.5)
struct link {
    bool checked = false;
    text name;
};

/// The frame that is all of these bytes or, of a packet, in front of them: then it is cut off. (2.2 to 2.10)
inline frame_facts front_of(text& all, const link& from, bool of_packet) {
    frame_facts out;
    fields in(all);
    fields::require(all.size() >= 3, "truncated");
    const number first = in.byte();
    fields::require(first >> 4 == 1, "version");
    out.kind = first % 16;
    fields::require(out.kind >= 1 && out.kind <= 8, "kind");
    out.flags = in.byte();
    const number length = in.varint(28);
    const std::size_t header = all.size() - in.rest().size();
    fields::require(length <= all.size() - header, "truncated");
    fields::require(of_packet || length == all.size() - header, "trailing");
    fields::require(!from.checked || length >= 4, "truncated");
    const std::size_t end = header + length - (from.checked ? 4 : 0);
    if (from.checked) {
        const text name = static_cast<char>(from.name.size()) + from.name;
        fields sum(all.substr(end, 4));
        fields::require(sum.fixed(4) == crc32c(name + all.substr(0, end)), "checksum");
    }
    fields::require(flags_of(out.kind).contains(out.flags), "flags");
    fields body(all.substr(header, end - header));
    body_of(body, out);
    all.erase(0, header + length);
    return out;
}

/// One frame.
inline verdict frame(text all, const link& from) {
    try {
        return {"none", front_of(all, from, false)};
    } catch (const refused& e) {
        return {e.why, {}};
    }
}

/// Frames, and what is wrong with the last one. (2.10)
inline std::vector<verdict> packet(text all, const link& from) {
    std::vector<verdict> out;
    try {
        while (!all.empty()) {
            out.push_back({"none", front_of(all, from, true)});
        }
    } catch (const refused& e) {
        out.push_back({e.why, {}});
    }
    return out;
}

/// The same frame on a checked link: only its length and checksum are others. Nothing, if its length is not right.
inline std::optional<text> on_checked_link(const text& all, const text& name) {
    text out, rest;
    number length = 0;
    try {
        fields in(all);
        out = in.take(2);
        length = in.varint(28);
        rest = in.rest();
    } catch (const refused&) {
        return std::nullopt;
    }
    if (length != rest.size()) {
        return std::nullopt;
    }
    for (length += 4; length >= 128; length >>= 7) {
        out += static_cast<char>(length % 128 + 128);
    }
    out += static_cast<char>(length);
    out += rest;
    const number sum = crc32c(static_cast<char>(name.size()) + name + out);
    for (int i = 0; i < 4; ++i) {
        out += static_cast<char>(sum >> 8 * i & 255);
    }
    return out;
}

/// An ack state by itself.
inline verdict ack_state_alone(text all) {
    verdict out;
    try {
        fields in(std::move(all));
        out.facts.ack = ack_state(in);
    } catch (const refused& e) {
        out.refused = e.why;
    }
    return out;
}

}  // namespace fuzz::slow

#endif
