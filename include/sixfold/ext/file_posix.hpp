// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_FILE_POSIX_HPP
#define SIXFOLD_EXT_FILE_POSIX_HPP

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>  // flock
#include <sys/stat.h>
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
/// file system may not. A new file can be read by its owner only, as it holds messages; one that takes another's place keeps
/// the other's owner and mode, as far as the system lets it.
class posix_files {
  public:
    /// Follows links, as far as the system would. Returns an absolute path, as the program may change its folder.
    [[nodiscard]] std::string resolve(std::string path) {
        constexpr int links_max = 40;
        for (int links = 0; links < links_max; ++links) {
            std::string to(4096, '\0');
            const auto size = ::readlink(path.c_str(), to.data(), to.size());
            if (size <= 0) {
                break;  // no link
            }
            to.resize(static_cast<std::size_t>(size));
            path = to.front() == '/' ? to : folder_of(path) + to;
        }
        std::error_code no_folder;  // then there is no file either
        return std::filesystem::absolute(path, no_folder).string();
    }

    /// Locks the file of this name, and makes it if need be, until this object is destroyed or the process ends. The file stays.
    [[nodiscard]] std::error_code lock(const std::string& path) {
        lock_path_ = path;
        return take(lock_, path, O_RDWR | O_CREAT);
    }

    /// The whole file, or std::errc::no_such_file_or_directory. It is locked, too: that holds when the lock's own file was
    /// removed. Taken: std::errc::resource_unavailable_try_again.
    [[nodiscard]] std::error_code read(const std::string& path, std::vector<std::byte>& into) {
        constexpr std::size_t step = 64 * 1024;
        into.clear();
        if (const auto failed = take(file_, path, O_RDONLY)) {
            return failed;
        }
        for (;;) {
            const std::size_t size = into.size();
            into.resize(size + step);
            const auto got = ::read(file_.number(), into.data() + size, step);
            into.resize(size + (got > 0 ? static_cast<std::size_t>(got) : 0));
            if (got == 0 || (got < 0 && errno != EINTR)) {
                return system_says(got == 0);
            }
        }
    }

    /// An empty file, in place of one that is there, with owner and mode of the one that was read or written last.
    [[nodiscard]] std::error_code create(const std::string& path) {
        (void)::unlink(path.c_str());  // of a life that crashed
        last_ = std::exchange(file_, detail::file_descriptor());
        if (const auto failed = take(file_, path, O_WRONLY | O_CREAT | O_EXCL)) {
            return failed;
        }
        struct stat like {};
        if (::fstat(last_.number(), &like) == 0) {  // there is one
            const bool owned = ::fchown(file_.number(), like.st_uid, like.st_gid) == 0;
            // Bits for a group are meant for that group.
            (void)::fchmod(file_.number(), like.st_mode & (owned ? 07777U : 0700U));
        }
        return {};
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

    /// Puts the file in the place of `to`, at once or not at all. `sync_directory` makes that durable.
    [[nodiscard]] std::error_code rename(const std::string& from, const std::string& to) {
        const bool done = ::rename(from.c_str(), to.c_str()) == 0;
        const auto says = system_says(done);
        // Nobody else may have it before the new one has its name.
        last_ = detail::file_descriptor();
        return says;
    }

    /// Compares the files that are open with those that have their names now.
    [[nodiscard]] std::error_code in_place(const std::string& path) {
        const auto file = has_name(file_, path);
        return file ? file : has_name(lock_, lock_path_);
    }

    /// Removes it, if it is there, and closes it: an open one keeps its room on the disk.
    void remove(const std::string& path) {
        file_ = detail::file_descriptor();
        (void)::unlink(path.c_str());
    }

    /// Returns when the disk has the names in the directory that this file is in.
    [[nodiscard]] std::error_code sync_directory(const std::string& path) {
        const std::string folder = folder_of(path);
        const auto directory = open(folder.empty() ? "." : folder, O_RDONLY);
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

    /// With its slash; empty, if the path has none.
    [[nodiscard]] static std::string folder_of(const std::string& path) {
        return path.substr(0, path.rfind('/') + 1);
    }

    /// Opens and locks the file. The lock is not fcntl's: one process may take that twice, and loses it when it closes either. The
    /// owner until now may have put another file in its place before letting it go: then that one is taken.
    [[nodiscard]] static std::error_code
    take(detail::file_descriptor& file, const std::string& path, int flags) {
        file = open(path, flags);
        if (!file.open() || ::flock(file.number(), LOCK_EX | LOCK_NB) != 0) {
            return system_says(false);
        }
        return std::make_error_code(has_name(file, path) ? std::errc::resource_unavailable_try_again
                                                         : std::errc{});
    }

    /// Nothing, or std::errc::no_such_file_or_directory where the name is gone or another file's.
    [[nodiscard]] static std::error_code has_name(const detail::file_descriptor& file,
                                                  const std::string& path) {
        struct stat ours {};
        struct stat theirs {};
        if (::fstat(file.number(), &ours) != 0 || ::stat(path.c_str(), &theirs) != 0) {
            return system_says(false);
        }
        const bool same = ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
        return std::make_error_code(same ? std::errc{} : std::errc::no_such_file_or_directory);
    }

    /// What the call that has just been made says.
    [[nodiscard]] static std::error_code system_says(bool done) {
        return done ? std::error_code() : std::error_code(errno, std::generic_category());
    }

    std::string lock_path_;
    detail::file_descriptor lock_;
    detail::file_descriptor file_;  // the one that was read or is written
    detail::file_descriptor last_;  // the one whose place it is about to take
};

}  // namespace sixfold::inline v0

#endif
