// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_EXPLORE_PARTS_HPP
#define SIXFOLD_TESTS_EXPLORE_PARTS_HPP

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "explore/frame_book.hpp"

// The real machines, run once for each (state, input) and remembered. A state of a machine is what its fingerprint tells;
// what a fingerprint leaves out is times, numbers, serials and counts of tries, which change when a frame leaves but not which.

namespace explore {

/// Is set to the time of the machine that something happens to: how late a timer fires is not explored, only that it may.
inline manual_clock& the_clock() {
    static manual_clock clock;
    return clock;
}

constexpr std::size_t ids_max = 8;  // messages of all lives
/// A set of messages, by their ids.
using id_set = std::uint8_t;

[[nodiscard]] constexpr id_set bit(std::uint32_t id) {
    return static_cast<id_set>(1U << id);
}
[[nodiscard]] constexpr bool has(id_set set, std::uint32_t id) {
    return (set >> id & 1) != 0;
}
/// The messages of C.
constexpr std::uint32_t first_id_of_c = 6;
constexpr id_set ids_of_c = 0xC0;
/// What C forges is this one.
constexpr std::uint32_t forged_id = 7;

/// Which message a payload is.
[[nodiscard]] inline std::uint32_t id_of(bytes payload) {
    return std::to_integer<std::uint32_t>(payload[0]);
}

/// Where an input leads one machine, and what comes out on the way.
struct step {
    std::uint32_t to = 0;
    network sent{};
    id_set taken = 0;     // what B's app has for good now
    std::string wrong{};  // a law that was seen broken
};

/// Steps by state and input.
class step_book {
  public:
    /// `run()` is called once for each pair.
    template <class Run>
    const step& get(std::uint32_t state, std::uint32_t input, Run run) {
        if (state >= rows_.size()) {
            rows_.resize(std::size_t{state} + 1);
        }
        if (input >= rows_[state].size()) {
            rows_[state].resize(std::size_t{input} + 1, none);
        }
        std::uint32_t at = rows_[state][input];
        if (at == none) {
            at = rows_[state][input] = static_cast<std::uint32_t>(steps_.size());
            steps_.push_back(run());
        }
        return steps_[at];
    }

  private:
    static constexpr std::uint32_t none = UINT32_MAX;
    std::vector<std::vector<std::uint32_t>> rows_;
    std::deque<step> steps_;  // steps stay where they are
};

/// Remembers the states of one kind of machine by what tells them apart.
template <class Node>
class node_book {
  public:
    /// The number of a state; `complete(node)` is called for a new one.
    template <class Complete>
    std::uint32_t number(const std::string& key, Node node, Complete complete) {
        const auto [at, fresh] =
            numbers_.try_emplace(key, static_cast<std::uint32_t>(book_.size()));
        if (fresh) {
            complete(node);
            book_.push_back(std::move(node));
        }
        return at->second;
    }
    [[nodiscard]] const Node& operator[](std::uint32_t id) const { return book_[id]; }
    [[nodiscard]] std::size_t size() const { return book_.size(); }

  private:
    std::unordered_map<std::string, std::uint32_t> numbers_;
    std::deque<Node> book_;  // nodes stay where they are
};

/// Calls `visit(frame)` for all that a machine has to send now.
template <class Machine, class Visit>
void poll(Machine& machine, Visit visit) {
    std::array<std::byte, 2048> buffer;
    while (auto packet = machine.poll_transmit(buffer)) {
        packet_reader reader(*packet);
        while (auto one = reader.next()) {
            visit(*one);
        }
    }
}

}  // namespace explore

#endif
