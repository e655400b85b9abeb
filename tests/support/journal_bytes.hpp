// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SUPPORT_JOURNAL_BYTES_HPP
#define SIXFOLD_TESTS_SUPPORT_JOURNAL_BYTES_HPP

#include <cstddef>
#include <map>
#include <vector>

#include <sixfold/client.hpp>

// What a client gives to its journal, as one piece.

namespace support {

/// The records that it has to take now.
[[nodiscard]] inline std::vector<std::byte> records_of(sixfold::client& machine) {
    std::vector<std::byte> out;
    std::vector<std::byte> buffer(machine.journal_record_size_max());
    while (const auto part = machine.poll_journal(buffer)) {
        out.insert(out.end(), part->begin(), part->end());
    }
    return out;
}

/// All that a new journal would begin with.
[[nodiscard]] inline std::vector<std::byte> snapshot_of(const sixfold::client& machine) {
    std::vector<std::byte> out;
    std::vector<std::byte> buffer(machine.journal_record_size_max());
    for (sixfold::snapshot_place at; const auto part = machine.snapshot(at, buffer);) {
        out.insert(out.end(), part->begin(), part->end());
    }
    return out;
}

/// What records say: of each key the last value. (spec 7.2)
[[nodiscard]] inline std::map<std::vector<std::byte>, std::vector<std::byte>>
rows_of(sixfold::bytes records) {
    std::map<std::vector<std::byte>, std::vector<std::byte>> out;
    sixfold::journal_reader reader(records);
    while (const auto each = reader.next()) {
        const std::vector<std::byte> key(each->key.begin(), each->key.end());
        if (each->gone) {
            out.erase(key);
        } else {
            out[key].assign(each->value.begin(), each->value.end());
        }
    }
    return out;
}

}  // namespace support

#endif
