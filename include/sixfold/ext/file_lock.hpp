// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_FILE_LOCK_HPP
#define SIXFOLD_EXT_FILE_LOCK_HPP

#include <cerrno>
#include <cstdio>
#include <cstdlib>  // _doserrno
#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <system_error>

#if defined(_WIN32)
#include <share.h>
#endif

#include "sixfold/version.hpp"

namespace sixfold::inline v0::detail {

/// Why the last call of the C library failed. If somebody has a file open exclusively, that of Windows says "permission denied";
/// here it is std::errc::resource_unavailable_try_again.
[[nodiscard]] inline std::error_code last_error() {
#if defined(_WIN32)
    constexpr unsigned long sharing_violation = 32;
    if (errno == EACCES && _doserrno == sharing_violation) {
        return std::make_error_code(std::errc::resource_unavailable_try_again);
    }
#endif
    return {errno != 0 ? errno : EIO, std::generic_category()};
}

#if defined(_WIN32)

/// A file that nobody else can open while we have it. The system releases it when the process ends, in whatever way.
class file_lock {
  public:
    /// Taken: std::errc::resource_unavailable_try_again.
    [[nodiscard]] std::error_code take(const std::string& path) {
        errno = 0;
        held_.reset(::_fsopen(path.c_str(), "ab", _SH_DENYRW));
        return held_ != nullptr ? std::error_code() : last_error();
    }

  private:
    struct close {
        void operator()(std::FILE* file) const noexcept { (void)std::fclose(file); }
    };
    std::unique_ptr<std::FILE, close> held_;
};

#else

/// A name that nobody else in this process has, for systems without locks: other processes are not kept away.
class file_lock {
  public:
    /// Taken: std::errc::resource_unavailable_try_again.
    [[nodiscard]] std::error_code take(const std::string& path) {
        std::error_code failed;
        const auto whole = std::filesystem::weakly_canonical(path, failed).string();
        if (failed) {
            return failed;
        }
        names& all = everybodys();
        const std::lock_guard guard(all.mutex);
        const auto [at, is_new] = all.taken.insert(whole);
        if (!is_new) {
            return std::make_error_code(std::errc::resource_unavailable_try_again);
        }
        held_.reset(&*at);
        return {};
    }

  private:
    struct names {
        std::mutex mutex;
        std::set<std::string> taken;
    };
    [[nodiscard]] static names& everybodys() {
        static names& all = *new names;  // never destroyed: whoever has one may live longer
        return all;
    }
    struct give_back {
        void operator()(const std::string* name) const {
            names& all = everybodys();
            const std::lock_guard guard(all.mutex);
            all.taken.erase(all.taken.find(*name));
        }
    };
    std::unique_ptr<const std::string, give_back> held_;
};

#endif

}  // namespace sixfold::inline v0::detail

#endif
