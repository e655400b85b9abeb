// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_SQLITE_ROOM_HPP
#define SIXFOLD_EXT_SQLITE_ROOM_HPP

#include <cerrno>
#include <chrono>
#include <cstdint>

#include <sqlite3.h>

#include "sixfold/ext/sqlite_error.hpp"
#include "sixfold/ext/sqlite_statement.hpp"

namespace sixfold::inline v0::detail {

/// The room that a database in WAL mode needs where its disk is full: to erase something, too.
///
/// What changes is written to the log, and later, by a checkpoint, to its place in the file. When all of it is there the log
/// is begun anew. So it goes on without any more room if two things were taken beforehand: the log has room for one more
/// change, and the file has a place for each page, also for those that are only in the log. A change that adds pages takes
/// that place, or is refused as full, and one that frees rows finds everything it needs.
///
/// It holds for file systems that write in place, and for layers below SQLite that can make a file larger; where they cannot, a
/// full disk is full. What is taken is given back when the database is closed.
class sqlite_room {
  public:
    /// What the log has from the beginning: some 60 pages of 4096 bytes, more than one row takes to erase.
    static constexpr std::int64_t log_size = 256 * 1024;
    /// What is left to it when it had to grow, for a long reader; it is twice what it reaches otherwise.
    static constexpr std::int64_t log_size_max = 32 * log_size;

    sqlite_room(sqlite_connection& connection, std::chrono::milliseconds busy_timeout)
        : connection_(&connection), busy_timeout_(busy_timeout),
          pages_(connection, "PRAGMA page_count"),
          page_size_(integer(sqlite_statement(connection, "PRAGMA page_size"))) {}

    /// In a transaction that may write: room for the log, as far as there is any.
    void take_for_log() { (void)enlarge(file(SQLITE_FCNTL_JOURNAL_POINTER), log_size, log_size); }

    /// In front of a commit: a place for each page. It is refused as full if there is none.
    void take_for_pages() {
        const std::int64_t needed = integer(pages_) * page_size_;
        sqlite3_file& main = file(SQLITE_FCNTL_FILE_POINTER);
        if (size_of(main) >= needed) {
            return;
        }
        if (const int code = lock_checkpoints(main); code != SQLITE_OK) {
            return connection_->note(code);
        }
        const int code = enlarge(main, needed, step);
        main.pMethods->xShmLock(&main, checkpoint_lock, 1,
                                SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE);
        if (code != SQLITE_OK && code != SQLITE_NOTFOUND) {
            refuse(code);
        }
    }

  private:
    static constexpr std::int64_t step = 256 * 1024;  // by which the file grows
    static constexpr int checkpoint_lock = 1;         // of the index of the log, as its format says

    [[nodiscard]] static std::int64_t integer(sqlite_statement& query) {
        const auto row = query.run();
        return row ? row.integer(0) : 0;
    }
    [[nodiscard]] static std::int64_t integer(sqlite_statement&& query) { return integer(query); }

    /// In a transaction that may write both are open.
    [[nodiscard]] sqlite3_file& file(int which) const {
        sqlite3_file* out = nullptr;
        sqlite3_file_control(connection_->handle, "main", which, &out);
        return *out;
    }
    [[nodiscard]] static std::int64_t size_of(sqlite3_file& which) {
        sqlite3_int64 size = 0;
        (void)which.pMethods->xFileSize(&which, &size);
        return size;
    }

    /// At least to this size, in steps. What is in it stays as it is.
    [[nodiscard]] static int enlarge(sqlite3_file& which, std::int64_t size, std::int64_t by) {
        int chunk = static_cast<int>(by);
        if (const int code =
                which.pMethods->xFileControl(&which, SQLITE_FCNTL_CHUNK_SIZE, &chunk)) {
            return code;
        }
        return which.pMethods->xFileControl(&which, SQLITE_FCNTL_SIZE_HINT, &size);
    }

    /// Another connection that writes pages back to where there was no file yet must not find it larger in the middle of that.
    [[nodiscard]] int lock_checkpoints(sqlite3_file& main) const {
        constexpr std::chrono::milliseconds pause(1);
        for (auto left = busy_timeout_;; left -= pause) {
            const int code = main.pMethods->xShmLock(&main, checkpoint_lock, 1,
                                                     SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE);
            if (code != SQLITE_BUSY || left.count() <= 0) {
                return code;
            }
            sqlite3_sleep(static_cast<int>(pause.count()));
        }
    }

    /// SQLite's layers say "cannot write" of a full disk here; the system may say more.
    void refuse(int code) {
        const int said = connection_->system_error();
        bool full = code == SQLITE_FULL || said == 0 || said == ENOSPC;
#if defined(EDQUOT)  // not on Windows
        full = full || said == EDQUOT;
#endif
        connection_->refuse(full ? sqlite_fault::full : sqlite_fault::io,
                            full ? "the disk is full: there is no room for more pages"
                                 : "the file of the database cannot be made larger");
    }

    sqlite_connection* connection_;
    std::chrono::milliseconds busy_timeout_;
    sqlite_statement pages_;
    std::int64_t page_size_;
};

}  // namespace sixfold::inline v0::detail

#endif
