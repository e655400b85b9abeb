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

/// What an ack state says (2.9). Seqs are numbers, not bits.
struct ack_facts {
    std::vector<number> limits;                // room, exceptions, payload_max; or nothing
    number floor = 0, horizon = 0, first = 0;  // first: the bits speak of 512 seqs from it on
    std::set<number> accepted, held;
    std::vector<std::pair<number, bool>> exceptions;  // and whether it was rejected
    friend bool operator==(const ack_facts&, const ack_facts&) = default;
};

/// What a frame says, each field that section 4 has for its kind and flags; the others are as they are here.
struct frame_facts {
    number kind = 0, flags = 0;
    text peer;
    number epoch = 0, number_of = 0, serial = 0, index = 0, first = 0, base = 0, low = 0;
    number reason = 0, payload_max = 0, count = 0, current = 0, rows = 0, room = 0;
    std::pair<number, number> smaller;
    std::optional<number> left;
    std::optional<std::pair<number, std::set<number>>> echo;  // the newest, and what is missing
    std::vector<std::tuple<text, number, number>> keys;       // that of the flag of bit 0 first
    std::vector<std::optional<text>> messages;                // or a tombstone
    text ack_bytes;
    ack_facts ack;
    friend bool operator==(const frame_facts&, const frame_facts&) = default;
};

/// 2.9, to the end of what it is in.
inline ack_facts ack_state(fields& in) {
    ack_facts out;
    out.floor = in.bound();
    number parts = 0;
    if (!in.at_end()) {
        parts = in.byte();
        fields::require(parts != 0, "not_canonical");
        fields::require(parts < 32, "flags");
    }
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
    out.first = first;
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
    if (ended || ack.held.contains(seq)) {
        return ended ? "accepted" : "held";
    }
    return seq >= ack.first && seq < ack.first + 512 ? "open" : "left out";
}

/// The flags that a kind can have (4.1 to 4.8).
inline std::set<number> flags_of(number kind) {
    switch (kind) {
    case 1: return {0x00, 0x01, 0x02, 0x04, 0x05, 0x08, 0x09, 0x10, 0x11, 0x18, 0x19};
    case 2: return {0x00, 0x01, 0x02};
    case 3: return {0x00, 0x01, 0x04, 0x05, 0x0C, 0x0D, 0x02, 0x0A};
    case 4: return {0x00, 0x04, 0x0C, 0x14, 0x1C, 0x01, 0x02};
    case 5: return {0x00};
    case 6:
        return {0x00, 0x08, 0x18, 0x28, 0x38, 0x01, 0x02, 0x03,
                0x04, 0x0C, 0x14, 0x1C, 0x44, 0x4C, 0x54, 0x5C};
    case 7: return {0x00, 0x01, 0x02, 0x03};
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
/// 2.10: with a bit string, if `misses`.
inline void echo_of(fields& in, frame_facts& out, bool misses) {
    const number newest = in.fixed(2);
    std::set<number> missing;
    if (misses) {
        const number size = in.byte();
        fields::require(size >= 1 && size <= 8, "ack_state");
        const text all = in.take(size);
        fields::require(all.back() != 0, "not_canonical");
        for (number i = 0; i < 8 * size; ++i) {
            if ((static_cast<unsigned char>(all[i / 8]) >> i % 8 & 1) != 0) {
                missing.insert((newest - 1 - i) % 65536);
            }
        }
    }
    out.echo.emplace(newest, missing);
}
inline void key_of(fields& in, frame_facts& out) {
    text from = in.peer();
    const number epoch = in.epoch();
    out.keys.emplace_back(std::move(from), epoch, in.bound());
}

/// 2.8: the form payload, or a run, to the end of the body.
inline void messages_of(fields& in, frame_facts& out) {
    if (out.flags % 4 == 0) {
        out.messages.emplace_back(in.rest());
        return;
    }
    fields entries(in.rest());
    fields::require(!entries.at_end() && entries.size() <= 1024, "run");
    while (!entries.at_end()) {
        const number head = entries.varint(28);
        fields::require(out.messages.size() < 64, "run");
        head == 0 ? out.messages.emplace_back() : out.messages.emplace_back(entries.take(head - 1));
    }
    fields::require(out.messages.size() != 1 || !out.messages[0], "run");
    fields::require(out.first + out.messages.size() <= seq_end, "seq_range");
    for (const auto& each : out.messages) {
        fields::require(each || out.kind != 1 || (out.flags & 4) == 0, "run");
    }
}

/// 4.1
inline void msg_request_of(fields& in, frame_facts& out) {
    out.peer = in.peer();
    out.epoch = in.epoch();
    out.number_of = in.fixed(2);
    if (out.flags == 2) {
        out.base = in.bound();
        return;
    }
    out.first = in.seq();
    const number back = in.varint(64);
    fields::require(back <= out.first, "seq_range");
    out.base = out.first - back;
    if ((out.flags & 0x10) != 0) {
        out.left = in.varint(64);
    }
    messages_of(in, out);
}

/// 4.2
inline void msg_answer_of(fields& in, frame_facts& out) {
    out.peer = in.peer();
    if (out.flags != 0) {
        out.epoch = in.epoch();
    }
    out.number_of = in.fixed(2);
    if (out.flags == 2) {
        out.reason = in.byte();
        fields::require(out.reason >= 1 && out.reason <= 4, "flags");
        out.payload_max = out.reason == 4 ? in.varint(28) : 0;
    }
}

/// 4.3
inline void msg_notify_of(fields& in, frame_facts& out) {
    const bool probe = out.flags % 4 == 2;
    const bool drained = (out.flags & 4) != 0;
    out.peer = in.peer();
    out.epoch = in.epoch();
    if (drained) {
        out.serial = in.fixed(2);
        out.index = in.varint(32);
    } else {
        out.number_of = in.fixed(2);
    }
    if (!probe) {
        out.first = in.seq();
    }
    if (probe || drained) {
        out.low = in.bound();
        fields::require(probe || out.low <= out.first, "seq_range");
        if ((out.flags & 8) == 0) {
            out.smaller.first = in.epoch();
            fields::require(out.smaller.first < out.epoch, "epoch");
            out.smaller.second = in.seq();
        }
    }
    if (!probe) {
        messages_of(in, out);
    }
}

/// 4.4
inline void ack_request_of(fields& in, frame_facts& out) {
    out.peer = in.peer();
    out.epoch = in.epoch();
    out.serial = in.fixed(2);
    switch (out.flags % 4) {
    case 0:
        if ((out.flags & 4) != 0) {
            echo_of(in, out, (out.flags & 8) != 0);
        }
        return ack_of(in, out);
    case 1: out.number_of = in.fixed(2); return;
    default: current_of(in, out);
    }
}

/// 4.6
inline void ack_notify_of(fields& in, frame_facts& out) {
    out.peer = in.peer();
    out.epoch = in.epoch();
    switch (out.flags % 8) {
    case 0:
        if ((out.flags & 8) != 0) {
            echo_of(in, out, (out.flags & 0x10) != 0);
        }
        return ack_of(in, out);
    case 1: out.number_of = in.fixed(2); return;
    case 2: return current_of(in, out);
    case 3:
        out.number_of = in.fixed(2);
        out.first = in.seq();
        out.count = in.byte() + 1;
        fields::require(out.count <= 64, "run");
        fields::require(out.first + out.count <= seq_end, "seq_range");
        return;
    default:
        out.number_of = in.fixed(2);
        out.low = in.bound();
        if ((out.flags & 0x40) != 0) {
            ack_of(in, out);
        }
    }
}

/// 4.7 and 4.8
inline void sync_of(fields& in, frame_facts& out) {
    out.serial = in.fixed(2);
    out.rows = in.varint(32);
    if (out.kind == 7) {
        fields::require(out.rows != 0, "seq_range");
        out.room = in.varint(32);
        fields::require(out.room != 0, "seq_range");
    }
    if ((out.flags & 1) != 0) {
        key_of(in, out);
    }
    if ((out.flags & 2) != 0) {
        key_of(in, out);
        fields::require(out.keys.size() == 1 || out.keys[0] < out.keys[1], "seq_range");
    }
}

inline void body_of(fields& in, frame_facts& out) {
    switch (out.kind) {
    case 1: msg_request_of(in, out); break;
    case 2: msg_answer_of(in, out); break;
    case 3: msg_notify_of(in, out); break;
    case 4: ack_request_of(in, out); break;
    case 5: out.serial = in.fixed(2); break;
    case 6: ack_notify_of(in, out); break;
    default: sync_of(in, out);
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

/// The frame that is all of these bytes or, of a packet, in front of them: then it is cut off. (2.2 to 2.12)
inline frame_facts front_of(text& all, const link& from, bool of_packet) {
    frame_facts out;
    fields in(all);
    fields::require(all.size() >= 3, "truncated");
    const number first = in.byte();
    fields::require(first >> 4 == 2, "version");
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

/// Frames, and what is wrong with the last one. (2.12)
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
