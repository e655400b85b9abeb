// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_SQLITE_MAILBOX_WORK_HPP
#define SIXFOLD_EXT_SQLITE_MAILBOX_WORK_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "sixfold/error.hpp"
#include "sixfold/ext/sqlite_database.hpp"
#include "sixfold/ext/sqlite_mailbox_dates.hpp"
#include "sixfold/ext/sqlite_mailbox_tables.hpp"
#include "sixfold/ext/sqlite_statement.hpp"
#include "sixfold/mailbox/mailbox.hpp"
#include "sixfold/mailbox/mailbox_limits.hpp"
#include "sixfold/mailbox/mailbox_retention.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/ack_state.hpp"
#include "sixfold/wire/frame.hpp"
#include "sixfold/wire/run.hpp"

// What each request does to the tables of a mailbox, in a transaction that somebody else has begun and will commit.

namespace sixfold::inline v0::detail {

class sqlite_mailbox_work {
  public:
    /// The database must outlive it.
    sqlite_mailbox_work(sqlite_database& database, const mailbox_limits& limits)
        : limits_(limits), tables_(database), dates_(database) {}

    /// What it returns is good until the next request. What reads does not write: see `keep_note`.
    [[nodiscard]] mailbox_outcome perform(const mailbox_request& request, time_point now) {
        if (const auto* msg = std::get_if<msg_request>(&request.what)) {
            return msg->probes() ? look(request.from, *msg) : put(request.from, *msg, now);
        }
        if (const auto* ack = std::get_if<ack_request>(&request.what)) {
            return erase(request.from, *ack, now);
        }
        return page(request.from, std::get<sync_request>(request.what), now);
    }

    /// Whether a request that only reads leaves something worth to be noted: a higher base, or that its receiver came.
    [[nodiscard]] bool brings_note(const mailbox_request& request, time_point now) {
        if (std::holds_alternative<sync_request>(request.what)) {
            return dates_.is_news(request.from, now);
        }
        const auto* msg = std::get_if<msg_request>(&request.what);
        if (msg == nullptr || !msg->probes()) {
            return false;
        }
        const auto kept = tables_.base({msg->to, request.from, msg->epoch});
        return kept && *kept < msg->base;
    }
    void keep_note(const mailbox_request& request, time_point now) {
        if (!brings_note(request, now)) {
            return;
        }
        if (const auto* msg = std::get_if<msg_request>(&request.what)) {
            tables_.put_base({msg->to, request.from, msg->epoch}, msg->base, now);
        } else {
            dates_.note(request.from, now);
        }
    }

    /// Buries payloads whose deadline or whose time is over, at most so many; how many.
    [[nodiscard]] std::size_t bury(time_point now, duration age, std::size_t rows_max) {
        std::size_t done = 0;
        const auto next = [&] {
            const auto late = dates_.late(now);
            return late ? late : dates_.oldest(now - age);
        };
        for (auto at = next(); done < rows_max && at; at = next()) {
            tables_.bury(at->row, at->stream);
            ++done;
        }
        return done;
    }
    /// Gives streams up whose receivers have not come for so long, until so many rows have gone; how many.
    [[nodiscard]] std::size_t give_up(time_point now, duration wait, std::size_t rows_max) {
        std::size_t done = 0;
        const auto next = [&] {
            return dates_.longest_waiting(now - wait);
        };
        for (auto at = next(); done < rows_max && at; at = next()) {
            const std::size_t gone = give_up(*at);
            if (gone == 0) {
                break;  // a damaged mailbox, or an error
            }
            done += gone;
        }
        return done;
    }

    /// Whether last ack states are kept from now on: that can need room.
    void keep_states(bool wanted) noexcept { keeps_states_ = wanted; }

    [[nodiscard]] sqlite_mailbox_tables& tables() noexcept { return tables_; }

  private:
    using place = sqlite_mailbox_tables::place;

    /// All rows of a run or none, each as if it were alone. (spec 5.2, 5.6)
    [[nodiscard]] mailbox_outcome put(const peer& from, const msg_request& msg, time_point now) {
        const stream_key stream{msg.to, from, msg.epoch};
        std::array<std::optional<place>, run::count_max> there;
        mailbox_usage fresh;
        std::size_t freed = 0;
        std::size_t at = 0;
        for (const run_entry& each : msg.entries) {
            there[at] = tables_.find(stream, msg.first + at);
            if (!there[at]) {
                fresh += {.rows = 1, .bytes = each.payload.size()};
            } else if (each.tombstone) {
                freed += there[at]->size;
            }
            ++at;
        }
        mailbox_outcome outcome;
        outcome.done = fresh.rows == 0 || fits(stream, fresh, freed);
        if (outcome.done) {
            write(stream, msg, there, now);
            if (fresh.rows != 0) {
                tables_.add(stream, fresh);
            }
            raise(stream, msg.base, now);
        }
        return outcome;
    }

    /// A tombstone replaces a payload, never the reverse. (spec 5.6)
    void write(const stream_key& stream,
               const msg_request& msg,
               std::span<const std::optional<place>> there,
               time_point now) {
        const time_point expires = msg.left ? end_of(*msg.left, now) : never;
        std::size_t at = 0;
        for (const run_entry& each : msg.entries) {
            if (!there[at]) {
                tables_.insert(stream, msg.first + at, each, now, expires);
            } else if (each.tombstone && !there[at]->tombstone) {
                tables_.bury(*there[at], stream);
            }
            ++at;
        }
    }

    [[nodiscard]] bool
    fits(const stream_key& stream, const mailbox_usage& fresh, std::size_t freed) {
        const mailbox_usage all = tables_.usage({}, {});
        const mailbox_usage of_sender = tables_.usage({}, stream.from);
        const std::size_t of_receiver = tables_.usage(stream.to, {}).rows;
        const std::size_t of_pair = tables_.usage(stream.to, stream.from).rows;
        const auto bytes_fit = [&](std::size_t there, std::size_t most) {
            return has_place(fresh.bytes, there - (std::min)(freed, there), most);
        };
        return bytes_fit(all.bytes, limits_.bytes_max) &&
               bytes_fit(of_sender.bytes, limits_.bytes_per_sender_max) &&
               has_place(fresh.rows, all.rows, limits_.rows_max) &&
               has_place(fresh.rows, of_sender.rows, limits_.rows_per_sender_max) &&
               has_place(fresh.rows, of_receiver, limits_.rows_per_receiver_max) &&
               has_place(fresh.rows, of_pair, limits_.rows_per_pair_max);
    }

    /// Keeps the highest base of a stream that has rows. (spec 5.6)
    void raise(const stream_key& stream, seq base, time_point now) {
        if (const auto kept = tables_.base(stream); !kept || *kept < base) {
            tables_.put_base(stream, base, now);
        }
    }
    /// All seqs below this have ended, as the answer to a look that brings this base, or a row, says. In a damaged mailbox it is no
    /// valid seq, which a relay does not pass on.
    [[nodiscard]] seq low(const stream_key& stream, seq brought) {
        const seq lowest = tables_.lowest(stream);
        const seq kept = tables_.base(stream).value_or(0);
        return (std::max)(lowest, kept) > seq_end ? seq_end + 1
                                                  : (std::min)(lowest, (std::max)(kept, brought));
    }

    /// `receiver` says what it needs no more of the stream that `ack.to` sends it. Most acks find
    /// nothing to erase, and then nothing is written. (spec 5.4)
    [[nodiscard]] mailbox_outcome
    erase(const peer& receiver, const ack_request& ack, time_point now) {
        mailbox_outcome outcome;
        ack_state state;
        const bool past = ack.word == ack_word::past;
        if (!past &&
            (ack.word != ack_word::state || ack_state::decode(ack.state, state) != refusal::none)) {
            return outcome;
        }
        if (dates_.is_news(receiver, now)) {
            dates_.note(receiver, now);
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
    /// had rows here: who never stores anything hears from the receiver itself. (spec 5.4)
    void remember(const stream_key& stream, seq floor, bytes state, bool erased) {
        const bool known = tables_.find_state(stream, kept_);
        const bool of_use = known ? !kept_.is_beyond(stream.epoch, floor) &&
                                        !(kept_.is(stream.epoch, state) && !kept_.given_up)
                                  : erased;
        if (of_use && keeps_states_) {
            keep(stream, floor, state, std::nullopt, known);
        }
    }
    /// In the place of what is kept of the pair, or of the oldest if there are too many.
    void keep(
        const stream_key& stream, seq floor, bytes state, std::optional<seq> given_up, bool known) {
        if (!known && tables_.usage({}, {}).states >= limits_.states_max) {
            tables_.forget_oldest_state();
        }
        tables_.put_state(stream, floor, state, given_up, known);
    }

    /// All rows of a stream, how many there were. What lies without a hole behind its base was stored, or has ended. (spec 5.6)
    [[nodiscard]] std::size_t give_up(const stream_key& stream) {
        seq end = tables_.base(stream).value_or(0);
        while (tables_.find(stream, end)) {
            ++end;
        }
        const bool known = tables_.find_state(stream, kept_);
        if (!known || kept_.epoch < stream.epoch) {
            keep(stream, 0, {}, end, known);
        } else if (kept_.epoch == stream.epoch) {
            keep(stream, kept_.floor, kept_.state, (std::max)(kept_.given_up.value_or(0), end),
                 known);
        }
        return tables_.erase(stream, 0, seq_end).rows;
    }

    [[nodiscard]] mailbox_outcome look(const peer& from, const msg_request& msg) {
        const stream_key stream{msg.to, from, msg.epoch};
        mailbox_outcome outcome;
        outcome.done = true;
        outcome.low = low(stream, msg.base);
        outcome.smaller = tables_.smaller(stream);
        if (tables_.find_state(stream, kept_) && kept_.epoch == msg.epoch) {
            outcome.last_state = kept_.state;
            if (kept_.given_up) {
                outcome.given_up = (std::min)(*kept_.given_up, tables_.lowest(stream));
            }
        }
        return outcome;
    }

    [[nodiscard]] mailbox_outcome page(const peer& to, const sync_request& sync, time_point now) {
        const std::size_t rows = (std::min<std::size_t>)(sync.rows, limits_.page_rows);
        const std::size_t room = (std::min<std::size_t>)(sync.room, limits_.page_bytes);
        const mailbox_key from = sync.from.value_or(mailbox_key{});  // no row is before this one
        page_.clear();
        payloads_.clear();
        mailbox_outcome outcome;
        for (auto row = tables_.rows_from(to, from, now); row; row.next()) {
            const mailbox_key key = key_of(row);
            if (sync.until && !(key < *sync.until)) {
                break;
            }
            const bytes payload = row.blob(3);
            if (!page_.empty() &&
                (page_.size() == rows || payloads_.size() + payload.size() > room)) {
                outcome.next = key;
                break;
            }
            page_.push_back(row_of(to, key));
            page_.back().tombstone = row.null(3);
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

    [[nodiscard]] static mailbox_key key_of(const sqlite_rows& found) {
        return {peer(found.blob(0)), {epoch_in(found.integer(1)), seq_in(found.integer(2))}};
    }

    /// A row of a page, but for what it carries.
    [[nodiscard]] mailbox_row row_of(const peer& to, const mailbox_key& key) {
        mailbox_row row;
        row.from = key.from;
        row.id = key.id;
        if (!page_.empty() && page_.back().from == row.from &&
            page_.back().id.epoch == row.id.epoch) {
            row.low = page_.back().low;  // of the same stream: looked up already
            row.smaller = page_.back().smaller;
        } else {
            const stream_key stream{to, row.from, row.id.epoch};
            row.low = low(stream, 0);
            row.smaller = tables_.smaller(stream);
        }
        return row;
    }

    mailbox_limits limits_;
    sqlite_mailbox_tables tables_;
    sqlite_mailbox_dates dates_;
    bool keeps_states_ = true;
    kept_state kept_;                  // the last that was asked for
    std::vector<mailbox_row> page_;    // what the last page referred to
    std::vector<std::byte> payloads_;  // and what its rows did
};

}  // namespace sixfold::inline v0::detail

#endif
