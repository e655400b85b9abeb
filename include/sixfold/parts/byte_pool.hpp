// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_PARTS_BYTE_POOL_HPP
#define SIXFOLD_PARTS_BYTE_POOL_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>  // memcpy
#include <span>
#include <utility>  // exchange
#include <vector>

#include "sixfold/parts/assert.hpp"
#include "sixfold/parts/number.hpp"

namespace sixfold::inline v0 {

/// Room for payloads of very different sizes, in one piece of memory that is allocated at construction.
///
/// A buddy system (Knowlton, "A fast storage allocator", 1965; Knuth, TAOCP vol. 1, 2.5): a block is 2^k units long and begins
/// at a multiple of that. A block that is too large is cut in halves, and one that is free is joined with its other half, its
/// buddy, if that is free too. A block that is released is kept for the next payload of its size, and joined only when there is
/// no room without it. So payloads are contiguous, nothing is ever moved, and blocks that were cut become large again. A payload
/// costs less than twice its size, or one unit.
///
/// The pool keeps no sizes: who holds a handle says with each call the size that was allocated. Each call is O(log capacity) on
/// average over the calls; one of them may join all that is kept. A handle is good until it is released, in copies of the pool
/// too; what `at` returns is good for as long as the handle and the pool itself are.
class byte_pool {
  public:
    /// Names a block.
    using handle = std::uint32_t;

    /// No room.
    static constexpr handle none = ~handle{0};
    /// A payload without bytes: it takes no room, so there always is room for it.
    static constexpr handle empty = none - 1;

    /// Bytes of the smallest block: it must hold the two links of the free list, and the reading of a sensor should not pay for
    /// a cache line. A tag of one byte per unit adds 3 %.
    static constexpr std::size_t unit = 32;

    /// `capacity` bytes, rounded up to whole units; less than 128 GiB.
    explicit byte_pool(std::size_t capacity)
        : tags_(capacity / unit + (capacity % unit != 0 ? 1 : 0)), storage_(tags_.size() * unit) {
        SIXFOLD_ASSERT(tags_.size() < empty);
        heads_.fill(none);
        kept_.fill(none);
        handle at = 0;
        for (unsigned order = order_count; order-- > 0;) {
            if ((tags_.size() >> order & 1) != 0) {
                link(at, order);
                at += handle{1} << order;
            }
        }
    }

    /// Bytes that a payload of `size` bytes takes; `size` is at most half of what a size_t holds.
    [[nodiscard]] static constexpr std::size_t cost(std::size_t size) noexcept {
        return size == 0 ? 0 : unit << order_of(size);
    }

    /// Room for `size` bytes, whose content is not defined; or `none`, and nothing has changed.
    [[nodiscard]] handle allocate(std::size_t size) noexcept {
        if (size == 0) {
            return empty;
        }
        if (size > size_max()) {
            return none;
        }
        const unsigned wanted = order_of(size);
        if (kept_[wanted] != none) {
            return take(pop_kept(wanted), wanted);
        }
        if (free_orders_ >> wanted == 0) {
            join_kept();
        }
        const std::uint64_t fitting = free_orders_ >> wanted;  // shifted by less than 60
        if (fitting == 0) {
            return none;
        }
        unsigned order = wanted + static_cast<unsigned>(std::countr_zero(fitting));
        const handle block = heads_[order];
        unlink(block, order);
        while (order > wanted) {
            --order;
            link(block + (handle{1} << order), order);
        }
        return take(block, wanted);
    }

    /// Gives back what `allocate(size)` returned, once.
    void release(handle block, std::size_t size) noexcept {
        SIXFOLD_ASSERT(holds(block, size));
        if (size == 0) {
            return;
        }
        const unsigned order = order_of(size);
        used_ -= unit << order;
        tags_[block] = tag(kept, order);
        write(block, {std::exchange(kept_[order], block), none});
    }

    /// The bytes of what `allocate(size)` returned. No bytes if `size` is 0, whatever the handle.
    [[nodiscard]] std::span<std::byte> at(handle block, std::size_t size) noexcept {
        SIXFOLD_ASSERT(size == 0 || holds(block, size));
        return size == 0 ? std::span<std::byte>() : std::span(address(block), size);
    }
    /// The same, to be read.
    [[nodiscard]] std::span<const std::byte> at(handle block, std::size_t size) const noexcept {
        SIXFOLD_ASSERT(size == 0 || holds(block, size));
        return size == 0 ? std::span<const std::byte>() : std::span(address(block), size);
    }

    /// Bytes in all.
    [[nodiscard]] std::size_t capacity() const noexcept { return storage_.size(); }
    /// Bytes in the blocks that are allocated now.
    [[nodiscard]] std::size_t used() const noexcept { return used_; }

    /// The largest size that the pool has room for while nothing is allocated: the largest power of two that is not above the
    /// capacity.
    [[nodiscard]] std::size_t size_max() const noexcept { return std::bit_floor(capacity()); }

  private:
    friend struct test_access;

    /// What the tag of a unit says: the unit is inside a block, or the first of a block that is free, taken or kept. Of a first
    /// unit the tag says the order of the block, too.
    enum kind : std::uint8_t { inside = 0, free = 64, taken = 128, kept = 192 };

    struct links {
        handle next;
        handle previous;
    };

    static constexpr unsigned order_count = 32;

    [[nodiscard]] static constexpr std::uint8_t tag(kind what, unsigned order) noexcept {
        return static_cast<std::uint8_t>(what + order);
    }
    [[nodiscard]] static constexpr unsigned order_of(std::size_t size) noexcept {
        return detail::width_of((size - 1) / unit);
    }
    [[nodiscard]] static constexpr handle buddy_of(handle block, unsigned order) noexcept {
        return block ^ (handle{1} << order);
    }
    /// False for a buddy behind the end: there is one if the capacity is no power of two.
    [[nodiscard]] bool is_free(handle block, unsigned order) const noexcept {
        return block < tags_.size() && tags_[block] == tag(free, order);
    }
    [[nodiscard]] bool holds(handle block, std::size_t size) const noexcept {
        return size == 0 ? block == empty
                         : block < tags_.size() && tags_[block] == tag(taken, order_of(size));
    }

    [[nodiscard]] std::byte* address(handle block) noexcept {
        return storage_.data() + std::size_t{block} * unit;
    }
    [[nodiscard]] const std::byte* address(handle block) const noexcept {
        return storage_.data() + std::size_t{block} * unit;
    }

    [[nodiscard]] handle take(handle block, unsigned order) noexcept {
        tags_[block] = tag(taken, order);
        used_ += unit << order;
        return block;
    }

    /// Makes a block free, joined with all that is free beside it.
    void join(handle block, unsigned order) noexcept {
        tags_[block] = inside;
        while (is_free(buddy_of(block, order), order)) {
            const handle buddy = buddy_of(block, order);
            unlink(buddy, order);
            block = (std::min)(block, buddy);
            ++order;
        }
        link(block, order);
    }

    [[nodiscard]] handle pop_kept(unsigned order) noexcept {
        const handle block = kept_[order];
        kept_[order] = read(block).next;
        return block;
    }
    void join_kept() noexcept {
        for (unsigned order = 0; order < order_count; ++order) {
            while (kept_[order] != none) {
                join(pop_kept(order), order);
            }
        }
    }

    // The list of the free blocks of an order lives in these blocks.
    [[nodiscard]] links read(handle block) const noexcept {
        links result{};
        std::memcpy(&result, address(block), sizeof result);
        return result;
    }
    void write(handle block, links value) noexcept {
        std::memcpy(address(block), &value, sizeof value);
    }
    void set_next(handle block, unsigned order, handle next) noexcept {
        if (block == none) {
            heads_[order] = next;
        } else {
            write(block, {next, read(block).previous});
        }
    }
    void set_previous(handle block, handle previous) noexcept {
        if (block != none) {
            write(block, {read(block).next, previous});
        }
    }

    void link(handle block, unsigned order) noexcept {
        write(block, {heads_[order], none});
        set_previous(heads_[order], block);
        heads_[order] = block;
        free_orders_ |= std::uint64_t{1} << order;
        tags_[block] = tag(free, order);
    }
    void unlink(handle block, unsigned order) noexcept {
        const links around = read(block);
        set_next(around.previous, order, around.next);
        set_previous(around.next, around.previous);
        if (heads_[order] == none) {
            free_orders_ &= ~(std::uint64_t{1} << order);
        }
        tags_[block] = inside;
    }

    std::vector<std::uint8_t> tags_;  ///< one a unit
    std::vector<std::byte> storage_;
    std::array<handle, order_count> heads_{};  ///< of the free lists, by order
    /// The blocks of each order that were released and are not joined, a list through `next`: the next payload is often as
    /// large, and a joined block would be cut again.
    std::array<handle, order_count> kept_{};
    std::uint64_t free_orders_ = 0;  ///< bit k: the list of order k is not empty
    std::size_t used_ = 0;
};

}  // namespace sixfold::inline v0

#endif
