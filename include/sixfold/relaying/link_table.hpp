// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RELAYING_LINK_TABLE_HPP
#define SIXFOLD_RELAYING_LINK_TABLE_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sixfold/parts/assert.hpp"
#include "sixfold/parts/number.hpp"
#include "sixfold/parts/random.hpp"
#include "sixfold/parts/siphash.hpp"
#include "sixfold/types.hpp"

namespace sixfold::inline v0 {

/// Which peer a link leads to. It knows links only by their number, and peers only by their index.
///
/// A hash table like `peer_table`, without tombstones and at most half full. A link's number may be
/// made of an address that a stranger chose, so the hash is keyed. It grows by doubling, and has no
/// capacity of its own: a relay has no more links than peers.
class link_table {
  public:
    /// No such link.
    static constexpr std::uint32_t none = ~std::uint32_t{0};

    /// The key of the hash comes from `seed`.
    explicit link_table(std::uint64_t seed) : link_table(random_source(seed)) {}

    /// The peer at the end of this link, or `none`. O(1), and fastest for the link that was found last, as packets come in runs.
    [[nodiscard]] std::uint32_t find(link_id link) noexcept {
        if (slots_[last_].link != link) {
            last_ = home(link);
            while (slots_[last_].link != link_id::none && slots_[last_].link != link) {
                last_ = next(last_);
            }
        }
        return slots_[last_].link == link ? slots_[last_].peer : none;
    }

    /// The link must not be there yet, and not be `link_id::none`.
    void insert(link_id link, std::uint32_t peer) {
        SIXFOLD_ASSERT(link != link_id::none && find(link) == none);
        make_room();
        place({link, peer});
        ++size_;
    }

    /// The next `insert` allocates nothing. O(1), on average over the growth of the table.
    void make_room() {
        if (2 * (size_ + 1) <= slots_.size()) {
            return;
        }
        std::vector<slot> old(2 * slots_.size());
        old.swap(slots_);
        last_ = 0;
        for (const slot& each : old) {
            if (each.link != link_id::none) {
                place(each);
            }
        }
    }

    /// The link must be there. O(1).
    void erase(link_id link) noexcept {
        SIXFOLD_ASSERT(find(link) != none);
        std::size_t gap = home(link);
        while (slots_[gap].link != link) {
            gap = next(gap);
        }
        // Whatever was pushed past the gap moves into it, so that no search ever ends too early.
        for (std::size_t at = next(gap); slots_[at].link != link_id::none; at = next(at)) {
            const std::size_t pushed = (at - home(slots_[at].link)) & mask();
            if (pushed >= ((at - gap) & mask())) {
                slots_[gap] = slots_[at];
                gap = at;
            }
        }
        slots_[gap] = {};
        --size_;
    }

  private:
    struct slot {
        link_id link = link_id::none;
        std::uint32_t peer = none;
    };
    static constexpr std::size_t slots_min = 8;

    // Braces take the two numbers of the key in order, as the arguments of a call need not.
    explicit link_table(random_source random)
        : slots_(slots_min), hash_{random.next(), random.next()} {}

    void place(const slot& each) noexcept {
        std::size_t at = home(each.link);
        while (slots_[at].link != link_id::none) {
            at = next(at);
        }
        slots_[at] = each;
    }

    /// Where the search begins.
    [[nodiscard]] std::size_t home(link_id link) const noexcept {
        return detail::to_size(hash_(std::as_bytes(std::span(&link, 1)))) & mask();
    }
    [[nodiscard]] std::size_t next(std::size_t at) const noexcept { return (at + 1) & mask(); }
    [[nodiscard]] std::size_t mask() const noexcept { return slots_.size() - 1; }

    std::vector<slot> slots_;  // a power of two of them; link_id::none marks a free one
    std::size_t size_ = 0;
    std::size_t last_ = 0;  // the slot that was looked at last
    siphash<1, 3> hash_;
};

}  // namespace sixfold::inline v0

#endif
