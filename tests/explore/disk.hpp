// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_EXPLORE_DISK_HPP
#define SIXFOLD_TESTS_EXPLORE_DISK_HPP

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "explore/parts.hpp"

namespace explore {

/// The disk of a client: what is durable, and what was written since. A crash leaves any beginning of that.
///
/// The journal lies in it as the rows of a table, so that equal journals are equal.
class disk {
  public:
    /// What is written as one: records, and rows of the app.
    struct group {
        std::string records;
        id_set rows = 0;
    };

    /// How often a message was handed out decides nothing, and has no end: the disk forgets it.
    void write(bytes records, id_set rows) {
        std::string kept;
        journal_reader reader(records);
        while (const auto each = reader.next()) {
            kept += each->kind == record_kind::tried ? "" : as_text(each->wire);
        }
        if (!kept.empty() || rows != 0) {
            tail_.push_back({kept, rows});
        }
    }
    /// The app's rows that have become durable.
    id_set sync() { return keep(0, tail_.size()); }
    /// The same, of the groups from `first` on, `count` of them; the others are lost.
    id_set keep(std::size_t first, std::size_t count) {
        id_set rows = 0;
        for (std::size_t at = first; at < first + count; ++at) {
            put(tail_[at].records);
            rows |= tail_[at].rows;
        }
        tail_.clear();
        return rows;
    }
    [[nodiscard]] std::size_t unsynced() const { return tail_.size(); }
    [[nodiscard]] id_set unsynced_rows() const {
        id_set rows = 0;
        for (const group& each : tail_) {
            rows |= each.rows;
        }
        return rows;
    }

    /// What a new life reads.
    [[nodiscard]] std::string image() const {
        std::string all;
        for (const auto& [key, record] : rows_) {
            all += record;
        }
        return all;
    }

    /// What tells this disk from others, but for the generations of tickets, which only grow.
    [[nodiscard]] std::string fingerprint() const {
        std::string out = without_generations(image());
        for (const group& each : tail_) {
            out += "/" + without_generations(each.records);
            out.push_back(static_cast<char>(each.rows));
        }
        return out;
    }

  private:
    void put(const std::string& records) {
        journal_reader reader(as_bytes(records));
        while (const auto each = reader.next()) {
            const std::string key(as_text(each->key));
            if (each->gone) {
                rows_.erase(key);
            } else {
                rows_[key] = as_text(each->wire);
            }
        }
    }
    [[nodiscard]] static std::string without_generations(const std::string& records) {
        std::string out;
        journal_reader reader(as_bytes(records));
        while (const auto each = reader.next()) {
            if (each->kind != record_kind::tickets) {
                const bool has_ticket =
                    each->kind == record_kind::message || each->kind == record_kind::renamed;
                const std::size_t key = has_ticket ? 5 : each->key.size();
                out += as_text(each->key.first(key));
                out += each->gone ? "-" : "=";
                out += as_text(each->value);
            }
        }
        return out;
    }

    std::map<std::string, std::string> rows_;
    std::vector<group> tail_;
};

}  // namespace explore

#endif
