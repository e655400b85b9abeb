// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_FILE_PORTABLE_HPP
#define SIXFOLD_EXT_FILE_PORTABLE_HPP

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "sixfold/ext/file_lock.hpp"
#include "sixfold/types.hpp"

namespace sixfold::inline v0 {

/// Files as far as the standard library knows them, for systems that have nothing better here.
///
/// It promises less than `journal_files` asks for. What was synced is with the system: it survives a crash of the app, **but not a
/// loss of power**, after which the journal may be shorter, or refused as damaged. The **lock** keeps other processes away only on
/// Windows; elsewhere it works within this process, and you have to make sure that no other process has the same journal open.
class portable_files {
  public:
    /// Follows links.
    [[nodiscard]] std::string resolve(const std::string& path) {
        constexpr int links_max = 40;
        std::filesystem::path at = path;
        std::error_code failed;
        for (int links = 0; links < links_max && std::filesystem::is_symlink(at, failed); ++links) {
            const auto to = std::filesystem::read_symlink(at, failed);
            at = at.parent_path() / to;  // which is `to`, where that is a whole path
        }
        return at.string();
    }

    /// See above. Taken: std::errc::resource_unavailable_try_again.
    [[nodiscard]] std::error_code lock(const std::string& path) { return lock_.take(path); }

    /// The whole file, or std::errc::no_such_file_or_directory.
    [[nodiscard]] std::error_code read(const std::string& path, std::vector<std::byte>& into) {
        into.clear();
        std::error_code failed;
        const auto size = std::filesystem::file_size(path, failed);
        if (failed) {
            return failed;
        }
        into.resize(static_cast<std::size_t>(size));
        errno = 0;
        const handle file(std::fopen(path.c_str(), "rb"));
        return system_says(file != nullptr &&
                           std::fread(into.data(), 1, into.size(), file.get()) == into.size());
    }

    /// An empty file, in place of one that is there.
    [[nodiscard]] std::error_code create(const std::string& path) {
        errno = 0;
        file_.reset(std::fopen(path.c_str(), "wb"));
        return system_says(file_ != nullptr);
    }

    /// All of it at the end, or in the memory of this process until `sync`.
    [[nodiscard]] std::error_code write(bytes data) {
        errno = 0;
        return system_says(std::fwrite(data.data(), 1, data.size(), file_.get()) == data.size());
    }

    /// Gives what was written to the system, and does not wait for the disk.
    [[nodiscard]] std::error_code sync() {
        errno = 0;
        return system_says(std::fflush(file_.get()) == 0);
    }

    /// Puts the file in the place of `to`, as the system does it, with the mode of that, and opens it again there to go on at
    /// its end.
    [[nodiscard]] std::error_code rename(const std::string& from, const std::string& to) {
        file_.reset();  // some systems rename no open file
        std::error_code failed;
        const auto like = std::filesystem::status(to, failed);
        if (std::filesystem::exists(like)) {
            std::filesystem::permissions(from, like.permissions(), failed);
        }
        std::filesystem::rename(from, to, failed);  // std::rename may refuse where there is a file
        if (failed) {
            return failed;
        }
        errno = 0;
        file_.reset(std::fopen(to.c_str(), "ab"));
        return system_says(file_ != nullptr);
    }

    /// Checks nothing: it is not noticed when a file in use is removed.
    [[nodiscard]] std::error_code in_place(const std::string&) { return {}; }

    /// Removes it, if it is there.
    void remove(const std::string& path) {
        file_.reset();  // some systems remove no open file
        std::error_code ignored;
        std::filesystem::remove(path, ignored);
    }

    /// Syncs nothing.
    [[nodiscard]] std::error_code sync_directory(const std::string&) { return {}; }

  private:
    struct close {
        void operator()(std::FILE* file) const noexcept { (void)std::fclose(file); }
    };
    using handle = std::unique_ptr<std::FILE, close>;

    /// What the call that has just been made says, if it says anything.
    [[nodiscard]] static std::error_code system_says(bool done) {
        return done ? std::error_code() : detail::last_error();
    }

    detail::file_lock lock_;
    handle file_;
};

}  // namespace sixfold::inline v0

#endif
