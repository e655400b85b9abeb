// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_POSTGRES_MAILBOX_WORK_HPP
#define SIXFOLD_EXT_POSTGRES_MAILBOX_WORK_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <vector>

#include "sixfold/ext/mailbox_columns.hpp"
#include "sixfold/ext/postgres_database.hpp"
#include "sixfold/ext/postgres_mailbox_statements.hpp"
#include "sixfold/ext/postgres_values.hpp"
#include "sixfold/mailbox/mailbox.hpp"
#include "sixfold/mailbox/mailbox_limits.hpp"
#include "sixfold/mailbox/mailbox_retention.hpp"
#include "sixfold/parts/number.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/ack_state.hpp"
#include "sixfold/wire/frame.hpp"
#include "sixfold/wire/run.hpp"

// What requests are as columns of values, and rows as outcomes.

namespace sixfold::inline v0::detail {

[[nodiscard]] inline std::int64_t column(std::size_t value, std::size_t most) noexcept {
    return static_cast<std::int64_t>((std::min)(value, most));
}

/// Names streams.
struct stream_columns {
    postgres_array receivers{postgres_array::of::blob};
    postgres_array senders{postgres_array::of::blob};
    postgres_array epochs{postgres_array::of::integer};

    void clear() {
        receivers.clear();
        senders.clear();
        epochs.clear();
    }
    void add(const peer& to, const peer& from, epoch of) {
        receivers.add(to.bytes());
        senders.add(from.bytes());
        epochs.add(column(of));
    }
};

/// Rows that are put: in the order of their keys, as all relays insert them, and each once.
class put_columns {
  public:
    void clear() { rows_.clear(); }
    /// What it refers to must stay until it was asked for.
    void add(const peer& from, const msg_request& msg, time_point now) {
        const time_point expires = msg.left ? end_of(*msg.left, now) : never;
        seq which = msg.first;
        for (const run_entry& each : msg.entries) {
            rows_.push_back({msg.to, {from, {msg.epoch, which++}}, msg.base, each, expires});
        }
    }
    void ask(postgres_database& database, const mailbox_limits& limits, time_point now) {
        constexpr std::size_t most = std::size_t{1} << 62;
        const std::int64_t moment = column(now);
        const std::int64_t pair_rows = column(limits.rows_per_pair_max, most);
        const std::int64_t sender_rows = column(limits.rows_per_sender_max, most);
        const std::int64_t receiver_rows = column(limits.rows_per_receiver_max, most);
        const std::int64_t rows = column(limits.rows_max, most);
        const std::int64_t sender_bytes = column(limits.bytes_per_sender_max, most);
        const std::int64_t bytes = column(limits.bytes_max, most);
        fill();
        database.ask(static_cast<std::size_t>(mailbox_statement::put),
                     postgres_values(keys_.receivers, keys_.senders, keys_.epochs, seqs_,
                                     deadlines_, payloads_, streams_.receivers, streams_.senders,
                                     streams_.epochs, bases_, new_rows_, new_bytes_, moment,
                                     pair_rows, sender_rows, receiver_rows, rows, sender_bytes,
                                     bytes));
    }

  private:
    struct row {
        peer to;
        mailbox_key key;
        seq base;
        run_entry what;
        time_point expires;

        [[nodiscard]] bool is_of_stream(const row& other) const noexcept {
            return to == other.to && key.from == other.key.from &&
                   key.id.epoch == other.key.id.epoch;
        }
        [[nodiscard]] bool is_at(const row& other) const noexcept {
            return to == other.to && key == other.key;
        }
        /// By key. Among rows of one key a tombstone counts, and else the first. (spec 5.6)
        friend bool operator<(const row& a, const row& b) noexcept {
            if (!(a.to == b.to)) {
                return a.to < b.to;
            }
            return a.key == b.key ? a.what.tombstone && !b.what.tombstone : a.key < b.key;
        }
    };

    void fill() {
        keys_.clear();
        streams_.clear();
        for (postgres_array* each :
             {&seqs_, &deadlines_, &payloads_, &bases_, &new_rows_, &new_bytes_}) {
            each->clear();
        }
        std::stable_sort(rows_.begin(), rows_.end());
        for (auto at = rows_.cbegin(); at != rows_.cend();) {
            at = fill_stream(at);
        }
    }
    /// The rows of one stream; behind them.
    std::vector<row>::const_iterator fill_stream(std::vector<row>::const_iterator first) {
        seq base = 0;
        std::int64_t count = 0;
        std::size_t size = 0;
        auto at = first;
        for (; at != rows_.cend() && at->is_of_stream(*first); ++at) {
            base = (std::max)(base, at->base);
            if (at == first || !at->is_at(*std::prev(at))) {
                add(*at);
                ++count;
                size += at->what.payload.size();
            }
        }
        streams_.add(first->to, first->key.from, first->key.id.epoch);
        bases_.add(column(base));
        new_rows_.add(count);
        new_bytes_.add(column(size, size));
        return at;
    }
    void add(const row& each) {
        keys_.add(each.to, each.key.from, each.key.id.epoch);
        seqs_.add(column(each.key.id.seq));
        each.what.tombstone ? payloads_.add(nullptr) : payloads_.add(each.what.payload);
        each.what.tombstone || each.expires == never ? deadlines_.add(nullptr)
                                                     : deadlines_.add(column(each.expires));
    }

    std::vector<row> rows_;
    stream_columns keys_;
    postgres_array seqs_{postgres_array::of::integer};
    postgres_array deadlines_{postgres_array::of::integer};
    postgres_array payloads_{postgres_array::of::blob};
    stream_columns streams_;
    postgres_array bases_{postgres_array::of::integer};
    postgres_array new_rows_{postgres_array::of::integer};
    postgres_array new_bytes_{postgres_array::of::integer};
};

/// What acks erase, what looks bring, and who has come.
class settle_columns {
  public:
    void clear() {
        acks_.clear();
        looks_.clear();
        for (postgres_array* each :
             {&floors_, &ends_, &firsts_, &accepted_, &states_, &bases_, &here_}) {
            each->clear();
        }
    }
    [[nodiscard]] bool empty() const noexcept { return here_.size() == 0 && bases_.size() == 0; }

    /// `receiver` says what it needs no more of the stream that `ack.to` sends it. False: it says nothing of the kind. (spec 5.4)
    [[nodiscard]] bool add(const peer& receiver, const ack_request& ack) {
        if (ack.word == ack_word::past) {
            add(receiver, ack, seq_end, seq_end, seq_end);
            accepted_.add(bytes());
            states_.add(nullptr);
            return true;
        }
        ack_state state;
        if (ack.word != ack_word::state || ack_state::decode(ack.state, state) != refusal::none) {
            return false;
        }
        bits_.clear();
        seq first = state.end();
        state.for_each_accepted([&](seq which) {
            first = (std::min)(first, which);
            const std::size_t at = to_size(which - first);
            bits_.resize(at / 8 + 1);
            bits_[at / 8] |= static_cast<std::byte>(1U << at % 8);
        });
        add(receiver, ack, state.floor(), state.end(), first);
        accepted_.add(bytes(bits_));
        states_.add(ack.state);
        return true;
    }
    void add(const peer& from, const msg_request& probe) {
        looks_.add(probe.to, from, probe.epoch);
        bases_.add(column(probe.base));
    }
    void add_presence(const peer& receiver) { here_.add(receiver.bytes()); }

    void ask(postgres_database& database, const mailbox_limits& limits, time_point now) {
        const std::int64_t moment = column(now);
        const std::int64_t until = column(later(now, std::chrono::hours(1)));
        const std::int64_t states_max = column(limits.states_max, std::size_t{1} << 62);
        database.ask(static_cast<std::size_t>(mailbox_statement::settle),
                     postgres_values(acks_.receivers, acks_.senders, acks_.epochs, floors_, ends_,
                                     firsts_, accepted_, states_, looks_.receivers, looks_.senders,
                                     looks_.epochs, bases_, here_, moment, until, states_max));
    }
    [[nodiscard]] bool has_looks() const noexcept { return bases_.size() != 0; }
    void ask_looks(postgres_database& database) {
        database.ask(static_cast<std::size_t>(mailbox_statement::look),
                     postgres_values(looks_.receivers, looks_.senders, looks_.epochs, bases_));
    }

  private:
    void add(const peer& receiver, const ack_request& ack, seq floor, seq end, seq first) {
        acks_.add(receiver, ack.to, ack.epoch);
        floors_.add(column(floor));
        ends_.add(column(end));
        firsts_.add(column(first));
        add_presence(receiver);
    }

    stream_columns acks_;
    postgres_array floors_{postgres_array::of::integer};  // all below
    postgres_array ends_{postgres_array::of::integer};    // and none at or above
    postgres_array firsts_{postgres_array::of::integer};  // of which the first bit speaks
    postgres_array accepted_{postgres_array::of::blob};   // its bits
    postgres_array states_{postgres_array::of::blob};     // NULL: past
    stream_columns looks_;
    postgres_array bases_{postgres_array::of::integer};
    postgres_array here_{postgres_array::of::blob};
    std::vector<std::byte> bits_;
};

/// Rows as outcomes. What these refer to are the rows and the reader.
class mailbox_reader {
  public:
    [[nodiscard]] static mailbox_outcome look(const postgres_rows& found, int row) {
        mailbox_outcome outcome;
        outcome.done = true;
        outcome.low = seq_in(found.integer(row, 0));
        outcome.smaller = msgid_in(found, row, 1);
        outcome.last_state = found.blob(row, 3);
        if (!found.null(row, 4)) {
            outcome.given_up = seq_in(found.integer(row, 4));
        }
        return outcome;
    }

    static void ask_page(postgres_database& database,
                         const peer& to,
                         const sync_request& sync,
                         const mailbox_limits& limits,
                         time_point now) {
        // No row is before the one, and none behind the other.
        static const std::vector<std::byte> highest(peer::size_max + 1, std::byte{0xFF});
        const mailbox_key from = sync.from.value_or(mailbox_key{});
        const mailbox_key until = sync.until.value_or(mailbox_key{});
        const bytes receiver = to.bytes();
        const bytes sender = from.from.bytes();
        const std::int64_t epoch = column(from.id.epoch);
        const std::int64_t which = column(from.id.seq);
        const bytes until_sender = sync.until ? until.from.bytes() : bytes(highest);
        const std::int64_t until_epoch = column(until.id.epoch);
        const std::int64_t until_seq = column(until.id.seq);
        const std::int64_t rows = column(sync.rows, limits.page_rows);
        const std::int64_t room = column(sync.room, limits.page_bytes);
        const std::int64_t moment = column(now);
        database.ask(static_cast<std::size_t>(mailbox_statement::page),
                     postgres_values(receiver, sender, epoch, which, until_sender, until_epoch,
                                     until_seq, rows, room, moment));
    }
    [[nodiscard]] mailbox_outcome page(const postgres_rows& found) {
        mailbox_outcome outcome;
        outcome.done = true;
        page_.clear();
        for (int i = 0; i < found.size(); ++i) {
            mailbox_row row;
            row.from = peer(found.blob(i, 0));
            row.id = msgid_in(found, i, 1);
            if (found.integer(i, 5) == 0) {
                outcome.next = mailbox_key{row.from, row.id};
                break;
            }
            row.tombstone = found.integer(i, 3) != 0;
            row.payload = found.blob(i, 4);
            const bool is_first = !found.null(i, 6);  // of its stream
            row.low = is_first ? seq_in(found.integer(i, 6)) : page_.back().low;
            row.smaller = is_first ? msgid_in(found, i, 7) : page_.back().smaller;
            page_.push_back(row);
        }
        outcome.rows = page_;
        return outcome;
    }

  private:
    [[nodiscard]] static msgid msgid_in(const postgres_rows& found, int row, int column) {
        return found.null(row, column) ? msgid{}
                                       : msgid{epoch_in(found.integer(row, column)),
                                               seq_in(found.integer(row, column + 1))};
    }

    std::vector<mailbox_row> page_;
};

}  // namespace sixfold::inline v0::detail

#endif
