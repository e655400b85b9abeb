// SPDX-License-Identifier: BSL-1.0
#include "sixfold/receiving/dedup_window.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "sixfold/parts/random.hpp"
#include "support/catch.hpp"

namespace dedup_window_tests {

using namespace sixfold;

namespace {

/// The same by the letter of law 2: a floor, and the set of all that was accepted above it.
struct model {
    std::uint32_t width;
    seq floor = 0;
    std::set<seq> accepted{};

    standing of(seq at) const {
        if (at < floor || accepted.count(at) != 0) {
            return standing::duplicate;
        }
        return at - floor < width ? standing::fresh : standing::beyond;
    }
    void advance() {
        accepted.erase(accepted.begin(), accepted.lower_bound(floor));
        while (accepted.erase(floor) != 0) {
            ++floor;
        }
    }
    void accept(seq at) {
        accepted.insert(at);
        advance();
    }
    void raise(seq to) {
        floor = (std::max)(floor, to);
        advance();
    }
};

/// The same window as `m`, built in another way.
dedup_window rebuilt(const model& m) {
    dedup_window window(m.width);
    window.raise(m.floor);
    for (seq at : m.accepted) {
        window.accept(at);
    }
    return window;
}

void require_equal(const dedup_window& window, const model& m) {
    REQUIRE(window.floor() == m.floor);
    REQUIRE(window == rebuilt(m));
    std::vector<std::byte> out((m.width + 7) / 8);
    std::size_t size = window.copy_bits(out);
    for (seq at = m.floor > 3 ? m.floor - 3 : 0; at < m.floor + m.width + 3; ++at) {
        REQUIRE(window.of(at) == m.of(at));
        if (at >= m.floor && at - m.floor < m.width) {
            const seq i = at - m.floor;
            REQUIRE(((std::to_integer<unsigned>(out[i / 8]) >> i % 8 & 1) != 0) ==
                    (m.accepted.count(at) != 0));
        }
    }
    REQUIRE(size == (m.accepted.empty() ? 0 : (*m.accepted.rbegin() - m.floor) / 8 + 1));
}

/// All sequences of `depth` operations: accept any seq that is fresh, raise to any floor near.
void explore(const dedup_window& window, const model& m, int depth) {
    require_equal(window, m);
    if (depth == 0) {
        return;
    }
    for (seq at = m.floor; at < m.floor + m.width; ++at) {
        if (m.of(at) == standing::fresh) {
            dedup_window next = window;
            model next_model = m;
            next.accept(at);
            next_model.accept(at);
            explore(next, next_model, depth - 1);
        }
    }
    for (seq to = m.floor == 0 ? 0 : m.floor - 1; to <= m.floor + m.width + 2; ++to) {
        dedup_window next = window;
        model next_model = m;
        next.raise(to);
        next_model.raise(to);
        explore(next, next_model, depth - 1);
    }
}

}  // namespace

TEST_CASE("dedup window: knows nothing at first and the floor moves over what is contiguous "
          "[spec 3.11]") {
    dedup_window window(4);
    CHECK(window.width() == 4);
    CHECK(window.floor() == 0);
    CHECK(window.of(0) == standing::fresh);
    CHECK(window.of(3) == standing::fresh);
    CHECK(window.of(4) == standing::beyond);
    window.accept(1);
    CHECK(window.floor() == 0);
    CHECK(window.of(1) == standing::duplicate);
    window.accept(0);
    CHECK(window.floor() == 2);
    CHECK(window.of(0) == standing::duplicate);
    CHECK(window.of(5) == standing::fresh);
    CHECK(window.of(6) == standing::beyond);
}

TEST_CASE("dedup window: what was accepted above the floor never makes the lower ones too old "
          "[spec 3.11]") {
    dedup_window window(2);
    window.accept(1);
    CHECK(window.of(0) == standing::fresh);
    CHECK(window.of(2) == standing::beyond);
}

TEST_CASE(
    "dedup window: agrees with a set in all sequences of operations on small windows [spec 3.11]") {
    explore(dedup_window(1), {1}, 6);
    explore(dedup_window(2), {2}, 5);
    explore(dedup_window(3), {3}, 4);
}

TEST_CASE("dedup window: agrees with a set in all states of 8 bits, at floors around a word "
          "[spec 3.11]") {
    for (seq floor : {0u, 1u, 55u, 57u, 60u, 63u, 64u}) {
        for (unsigned bits = 0; bits < 256; bits += 2) {
            model m{8, floor};
            for (seq i = 0; i < 8; ++i) {
                if ((bits >> i & 1) != 0) {
                    m.accepted.insert(floor + i);
                }
            }
            const dedup_window window = rebuilt(m);
            INFO("floor " << floor << ", bits " << bits);
            explore(window, m, 1);
        }
    }
}

TEST_CASE("dedup window: agrees with a set in random operations at widths around a word") {
    for (std::uint32_t width : {63u, 64u, 65u, 128u, 1000u}) {
        random_source random(width);
        dedup_window window(width);
        model m{width};
        for (int step = 0; step < 20'000; ++step) {
            INFO("width " << width << ", step " << step << ", floor " << m.floor);
            // Mostly near the floor, so that it moves; at times anywhere, also beyond.
            const seq reach = random.below(4) == 0 ? seq{width} + 10 : 8;
            const seq at = m.floor + random.below(reach);
            REQUIRE(window.of(at) == m.of(at));
            if (random.below(200) == 0) {
                const seq to = m.floor + random.below(width * 2);
                window.raise(to);
                m.raise(to);
            } else if (m.of(at) == standing::fresh) {
                window.accept(at);
                m.accept(at);
            }
            REQUIRE(window.floor() == m.floor);
            if (step % 100 == 0) {
                require_equal(window, m);
            }
        }
        require_equal(window, m);
    }
}

TEST_CASE("dedup window: the last place of a window can be accepted, and the floor runs over all") {
    for (std::uint32_t width : {1u, 64u, 65u, 1000u, bit_ring::width_max}) {
        dedup_window window(width);
        window.raise(77);
        for (seq i = width; i-- > 0;) {
            REQUIRE(window.of(77 + i) == standing::fresh);
            window.accept(77 + i);
        }
        dedup_window other(width);
        other.raise(77 + width);
        CHECK(window == other);
    }
}

TEST_CASE("dedup window: a floor below or at its own changes nothing") {
    dedup_window window(8);
    window.raise(10);
    window.accept(12);
    dedup_window before = window;
    window.raise(3);
    window.raise(10);
    CHECK(window == before);
    window.raise(11);
    CHECK(window.floor() == 11);
    window.accept(11);
    CHECK(window.floor() == 13);
}

TEST_CASE("dedup window: numbers at the end of 64 bits neither overflow nor wrap") {
    for (std::uint32_t width : {8u, 1000u}) {
        dedup_window window(width);
        window.accept(2);
        CHECK(window.of(~seq{0}) == standing::beyond);
        window.raise(~seq{0} - 3);
        CHECK(window.floor() == ~seq{0} - 3);
        CHECK(window.of(2) == standing::duplicate);
        CHECK(window.of(~seq{0} - 4) == standing::duplicate);
        CHECK(window.of(~seq{0}) == standing::fresh);
        CHECK(window.of(~seq{0} - 3) == standing::fresh);
    }
}

TEST_CASE("dedup window: is as at first when cleared") {
    dedup_window window(100);
    window.raise(50);
    window.accept(140);
    window.clear();
    CHECK(window == dedup_window(100));
    CHECK_FALSE(window == dedup_window(99));
}

}  // namespace dedup_window_tests
