// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
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
#include "counting_vfs.hpp"
#endif

// What it costs a client that its messages survive it: so many messages of 64 bytes a commit, sent and ended. Beside it, and in turns
// with it, what the disk or SQLite alone takes for the same bytes or rows, commit by commit: a client as that one gives them, and
// its own time does not count.

namespace bench {

namespace {

/// What was opened, or the end of it.
template <class Result>
[[nodiscard]] auto opened(Result result, const char* what) {
    require(result.has_value(), what);
    return std::move(result).value();
}

/// A new folder, gone in the end.
class scratch {
  public:
    explicit scratch(const std::string& parent) {
        std::random_device random;
        do {
            folder_ = std::filesystem::path(parent) /
                      ("sixfold-" + std::to_string(random()) + std::to_string(random()));
        } while (!std::filesystem::create_directory(folder_));
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

std::uint64_t file_syncs = 0;

/// The files of the system; counts how often it waits for the disk.
struct counting_files : sixfold::posix_files {
    [[nodiscard]] std::error_code sync() {
        ++file_syncs;
        return posix_files::sync();
    }
    [[nodiscard]] std::error_code sync_directory(const std::string& path) {
        ++file_syncs;
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

  private:
    [[nodiscard]] sixfold::client create() const {
        sixfold::client_options o{.self = "alice---", .life = {.start = 1, .seed = 1}};
        o.sender.window = 256;
        o.journaling = sixfold::journaling::withhold;
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
        const sixfold::receiver_limits limits{.room = 256};
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

/// Batches of a client, of which all counts.
template <class Commit>
timed whole(const std::string& what, std::uint32_t messages, Commit commit) {
    const auto one = std::make_shared<journaled>();
    return {what, messages, yardstick::none, [=] {
                return time_of([&] { return one->batch(messages, commit); });
            }};
}

/// The same batches, of which only what `write(what was read of the records)` takes counts.
template <class Read, class Write>
timed alone(const std::string& what, std::uint32_t messages, Read read, Write write) {
    const auto one = std::make_shared<journaled>();
    return {what, messages, yardstick::none, [=] {
                lap out;
                one->batch(messages, [&](const sixfold::client&, sixfold::bytes records) {
                    const auto ready = read(records);
                    out = time_of([&] {
                        write(ready);
                        return std::uint64_t{messages};
                    });
                });
                return out;
            }};
}

void print_rates(const settings& how, const std::vector<timed>& cases) {
    const std::vector<figure> figures = measure(how, cases);
    for (std::size_t i = 0; i < cases.size(); ++i) {
        print("journal", cases[i].what, cases[i].n, 1e9 / figures[i].nanoseconds, "messages/s");
    }
}

void print_syncs(const std::string& what,
                 std::uint32_t messages,
                 std::uint64_t syncs,
                 std::uint64_t commits) {
    print("journal", what, messages,
          static_cast<double>(syncs) / static_cast<double>(commits * messages), "fsyncs/message");
}

void measure_files(const settings& how, std::uint32_t messages) {
    const scratch folder(how.folder);
    auto journal =
        opened(sixfold::basic_file_journal<counting_files>::open(folder.path("journal"), 1),
               "no journal could be made");
    sixfold::posix_files bare;
    require(!bare.create(folder.path("bare")), "no file could be made");
    std::uint64_t commits = 0;
    const std::uint64_t before = file_syncs;
    const auto commit = [&](const sixfold::client& machine, sixfold::bytes records) {
        ++commits;
        journal.append(records);
        require(journal.should_compact() ? journal.compact(machine) : journal.sync(),
                "the journal failed");
    };
    const auto write = [&](sixfold::bytes records) {
        require(!bare.write(records) && !bare.sync(), "the disk failed");
    };
    print_rates(how, {whole("file", messages, commit),
                      alone("file: write and fsync alone", messages, std::identity{}, write)});
    print_syncs("file", messages, file_syncs - before, commits);
}

#ifdef SIXFOLD_MEASURE_SQLITE

/// A database as an app has one, in which a commit is durable.
class database {
  public:
    explicit database(const std::string& path) {
        sqlite3* made = nullptr;
        const int code = sqlite3_open_v2(path.c_str(), &made,
                                         SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, disk_.name());
        handle_.reset(made);
        require(code == SQLITE_OK, "no database could be made");
        execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    }
    [[nodiscard]] sqlite3* handle() const noexcept { return handle_.get(); }
    [[nodiscard]] std::uint64_t syncs() const noexcept { return disk_.syncs(); }

    /// What `change` does, as one commit.
    template <class Change>
    void commit(Change change) const {
        execute("BEGIN IMMEDIATE");
        change();
        execute("COMMIT");
    }

  private:
    void execute(const char* sql) const {
        require(sqlite3_exec(handle(), sql, nullptr, nullptr, nullptr) == SQLITE_OK, sql);
    }

    counting_vfs disk_;
    std::unique_ptr<sqlite3, int (*)(sqlite3*)> handle_{nullptr, sqlite3_close};
};

[[nodiscard]] std::vector<sixfold::record> read_records(sixfold::bytes records) {
    std::vector<sixfold::record> out;
    sixfold::journal_reader reader(records);
    while (const auto each = reader.next()) {
        out.push_back(*each);
    }
    return out;
}

/// The table and the statements of a journal, run by hand.
class bare_rows {
  public:
    explicit bare_rows(sqlite3* handle)
        : journal_(opened(sixfold::sqlite_journal::attach(handle), "no table could be made")) {
        for (sqlite3_stmt* at = nullptr; (at = sqlite3_next_stmt(handle, at)) != nullptr;) {
            const std::string_view sql = sqlite3_sql(at);
            set_ = sql.starts_with("INSERT") ? at : set_;
            erase_ = sql.starts_with("DELETE") ? at : erase_;
        }
        require(set_ != nullptr && erase_ != nullptr, "the journal has other statements");
    }
    void write(const std::vector<sixfold::record>& all) const {
        for (const sixfold::record& each : all) {
            sqlite3_stmt* const statement = each.gone ? erase_ : set_;
            bind(statement, 1, each.key);
            if (!each.gone) {
                bind(statement, 2, each.wire);
            }
            require(sqlite3_step(statement) == SQLITE_DONE, "a row was not written");
            sqlite3_reset(statement);
        }
    }

  private:
    static void bind(sqlite3_stmt* statement, int at, sixfold::bytes value) {
        sqlite3_bind_blob64(statement, at, value.data(), value.size(), SQLITE_STATIC);
    }

    sixfold::sqlite_journal journal_;
    sqlite3_stmt* set_ = nullptr;
    sqlite3_stmt* erase_ = nullptr;
};

void measure_sqlite(const settings& how, std::uint32_t messages) {
    const scratch folder(how.folder);
    const database apps(folder.path("journal.db"));
    const database bare(folder.path("bare.db"));
    auto journal = opened(sixfold::sqlite_journal::attach(apps.handle()), "no table could be made");
    const bare_rows rows(bare.handle());
    std::uint64_t commits = 0;
    std::uint64_t bare_commits = 0;
    const std::uint64_t before = apps.syncs();
    const std::uint64_t bare_before = bare.syncs();
    const auto commit = [&](const sixfold::client&, sixfold::bytes records) {
        ++commits;
        apps.commit([&] { require(journal.put(records), "the journal failed"); });
    };
    const auto write = [&](const std::vector<sixfold::record>& all) {
        ++bare_commits;
        bare.commit([&] { rows.write(all); });
    };
    print_rates(how, {whole("SQLite", messages, commit),
                      alone("SQLite: the rows alone", messages, read_records, write)});
    print_syncs("SQLite", messages, apps.syncs() - before, commits);
    print_syncs("SQLite: the rows alone", messages, bare.syncs() - bare_before, bare_commits);
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
