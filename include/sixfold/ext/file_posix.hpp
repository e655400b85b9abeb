// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_FILE_POSIX_HPP
#define SIXFOLD_EXT_FILE_POSIX_HPP

#include <cerrno>
#include <cstddef>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>  // flock
#include <unistd.h>

#include "sixfold/types.hpp"

namespace sixfold::inline v0 {

namespace detail {

/// An open file, closed when this goes. -1: none.
class file_descriptor {
  public:
    explicit file_descriptor(int number = -1) noexcept : number_(number) {}
    file_descriptor(file_descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    file_descriptor& operator=(file_descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~file_descriptor() {
        if (number_ != -1) {
            ::close(number_);  // what had to be durable was synced before
        }
    }

    [[nodiscard]] int number() const noexcept { return number_; }
    [[nodiscard]] bool open() const noexcept { return number_ != -1; }

  private:
    int number_;
};

}  // namespace detail

/// The files of a POSIX system, as `journal_files` asks for them. On a local disk that keeps what it has synced; a network
/// file system may not. The files can be read by their owner only: they hold messages.
class posix_files {
  public:
    /// Locks the file of this name, made if need be, until this object goes or the process does. It stays there.
    [[nodiscard]] std::error_code lock(const std::string& path) {
        // Not fcntl's lock, which its own process may take twice, and loses when it closes any of the two.
        lock_ = open(path, O_RDWR | O_CREAT);
        return system_says(lock_.open() && ::flock(lock_.number(), LOCK_EX | LOCK_NB) == 0);
    }

    /// The whole file, or std::errc::no_such_file_or_directory.
    [[nodiscard]] std::error_code read(const std::string& path, std::vector<std::byte>& into) {
        constexpr std::size_t step = 64 * 1024;
        into.clear();
        const detail::file_descriptor file = open(path, O_RDONLY);
        if (!file.open()) {
            return system_says(false);
        }
        for (;;) {
            const std::size_t size = into.size();
            into.resize(size + step);
            const auto got = ::read(file.number(), into.data() + size, step);
            into.resize(size + (got > 0 ? static_cast<std::size_t>(got) : 0));
            if (got == 0 || (got < 0 && errno != EINTR)) {
                return system_says(got == 0);
            }
        }
    }

    /// An empty file, in place of one that is there.
    [[nodiscard]] std::error_code create(const std::string& path) {
        file_ = open(path, O_WRONLY | O_CREAT | O_TRUNC);
        return system_says(file_.open());
    }

    /// All of it at the end. After an error a part of it may be there.
    [[nodiscard]] std::error_code write(bytes data) {
        while (!data.empty()) {
            const auto put = ::write(file_.number(), data.data(), data.size());
            if (put < 0 && errno != EINTR) {
                return system_says(false);
            }
            data = data.subspan(put < 0 ? 0 : static_cast<std::size_t>(put));
        }
        return {};
    }

    /// Returns when the disk says that it has what was written.
    [[nodiscard]] std::error_code sync() {
#if defined(F_FULLFSYNC)
        return system_says(::fcntl(file_.number(), F_FULLFSYNC) == 0);  // and the disk's own cache
#else
        return system_says(::fdatasync(file_.number()) == 0);
#endif
    }

    /// Puts the file in the place of `to`, at once or not at all. Whether that is durable, `sync_directory` says.
    [[nodiscard]] std::error_code rename(const std::string& from, const std::string& to) {
        return system_says(::rename(from.c_str(), to.c_str()) == 0);
    }

    /// Returns when the disk has the names in the directory that this file is in.
    [[nodiscard]] std::error_code sync_directory(const std::string& path) {
        const std::size_t slash = path.rfind('/');
        const auto directory =
            open(slash == std::string::npos ? "." : path.substr(0, slash + 1), O_RDONLY);
#if defined(F_FULLFSYNC)
        return system_says(directory.open() && ::fcntl(directory.number(), F_FULLFSYNC) == 0);
#else
        return system_says(directory.open() && ::fsync(directory.number()) == 0);
#endif
    }

  private:
    [[nodiscard]] static detail::file_descriptor open(const std::string& path, int flags) {
        return detail::file_descriptor(::open(path.c_str(), flags | O_CLOEXEC, 0600));
    }

    /// What the call that has just been made says.
    [[nodiscard]] static std::error_code system_says(bool done) {
        return done ? std::error_code() : std::error_code(errno, std::generic_category());
    }

    detail::file_descriptor lock_;
    detail::file_descriptor file_;
};

}  // namespace sixfold::inline v0

#endif
