// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include <sixfold/ext/file_journal.hpp>
#include <sixfold/journal/journal.hpp>
#include <sixfold/journal/journal_log.hpp>
#include "hostile/scene.hpp"
#include "hostile/witness.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/simulated_disk.hpp"

// Disks that are not what they were, or do not do what they should.

namespace journals_tests {
namespace {

using namespace hostile;
using support::simulated_disk;
using journal = basic_file_journal<support::simulated_files>;

const std::string path = "alice.journal";

client_options journalled(const peer& self = "alice") {
    client_options options = small(self);
    options.journaling = journaling::withhold;
    return options;
}

/// What becomes of a file with these bytes.
struct opened {
    file_fault fault = file_fault::none;
    blob records;
    bool left_alone = false;
};
opened open(const blob& file) {
    simulated_disk disk;
    auto there = std::make_shared<simulated_disk::file>();
    there->cached = there->durable = file;
    disk.name(path, there);
    disk.sync_names();
    const auto made = journal::open(path, 50, support::simulated_files(disk));
    opened out;
    out.fault = made ? file_fault::none : made.error().fault;
    out.left_alone = disk.find(path) == there.get() && there->cached == file;
    if (made) {
        out.records.assign(made->records().begin(), made->records().end());
    }
    return out;
}
file_fault fault_of(const blob& file) {
    const opened out = open(file);
    CHECK((out.fault == file_fault::none || out.left_alone));
    return out.fault;
}

/// A file of two groups behind what it was made with, and where the last group begins and ends; a mark comes behind it.
struct example {
    blob file;
    std::size_t last_group = 0;
    std::size_t last_mark = 0;
    blob records;       // of all groups
    blob without_last;  // of all but the last

    example() {
        manual_clock clock;
        client alice = client::create(clock, journalled()).value();
        simulated_disk disk;
        auto log = journal::open(path, 1, support::simulated_files(disk)).value();
        for (int group = 0; group < 2; ++group) {
            REQUIRE(alice.send("bob", as_bytes("text")));
            last_group = static_cast<std::size_t>(log.size());
            without_last = records;
            const blob more = support::records_of(alice);
            records.insert(records.end(), more.begin(), more.end());
            log.append(more);
            REQUIRE(log.sync());
        }
        file = disk.find(path)->cached;
        last_mark = file.size() - log_mark_size;
    }
    [[nodiscard]] blob first(std::size_t size) const {
        return {file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size)};
    }
};

blob joined(blob front, bytes rest) {
    front.insert(front.end(), rest.begin(), rest.end());
    return front;
}

/// A record whose checksum is right, whatever it says.
blob record_of(unsigned first, unsigned kind) {
    blob out(7);
    byte_writer to(out);
    to.put_u8(static_cast<std::uint8_t>(first));
    to.put_u8(5);
    to.put_u8(static_cast<std::uint8_t>(kind));
    to.put_u32(crc32c(to.written()));
    return out;
}

/// Whether anything that a client sends now speaks of what its journal does not know: a message, or an ack state.
bool speaks(client& who) {
    std::array<std::byte, 4096> buffer{};
    bool found = false;
    while (const auto packet = who.poll_transmit(buffer)) {
        packet_reader reader(*packet);
        while (const auto one = reader.next()) {
            frame out;
            REQUIRE(decode(*one, framing(who.self()), out) == refusal::none);
            found = found || !std::holds_alternative<sync_request>(out);
        }
    }
    return found;
}

}  // namespace

TEST_CASE("hostile 50: a journal that is not what was written") {
    const example e;
    CHECK(open(e.file).records == e.records);
    SECTION("no file is a beginning; an empty one, or half a header, is damage: it has its name "
            "since it was whole") {
        simulated_disk disk;
        CHECK(journal::open(path, 1, support::simulated_files(disk))->records().empty());
        for (std::size_t size = 0; size < log_header_size; ++size) {
            CHECK(fault_of(e.first(size)) == file_fault::damaged);
        }
    }
    SECTION("a torn last record: what is behind the last whole one is dropped") {
        for (std::size_t size = e.last_group; size < e.file.size(); ++size) {
            const opened torn = open(e.first(size));
            CHECK(torn.fault == file_fault::none);
            CHECK((torn.records.size() < e.records.size()) == (size < e.last_mark));
            CHECK(torn.records.size() >= e.without_last.size());
            CHECK(torn.records ==
                  blob(e.records.begin(), e.records.begin() + std::ssize(torn.records)));
        }
    }
    SECTION("a tail that is there twice is there once") {
        const bytes tail = bytes(e.file).subspan(e.last_mark);
        CHECK(open(joined(e.file, tail)).records == e.records);  // its mark names another place
        // Records are said once more, which is no news.
        const opened twice = open(joined(e.file, bytes(e.file).subspan(e.last_group)));
        CHECK(twice.fault == file_fault::none);
        manual_clock clock;
        const client once = client::create(clock, journalled(), e.records).value();
        const client again = client::create(clock, journalled(), twice.records).value();
        CHECK(twice.records.size() > e.records.size());
        CHECK(support::snapshot_of(again) == support::snapshot_of(once));
    }
    SECTION("the journal of another peer") {
        manual_clock clock;
        const auto made = client::create(clock, journalled("bob"), e.records);
        CHECK(made.error().code == errc::journal_foreign);
        blob other = e.file;
        other[0] = std::byte{'S'};
        CHECK(fault_of(other) == file_fault::foreign);
    }
    SECTION("a newer version, of the log or of a record in it") {
        blob newer = e.file;
        newer[8] = std::byte{2};
        CHECK(fault_of(newer) == file_fault::version);
        CHECK(fault_of(joined(e.file, record_of(0x20, 1))) == file_fault::version);
        CHECK(fault_of(joined(e.file, record_of(0x12, 1))) == file_fault::version);
        CHECK(fault_of(joined(e.file, record_of(0x10, 10))) == file_fault::version);
    }
    SECTION("a flipped bit: in front of the last mark it is damage; in it, it looks like a crash "
            "that lost nothing") {
        for (std::size_t bit = 0; bit < 8 * e.file.size(); ++bit) {
            blob flipped = e.file;
            flipped[bit / 8] ^= std::byte{static_cast<unsigned char>(1U << bit % 8)};
            const opened now = open(flipped);
            if (bit / 8 < e.last_mark) {
                CHECK(now.fault != file_fault::none);
                CHECK(now.left_alone);
            } else {
                CHECK(now.fault == file_fault::none);
                CHECK(now.records == e.records);
            }
        }
    }
    SECTION("a record of 2^28 bytes, and of 4 GB") {
        for (const std::byte last : {std::byte{0x7F}, std::byte{0xFF}}) {
            blob large = {std::byte{0x10}, std::byte{0xFF}, std::byte{0xFF}, std::byte{0xFF}, last,
                          std::byte{0x0F}, std::byte{1},    std::byte{2}};
            const std::size_t allocated = support::allocations_in([&] {
                CHECK(check_journal(large).error().code == errc::journal_damaged);
                const blob& file = e.file;
                CHECK(read_log(file)->size() > 0);
            });
            CHECK(allocated == 0);
            // a torn tail, as far as anybody can see
            CHECK(open(joined(e.file, large)).records == e.records);
        }
    }
}

TEST_CASE("hostile 51: a disk that says error, or is full, or has done it and does not know") {
    for (const bool done : {false, true}) {
        for (const std::errc says :
             {std::errc::io_error, std::errc::no_space_on_device, std::errc::interrupted}) {
            for (const std::size_t operation : {1U, 2U}) {  // the write, and the sync
                CAPTURE(done, static_cast<int>(says), operation);
                manual_clock clock;
                simulated_disk disk;
                auto log = journal::open(path, 1, support::simulated_files(disk)).value();
                client alice = client::create(clock, journalled()).value();
                alice.link_up();
                REQUIRE(alice.handle(encoded(msg_notify{.from = "bob", .epoch = epoch{1}},
                                             "alice")) == refusal::none);
                log.append(support::records_of(alice));
                REQUIRE(log.sync());
                alice.durable(alice.written());
                REQUIRE(speaks(alice));
                REQUIRE(alice.handle(encoded(msg_notify{.from = "bob",
                                                        .epoch = epoch{1},
                                                        .entries = run::of(as_bytes("x"))},
                                             "alice")) == refusal::none);
                const ticket sent = alice.send("bob", as_bytes("text")).value();
                REQUIRE(alice.accept(alice.poll_message().value()));

                disk.broken = {disk.operations + operation, 1, says, done};
                log.append(support::records_of(alice));
                CHECK_FALSE(log.sync());
                CHECK(log.last_error().fault == file_fault::system);
                CHECK(log.last_error().code == says);
                // Not `durable`: neither the message nor the acceptance is spoken of, now or later.
                const std::size_t operations = disk.operations;
                for (int i = 0; i < 100; ++i) {
                    clock.advance(1min);
                    CHECK_FALSE(speaks(alice));
                    CHECK_FALSE(
                        log.sync());  // and nobody tries again and takes a second answer for the truth
                    CHECK_FALSE(log.compact(alice));
                }
                CHECK(disk.operations == operations);
                CHECK_FALSE(alice.poll_event());

                // The next life finds out: it is there whole, or it is not there.
                random_source dice(51);
                disk.lose_power(simulated_disk::rest::everything, simulated_disk::rest::everything,
                                dice);
                auto next_log = journal::open(path, 2, support::simulated_files(disk)).value();
                client next = client::create(clock, journalled(), next_log.records()).value();
                CHECK(next.outstanding(sent) == (done || operation == 2));
                next.link_up();
                CHECK(speaks(next) == next.outstanding(sent));
            }
        }
    }
}

}  // namespace journals_tests
