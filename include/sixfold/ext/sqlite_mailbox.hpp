// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_SQLITE_MAILBOX_HPP
#define SIXFOLD_EXT_SQLITE_MAILBOX_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "sixfold/error.hpp"
#include "sixfold/ext/sqlite_database.hpp"
#include "sixfold/ext/sqlite_error.hpp"
#include "sixfold/ext/sqlite_mailbox_tables.hpp"
#include "sixfold/mailbox/mailbox.hpp"
#include "sixfold/mailbox/mailbox_group.hpp"
#include "sixfold/mailbox/mailbox_limits.hpp"
#include "sixfold/parts/assert.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/ack_state.hpp"
#include "sixfold/wire/frame.hpp"

namespace sixfold::inline v0 {

/// The durable mailbox of a relay, in an SQLite database: what it said is done survives a crash of
/// the relay and a loss of power. (spec 1.5) A copy of the file that is brought back has nothing of
/// what came since, and makes `stored` untrue for that. (spec 6.3)
///
///     auto mailbox = sixfold::sqlite_mailbox::open("mailbox.db");
///     if (!mailbox) { ... mailbox.error().what ... }
///     relay.complete(*request, mailbox->execute(*request), out);
///
/// Each request alone is a transaction, and each that changes something a sync of the disk. A
/// busy relay collects them in a `mailbox_group`, which shows the loop.
///
/// Whatever goes wrong, the disk full, another process busy, a damaged page, nothing of the
/// transaction is done and `last_error` says why; it goes on working when the fault is gone.
/// Requests that only read, a look or a page, are then answered all the same, if they can be read;
/// and where the disk is full, what erases is done: it finds its room (see `sqlite_database`).
/// Several relays may have the same file open. A request costs O(log n), and what it erases or
/// hands out.
class sqlite_mailbox {
  public:
    /// Opens the mailbox in this file, or makes one. Refuses what `sqlite_database::open` refuses,
    /// and a limit that is 0 as `option`.
    [[nodiscard]] static result<sqlite_mailbox, sqlite_error>
    open(const std::string& path,
         const mailbox_limits& limits = {},
         const sqlite_options& options = {}) {
        if (const std::string_view problem = limits.problem(); !problem.empty()) {
            return sqlite_error{sqlite_fault::option, 0, std::string(problem)};
        }
        auto database = sqlite_database::open(path, detail::sqlite_mailbox_schema, options);
        if (!database) {
            return database.error();
        }
        sqlite_mailbox made(std::move(*database), limits);
        if (made.database_.failed()) {
            return made.database_.last_error();
        }
        return made;
    }

    /// Does what a relay asks; what is `done` is durable. Asking twice changes nothing more. What
    /// it returns is good until the next request.
    [[nodiscard]] mailbox_outcome execute(const mailbox_request& request) {
        mailbox_outcome outcome = alone(request);
        if (!outcome.done && begin_log_anew()) {
            outcome = alone(request);
        }
        if (!outcome.done && is_full() && std::holds_alternative<ack_request>(request.what)) {
            outcome = erase_without_room(request);
        }
        return outcome;
    }

    /// The same for many in one transaction, with one sync for all of them.
    ///
    /// When that fails, nothing is changed by any of them, but those that only read are answered.
    /// Where the disk is full, only the puts are left out: what erases makes room again. What it
    /// returns is in the group.
    std::span<const mailbox_exchange> execute(mailbox_group& group) {
        const auto all = [](const mailbox_request&) {
            return true;
        };
        if (!together(group, all) && !(begin_log_anew() && together(group, all))) {
            const sqlite_error why = error_;
            without_puts(group);
            error_ = why;
        }
        return group.exchanges();
    }

    /// Retention: dates payloads that are new and turns those of this age into tombstones, at most
    /// so many of each. Returns the larger number of the two; call it again at once while that is
    /// `rows_max`. No row is dropped: its receiver still learns that there was a message. (spec 5.5)
    ///
    /// `now` is any clock that goes on while the relay is down, such as the seconds since 1970;
    /// `age` is in its unit and not negative. A row ages from the first call that finds it, so it
    /// lives as long as it should, and longer by the time between two calls. Where the disk is
    /// full, nothing is dated, but what has its date becomes a tombstone.
    [[nodiscard]] result<std::size_t, sqlite_error>
    expire(std::int64_t now, std::int64_t age, std::size_t rows_max) {
        SIXFOLD_ASSERT(age >= 0 && rows_max > 0);
        {
            sqlite_transaction change(database_);
            const std::size_t stamped = tables_.stamp(now, rows_max);
            const std::size_t expired = tables_.expire(now - age, rows_max);
            if (commit(change)) {
                return (std::max)(stamped, expired);
            }
        }
        if (!begin_log_anew()) {
            return error_;
        }
        sqlite_transaction change(database_);
        const std::size_t expired = tables_.expire(now - age, rows_max);
        if (!commit(change)) {
            return error_;
        }
        return expired;
    }

    /// What is in there now; all zero if it cannot be read.
    [[nodiscard]] mailbox_usage usage() {
        sqlite_transaction look(database_, sqlite_access::read);
        const mailbox_usage found = tables_.usage({}, {});
        return commit(look) ? found : mailbox_usage{};
    }

    /// Why the last call was not done, or not wholly; fault `none` if it was. A request above its
    /// limits is no error.
    [[nodiscard]] const sqlite_error& last_error() const noexcept { return error_; }

  private:
    sqlite_mailbox(sqlite_database database, const mailbox_limits& limits)
        : limits_(limits), database_(std::move(database)), tables_(database_) {}

    [[nodiscard]] bool commit(sqlite_transaction& change) {
        const bool done = change.commit();
        error_ = database_.last_error();
        return done;
    }

    [[nodiscard]] static bool is_put(const mailbox_request& request) {
        const auto* msg = std::get_if<msg_request>(&request.what);
        return msg != nullptr && msg->form != form::probe;
    }

    [[nodiscard]] static bool reads(const mailbox_request& request) {
        return !is_put(request) && !std::holds_alternative<ack_request>(request.what);
    }
    [[nodiscard]] bool is_full() const { return error_.fault == sqlite_fault::full; }
    /// The last transaction found no room: when what is in the log has gone to its place, there may be some.
    [[nodiscard]] bool begin_log_anew() {
        if (is_full()) {
            database_.checkpoint();
        }
        return is_full();
    }

    [[nodiscard]] mailbox_outcome alone(const mailbox_request& request) {
        sqlite_transaction change(database_,
                                  reads(request) ? sqlite_access::read : sqlite_access::write);
        const mailbox_outcome outcome = perform(request);
        return commit(change) ? outcome : mailbox_outcome{};
    }

    /// What it erases may be more than the log has room for, even when that begins anew: then one row
    /// after the other. Keeping the ack state is only a help, and can need room.
    [[nodiscard]] mailbox_outcome erase_without_room(const mailbox_request& request) {
        keeps_states_ = false;
        mailbox_outcome outcome = alone(request);
        if (!outcome.done && begin_log_anew()) {
            while (erase_lowest(request.from, std::get<ack_request>(request.what))) {
                database_.checkpoint();
            }
            outcome = alone(request);
        }
        keeps_states_ = true;
        return outcome;
    }

    /// The lowest row that an ack covers, in a transaction of its own. False: there is none, or it failed.
    [[nodiscard]] bool erase_lowest(const peer& receiver, const ack_request& ack) {
        const stream_key stream{receiver, ack.to, ack.epoch};
        sqlite_transaction change(database_);
        const seq lowest = tables_.lowest(stream);
        if (lowest >= covered_by(ack)) {
            return false;
        }
        tables_.erase(stream, lowest, lowest + 1);
        return commit(change);
    }

    /// All rows of its stream below have ended. It has been looked at by `erase`.
    [[nodiscard]] static seq covered_by(const ack_request& ack) {
        ack_state state;
        (void)ack_state::decode(ack.state, state);
        return ack.word == ack_word::past ? seq_end : state.floor();
    }

    /// All of a group failed. What reads is answered whatever the reason was; what erases, if it was the room.
    void without_puts(mailbox_group& group) {
        const bool full = is_full();
        if (full &&
            together(group, [](const mailbox_request& request) { return !is_put(request); })) {
            return;
        }
        for (mailbox_exchange& each : group.exchanges()) {
            if (reads(each.request) || (full && !is_put(each.request))) {
                each.answer(execute(each.request));
            }
        }
    }

    template <class Condition>
    bool together(mailbox_group& group, Condition wanted) {
        sqlite_transaction change(database_);
        for (mailbox_exchange& each : group.exchanges()) {
            each.answer(wanted(each.request) ? perform(each.request) : mailbox_outcome{});
        }
        const bool done = commit(change);
        for (mailbox_exchange& each : group.exchanges()) {
            if (!done) {
                each.answer({});
            }
        }
        return done;
    }

    [[nodiscard]] mailbox_outcome perform(const mailbox_request& request) {
        if (const auto* msg = std::get_if<msg_request>(&request.what)) {
            return msg->form == form::probe ? look(request.from, *msg) : put(request.from, *msg);
        }
        if (const auto* ack = std::get_if<ack_request>(&request.what)) {
            return erase(request.from, *ack);
        }
        return page(request.from, std::get<sync_request>(request.what));
    }

    [[nodiscard]] mailbox_outcome put(const peer& from, const msg_request& msg) {
        mailbox_outcome outcome;
        const stream_key stream{msg.to, from, msg.epoch};
        if (const auto row = tables_.find(stream, msg.seq)) {
            if (msg.form == form::tombstone && row->form == form::payload) {
                tables_.bury(*row, stream, msg.base);
            }
            outcome.done = true;
        } else if (fits(stream, msg.payload.size())) {
            tables_.insert(stream, msg);
            outcome.done = true;
        }
        return outcome;
    }

    [[nodiscard]] bool fits(const stream_key& stream, std::size_t size) {
        const mailbox_usage all = tables_.usage({}, {});
        return all.rows < limits_.rows_max && all.bytes <= limits_.bytes_max &&
               size <= limits_.bytes_max - all.bytes &&
               tables_.usage(stream.to, {}).rows < limits_.rows_per_receiver_max &&
               tables_.usage(stream.to, stream.from).rows < limits_.rows_per_pair_max;
    }

    /// `receiver` says what it needs no more of the stream that `ack.to` sends it. Most acks find
    /// nothing to erase, and then nothing is written. (spec 5.3)
    [[nodiscard]] mailbox_outcome erase(const peer& receiver, const ack_request& ack) {
        mailbox_outcome outcome;
        ack_state state;
        const bool past = ack.word == ack_word::past;
        if (!past &&
            (ack.word != ack_word::state || ack_state::decode(ack.state, state) != refusal::none)) {
            return outcome;
        }
        const stream_key stream{receiver, ack.to, ack.epoch};
        mailbox_usage gone;
        if (tables_.lowest(stream) < (past ? seq_end : state.end())) {
            gone += tables_.erase(stream, 0, past ? seq_end : state.floor());
            state.for_each_accepted(
                [&](seq which) { gone += tables_.erase(stream, which, which + 1); });
        }
        if (!past) {
            remember(stream, state.floor(), ack.state, gone.rows != 0);
        }
        outcome.done = true;
        return outcome;
    }

    /// Keeps an ack state for a sender that will ask while its receiver is away. Only of pairs that
    /// had rows here: who never stores anything hears from the receiver itself. (spec 5.3)
    void remember(const stream_key& stream, seq floor, bytes state, bool erased) {
        const bool known = tables_.find_state(stream, kept_);
        const bool of_use =
            known ? !kept_.is_beyond(stream.epoch, floor) && !kept_.is(stream.epoch, state)
                  : erased;
        if (!of_use || !keeps_states_) {
            return;
        }
        if (!known && tables_.usage({}, {}).states >= limits_.states_max) {
            tables_.forget_oldest_state();
        }
        tables_.put_state(stream, floor, state, known);
    }

    [[nodiscard]] mailbox_outcome look(const peer& from, const msg_request& msg) {
        const stream_key stream{msg.to, from, msg.epoch};
        mailbox_outcome outcome;
        outcome.done = true;
        outcome.lowest = tables_.lowest(stream);
        outcome.smaller = tables_.smaller(stream);
        if (tables_.find_state(stream, kept_) && kept_.epoch == msg.epoch) {
            outcome.last_state = kept_.state;
        }
        return outcome;
    }

    [[nodiscard]] mailbox_outcome page(const peer& to, const sync_request& sync) {
        page_.clear();
        payloads_.clear();
        mailbox_outcome outcome;
        const mailbox_key after = sync.after.value_or(mailbox_key{});  // no row is before this one
        for (auto row = tables_.rows_behind(to, after); row; row.next()) {
            const bytes payload = row.blob(4);
            if (!page_.empty() && (page_.size() == limits_.page_rows ||
                                   payloads_.size() + payload.size() > limits_.page_bytes)) {
                outcome.end = false;
                break;
            }
            page_.push_back(row_of(to, row));
            page_.back().payload = payload;  // of this size; where it is, is set below
            payloads_.insert(payloads_.end(), payload.begin(), payload.end());
        }
        std::size_t at = 0;
        for (mailbox_row& row : page_) {
            row.payload = bytes(payloads_).subspan(at, row.payload.size());
            at += row.payload.size();
        }
        outcome.done = true;
        outcome.rows = page_;
        return outcome;
    }

    /// A row of a page, but for its payload.
    [[nodiscard]] mailbox_row row_of(const peer& to, const sqlite_rows& found) {
        mailbox_row row;
        row.from = peer(found.blob(0));
        row.id = {detail::epoch_in(found.integer(1)), detail::seq_in(found.integer(2))};
        row.base = detail::seq_in(found.integer(3));
        row.form = found.null(4) ? form::tombstone : form::payload;
        if (!page_.empty() && page_.back().from == row.from &&
            page_.back().id.epoch == row.id.epoch) {
            row.lowest = page_.back().lowest;  // of the same stream: looked up already
            row.smaller = page_.back().smaller;
        } else {
            const stream_key stream{to, row.from, row.id.epoch};
            row.lowest = tables_.lowest(stream);
            row.smaller = tables_.smaller(stream);
        }
        return row;
    }

    mailbox_limits limits_;
    sqlite_database database_;
    detail::sqlite_mailbox_tables tables_;
    sqlite_error error_;
    bool keeps_states_ = true;
    detail::kept_state kept_;          // the last that was asked for
    std::vector<mailbox_row> page_;    // what the last page referred to
    std::vector<std::byte> payloads_;  // and what its rows did
};

}  // namespace sixfold::inline v0

#endif
