// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_FILE_JOURNAL_HPP
#define SIXFOLD_EXT_FILE_JOURNAL_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "sixfold/client.hpp"
#include "sixfold/error.hpp"
#include "sixfold/ext/file_error.hpp"
#include "sixfold/journal/journal.hpp"
#include "sixfold/journal/journal_log.hpp"
#include "sixfold/parts/assert.hpp"
#include "sixfold/parts/random.hpp"
#include "sixfold/types.hpp"

// Emscripten has the functions of POSIX, but its locks do nothing.
#if (defined(__unix__) || defined(__APPLE__)) && !defined(__EMSCRIPTEN__)
#include "sixfold/ext/file_posix.hpp"
#else
#include "sixfold/ext/file_portable.hpp"
#endif

namespace sixfold::inline v0 {

/// What a journal needs of a file system: a lock, and one file at a time that is written from its beginning on.
///
/// Each call returns the error of the system, or none if it is done. A call may fail after it has done a part, or all; then no call
/// follows. A class of your own, such as for a flash chip, has to keep these promises, and no others:
///
/// - `resolve(path)` returns the file to which this name leads: itself, unless it is a link.
/// - `lock(path)` holds until this object is destroyed. If somebody has it: std::errc::resource_unavailable_try_again.
/// - `read(path, into)` gives the whole file. If there is none: std::errc::no_such_file_or_directory. If somebody else has kept it
///   when the lock was taken away: std::errc::resource_unavailable_try_again.
/// - `create(path)` begins an empty file, in place of one that is there. `write` and `sync` are about this file from now on, also
///   after a `rename`.
/// - `write(data)` puts all of it at the end.
/// - `sync()` returns when everything that was written survives a loss of power.
/// - `rename(from, to)` puts it in the place of `to`: the old or the new file is always there, also after a loss of power.
/// - `sync_directory(path)` returns when the name of this file survives, too.
/// - `in_place(path)` checks that this is still the name of the file that is written, and that the lock still keeps others away.
///   Otherwise: std::errc::no_such_file_or_directory. Where nobody can take a name away, it returns no error.
/// - `remove(path)` closes and removes a file that was not renamed, if that can be done, so that its room is free again.
template <class Files>
concept journal_files = std::movable<Files> &&
    requires(Files files, const std::string& path, bytes data, std::vector<std::byte>& into) {
    { files.resolve(path) } -> std::same_as<std::string>;
    { files.lock(path) } -> std::same_as<std::error_code>;
    { files.read(path, into) } -> std::same_as<std::error_code>;
    { files.create(path) } -> std::same_as<std::error_code>;
    { files.write(data) } -> std::same_as<std::error_code>;
    { files.sync() } -> std::same_as<std::error_code>;
    { files.rename(path, path) } -> std::same_as<std::error_code>;
    { files.sync_directory(path) } -> std::same_as<std::error_code>;
    { files.in_place(path) } -> std::same_as<std::error_code>;
    files.remove(path);
};

/// The journal of a client in a file, beside an app that keeps its own rows elsewhere.
///
///     auto journal = sixfold::file_journal::open("alice.journal", random_number);
///     if (!journal) ... say journal.error().what, and stop
///     auto client = sixfold::client::create(clock, options, journal->records());
///     ... find all rows of messages that have not ended, and are not client->outstanding(ticket): they were not sent.
///         Then send them, and commit their new tickets
///
///     while (auto event = client->poll_event())     commit your row of its ticket: how it ended
///     while (auto message = client->poll_message()) commit your row of its sender and msgid, unless there is one
///         client->accept(*message);
///     while (auto records = client->poll_journal(buffer)) journal->append(*records); which makes room
///     client->send(...)                             commit your row of its ticket, before the journal is polled again
///     while (auto records = client->poll_journal(buffer)) journal->append(*records);
///     if (!(journal->should_compact() ? journal->compact(*client) : journal->sync()))
///         ... begin a new life: destroy both, and open again
///     client->durable(client->written());
///     while (auto packet = client->poll_transmit(buffer)) ... send it
///
/// The options of the client say `journaling::withhold`. Commit your rows first and the records second, whether you append or compact
/// these: after a crash in between an event or a message comes again, and its ticket or msgid tells you that you have it. The other
/// way round it would be lost. Only a message that its sender takes back after such a crash does not come again: you have it, and
/// the sender hears `cancelled` or `expired`. If that matters, put rows and records into one transaction, with `sqlite_journal`.
///
/// After the first call that fails this journal does nothing more: nobody knows what is on the disk then, and a second try that
/// succeeds would prove nothing. The next life finds out. Nobody was told of anything that depended on those records. A call also
/// fails if the file was removed, if another file has its name, such as a copy that was brought back, or if the file of the lock is
/// gone: the fault is `moved` then, and this life is over. (spec 7.9)
///
/// Beside the file there is one whose name ends with .lock, which stays, and for moments one with .new. If `path` is a link, they are
/// beside the file to which it leads. The journal keeps in memory what was appended since the last sync. Format: spec 8.
template <journal_files Files>
class basic_file_journal {
  public:
    /// Opens the journal, or makes a new one where there is no file.
    ///
    /// Each file that it makes has a number of its own in all its marks, derived from the random number. It tells a mark from a
    /// payload that looks like one, and from what an older file has left on the disk (spec 8.1, 8.4). So the random number must be
    /// different each time, and unknown to peers; the seed of `new_life()` will do.
    ///
    /// A torn tail is dropped. What was found is written into a new file, which takes the place of the old one, because what a process
    /// reads back, even after a sync, may be only in the cache of the system. So there must be room for both. If the journal is
    /// refused, the file is left as it is (spec 8.4), with only the lock beside it. O(size).
    [[nodiscard]] static result<basic_file_journal, file_error>
    open(std::string path, std::uint64_t random_number, Files files = {}) {
        basic_file_journal out(std::move(path), random_number, std::move(files));
        out.recover();
        if (!out.ok()) {
            return out.error_;
        }
        return out;
    }

    /// What was in it when it was opened, for `client::create`. Good until the first `append` or `compact`; do not call it after
    /// that.
    [[nodiscard]] bytes records() const {
        SIXFOLD_ASSERT(recovered_.has_value());
        return *recovered_;
    }

    /// Takes over what `poll_journal` gave. It is written by the next `sync`. O(bytes).
    void append(bytes records) {
        recovered_.reset();
        put(pending_, records);
    }

    /// True if all that was appended is durable, and will be found. It costs one sync of the file, or none if there was nothing to
    /// sync. (spec 8.3) Before the record of the owner, the first of all, nothing can be durable: false, `unused`.
    [[nodiscard]] bool sync() {
        if (recovered_ && recovered_->empty()) {
            return is_unused();
        }
        if (ok() && !pending_.empty() && did(files_.write(pending_), "write") &&
            did(files_.sync(), "sync") && in_place()) {
            size_ += pending_.size();
            pending_.clear();
            const auto mark = log_mark(nonce_, size_);
            size_ += mark.size();
            (void)did(files_.write(mark), "write");
        }
        return ok();
    }

    /// Replaces the file by a new one, of what the client has now. It may be called at any moment. True if all that was appended is
    /// durable, as after `sync`. False, and `unused`, if the client keeps no journal. O(what the client has).
    [[nodiscard]] bool compact(const client& machine) {
        recovered_.reset();
        pending_.clear();
        std::vector<std::byte> records;
        std::vector<std::byte> buffer(machine.journal_record_size_max());
        for (snapshot_place at; const auto part = machine.snapshot(at, buffer);) {
            put(records, *part);
        }
        return ok() && in_place() && (records.empty() ? is_unused() : make(records));
    }

    /// Whether the file has grown to more than twice its first size, and by enough to be worth while. If you compact then, each byte
    /// is written about twice in all.
    [[nodiscard]] bool should_compact() const noexcept {
        return size_ > 2 * made_size_ + compact_slack;
    }

    /// Bytes of the file, without those that are not synced yet.
    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

    /// The first thing that went wrong; fault `none` if nothing has.
    [[nodiscard]] const file_error& last_error() const noexcept { return error_; }

  private:
    static constexpr std::uint64_t compact_slack = 64 * 1024;

    basic_file_journal(std::string path, std::uint64_t random_number, Files files)
        : files_(std::move(files)), path_(files_.resolve(std::move(path))), random_(random_number) {
    }

    static void put(std::vector<std::byte>& to, bytes data) {
        to.insert(to.end(), data.begin(), data.end());
    }

    [[nodiscard]] bool ok() const noexcept { return error_.fault == file_fault::none; }

    /// Whether that was done.
    [[nodiscard]] bool did(std::error_code code, const char* what) {
        if (code) {
            error_ = {file_fault::system, code, path_ + ": cannot " + what + ": " + code.message()};
        }
        return !code;
    }

    /// Whether the next life will find what is written.
    [[nodiscard]] bool in_place() {
        const auto code = files_.in_place(path_);
        if (!did(code, "look at") && code == std::errc::no_such_file_or_directory) {
            error_.fault = file_fault::moved;
            error_.what = path_ + ": it, or its lock, was removed or replaced while it was open; "
                                  "this life of the client is over";
        }
        return ok();
    }

    /// Whether nobody else has it.
    [[nodiscard]] bool alone(std::error_code code, const char* what) {
        if (!did(code, what) && code == std::errc::resource_unavailable_try_again) {
            error_.fault = file_fault::locked;
            error_.what = path_ + ": it is open already, here or in another process";
        }
        return ok();
    }

    /// There are no records. A client with a journal gives that of its owner before the first sync, so this one has none.
    [[nodiscard]] bool is_unused() {
        error_ = {file_fault::unused,
                  {},
                  path_ + ": the client gives no records: its options say journaling::none"};
        return false;
    }

    void recover() {
        if (!alone(files_.lock(path_ + ".lock"), "lock")) {
            return;
        }
        std::vector<std::byte> file;
        const auto code = files_.read(path_, file);
        if (code == std::errc::no_such_file_or_directory) {
            recovered_.emplace();
            (void)make({});
            return;
        }
        if (!alone(code, "read")) {
            return;
        }
        const auto log = read_log(file);
        if (!log) {
            return refuse(log.error());
        }
        recovered_.emplace();
        journal_reader reader(*log);
        while (const auto each = reader.next()) {
            if (each->kind != record_kind::mark) {
                put(*recovered_, each->wire);
            }
        }
        (void)make(*recovered_);
    }

    void refuse(const error& why) {
        error_.fault = why.code == errc::journal_foreign   ? file_fault::foreign
                       : why.code == errc::journal_version ? file_fault::version
                                                           : file_fault::damaged;
        error_.what = path_ + ": " + std::string(why.what);
    }

    /// A file of these records, which has its name when it is whole and durable. (spec 8.3)
    [[nodiscard]] bool make(bytes records) {
        nonce_ = random_.next();
        std::vector<std::byte> file;
        put(file, log_header(nonce_));
        put(file, records);
        put(file, log_mark(nonce_, file.size()));
        size_ = made_size_ = file.size();
        const std::string fresh = path_ + ".new";
        if (!(did(files_.create(fresh), "create the new file") &&
              did(files_.write(file), "write the new file") &&
              did(files_.sync(), "sync the new file") &&
              did(files_.rename(fresh, path_), "rename the new file"))) {
            files_.remove(fresh);  // it may have taken the last room of the disk
            return false;
        }
        return did(files_.sync_directory(path_), "sync the directory") && in_place();
    }

    Files files_;
    std::string path_;
    random_source random_;
    std::uint64_t nonce_ = 0;
    std::uint64_t size_ = 0;       // of the file
    std::uint64_t made_size_ = 0;  // when it was made
    std::optional<std::vector<std::byte>> recovered_;
    std::vector<std::byte> pending_;  // what was appended since the last sync
    file_error error_;
};

/// The journal on the files of this system: `posix_files` if it has them, else `portable_files`, which promise less.
#if (defined(__unix__) || defined(__APPLE__)) && !defined(__EMSCRIPTEN__)
using file_journal = basic_file_journal<posix_files>;
#else
using file_journal = basic_file_journal<portable_files>;
#endif

}  // namespace sixfold::inline v0

#endif
