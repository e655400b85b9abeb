// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_FUZZ_WORLD_PARTY_HPP
#define SIXFOLD_TESTS_FUZZ_WORLD_PARTY_HPP

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "fuzz/input.hpp"
#include "support/journal_bytes.hpp"

// A client and its app in the world of `world.hpp`, with a disk that may lose its last commits, and what is true of each text
// that one app gave to its client, whatever the machines believe.

namespace fuzz {

using text_number = std::size_t;

/// What is known of a text from outside.
struct text_truth {
    std::size_t size = 0;
    bool stopped = false;   // cancelled by its app, with a deadline, or not to be stored
    bool stored = false;    // told so
    bool vanished = false;  // its app crashed, and has not sent it
    sixfold::status told = sixfold::status::none;  // how it ended, once somebody was told
};

/// The bytes of a text: its number, and some that follow from it.
inline std::vector<std::byte> payload_of(text_number which, std::size_t size) {
    std::vector<std::byte> out(size);
    for (std::size_t i = 0; i < size; ++i) {
        out[i] = static_cast<std::byte>(i < 2 ? which >> 8 * i : which * 31 + i);
    }
    return out;
}

[[nodiscard]] inline text_number number_of(sixfold::bytes payload) {
    demand(payload.size() >= 2, "a text is cut");
    return std::to_integer<text_number>(payload[0]) | std::to_integer<text_number>(payload[1]) << 8;
}

/// The rows of an app, which are committed with the records of its client.
struct app_rows {
    struct outgoing {
        sixfold::ticket id{};
        sixfold::status last = sixfold::status::none;  // that was heard of it
    };
    std::map<text_number, outgoing> outbox;
    std::set<text_number> accepted;
    std::set<text_number> refused;
};

class world_party {
  public:
    world_party(sixfold::clock_ref clock,
                std::vector<text_truth>& truths,
                const sixfold::client_options& options)
        : clock_(clock), truths_(truths), options_(options) {
        begin_life();
    }

    [[nodiscard]] sixfold::client& machine() { return *machine_; }
    [[nodiscard]] const sixfold::client_options& options() const { return options_; }
    [[nodiscard]] const app_rows& rows() const { return rows_; }
    [[nodiscard]] const app_rows& durable_rows() const { return disk_.front().rows; }

    sixfold::link_id link = sixfold::link_id::none;

    void send(const sixfold::peer& to, std::size_t size, const sixfold::send_options& how) {
        const text_number which = truths_.size();
        if (const auto id = machine_->send(to, payload_of(which, size), how)) {
            for (const auto& [other, row] : rows_.outbox) {
                demand(row.id != *id, "a ticket is given twice");
            }
            text_truth made;
            made.size = size;
            made.stopped = how.expires_after != (sixfold::duration::max)() ||
                           how.storing == sixfold::storing::forbidden;
            truths_.push_back(made);
            rows_.outbox[which].id = *id;
        }
    }
    void cancel(std::size_t which) {
        if (!rows_.outbox.empty()) {
            const auto at = std::next(rows_.outbox.begin(),
                                      static_cast<std::ptrdiff_t>(which % rows_.outbox.size()));
            const bool taken = machine_->cancel(at->second.id);
            truths_[at->first].stopped = truths_[at->first].stopped || taken;
        }
    }
    /// Calls `check(text, news)` for each event.
    template <class Check>
    void hear(Check check) {
        while (const auto news = machine_->poll_event()) {
            const auto at =
                std::find_if(rows_.outbox.begin(), rows_.outbox.end(),
                             [&](const auto& each) { return each.second.id == news->id; });
            demand(at != rows_.outbox.end(), "an event of a message that was not sent");
            demand(!is_final(at->second.last), "an event of a message that has ended");
            demand(news->what > at->second.last, "an event that is no news");
            check(at->first, news->what);
            at->second.last = news->what;
        }
    }
    /// Takes what comes from this peer; settling is another step.
    void take(const sixfold::peer& from) {
        while (const auto one = machine_->poll_message()) {
            const text_number which = number_of(one->payload);
            demand(one->from == from, "a message of somebody else");
            demand(which < truths_.size(), "a text that nobody has sent");
            const text_truth& truth = truths_[which];
            const std::vector<std::byte> sent = payload_of(which, truth.size);
            demand(std::equal(sent.begin(), sent.end(), one->payload.begin(), one->payload.end()),
                   "another text");
            demand(!truth.vanished, "a text that its sender has lost before it was durable");
            demand(truth.told == sixfold::status::none ||
                       truth.told == sixfold::status::delivered ||
                       truth.told == sixfold::status::ended,
                   "a text that was told to have ended otherwise");
            demand(!rows_.accepted.contains(which) && !rows_.refused.contains(which),
                   "a text comes twice");
            const bool in_order = options_.receiver.delivery == sixfold::delivery::in_order;
            demand(!in_order || which >= next_, "a text that is out of order");
            next_ = which + 1;
            handed_.emplace_back(which, *one);
        }
    }
    /// The app's word on one of those that were handed out.
    void settle(std::size_t place, bool reject) {
        if (!handed_.empty()) {
            const auto at = handed_.begin() + static_cast<std::ptrdiff_t>(place % handed_.size());
            demand(reject ? machine_->reject(at->second) : machine_->accept(at->second),
                   "the word of the app is refused");
            (reject ? rows_.refused : rows_.accepted).insert(at->first);
            handed_.erase(at);
        }
    }
    [[nodiscard]] bool has_handed() const { return !handed_.empty(); }

    /// A commit: rows and records together. It is durable sooner or later.
    void commit() {
        std::vector<std::byte> journal = disk_.back().journal;
        const std::vector<std::byte> records = support::records_of(*machine_);
        journal.insert(journal.end(), records.begin(), records.end());
        disk_.push_back({std::move(journal), rows_, machine_->written()});
    }
    /// The first commits are durable, and the client is told.
    void durable(std::size_t commits) {
        drop_commits((std::min)(commits, disk_.size() - 1));
        machine_->durable(disk_.front().written);
    }
    void all_durable() {
        commit();
        durable(disk_.size());
    }
    /// Of the commits that were not called durable the first ones are there, or not. `link` is gone.
    void crash(std::size_t commits_left) {
        drop_commits(commits_left % disk_.size());
        disk_.resize(1);
        for (const auto& [which, row] : rows_.outbox) {
            truths_[which].vanished = !durable_rows().outbox.contains(which);
        }
        rows_ = durable_rows();
        handed_.clear();
        next_ = 0;
        link = sixfold::link_id::none;
        begin_life();
    }

  private:
    struct committed {
        std::vector<std::byte> journal;
        app_rows rows;
        sixfold::journal_mark written;
    };

    void begin_life() {
        ++options_.life.start;
        ++options_.life.seed;
        auto made = sixfold::client::create(clock_, options_, disk_.front().journal);
        demand(made.has_value(), "a journal is refused");
        machine_.emplace(*std::move(made));
        disk_.front().written = machine_->written();
        for (auto& [which, row] : rows_.outbox) {
            demand(machine_->outstanding(row.id) == !is_final(row.last),
                   "rows and journal contradict each other");
            row.last = is_final(row.last) ? row.last : sixfold::status::none;  // may be told again
        }
    }
    void drop_commits(std::size_t count) {
        disk_.erase(disk_.begin(), disk_.begin() + static_cast<std::ptrdiff_t>(count));
    }

    sixfold::clock_ref clock_;
    std::vector<text_truth>& truths_;
    sixfold::client_options options_;
    app_rows rows_;
    std::vector<committed> disk_ = std::vector<committed>(1);  // the first is durable
    std::optional<sixfold::client> machine_;
    std::vector<std::pair<text_number, sixfold::message>> handed_;
    text_number next_ = 0;  // no lower one may come in this life
};

}  // namespace fuzz

#endif
