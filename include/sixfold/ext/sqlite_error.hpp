// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_SQLITE_ERROR_HPP
#define SIXFOLD_EXT_SQLITE_ERROR_HPP

#include <cstdint>
#include <string>

#include <sqlite3.h>

#include "sixfold/version.hpp"

namespace sixfold::inline v0 {

/// What is wrong with a database, as far as it matters for what to do.
enum class sqlite_fault : std::uint8_t {
    none,        ///< nothing is wrong
    busy,        ///< another connection is writing, for longer than `busy_timeout`: try again
    full,        ///< no room on the disk, or `max_page_count` is reached
    read_only,   ///< the file, or its file system, cannot be written
    corrupt,     ///< damaged or cut, and no read of it has failed: bring back a copy
    foreign,     ///< no SQLite database, or that of another application
    version,     ///< of a schema that this program does not know, such as a newer one
    unsafe,      ///< it would not keep what it was given: it cannot have WAL or the sync mode
    superseded,  ///< a later life writes this journal: this one is over, and has to end
    /// Its file or its log was removed or replaced while it was open: nobody will find what is written.
    moved,
    option,  ///< an option that cannot work
    io,      ///< the system failed: try again; whether a commit is durable is not known
    other,   ///< no memory, or a bug: `what` says it
};

/// What went wrong, what SQLite calls it, and a sentence.
struct sqlite_error {
    sqlite_fault fault = sqlite_fault::none;  ///< for the program
    int code = 0;      ///< SQLite's extended result code; 0 if it was not SQLite that refused
    std::string what;  ///< SQLite's own words, or ours
};

/// The fault that a result code of SQLite stands for, extended or not.
[[nodiscard]] constexpr sqlite_fault fault_of(int code) noexcept {
    if (code == SQLITE_IOERR_NOMEM) {
        return sqlite_fault::other;
    }
    if (code == SQLITE_READONLY_DBMOVED) {
        return sqlite_fault::moved;
    }
    switch (code & 0xFF) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return sqlite_fault::none;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL: return sqlite_fault::busy;
    case SQLITE_FULL: return sqlite_fault::full;
    case SQLITE_READONLY:
    case SQLITE_PERM: return sqlite_fault::read_only;
    case SQLITE_CORRUPT: return sqlite_fault::corrupt;
    case SQLITE_NOTADB: return sqlite_fault::foreign;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN: return sqlite_fault::io;
    default: return sqlite_fault::other;
    }
}

}  // namespace sixfold::inline v0

#endif
