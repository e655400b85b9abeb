// SPDX-License-Identifier: BSL-1.0
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "sixfold/ext/file_portable.hpp"
#include "support/catch.hpp"
#include "support/temporary_file.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <array>
#include <csignal>
#include <functional>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "sixfold/ext/file_posix.hpp"
#endif

#if defined(__GLIBC__)
namespace files_tests {
/// What happens in front of the next lock, once.
inline std::function<void()> before_flock;
}  // namespace files_tests

/// Stands in for that of the system.
extern "C" int flock(int file, int operation) noexcept {
    if (files_tests::before_flock) {
        std::exchange(files_tests::before_flock, nullptr)();
    }
    return static_cast<int>(::syscall(SYS_flock, file, operation));
}
#endif

// What the files under a journal say when the system says no. What a journal makes of that is in tests/iofail.

namespace files_tests {
namespace {

using namespace sixfold;

TEST_CASE("portable files: a file that is not there is not found, and not renamed") {
    const support::temporary_file there;
    portable_files files;
    std::vector<std::byte> content(3);
    CHECK(files.read(there.path(), content) == std::errc::no_such_file_or_directory);
    CHECK(content.empty());
    // Without a reason: libstdc++ says io_error for any on Windows.
    CHECK(files.rename(there.path(), there.path() + ".new"));
    CHECK(files.create(there.path() + "/none") == std::errc::no_such_file_or_directory);
}

#if defined(__unix__) || defined(__APPLE__)

TEST_CASE("portable files: a full disk is an error of the sync") {
    if (!std::filesystem::exists("/dev/full")) {
        SKIP("no /dev/full");
    }
    portable_files files;
    REQUIRE_FALSE(files.create("/dev/full"));
    CHECK_FALSE(files.write(as_bytes("text")));  // it is in the memory of this process
    CHECK(files.sync() == std::errc::no_space_on_device);
}

/// No file can be opened while it lives.
struct no_descriptors {
    rlimit before{};
    no_descriptors() {
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
        limit(0);
    }
    no_descriptors(const no_descriptors&) = delete;
    no_descriptors& operator=(const no_descriptors&) = delete;
    ~no_descriptors() { limit(before.rlim_cur); }

    void limit(rlim_t soft) const {
        const rlimit wanted{soft, before.rlim_max};
        (void)::setrlimit(RLIMIT_NOFILE, &wanted);
    }
};

TEMPLATE_TEST_CASE("files: one that is there and cannot be opened is an error, not an empty file",
                   "",
                   portable_files,
                   posix_files) {
    const support::temporary_file there;
    std::ofstream(there.path()) << "text";
    TestType files;
    std::vector<std::byte> content;
    std::error_code why;
    {
        const no_descriptors none;
        why = files.read(there.path(), content);
    }
    CHECK(why == std::errc::too_many_files_open);
    CHECK_FALSE(files.read(there.path(), content));
    CHECK(as_text(content) == "text");
}

TEST_CASE("posix files: a directory is no file, though it can be opened") {
    posix_files files;
    std::vector<std::byte> content;
    CHECK(files.read("/", content) == std::errc::is_a_directory);
    CHECK(content.empty());
}

TEMPLATE_TEST_CASE(
    "files: one that was removed is gone, and does not come back with what was written to it",
    "",
    portable_files,
    posix_files) {
    const support::temporary_file there;
    TestType files;
    REQUIRE_FALSE(files.create(there.path()));
    REQUIRE_FALSE(files.write(as_bytes("text")));
    files.remove(there.path());
    CHECK_FALSE(std::filesystem::exists(there.path()));
    files.remove(there.path());  // which is no harm
    REQUIRE_FALSE(files.create(there.path()));
    CHECK(std::filesystem::file_size(there.path()) == 0);
}

TEST_CASE("posix files: a file that was removed is closed, and takes no room of the disk") {
    const support::temporary_file there;
    posix_files files;
    REQUIRE_FALSE(files.create(there.path()));
    REQUIRE_FALSE(files.write(as_bytes("text")));
    files.remove(there.path());
    CHECK(files.write(as_bytes("text")) == std::errc::bad_file_descriptor);
    CHECK(files.in_place(there.path()) == std::errc::bad_file_descriptor);
}

TEST_CASE("posix files: whose name leads to another disk now is not in its place") {
    const support::temporary_file there;
    posix_files files;
    REQUIRE_FALSE(files.lock(there.path() + ".lock"));
    REQUIRE_FALSE(files.create(there.path()));
    CHECK_FALSE(files.in_place(there.path()));
    std::filesystem::remove(there.path());
    std::filesystem::create_symlink("/dev/null", there.path());
    CHECK(files.in_place(there.path()) == std::errc::no_such_file_or_directory);
}

TEST_CASE(
    "posix files: what takes the place of a file that it cannot give to its owner is a secret") {
    const support::temporary_file there;
    const uid_t self = ::geteuid();
    const std::string theirs = self == 0 ? there.path() : "/etc/passwd";
    if (self == 0) {
        std::ofstream(theirs) << "text";
    }
    const auto folder = std::filesystem::path(there.path()).parent_path();
    std::filesystem::permissions(folder, std::filesystem::perms(0777));
    REQUIRE((std::filesystem::status(theirs).permissions() & std::filesystem::perms(0077)) !=
            std::filesystem::perms::none);
    posix_files files;
    std::vector<std::byte> content;
    REQUIRE((self != 0 || ::seteuid(65534) == 0));  // who gives nothing away
    const auto read = files.read(theirs, content);
    const auto made = files.create(there.path() + ".new");
    REQUIRE((self != 0 || ::seteuid(self) == 0));
    REQUIRE_FALSE(read);
    REQUIRE_FALSE(made);
    CHECK(std::filesystem::status(there.path() + ".new").permissions() ==
          std::filesystem::perms(0600));
}

TEST_CASE("portable files: a folder that cannot be found has no lock") {
    const support::temporary_file there;
    std::filesystem::create_symlink(there.path(), there.path());
    portable_files files;
    CHECK(files.lock(there.path() + "/lock") == std::errc::too_many_symbolic_link_levels);
}

TEST_CASE("posix files: the directory that is synced is that of the file") {
    posix_files files;
    CHECK_FALSE(files.sync_directory("journal"));  // where we are
    CHECK_FALSE(files.sync_directory("/journal"));
    CHECK(files.sync_directory("/no/such/journal") == std::errc::no_such_file_or_directory);
#if defined(__linux__)
    CHECK(files.sync_directory("/proc/journal") == std::errc::invalid_argument);  // has no disk
#endif
}

#if defined(__GLIBC__)

TEST_CASE(
    "posix files: who gets a file when its owner has put another one in its place is too late "
    "[spec 7.9]") {
    const support::temporary_file there;
    std::ofstream(there.path()) << "old";
    posix_files owner;
    std::vector<std::byte> content;
    REQUIRE_FALSE(owner.lock(there.path() + ".lock"));
    REQUIRE_FALSE(owner.read(there.path(), content));
    REQUIRE_FALSE(owner.create(there.path() + ".new"));
    std::filesystem::remove(there.path() + ".lock");
    posix_files late;
    REQUIRE_FALSE(late.lock(there.path() + ".lock"));
    before_flock = [&] {
        REQUIRE_FALSE(owner.rename(there.path() + ".new", there.path()));
    };
    CHECK(late.read(there.path(), content) == std::errc::resource_unavailable_try_again);
    CHECK_FALSE(before_flock);
    CHECK(late.read(there.path(), content) == std::errc::resource_unavailable_try_again);
}

#endif

#if defined(__linux__)  // elsewhere /dev/fd is no second way to open a pipe

/// A pipe, at one end of which files are at work, and a clock whose signals interrupt them. At the
/// tenth one the other end does its part.
struct interrupted_pipe {
    static constexpr int patience = 10;
    static inline volatile std::sig_atomic_t signals = 0;
    static inline std::array<int, 2> ends{};

    template <class Handler>
    explicit interrupted_pipe(Handler handler) {
        signals = 0;
        REQUIRE(::pipe(ends.data()) == 0);
        REQUIRE(::fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);  // it is opened again to wait
        struct sigaction action {};
        action.sa_handler = handler;  // without SA_RESTART
        REQUIRE(::sigaction(SIGALRM, &action, &before) == 0);
        tick(1000);
    }
    interrupted_pipe(const interrupted_pipe&) = delete;
    interrupted_pipe& operator=(const interrupted_pipe&) = delete;
    ~interrupted_pipe() {
        tick(0);
        (void)::sigaction(SIGALRM, &before, nullptr);
        (void)::close(ends[0]);
        (void)::close(ends[1]);
    }

    static void tick(suseconds_t microseconds) {
        const itimerval each{{0, microseconds}, {0, microseconds}};
        (void)::setitimer(ITIMER_REAL, &each, nullptr);
    }
    [[nodiscard]] static std::string path(std::size_t end) {
        return "/dev/fd/" + std::to_string(ends[end]);
    }

    struct sigaction before {};
};

TEST_CASE("posix files: a signal does not end the reading of a file") {
    const interrupted_pipe pipe([](int) {
        interrupted_pipe::signals = interrupted_pipe::signals + 1;
        if (interrupted_pipe::signals == interrupted_pipe::patience) {
            (void)!::write(interrupted_pipe::ends[1], "text", 4);
            (void)::close(std::exchange(interrupted_pipe::ends[1], -1));
        }
    });
    posix_files files;
    std::vector<std::byte> content;
    CHECK_FALSE(files.read(interrupted_pipe::path(0), content));
    CHECK(as_text(content) == "text");
    CHECK(interrupted_pipe::signals >= interrupted_pipe::patience);
}

TEST_CASE("posix files: a signal does not end the writing of a file") {
    const interrupted_pipe pipe([](int) {
        interrupted_pipe::signals = interrupted_pipe::signals + 1;
        static std::array<char, 1 << 16> taken;
        while (interrupted_pipe::signals >= interrupted_pipe::patience &&
               ::read(interrupted_pipe::ends[0], taken.data(), taken.size()) > 0) {
        }
    });
    const support::temporary_file there;
    posix_files files;
    const int next = ::dup(interrupted_pipe::ends[1]);  // the number that the file will have
    REQUIRE(::close(next) == 0);
    REQUIRE_FALSE(files.create(there.path()));
    REQUIRE(::dup2(interrupted_pipe::ends[1], next) == next);
    const std::vector<std::byte> large(1 << 20);
    CHECK_FALSE(files.write(large));
    CHECK(interrupted_pipe::signals >= interrupted_pipe::patience);
}

#endif
#endif

}  // namespace
}  // namespace files_tests
