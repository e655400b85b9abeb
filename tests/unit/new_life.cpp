// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include <sixfold/ext/file_age.hpp>
#include <sixfold/ext/new_life.hpp>
#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/temporary_file.hpp"

namespace new_life_tests {

using namespace sixfold;
using namespace std::chrono_literals;

TEST_CASE("new life: each has a start that a client takes, not below the last, and another seed "
          "[spec 3.1]") {
    const incarnation one = new_life();
    const incarnation two = new_life();
    CHECK(one.start > 1'700'000'000'000);  // milliseconds since 1970, and not seconds
    CHECK(two.start >= one.start);
    CHECK(one.seed != two.seed);
    CHECK(one.seed >> 32 != (one.seed & UINT32_MAX));  // both halves are random
    CHECK(one.away == 0s);
    CHECK(new_life(3h).away == 3h);
    const manual_clock clock;
    CHECK(client::create(clock, {.self = "alice", .life = one}));
}

TEST_CASE("file age: is that of the last write, also into what SQLite keeps beside it") {
    const support::temporary_file file;
    CHECK(file_age(file.path()) == 0s);  // there is none
    const auto write = [](const std::string& path, duration ago) {
        std::ofstream(path) << "x";
        std::filesystem::last_write_time(
            path, std::filesystem::file_time_type::clock::now() -
                      std::chrono::duration_cast<std::filesystem::file_time_type::duration>(ago));
    };
    const auto is_about = [&](duration ago) {
        const duration age = file_age(file.path());
        return age >= ago && age < ago + 1h;
    };
    write(file.path(), 5h);
    CHECK(is_about(5h));
    write(file.path() + "-wal", 2h);
    CHECK(is_about(2h));
    write(file.path() + "-wal", 8h);
    CHECK(is_about(5h));
    write(file.path(), -5h);  // a clock that was set back
    CHECK(file_age(file.path()) == 0s);
}

}  // namespace new_life_tests
