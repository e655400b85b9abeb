// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_PARTS_PEER_TABLE_HPP
#define SIXFOLD_PARTS_PEER_TABLE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "sixfold/parts/assert.hpp"
#include "sixfold/parts/random.hpp"
#include "sixfold/parts/siphash.hpp"
#include "sixfold/types.hpp"

namespace sixfold::inline v0 {

/// Gives each peer a small number, its index, so that arrays can hold what is kept for each peer.
///
/// A hash table with open addressing: linear probing, and erasing by shifting back what comes behind, so that no marks of erased
/// entries pile up (Knuth, TAOCP vol. 3, 6.4, algorithm R). An adversary may choose names, so the hash is keyed. The indices
/// depend only on the calls and not on the key: 0, 1, 2, ..., and the one that was erased last is used first again. It knows
/// nothing of what is kept under an index. It grows by doubling, up to its capacity.
class peer_table {
  public:
    /// No such peer.
    static constexpr std::uint32_t none = ~std::uint32_t{0};

    /// Room for `capacity` peers; the key of the hash comes from `seed`.
    peer_table(std::uint32_t capacity, std::uint64_t seed) noexcept
        : peer_table(capacity, random_source(seed)) {}

    /// The index of a peer, or `none`. O(1), and fastest for the peer that was found last, as frames come in runs.
    [[nodiscard]] std::uint32_t find(const peer& name) noexcept { return find(name, last_); }
    /// The same, fastest if the peer still has the index `hint`.
    [[nodiscard]] std::uint32_t find(const peer& name, std::uint32_t hint) noexcept {
        if (hint < peers_.size() && peers_[hint] == name && name.valid()) {
            return hint;
        }
        const std::uint32_t found = look_up(name);
        last_ = found == none ? last_ : found;
        return found;
    }
    /// The same, without remembering what was found. O(1).
    [[nodiscard]] std::uint32_t look_up(const peer& name) const noexcept {
        return slots_.empty() ? none : slots_[probe(name, hash(name))].index;
    }

    /// The index of a peer, its old one or a new one. `none`, and nothing has changed, if the table is full or the name is not
    /// valid. O(1), on average over the growth of the table.
    [[nodiscard]] std::uint32_t insert(const peer& name) {
        const std::uint32_t known = find(name);
        if (known != none || size_ == capacity_ || !name.valid()) {
            return known;
        }
        if ((std::size_t{size_} + 1) * 4 > slots_.size() * 3) {
            grow();
        }
        const std::uint32_t index = take_index();
        peers_[index] = name;
        const std::uint32_t key = hash(name);
        slots_[probe(name, key)] = {key, index};
        ++size_;
        return index;
    }

    /// Forgets the peer of an index; the index will be given again. O(1). Precondition: the index has a peer.
    void erase(std::uint32_t index) {
        SIXFOLD_ASSERT(look_up((*this)[index]) == index);
        free_.push_back(index);  // first: only here memory can run out, and nothing has changed
        const peer& name = peers_[index];
        erase_slot(probe(name, hash(name)));
        peers_[index] = peer();
        --size_;
    }

    /// The peer of an index that was given; not valid if it was erased. Good until the next insert.
    [[nodiscard]] const peer& operator[](std::uint32_t index) const noexcept {
        SIXFOLD_ASSERT(index < peers_.size());
        return peers_[index];
    }

    /// How many peers have an index.
    [[nodiscard]] std::uint32_t size() const noexcept { return size_; }

  private:
    friend struct test_access;

    struct slot {
        std::uint32_t hash = 0;
        std::uint32_t index = none;
    };
    static constexpr std::size_t slots_min = 8;

    // Braces take the two numbers of the key in order; a call may take its arguments in any order.
    peer_table(std::uint32_t capacity, random_source random) noexcept
        : capacity_(capacity), hash_{random.next(), random.next()} {}

    [[nodiscard]] std::uint32_t hash(const peer& name) const noexcept {
        return static_cast<std::uint32_t>(hash_(name.bytes()));
    }
    [[nodiscard]] std::size_t mask() const noexcept { return slots_.size() - 1; }

    /// The slot of a peer, or the free one where it belongs. At most 3/4 of the slots are in use.
    [[nodiscard]] std::size_t probe(const peer& name, std::uint32_t key) const noexcept {
        std::size_t i = key & mask();
        while (slots_[i].index != none &&
               !(slots_[i].hash == key && peers_[slots_[i].index] == name)) {
            i = (i + 1) & mask();
        }
        return i;
    }

    /// Empties a slot. Entries behind the hole that would not be found any more move into it: those whose home is not between
    /// the hole and themselves.
    void erase_slot(std::size_t hole) noexcept {
        for (std::size_t i = (hole + 1) & mask(); slots_[i].index != none; i = (i + 1) & mask()) {
            const std::size_t from_home = (i - slots_[i].hash) & mask();
            const std::size_t from_hole = (i - hole) & mask();
            if (from_home >= from_hole) {
                slots_[hole] = slots_[i];
                hole = i;
            }
        }
        slots_[hole] = slot();
    }

    void grow() {
        const std::size_t size = (std::max)(slots_min, slots_.size() * 2);
        const std::vector<slot> old = std::exchange(slots_, std::vector<slot>(size));
        for (const slot& s : old) {
            if (s.index != none) {
                slots_[probe(peers_[s.index], s.hash)] = s;
            }
        }
    }

    [[nodiscard]] std::uint32_t take_index() {
        if (free_.empty()) {
            peers_.emplace_back();
            return static_cast<std::uint32_t>(peers_.size() - 1);
        }
        const std::uint32_t index = free_.back();
        free_.pop_back();
        return index;
    }

    std::uint32_t capacity_;
    std::uint32_t size_ = 0;
    std::uint32_t last_ = none;  // the index found last; its peer may have been erased since
    siphash<1, 3> hash_;
    std::vector<slot> slots_;          ///< none, or a power of two of them
    std::vector<peer> peers_;          ///< by index; not valid where the index is free
    std::vector<std::uint32_t> free_;  ///< indices to be used again, the next one last
};

}  // namespace sixfold::inline v0

#endif
