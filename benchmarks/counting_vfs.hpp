// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_BENCHMARKS_COUNTING_VFS_HPP
#define SIXFOLD_BENCHMARKS_COUNTING_VFS_HPP

#include <cstdint>
#include <map>
#include <string>

#include <sqlite3.h>

namespace bench {

/// The files of the system, as SQLite uses them anyway; counts how often it waits for the disk. It must outlive its databases.
///
/// A file is opened by the system's own layer, and keeps all of its calls but `xSync`, which counts and passes on.
class counting_vfs {
  public:
    counting_vfs() {
        static int count = 0;
        name_ = "counting-" + std::to_string(++count);
        vfs_.pNext = nullptr;
        vfs_.zName = name_.c_str();
        vfs_.pAppData = this;
        vfs_.xOpen = open;
        sqlite3_vfs_register(&vfs_, 0);
    }
    counting_vfs(const counting_vfs&) = delete;
    counting_vfs& operator=(const counting_vfs&) = delete;
    ~counting_vfs() { sqlite3_vfs_unregister(&vfs_); }

    /// For sqlite3_open_v2.
    [[nodiscard]] const char* name() const noexcept { return name_.c_str(); }
    [[nodiscard]] std::uint64_t syncs() const noexcept { return syncs_; }

  private:
    /// The calls of a kind of file. SQLite finds `ours` in each file, and hands it back.
    struct calls {
        sqlite3_io_methods ours;
        const sqlite3_io_methods* theirs;
        counting_vfs* owner;
    };

    static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* got) {
        auto& self = *static_cast<counting_vfs*>(vfs->pAppData);
        const int code = self.system_->xOpen(self.system_, path, file, flags, got);
        if (file->pMethods != nullptr) {
            const sqlite3_io_methods* theirs = file->pMethods;
            calls& each =
                self.calls_.try_emplace(theirs, calls{*theirs, theirs, &self}).first->second;
            each.ours.xSync = sync;
            file->pMethods = &each.ours;
        }
        return code;
    }
    static int sync(sqlite3_file* file, int flags) {
        const auto& each = *reinterpret_cast<const calls*>(file->pMethods);  // its first member
        ++each.owner->syncs_;
        return each.theirs->xSync(file, flags);
    }

    sqlite3_vfs* system_ = sqlite3_vfs_find(nullptr);
    sqlite3_vfs vfs_ = *system_;
    std::string name_;
    std::map<const sqlite3_io_methods*, calls> calls_;  // which stay where they are
    std::uint64_t syncs_ = 0;
};

}  // namespace bench

#endif
