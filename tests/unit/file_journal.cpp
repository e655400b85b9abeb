// SPDX-License-Identifier: BSL-1.0
#include "sixfold/ext/file_journal.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "sixfold/ext/file_portable.hpp"
#include "support/catch.hpp"
#include "support/temporary_file.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <csignal>

#include <sys/wait.h>
#include <unistd.h>
#endif

namespace file_journal_tests {
namespace {

using namespace sixfold;
using Catch::Matchers::ContainsSubstring;

/// Goes when the program has ended, behind all that was made in it.
std::optional<basic_file_journal<portable_files>> for_ever;

/// A file in a folder that goes with it.
struct temporary {
    [[nodiscard]] std::string content() const {
        std::ifstream in(file, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    void write(const std::string& what) const { std::ofstream(file, std::ios::binary) << what; }

    support::temporary_file place;
    std::string file = place.path();
    std::filesystem::path folder = std::filesystem::path(file).parent_path();
};

/// The client of an app, with the loop's lines for its journal.
template <class Journal>
struct app {
    manual_clock clock;
    Journal journal;
    client machine;

    explicit app(const std::string& path, std::uint64_t random = 1)
        : journal(Journal::open(path, random).value()),
          machine(client::create(clock, options(), journal.records()).value()) {}

    static client_options options() {
        client_options out{.self = "alice", .life = {.start = 1, .seed = 1}};
        out.sender.peer_entries = out.sender.queue_entries;
        out.journaling = journaling::withhold;
        return out;
    }
    void append() {
        std::vector<std::byte> buffer(machine.journal_record_size_max());
        while (const auto records = machine.poll_journal(buffer)) {
            journal.append(*records);
        }
    }
    [[nodiscard]] bool save() {
        append();
        return journal.should_compact() ? journal.compact(machine) : journal.sync();
    }
    ticket send(const std::string& text) { return machine.send("bob", as_bytes(text)).value(); }
};

TEMPLATE_TEST_CASE("file journal: what was synced is there in the next life, and only that",
                   "",
                   file_journal,
                   basic_file_journal<portable_files>) {
    const temporary there;
    ticket saved{};
    ticket lost{};
    {
        app<TestType> first(there.file);
        CHECK(first.journal.records().empty());
        saved = first.send("saved");
        CHECK(first.save());
        lost = first.send("lost");
        first.append();
    }
    const app<TestType> second(there.file, 2);
    CHECK(second.machine.outstanding(saved));
    CHECK_FALSE(second.machine.outstanding(lost));
}

TEMPLATE_TEST_CASE(
    "file journal: goes on in the file that took the old one's place [spec 8.1, 8.3]",
    "",
    file_journal,
    basic_file_journal<portable_files>) {
    const temporary there;
    const auto nonce = [&there] {
        return there.content().substr(9, 8);
    };
    ticket before{};
    ticket after{};
    std::uint64_t size = 0;
    {
        app<TestType> first(there.file);
        const std::string of_the_first = nonce();
        before = first.send("before");
        first.append();
        CHECK(first.journal.compact(first.machine));
        CHECK(nonce() != of_the_first);
        CHECK(first.journal.size() == std::filesystem::file_size(there.file));
        after = first.send("after");
        CHECK(first.save());
        size = first.journal.size();
    }
    CHECK(size == std::filesystem::file_size(there.file));
    CHECK_FALSE(std::filesystem::exists(there.file + ".new"));
    const std::string of_the_life_before = nonce();
    const app<TestType> second(there.file, 2);
    CHECK(nonce() != of_the_life_before);  // what was read back need not be on the disk
    CHECK(second.machine.outstanding(before));
    CHECK(second.machine.outstanding(after));
}

/// No disk at all: which calls were made, and one that fails.
struct recorded_files {
    struct record {
        std::vector<std::string> calls;
        std::string fails;
    };
    record* all;

    std::error_code did(const char* what) const {
        all->calls.emplace_back(what);
        return std::make_error_code(all->fails == what ? std::errc::io_error : std::errc{});
    }
    std::string resolve(const std::string& path) const { return path; }
    std::error_code lock(const std::string&) const { return did("lock"); }
    std::error_code read(const std::string&, std::vector<std::byte>&) const {
        (void)did("read");
        return std::make_error_code(std::errc::no_such_file_or_directory);
    }
    std::error_code create(const std::string&) const { return did("create"); }
    std::error_code write(bytes) const { return did("write"); }
    std::error_code sync() const { return did("sync"); }
    std::error_code rename(const std::string&, const std::string&) const { return did("rename"); }
    std::error_code sync_directory(const std::string&) const { return did("sync_directory"); }
    std::error_code in_place(const std::string&) const { return did("in_place"); }
    void remove(const std::string&) const { (void)did("remove"); }
};

TEST_CASE(
    "file journal: a file is durable before it has its name, and a group before sync is true") {
    recorded_files::record made;
    auto journal = basic_file_journal<recorded_files>::open("j", 1, {&made}).value();
    CHECK(made.calls == std::vector<std::string>{"lock", "read", "create", "write", "sync",
                                                 "rename", "sync_directory", "in_place"});
    made.calls.clear();
    journal.append(as_bytes("records"));
    CHECK(made.calls.empty());
    CHECK(journal.sync());
    // The mark is written when the group in front of it is durable, and not earlier.
    CHECK(made.calls == std::vector<std::string>{"write", "sync", "in_place", "write"});
}

TEST_CASE("file journal: a new file that does not come to its name is removed") {
    for (const char* const fails : {"create", "write", "sync", "rename"}) {
        CAPTURE(fails);
        recorded_files::record made{.calls = {}, .fails = fails};
        CHECK_FALSE(basic_file_journal<recorded_files>::open("j", 1, {&made}));
        CHECK(made.calls.back() == "remove");
    }
    recorded_files::record made{.calls = {}, .fails = "sync_directory"};
    CHECK_FALSE(basic_file_journal<recorded_files>::open("j", 1, {&made}));
    CHECK(made.calls.back() == "sync_directory");  // it has its name, durably or not
}

TEST_CASE("file journal: after a call that failed no other is made, as it would prove nothing") {
    for (const char* const fails : {"write", "sync"}) {
        recorded_files::record made;
        auto journal = basic_file_journal<recorded_files>::open("j", 1, {&made}).value();
        journal.append(as_bytes("records"));
        made.fails = fails;
        CHECK_FALSE(journal.sync());
        made.fails.clear();
        made.calls.clear();
        CHECK_FALSE(journal.sync());
        CHECK(made.calls.empty());
        CHECK(journal.last_error().code == std::errc::io_error);
    }
}

TEST_CASE("file journal: where it cannot be seen who has its name, nothing is durable [spec 8.3]") {
    recorded_files::record made{.calls = {}, .fails = "in_place"};
    const auto refused = basic_file_journal<recorded_files>::open("j", 1, {&made});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().fault == file_fault::system);
    CHECK_THAT(refused.error().what, ContainsSubstring("j: cannot look at: "));
    made.fails.clear();
    auto journal = basic_file_journal<recorded_files>::open("j", 1, {&made}).value();
    journal.append(as_bytes("records"));
    made.fails = "in_place";
    CHECK_FALSE(journal.sync());
    CHECK(made.calls.back() == "in_place");  // and no mark behind it
}

TEST_CASE("file journal: a loop that asks stays small") {
    const temporary there;
    app<file_journal> one(there.file);
    (void)one.send(std::string(500, 'x'));
    std::vector<std::byte> buffer(one.machine.journal_record_size_max());
    const bytes records = one.machine.poll_journal(buffer).value();
    std::uint64_t largest = 0;
    for (int i = 0; i < 60; ++i) {
        for (int copy = 0; copy < 20; ++copy) {
            one.journal.append(records);
        }
        REQUIRE(one.save());
        largest = (std::max)(largest, one.journal.size());
    }
    CHECK(largest > 64 * 1024);
    CHECK(largest < 80 * 1024);
}

TEST_CASE("file journal: nothing to sync is no write") {
    const temporary there;
    {
        app<file_journal> one(there.file);
        REQUIRE(one.save());
        const std::string before = there.content();
        CHECK(one.journal.sync());
        CHECK(there.content() == before);
    }
    auto next = file_journal::open(there.file, 2).value();
    const std::string before = there.content();
    CHECK(next.sync());  // what was found is durable as it is
    CHECK(there.content() == before);
}

TEST_CASE("file journal: a client that gives no records is refused in words") {
    const auto unused = [](auto& one, const std::string& path) {
        return one.last_error().fault == file_fault::unused &&
               one.last_error().what ==
                   path + ": the client gives no records: its options say journaling::none";
    };
    client_options without = app<file_journal>::options();
    without.journaling = journaling::none;
    manual_clock clock;
    SECTION("when it syncs") {
        const temporary there;
        auto journal = file_journal::open(there.file, 1).value();
        client machine = client::create(clock, without, journal.records()).value();
        REQUIRE(machine.send("bob", as_bytes("text")));
        std::vector<std::byte> buffer(machine.journal_record_size_max());
        CHECK_FALSE(machine.poll_journal(buffer));
        CHECK_FALSE(journal.sync());
        CHECK(unused(journal, there.file));
    }
    SECTION("when it compacts, and what is in the file stays there") {
        const temporary there;
        app<file_journal> one(there.file);
        (void)one.send("text");
        REQUIRE(one.save());
        const std::string before = there.content();
        CHECK_FALSE(one.journal.compact(client::create(clock, without).value()));
        CHECK(unused(one.journal, there.file));
        CHECK(there.content() == before);
    }
}

TEST_CASE("file journal: what is refused is left as it is, and the error says which file and why "
          "[spec 8.4]") {
    const temporary there;
    {
        app<file_journal> one(there.file);
        for (const char* text : {"one", "two"}) {
            (void)one.send(text);
            CHECK(one.save());
        }
    }
    const std::string good = there.content();
    const auto refused = [&](std::string content, std::size_t flipped, file_fault why) {
        content[flipped] = static_cast<char>(content[flipped] ^ 1);
        there.write(content);
        const auto opened = file_journal::open(there.file, 2);
        REQUIRE_FALSE(opened);
        CHECK(opened.error().fault == why);
        CHECK_FALSE(opened.error().code);
        CHECK_THAT(opened.error().what, ContainsSubstring(there.file + ": journal: "));
        CHECK(there.content() == content);
    };
    refused(good, 0, file_fault::foreign);
    refused(good, 8, file_fault::version);
    refused(good, 9, file_fault::damaged);
    refused(good, 30, file_fault::damaged);
    refused("some text, which is longer than the header of a log", 0, file_fault::foreign);
    refused(good.substr(0, 20), 19, file_fault::damaged);
    there.write("");
    CHECK(file_journal::open(there.file, 2).error().fault == file_fault::damaged);
    there.write(good.substr(0, good.size() - 1));
    CHECK(file_journal::open(there.file, 2));
}

TEST_CASE("file journal: whichever byte of a closed file is damaged, no record is lost in silence "
          "[spec 8.3, 8.5]") {
    const temporary there;
    ticket sent{};
    {
        app<file_journal> one(there.file);
        sent = one.send("one");
        CHECK(one.save());
    }
    const std::string good = there.content();
    for (std::size_t at = 0; at < good.size(); ++at) {
        CAPTURE(at);
        std::string bad = good;
        bad[at] = static_cast<char>(bad[at] ^ 0x40);
        there.write(bad);
        const auto opened = file_journal::open(there.file, 2);
        const bool in_the_last_mark = at >= good.size() - log_mark_size;
        REQUIRE(opened.has_value() == in_the_last_mark);
        if (opened) {
            manual_clock clock;
            const auto next =
                client::create(clock, app<file_journal>::options(), opened->records()).value();
            CHECK(next.outstanding(sent));
        }
    }
}

#if defined(__unix__) || defined(__APPLE__)

TEST_CASE("file journal: stays where it was opened, wherever the program goes") {
    const temporary there;
    const std::filesystem::path before = std::filesystem::current_path();
    std::filesystem::current_path(there.folder);
    app<file_journal> one("test.db");
    std::filesystem::current_path("/");  // as who goes into the background does
    one.send("hi");
    CHECK(one.save());
    CHECK(one.journal.compact(one.machine));
    std::filesystem::current_path(before);
    CHECK_FALSE(there.content().empty());
    CHECK(one.journal.last_error().what.empty());
}

TEST_CASE("file journal: is open once, in this process and in others") {
    const temporary there;
    {
        const app<file_journal> one(there.file);
        const auto again = file_journal::open(there.file, 2);
        REQUIRE_FALSE(again);
        CHECK(again.error().fault == file_fault::locked);
        CHECK_THAT(again.error().what, ContainsSubstring("open already"));
        const pid_t other = ::fork();
        if (other == 0) {
            const auto theirs = file_journal::open(there.file, 3);
            ::_exit(!theirs && theirs.error().fault == file_fault::locked ? 0 : 1);
        }
        int status = -1;
        REQUIRE(::waitpid(other, &status, 0) == other);
        CHECK(status == 0);
    }
    CHECK(file_journal::open(there.file, 4));
}

TEST_CASE("file journal: a folder that cannot be written, or is not there, is named with the "
          "system's reason") {
    const temporary there;
    { CHECK(file_journal::open(there.file, 1)); }
    const std::string before = there.content();
    const auto refused = [](const std::string& path, std::errc why) {
        const auto opened = file_journal::open(path, 2);
        REQUIRE_FALSE(opened);
        CHECK(opened.error().fault == file_fault::system);
        CHECK(opened.error().code == why);
        CHECK_THAT(opened.error().what, ContainsSubstring(path + ": cannot ") &&
                                            ContainsSubstring(opened.error().code.message()));
    };
    refused((there.folder / "none" / "journal").string(), std::errc::no_such_file_or_directory);
    refused(there.file + "/journal", std::errc::not_a_directory);

    std::filesystem::permissions(there.folder, std::filesystem::perms(0555));
    std::filesystem::permissions(there.file, std::filesystem::perms(0444));
    std::filesystem::permissions(there.file + ".lock", std::filesystem::perms(0666));
    const uid_t self = ::geteuid();
    const bool is_root = self == 0 && ::seteuid(65534) == 0;  // whom nothing is forbidden
    refused(there.file, std::errc::permission_denied);
    CHECK((!is_root || ::seteuid(self) == 0));
    CHECK(there.content() == before);
    std::filesystem::permissions(there.folder, std::filesystem::perms(0755));
}

/// The disk is full: once it has room, and then no more.
struct full_files : posix_files {
    bool room = false;
    [[nodiscard]] std::error_code write(bytes data) {
        if (!std::exchange(room, false)) {
            (void)posix_files::write(data.first(data.size() / 2));
            return std::make_error_code(std::errc::no_space_on_device);
        }
        return posix_files::write(data);
    }
};

full_files once_room() {
    full_files out;
    out.room = true;
    return out;
}

TEST_CASE("file journal: a full disk ends it, and what was synced stays") {
    const temporary there;
    { CHECK(file_journal::open(there.file, 1)); }
    const std::string before = there.content();
    const auto opened = basic_file_journal<full_files>::open(there.file, 2);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == std::errc::no_space_on_device);
    CHECK(there.content() == before);
    CHECK_FALSE(std::filesystem::exists(there.file + ".new"));
}

TEST_CASE(
    "file journal: where the disk is full a compaction leaves the file as it was, and nothing "
    "beside it") {
    const temporary there;
    { CHECK(file_journal::open(there.file, 1)); }
    auto journal = basic_file_journal<full_files>::open(there.file, 2, once_room()).value();
    manual_clock clock;
    const auto machine =
        client::create(clock, app<file_journal>::options(), journal.records()).value();
    const std::string before = there.content();
    CHECK_FALSE(journal.compact(machine));
    CHECK(journal.last_error().code == std::errc::no_space_on_device);
    CHECK(there.content() == before);
    CHECK_FALSE(std::filesystem::exists(there.file + ".new"));
}

TEST_CASE("file journal: whose lock was removed is alone all the same, and ends with its next sync "
          "[spec 7.9]") {
    const temporary there;
    app<file_journal> one(there.file);
    (void)one.send("one");
    CHECK(one.save());
    std::filesystem::remove(there.file + ".lock");
    const auto other = file_journal::open(there.file, 2);
    REQUIRE_FALSE(other);
    CHECK(other.error().fault == file_fault::locked);
    (void)one.send("two");
    CHECK_FALSE(one.save());
    CHECK(one.journal.last_error().fault == file_fault::moved);
    CHECK_THAT(one.journal.last_error().what,
               ContainsSubstring(there.file) && ContainsSubstring("removed or replaced"));
}

TEST_CASE("file journal: whose name is gone, or another file's, is over, and says why [spec 7.9]") {
    const temporary there;
    app<file_journal> one(there.file);
    (void)one.send("one");
    CHECK(one.save());
    const std::string copy = there.content();
    const auto replaces = GENERATE(
        +[](const temporary& what) { std::filesystem::remove(what.file); },
        +[](const temporary& what) { std::filesystem::rename(what.file, what.file + ".old"); },
        +[](const temporary& what) {
            std::filesystem::copy(what.file, what.file + ".copy");
            std::filesystem::rename(what.file + ".copy", what.file);
        });
    const bool compacts = GENERATE(false, true);
    CAPTURE(compacts);
    replaces(there);
    (void)one.send("two");
    one.append();
    const auto save = [&] {
        return compacts ? one.journal.compact(one.machine) : one.journal.sync();
    };
    CHECK_FALSE(save());
    CHECK(one.journal.last_error().fault == file_fault::moved);
    CHECK_FALSE(save());  // nor ever again
    CHECK_FALSE(std::filesystem::exists(there.file + ".new"));
    if (std::filesystem::exists(there.file)) {
        CHECK(there.content() == copy);  // what was brought back is not overwritten
    }
}

TEMPLATE_TEST_CASE(
    "file journal: a link is followed, to a file that is there or not, and stays a link",
    "",
    file_journal,
    basic_file_journal<portable_files>) {
    const temporary there;
    const auto place = there.folder / "volume";
    std::filesystem::create_directory(place);
    const std::string target = (place / "journal").string();
    const std::string link = (there.folder / "link").string();
    std::filesystem::create_symlink("volume/journal", link);
    const std::string second = (place / "second").string();
    std::filesystem::create_symlink(link, second);
    ticket sent{};
    for (const std::string& name : {link, second}) {
        app<TestType> one(name, 1);
        sent = one.send("text");
        CHECK(one.save());
        // Both names have one lock.
        CHECK(TestType::open(target, 2).error().fault == file_fault::locked);
    }
    CHECK(std::filesystem::is_symlink(link));
    CHECK(std::filesystem::is_symlink(second));
    const app<TestType> next(target, 3);
    CHECK(next.machine.outstanding(sent));
    CHECK(next.machine.sender().queued() == 2);

    const std::string circle = (there.folder / "circle").string();
    std::filesystem::create_symlink("circle", circle);
    CHECK(TestType::open(circle, 1).error().fault == file_fault::system);
}

TEMPLATE_TEST_CASE(
    "file journal: of two that are open at once the second is refused, under any name",
    "",
    file_journal,
    basic_file_journal<portable_files>) {
    const temporary there;
    {
        auto first = TestType::open(there.file, 1);
        REQUIRE(first);
        const auto moved = std::move(first);
        std::filesystem::create_directory(there.folder / "x");
        std::filesystem::create_directory_symlink(there.folder, there.folder / "linked");
        for (const auto& folder :
             {there.folder, there.folder / "." / "x" / "..", there.folder / "linked"}) {
            const std::string name = (folder / "test.db").string();
            const auto second = TestType::open(name, 2);
            REQUIRE(!second);
            CHECK(second.error().fault == file_fault::locked);
            CHECK(second.error().what == name + ": it is open already, here or in another process");
            CHECK_FALSE(std::filesystem::exists(there.file + ".new"));
        }
    }
    CHECK(TestType::open(there.file, 3));
}

TEST_CASE("file journal: it may live until the end of the program") {
    using journal = basic_file_journal<portable_files>;
    const temporary there;
    for_ever.emplace(journal::open(there.file, 1).value());
    CHECK(journal::open(there.file, 2).error().fault == file_fault::locked);
}

TEMPLATE_TEST_CASE(
    "file journal: a new file has the mode of the old one, the first that of a secret",
    "",
    file_journal,
    basic_file_journal<portable_files>) {
    const temporary there;
    { CHECK(TestType::open(there.file, 1)); }
    const auto mode = [&there] {
        return std::filesystem::status(there.file).permissions();
    };
    if constexpr (std::same_as<TestType, file_journal>) {
        CHECK(mode() == std::filesystem::perms(0600));
    }
    for (const auto wanted : {std::filesystem::perms(0640), std::filesystem::perms(0660)}) {
        std::filesystem::permissions(there.file, wanted);
        app<TestType> one(there.file, 2);
        CHECK(mode() == wanted);
        CHECK(one.journal.compact(one.machine));
        CHECK(mode() == wanted);
    }
}

TEST_CASE("file journal: what a life that crashed left beside it does no harm, whatever it is") {
    const temporary there;
    { CHECK(file_journal::open(there.file, 1)); }
    const std::string other = there.file + ".other";
    std::ofstream(other) << "somebody else's";
    std::filesystem::create_symlink(other, there.file + ".new");
    CHECK(file_journal::open(there.file, 2));
    CHECK(std::filesystem::file_size(other) == 15);
    CHECK_FALSE(std::filesystem::is_symlink(there.file));
}

TEST_CASE("file journal: what a life that crashed left beside it is not read, even if it is whole "
          "[spec 8.3]") {
    const temporary there;
    app<file_journal> one(there.file);
    (void)one.send("of another life");
    std::vector<std::byte> buffer(one.machine.journal_record_size_max());
    std::string left;
    const auto put = [&](const auto& part) {
        left += as_text(bytes(part.data(), part.size()));
    };
    put(log_header(1));
    put(log_mark(1, left.size()));
    put(one.machine.poll_journal(buffer).value());  // where a new file ends
    put(log_mark(1, left.size()));
    const std::string other = there.file + "2";
    std::ofstream(other + ".new", std::ios::binary) << left;
    for (int life = 0; life < 2; ++life) {
        CHECK(file_journal::open(other, 2).value().records().empty());
    }
}

TEST_CASE("file journal: an app that is killed at any time has what it was told is durable") {
    const temporary there;
    std::size_t promised = 0;
    for (int life = 0; life < 30; ++life) {
        int pipe[2];
        REQUIRE(::pipe(pipe) == 0);
        const pid_t child = ::fork();
        if (child == 0) {
            app<file_journal> one(there.file, static_cast<std::uint64_t>(life));
            // Not more than all lives together have room for in the queue.
            for (int sent = 0; sent < 30; ++sent) {
                if (!one.machine.send("bob", as_bytes("text")) || !one.save() ||
                    ::write(pipe[1], "+", 1) != 1) {
                    ::_exit(1);
                }
            }
            ::pause();  // until it is killed
            ::_exit(1);
        }
        ::close(pipe[1]);
        char each = 0;
        for (int more = 1 + life * 7 % 20; more != 0 && ::read(pipe[0], &each, 1) == 1; --more) {
            ++promised;
        }
        REQUIRE(::kill(child, SIGKILL) == 0);
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        REQUIRE(WIFSIGNALED(status));
        while (::read(pipe[0], &each, 1) == 1) {
            ++promised;
        }
        ::close(pipe[0]);
        const app<file_journal> next(there.file, 1000);
        CHECK(next.machine.sender().queued() >= promised);
        CHECK(next.machine.sender().queued() <= promised + static_cast<std::size_t>(life) + 1);
    }
    CHECK(promised > 100);
}

#endif

}  // namespace
}  // namespace file_journal_tests
