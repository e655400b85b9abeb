// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include <sixfold/ext/file_journal.hpp>
#include <sixfold/sixfold.hpp>
#include "groups.hpp"

#ifdef SIXFOLD_MEASURE_SQLITE
#include <sqlite3.h>

#include <sixfold/ext/sqlite_journal.hpp>
#endif

// What it costs a client that its messages survive it: so many messages of 64 bytes a commit, sent and ended. Beside it, what the
// disk alone takes for a commit of the same size.

namespace bench {

namespace {

/// A folder of our own, gone in the end.
class scratch {
  public:
    explicit scratch(const std::string& parent)
        : folder_(std::filesystem::path(parent) / "sixfold-measure") {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directory(folder_);
    }
    scratch(const scratch&) = delete;
    scratch& operator=(const scratch&) = delete;
    ~scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    [[nodiscard]] std::string path(const std::string& name) const {
        return (folder_ / name).string();
    }

  private:
    std::filesystem::path folder_;
};

std::uint64_t syncs = 0;

/// The files of the system; counts how often it waits for the disk.
struct counting_files : sixfold::posix_files {
    [[nodiscard]] std::error_code sync() {
        ++syncs;
        return posix_files::sync();
    }
    [[nodiscard]] std::error_code sync_directory(const std::string& path) {
        ++syncs;
        return posix_files::sync_directory(path);
    }
};

/// A client whose messages are delivered at once, but for its journal.
class journaled {
  public:
    /// It is introduced: one message was delivered, and how much the receiver takes is known.
    journaled() {
        machine_.link_up(sixfold::checksum::off);
        batch(1, [](const sixfold::client&, sixfold::bytes) {});
    }
    journaled(const journaled&) = delete;  // the client refers to the clock
    journaled& operator=(const journaled&) = delete;

    /// So many messages are sent, made durable by `commit(client, records)`, and ended; that they ended is in the next commit.
    template <class Commit>
    std::uint64_t batch(std::uint32_t messages, Commit commit) {
        for (std::uint32_t i = 0; i < messages; ++i) {
            require(machine_.send("bob-----", payload_).has_value(), "no room for a message");
        }
        records_.clear();
        while (const auto part = machine_.poll_journal(buffer_)) {
            records_.insert(records_.end(), part->begin(), part->end());
        }
        commit(machine_, sixfold::bytes(records_));
        machine_.durable(machine_.written());
        while (const auto packet = machine_.poll_transmit(buffer_)) {
            learn(*packet);
        }
        sent_ += messages;
        end_all();
        return messages;
    }
    [[nodiscard]] std::size_t bytes_committed() const { return records_.size(); }

  private:
    [[nodiscard]] sixfold::client create() const {
        sixfold::client_options o{.self = "alice---", .start = 1, .seed = 1};
        o.sender.window = 256;
        o.sender.journaling = o.receiver.journaling = sixfold::journaling::withhold;
        return sixfold::client::create(clock_, o).value();
    }
    void learn(sixfold::bytes packet) {
        if (epoch_ != sixfold::epoch::none) {
            return;
        }
        sixfold::packet_reader reader(packet);
        sixfold::frame decoded;
        while (const auto one = reader.next()) {
            require(decode(*one, link_, decoded) == sixfold::refusal::none, "no frame came out");
            if (const auto* request = std::get_if<sixfold::msg_request>(&decoded)) {
                epoch_ = request->epoch;
            }
        }
    }
    void end_all() {
        std::array<std::byte, sixfold::ack_state_size_max()> state;
        const sixfold::receiver_limits limits{.window = 256};
        const std::size_t size =
            sixfold::encode_ack_state({.floor = sent_, .limits = limits}, state);
        const sixfold::ack_notify notice{
            .from = "bob-----", .epoch = epoch_, .state = sixfold::bytes(state).first(size)};
        std::array<std::byte, 256> wire{};
        machine_.handle(sixfold::bytes(wire).first(encode(notice, link_, wire)));
        while (machine_.poll_event()) {
        }
    }

    std::vector<std::byte> payload_ = std::vector<std::byte>(64);
    std::vector<std::byte> buffer_ = std::vector<std::byte>(8192);
    std::vector<std::byte> records_;
    sixfold::framing link_{"alice---", sixfold::checksum::off};
    sixfold::epoch epoch_ = sixfold::epoch::none;
    sixfold::seq sent_ = 0;
    sixfold::manual_clock clock_;
    sixfold::client machine_ = create();
};

void print_rate(const settings& how,
                const std::string& what,
                std::uint32_t messages,
                const std::function<lap()>& run) {
    const figure out = measure(how, {{what, messages, yardstick::none, run}}).front();
    print("journal", what, messages, 1e9 / out.nanoseconds, "messages/s");
}

void measure_files(const settings& how, std::uint32_t messages) {
    const scratch folder(how.folder);
    auto journal =
        sixfold::basic_file_journal<counting_files>::open(folder.path("journal"), 1).value();
    journaled one;
    std::uint64_t done = 0;
    const std::uint64_t before = syncs;
    const auto batch = [&] {
        done += messages;
        return one.batch(messages, [&](const sixfold::client& machine, sixfold::bytes records) {
            journal.append(records);
            require(journal.should_compact() ? journal.compact(machine) : journal.sync(),
                    "the journal failed");
        });
    };
    print_rate(how, "file", messages, [&] { return time_of(batch); });
    print("journal", "file", messages,
          static_cast<double>(syncs - before) / static_cast<double>(done), "fsyncs/message");

    sixfold::posix_files bare;
    require(!bare.create(folder.path("bare")), "no file could be made");
    const std::vector<std::byte> data(one.bytes_committed());
    print_rate(how, "file: write and fsync alone", messages, [&] {
        return time_of([&] {
            require(!bare.write(data) && !bare.sync(), "the disk failed");
            return std::uint64_t{messages};
        });
    });
}

#ifdef SIXFOLD_MEASURE_SQLITE

void execute(sqlite3* database, const char* sql) {
    require(sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK, sql);
}

void measure_sqlite(const settings& how, std::uint32_t messages) {
    const scratch folder(how.folder);
    sqlite3* database = nullptr;
    require(sqlite3_open(folder.path("journal.db").c_str(), &database) == SQLITE_OK,
            "no database could be made");
    const std::unique_ptr<sqlite3, int (*)(sqlite3*)> closed(database, sqlite3_close);
    execute(database, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    {
        auto journal = sixfold::sqlite_journal::attach(database).value();
        journaled one;
        print_rate(how, "SQLite", messages, [&] {
            return time_of([&] {
                return one.batch(messages, [&](const sixfold::client&, sixfold::bytes records) {
                    execute(database, "BEGIN IMMEDIATE");
                    require(journal.put(records), "the journal failed");
                    execute(database, "COMMIT");
                });
            });
        });
    }
    // As many rows of about that size come and go.
    execute(database, "CREATE TABLE bare(key INTEGER PRIMARY KEY, row BLOB)");
    const std::string change = "BEGIN IMMEDIATE; DELETE FROM bare; WITH RECURSIVE n(i) AS (SELECT "
                               "1 UNION ALL SELECT i + 1 "
                               "FROM n WHERE i < " +
                               std::to_string(messages) +
                               ") INSERT INTO bare SELECT i, zeroblob(100) FROM n; COMMIT";
    print_rate(how, "SQLite: a transaction alone", messages, [&] {
        return time_of([&] {
            execute(database, change.c_str());
            return std::uint64_t{messages};
        });
    });
}

#endif

}  // namespace

void measure_journal(const settings& how) {
    for (const std::uint32_t messages : {1U, 16U, 256U}) {
        measure_files(how, messages);
#ifdef SIXFOLD_MEASURE_SQLITE
        measure_sqlite(how, messages);
#endif
    }
}

}  // namespace bench
