// SPDX-License-Identifier: BSL-1.0
#include "sixfold/parts/peer_table.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sixfold/parts/random.hpp"
#include "support/catch.hpp"
#include "support/test_access.hpp"

namespace peer_table_tests {

using namespace sixfold;

namespace {

peer numbered(std::uint64_t i) {
    return peer("peer " + std::to_string(i));
}

}  // namespace

TEST_CASE("peer table: gives indices 0, 1, 2 and the same one again") {
    peer_table table(10, 1);
    CHECK(table.find("bob") == peer_table::none);
    CHECK(table.insert("bob") == 0);
    CHECK(table.insert("carol") == 1);
    CHECK(table.insert("bob") == 0);
    CHECK(table.find("bob") == 0);
    CHECK(table.find("carol") == 1);
    CHECK(table.find("dave") == peer_table::none);
    CHECK(table[1] == peer("carol"));
    CHECK(table.size() == 2);
}

TEST_CASE("peer table: refuses a peer above its capacity, and still knows the others") {
    for (std::uint32_t capacity : {0u, 1u, 7u, 100u}) {
        peer_table table(capacity, 2);
        for (std::uint32_t i = 0; i < capacity; ++i) {
            REQUIRE(table.insert(numbered(i)) == i);
        }
        CHECK(table.insert("one too many") == peer_table::none);
        CHECK(table.find("one too many") == peer_table::none);
        CHECK(table.size() == capacity);
        CHECK(test_access::is_consistent(table));
        if (capacity != 0) {
            CHECK(table.insert(numbered(capacity - 1)) == capacity - 1);
            table.erase(capacity - 1);
            CHECK(table.insert("one too many") == capacity - 1);
        }
    }
}

TEST_CASE("peer table: refuses a name that is not valid") {
    peer_table table(10, 3);
    CHECK(table.find(peer()) == peer_table::none);
    CHECK(table.insert(peer()) == peer_table::none);
    CHECK(table.insert(peer(std::string(48, 'x'))) == peer_table::none);
    CHECK(table.size() == 0);
    CHECK(table.insert(peer(std::string(47, 'x'))) == 0);
    CHECK(table.find(peer(std::string(46, 'x'))) == peer_table::none);
    table.erase(0);
    CHECK(table.find(peer()) == peer_table::none);
    CHECK_FALSE(table[0].valid());
}

TEST_CASE("peer table: uses the index again that was erased last") {
    peer_table table(10, 4);
    for (std::uint64_t i = 0; i < 4; ++i) {
        CHECK(table.insert(numbered(i)) == i);
    }
    table.erase(1);
    table.erase(3);
    CHECK(table.find(numbered(1)) == peer_table::none);
    CHECK(table.find(numbered(2)) == 2);
    CHECK(table.insert("eve") == 3);
    CHECK(table.insert(numbered(1)) == 1);
    CHECK(table.insert("last") == 4);
}

TEST_CASE("peer table: a hint that is wrong finds the same peer, or none") {
    peer_table table(10, 4);
    (void)table.insert("bob");
    (void)table.insert("carol");
    for (const std::uint32_t hint : {0u, 1u, 2u, peer_table::none}) {
        CHECK(table.find("bob", hint) == 0);
        CHECK(table.find("carol", hint) == 1);
        CHECK(table.find("dave", hint) == peer_table::none);
    }
    table.erase(1);
    CHECK(table.find("carol", 1) == peer_table::none);
    CHECK(table.find(peer(), 1) == peer_table::none);  // where nobody is any more
}

TEST_CASE("peer table: who was found last and is gone is not found") {
    peer_table table(10, 5);
    (void)table.insert("bob");
    (void)table.insert("carol");
    CHECK(table.find("carol") == 1);
    table.erase(1);
    CHECK(table.find("carol") == peer_table::none);
    CHECK(table.find(peer()) == peer_table::none);
    CHECK(table.insert("dave") == 1);
    CHECK(table.find("carol") == peer_table::none);
}

TEST_CASE("peer table: the indices do not depend on the key of the hash") {
    peer_table a(1000, 5);
    peer_table b(1000, 6);
    random_source random(7);
    for (int step = 0; step < 5000; ++step) {
        const peer name = numbered(random.below(900));
        const std::uint32_t index = a.insert(name);
        REQUIRE(b.insert(name) == index);
        if (random.below(3) == 0) {
            a.erase(index);
            b.erase(index);
        }
    }
}

TEST_CASE("peer table: agrees with a map in random operations, at every fill") {
    for (std::uint32_t capacity : {1u, 5u, 6u, 12u, 48u, 200u}) {
        random_source random(capacity);
        peer_table table(capacity, capacity);
        std::map<std::string, std::uint32_t> model;
        for (int step = 0; step < 10'000; ++step) {
            INFO("capacity " << capacity << ", step " << step);
            const peer name = numbered(random.below(capacity * 2));
            const auto known = model.find(std::string(name.name()));
            REQUIRE(table.find(name) == (known == model.end() ? peer_table::none : known->second));
            if (random.below(2) == 0) {
                const std::uint32_t index = table.insert(name);
                if (known != model.end()) {
                    REQUIRE(index == known->second);
                } else if (model.size() == capacity) {
                    REQUIRE(index == peer_table::none);
                } else {
                    REQUIRE(index < capacity);
                    model[std::string(name.name())] = index;
                }
            } else if (known != model.end()) {
                table.erase(known->second);
                model.erase(known);
            }
            REQUIRE(table.size() == model.size());
            REQUIRE(test_access::is_consistent(table));
        }
        for (const auto& [name, index] : model) {
            REQUIRE(table[index] == peer(name));
        }
    }
}

TEST_CASE("peer table: tells names apart whose hashes are equal") {
    // A slot keeps 32 bits of the hash: among so many names, about ten pairs share them.
    constexpr std::uint32_t count = 300'000;
    peer_table table(count, 9);
    for (std::uint32_t i = 0; i < count; ++i) {
        REQUIRE(table.insert(numbered(i)) == i);
    }
    CHECK(test_access::is_consistent(table));
}

TEST_CASE("peer table: a copy goes on by itself") {
    peer_table table(10, 8);
    CHECK(table.insert("bob") == 0);
    peer_table copy = table;
    copy.erase(0);
    CHECK(table.find("bob") == 0);
    CHECK(copy.find("bob") == peer_table::none);
}

}  // namespace peer_table_tests
