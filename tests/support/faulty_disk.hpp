// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SUPPORT_FAULTY_DISK_HPP
#define SIXFOLD_TESTS_SUPPORT_FAULTY_DISK_HPP

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>  // memcpy, memset
#include <iterator>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include <sqlite3.h>

#include "sixfold/parts/random.hpp"

namespace support {

/// A disk in memory under any SQLite database: it forgets what was not synced when its power fails,
/// and it fails when it is told to.
///
///     faulty_disk disk(seed);
///     disk.cut_power_at(17);                    // the 17th call from now on, and all behind it
///     {   open a database with the option vfs = disk.vfs(), use it until something fails   }
///     disk.restart(power_loss::some);           // here is what was on it
///     disk.fail_at(17, fault::io, fails::once); // or this one call, or all from it on
///     ... disk.hit() ...                        // did it come to that?
///     disk.heal();
///
/// What a real disk does, as far as a database can tell: a write is seen at once and is durable
/// when it was synced; until then each of its sectors of 512 bytes may be on the disk or not, in
/// any order. A sync that fails has dropped what it should have written, and the next one does not
/// know (that is what Linux does). A write that fails may have been done by half. The name of a new
/// file is durable with the first sync of the file, because SQLite's own layers sync the directory
/// then; a name that was removed since may come back.
///
/// It knows nothing of locks: it is for one connection at a time. Same seed and calls, same faults.
class faulty_disk {
  public:
    enum class fault {
        io,    ///< any call may fail, each with its own SQLITE_IOERR_...
        full,  ///< calls that write: SQLITE_FULL
        busy,  ///< calls that lock: SQLITE_BUSY
    };
    enum class fails { once, from_then_on };
    enum class power_loss {
        all,   ///< of what was not synced, nothing is left
        some,  ///< a random part of its sectors is
    };

    explicit faulty_disk(std::uint64_t seed) : random_(seed) {
        static int count = 0;
        name_ = "faulty-disk-" + std::to_string(++count);
        vfs_.iVersion = 2;
        vfs_.szOsFile = sizeof(handle);
        vfs_.mxPathname = 512;
        vfs_.zName = name_.c_str();
        vfs_.pAppData = this;
        set_calls();
        sqlite3_vfs_register(&vfs_, 0);
    }
    faulty_disk(const faulty_disk&) = delete;
    faulty_disk& operator=(const faulty_disk&) = delete;
    ~faulty_disk() { sqlite3_vfs_unregister(&vfs_); }

    /// For `sqlite_options::vfs`.
    [[nodiscard]] const char* vfs() const noexcept { return name_.c_str(); }

    /// The power fails in this call, 1 being the next one: it and all that follow do nothing.
    void cut_power_at(std::uint64_t call) { plan(call, fault::io, fails::from_then_on, true); }
    /// This call fails, of those that can fail so; 1 is the next one.
    void fail_at(std::uint64_t call, fault how, fails how_long) {
        plan(call, how, how_long, false);
    }
    /// Full from here on: all files together have no more than so many bytes. The system says so by this error; 0: its layer
    /// does not know.
    void set_capacity(std::size_t bytes, int error = ENOSPC) {
        capacity_ = bytes;
        error_when_full_ = error;
    }
    /// A layer that can make no file larger but by a write.
    void knows_no_chunks() { chunks_ = false; }
    /// Bytes of all files.
    [[nodiscard]] std::size_t used() const {
        std::size_t sum = 0;
        for (const auto& [name, each] : files_) {
            sum += each->now.size();
        }
        return sum;
    }

    void heal() { plan(0, fault::io, fails::once, false); }

    /// Whether it has come to the call that was to fail.
    [[nodiscard]] bool hit() const noexcept { return hit_; }
    /// Calls since the last plan that could have failed.
    [[nodiscard]] std::uint64_t calls() const noexcept { return calls_; }
    /// Syncs since the disk was made.
    [[nodiscard]] std::uint64_t syncs() const noexcept { return syncs_; }

    /// Loses what was not synced, and goes on. All databases on it must have been closed.
    void restart(power_loss how) {
        for (auto at = files_.begin(); at != files_.end();) {
            file& each = *at->second;
            lose(each, how);
            at = each.named || keeps(how) ? std::next(at) : files_.erase(at);
        }
        for (auto& [name, each] : removed_) {
            lose(*each, how);
            if (keeps(how)) {
                files_.emplace(name, each);  // unless there is a new one
            }
        }
        removed_.clear();
        heal();
    }

  private:
    using content = std::vector<unsigned char>;
    static constexpr std::size_t sector_size = 512;

    /// A write, or a truncation to `offset` if it has no bytes.
    struct change {
        std::size_t offset;
        content bytes;
    };
    struct file {
        content now;      // what a reader sees
        content durable;  // what has been synced
        std::vector<change> unsynced{};
        bool named = false;                                 // the name is durable
        std::size_t chunk = 0;                              // in which it grows, if not 0
        std::vector<std::unique_ptr<content>> shared = {};  // of the WAL's index
    };
    struct handle {
        sqlite3_file base;
        faulty_disk* disk;
        std::shared_ptr<file>* what;
        std::string* remove_on_close;  // or null
    };
    enum class does { anything, writes, locks };

    // --- faults -------------------------------------------------------------------------------------

    void plan(std::uint64_t call, fault how, fails how_long, bool power) {
        fail_call_ = call;
        fault_ = how;
        how_long_ = how_long;
        power_ = power;
        calls_ = 0;
        hit_ = false;
    }

    [[nodiscard]] bool can_fail(does what) const {
        return fault_ == fault::io || (fault_ == fault::full && what == does::writes) ||
               (fault_ == fault::busy && what == does::locks);
    }

    /// SQLITE_OK, or what this call fails with.
    [[nodiscard]] int verdict(does what, int io_error) {
        if (!can_fail(what)) {
            return SQLITE_OK;
        }
        ++calls_;
        const bool failing = calls_ == fail_call_ || (hit_ && how_long_ == fails::from_then_on);
        if (!failing) {
            return SQLITE_OK;
        }
        hit_ = true;
        error_ = fault_ == fault::io ? EIO : error_;
        return fault_ == fault::io ? io_error : fault_ == fault::full ? SQLITE_FULL : SQLITE_BUSY;
    }
    [[nodiscard]] bool off() const { return hit_ && power_; }

    // --- what is on the disk ------------------------------------------------------------------------

    static void apply(content& to, std::size_t offset, const unsigned char* from, std::size_t n) {
        to.resize((std::max)(to.size(), offset + n));
        std::copy(from, from + n, to.begin() + static_cast<std::ptrdiff_t>(offset));
    }

    static void apply(content& to, const change& what) {
        if (what.bytes.empty()) {
            to.resize((std::min)(to.size(), what.offset));
        } else {
            apply(to, what.offset, what.bytes.data(), what.bytes.size());
        }
    }

    static void put(file& to, change what) {
        apply(to.now, what);
        to.unsynced.push_back(std::move(what));
    }

    [[nodiscard]] bool keeps(power_loss how) {
        return how == power_loss::some && random_.below(2) == 0;
    }

    void lose(file& each, power_loss how) {
        for (const change& what : each.unsynced) {
            if (what.bytes.empty()) {
                if (keeps(how)) {
                    apply(each.durable, what);
                }
                continue;
            }
            for (std::size_t at = 0; at < what.bytes.size();) {
                const std::size_t room = sector_size - (what.offset + at) % sector_size;
                const std::size_t n = (std::min)(room, what.bytes.size() - at);
                if (keeps(how)) {
                    apply(each.durable, what.offset + at, what.bytes.data() + at, n);
                }
                at += n;
            }
        }
        each.unsynced.clear();
        each.now = each.durable;
    }

    // --- the calls of SQLite on a file --------------------------------------------------------------

    static handle& to_handle(sqlite3_file* which) { return *reinterpret_cast<handle*>(which); }
    static faulty_disk& disk_of(sqlite3_file* which) { return *to_handle(which).disk; }
    static file& file_of(sqlite3_file* which) { return **to_handle(which).what; }

    static int close(sqlite3_file* which) {
        handle& closed = to_handle(which);
        if (closed.remove_on_close != nullptr) {
            closed.disk->files_.erase(*closed.remove_on_close);
        }
        delete closed.remove_on_close;
        delete closed.what;
        return SQLITE_OK;
    }

    static int read(sqlite3_file* which, void* out, int size, sqlite3_int64 offset) {
        if (const int code = disk_of(which).verdict(does::anything, SQLITE_IOERR_READ)) {
            return code;
        }
        const content& from = file_of(which).now;
        const auto begin = (std::min)(static_cast<std::size_t>(offset), from.size());
        const auto n = (std::min)(static_cast<std::size_t>(size), from.size() - begin);
        std::memset(out, 0, static_cast<std::size_t>(size));
        if (n != 0) {
            std::memcpy(out, from.data() + begin, n);
        }
        return n == static_cast<std::size_t>(size) ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
    }

    static int write(sqlite3_file* which, const void* data, int size, sqlite3_int64 offset) {
        faulty_disk& disk = disk_of(which);
        const bool was_off = disk.off();
        const int code = disk.verdict(does::writes, SQLITE_IOERR_WRITE);
        const auto* bytes = static_cast<const unsigned char*>(data);
        if (code == SQLITE_OK &&
            !disk.fits(file_of(which), static_cast<std::size_t>(offset + size))) {
            return SQLITE_FULL;
        }
        const int n = code == SQLITE_OK ? size : was_off ? 0 : size / 2;
        if (n != 0) {
            put(file_of(which), {static_cast<std::size_t>(offset), content(bytes, bytes + n)});
        }
        return code;
    }

    static int truncate(sqlite3_file* which, sqlite3_int64 size) {
        if (const int code = disk_of(which).verdict(does::writes, SQLITE_IOERR_TRUNCATE)) {
            return code;
        }
        put(file_of(which), {in_chunks(file_of(which), size), {}});
        return SQLITE_OK;
    }

    static int sync(sqlite3_file* which, int) {
        faulty_disk& disk = disk_of(which);
        file& synced = file_of(which);
        ++disk.syncs_;
        if (const int code = disk.verdict(does::anything, SQLITE_IOERR_FSYNC)) {
            if (!disk.power_) {
                synced.unsynced.clear();  // dropped, and nobody will hear of it again
            }
            return code;
        }
        for (const change& what : synced.unsynced) {
            apply(synced.durable, what);
        }
        synced.unsynced.clear();
        if (!synced.named) {
            synced.named = true;
            disk.removed_.clear();
        }
        return SQLITE_OK;
    }

    static int size_of(sqlite3_file* which, sqlite3_int64* out) {
        if (const int code = disk_of(which).verdict(does::anything, SQLITE_IOERR_FSTAT)) {
            return code;
        }
        *out = static_cast<sqlite3_int64>(file_of(which).now.size());
        return SQLITE_OK;
    }

    static int lock(sqlite3_file* which, int) {
        return disk_of(which).verdict(does::locks, SQLITE_IOERR_LOCK);
    }
    static int unlock(sqlite3_file*, int) { return SQLITE_OK; }
    static int is_reserved(sqlite3_file*, int* out) {
        *out = 0;
        return SQLITE_OK;
    }
    static int control(sqlite3_file* which, int what, void* out) {
        faulty_disk& disk = disk_of(which);
        file& asked = file_of(which);
        switch (what) {
        case SQLITE_FCNTL_LAST_ERRNO: *static_cast<int*>(out) = disk.error_; return SQLITE_OK;
        case SQLITE_FCNTL_CHUNK_SIZE:
            if (!disk.chunks_) {
                return SQLITE_NOTFOUND;
            }
            asked.chunk = static_cast<std::size_t>(*static_cast<int*>(out));
            return SQLITE_OK;
        case SQLITE_FCNTL_SIZE_HINT: return disk.enlarge(asked, *static_cast<sqlite3_int64*>(out));
        default: return SQLITE_NOTFOUND;
        }
    }
    [[nodiscard]] static std::size_t in_chunks(const file& which, sqlite3_int64 size) {
        const auto bytes = static_cast<std::size_t>(size);
        return which.chunk == 0 ? bytes : (bytes + which.chunk - 1) / which.chunk * which.chunk;
    }
    /// As SQLite does it: block by block, as far as there is room.
    [[nodiscard]] int enlarge(file& which, sqlite3_int64 to) {
        constexpr std::size_t block = 4096;
        if (which.chunk == 0 || in_chunks(which, to) <= which.now.size()) {
            return SQLITE_OK;
        }
        if (const int code = verdict(does::writes, SQLITE_IOERR_WRITE)) {
            return code;
        }
        for (const std::size_t end = in_chunks(which, to); which.now.size() < end;) {
            const std::size_t next = (std::min)(end, (which.now.size() / block + 1) * block);
            if (!fits(which, next)) {
                error_ = error_when_full_;
                return SQLITE_IOERR_WRITE;
            }
            put(which, {next - 1, content(1)});
        }
        return SQLITE_OK;
    }
    [[nodiscard]] bool fits(const file& which, std::size_t size) const {
        return size <= which.now.size() || used() + (size - which.now.size()) <= capacity_;
    }
    static int sector(sqlite3_file*) { return 4096; }
    // As SQLite's own layers say, it assumes that a write does not damage its neighbours.
    static int characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

    static int map(sqlite3_file* which, int page, int size, int extend, void volatile** out) {
        *out = nullptr;
        if (const int code = disk_of(which).verdict(does::anything, SQLITE_IOERR_SHMMAP)) {
            return code;
        }
        auto& pages = file_of(which).shared;
        const auto at = static_cast<std::size_t>(page);
        while (extend != 0 && pages.size() <= at) {
            pages.push_back(std::make_unique<content>(static_cast<std::size_t>(size)));
        }
        *out = at < pages.size() ? pages[at]->data() : nullptr;
        return SQLITE_OK;
    }
    static int lock_map(sqlite3_file* which, int, int, int flags) {
        return (flags & SQLITE_SHM_UNLOCK) != 0
                   ? SQLITE_OK
                   : disk_of(which).verdict(does::locks, SQLITE_IOERR_SHMLOCK);
    }
    static void barrier(sqlite3_file*) {}
    static int unmap(sqlite3_file* which, int) {
        file_of(which).shared.clear();
        return SQLITE_OK;
    }

    // --- the calls of SQLite on the disk ------------------------------------------------------------

    static faulty_disk& to_disk(sqlite3_vfs* vfs) {
        return *static_cast<faulty_disk*>(vfs->pAppData);
    }

    static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* out, int flags, int* said) {
        out->pMethods = nullptr;
        faulty_disk& disk = to_disk(vfs);
        if (disk.verdict(does::anything, SQLITE_CANTOPEN) != SQLITE_OK) {
            return SQLITE_CANTOPEN;
        }
        const bool temporary = name == nullptr;
        const std::string path =
            temporary ? "temporary " + std::to_string(disk.random_.next()) : name;
        auto at = disk.files_.find(path);
        if (at == disk.files_.end()) {
            if ((flags & SQLITE_OPEN_CREATE) == 0) {
                return SQLITE_CANTOPEN;
            }
            at = disk.files_.emplace(path, std::make_shared<file>()).first;
        }
        const bool removed = temporary || (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
        new (out) handle{{&methods()},
                         &disk,
                         new std::shared_ptr<file>(at->second),
                         removed ? new std::string(path) : nullptr};
        if (said != nullptr) {
            *said = flags;
        }
        return SQLITE_OK;
    }

    static int remove(sqlite3_vfs* vfs, const char* name, int sync_directory) {
        faulty_disk& disk = to_disk(vfs);
        if (const int code = disk.verdict(does::anything, SQLITE_IOERR_DELETE)) {
            return code;
        }
        const auto at = disk.files_.find(name);
        if (at == disk.files_.end()) {
            return SQLITE_IOERR_DELETE_NOENT;
        }
        disk.removed_.erase(name);
        if (at->second->named && sync_directory == 0) {
            disk.removed_.emplace(name, at->second);
        }
        disk.files_.erase(at);
        return SQLITE_OK;
    }

    static int access(sqlite3_vfs* vfs, const char* name, int, int* out) {
        faulty_disk& disk = to_disk(vfs);
        *out = disk.files_.count(name) != 0 ? 1 : 0;
        return disk.verdict(does::anything, SQLITE_IOERR_ACCESS);
    }

    static int full_path(sqlite3_vfs*, const char* name, int size, char* out) {
        sqlite3_snprintf(size, out, "%s", name);
        return SQLITE_OK;
    }
    static int random_bytes(sqlite3_vfs* vfs, int size, char* out) {
        for (int i = 0; i < size; ++i) {
            out[i] = static_cast<char>(to_disk(vfs).random_.below(256));
        }
        return size;
    }
    static int sleep(sqlite3_vfs*, int microseconds) { return microseconds; }  // at once
    static int time(sqlite3_vfs*, double* out) {
        *out = 2460000.5;
        return SQLITE_OK;
    }
    static int time_in_ms(sqlite3_vfs*, sqlite3_int64* out) {
        *out = sqlite3_int64{24600005} * 8640000;
        return SQLITE_OK;
    }
    static int last_error(sqlite3_vfs*, int, char*) { return 0; }

    void set_calls() {
        vfs_.xOpen = open;
        vfs_.xDelete = remove;
        vfs_.xAccess = access;
        vfs_.xFullPathname = full_path;
        vfs_.xRandomness = random_bytes;
        vfs_.xSleep = sleep;
        vfs_.xCurrentTime = time;
        vfs_.xCurrentTimeInt64 = time_in_ms;
        vfs_.xGetLastError = last_error;
    }

    static const sqlite3_io_methods& methods() {
        static const sqlite3_io_methods all = [] {
            sqlite3_io_methods made{};
            made.iVersion = 2;
            made.xClose = close;
            made.xRead = read;
            made.xWrite = write;
            made.xTruncate = truncate;
            made.xSync = sync;
            made.xFileSize = size_of;
            made.xLock = lock;
            made.xUnlock = unlock;
            made.xCheckReservedLock = is_reserved;
            made.xFileControl = control;
            made.xSectorSize = sector;
            made.xDeviceCharacteristics = characteristics;
            made.xShmMap = map;
            made.xShmLock = lock_map;
            made.xShmBarrier = barrier;
            made.xShmUnmap = unmap;
            return made;
        }();
        return all;
    }

    std::string name_;
    sqlite3_vfs vfs_{};
    sixfold::random_source random_;
    std::map<std::string, std::shared_ptr<file>> files_;
    std::map<std::string, std::shared_ptr<file>> removed_;  // but that is not durable
    std::uint64_t fail_call_ = 0;                           // 0: none
    fault fault_ = fault::io;
    fails how_long_ = fails::once;
    bool power_ = false;  // it is the power that fails
    int error_ = 0;       // what the system has said last
    std::size_t capacity_ = SIZE_MAX;
    int error_when_full_ = ENOSPC;
    bool chunks_ = true;
    std::uint64_t calls_ = 0;
    std::uint64_t syncs_ = 0;
    bool hit_ = false;
};

}  // namespace support

#endif
