// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_STORYBOARD_HPP
#define SIXFOLD_EXAMPLES_STORYBOARD_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include <sixfold/sixfold.hpp>
#include "frame_words.hpp"
#include "picture_row.hpp"
#include "step.hpp"

namespace example {

/// Makes a picture out of what happens, and keeps it short enough to be looked at.
///
/// Frames that arrive at one time share a row where they can: messages behind one another one arrow,
/// the two hops one line. When there is a crowd, all frames of one kind are one arrow. Probes, and
/// looks into a mailbox that is known to be empty, are counted and not drawn. After `rows_max` only
/// who comes and goes is drawn, and the rest summed up, ever more of it in one row. So a picture
/// grows with the logarithm of the length of the run.
class storyboard {
  public:
    void add(const step& one) {
        if (one.at != now_ && (one.at - began_ >= crowd_time || !presences_.empty())) {
            close_moment();
        }
        now_ = one.at;
        std::visit([&](const auto& what) { handle(what); }, one.what);
    }

    /// Nothing more will happen.
    void finish() {
        close_moment();
        mention_undrawn(now_);
    }

    [[nodiscard]] std::optional<picture_row> poll_row() {
        if (out_.empty()) {
            return std::nullopt;
        }
        std::optional<picture_row> first(std::move(out_.front()));
        out_.pop_front();
        return first;
    }

  private:
    static constexpr std::uint64_t rows_max = 100;
    static constexpr std::size_t crowd_min = 9;  // so many arrows in so short a time are one
    static constexpr sixfold::duration crowd_time = std::chrono::milliseconds(8);
    static constexpr std::uint64_t summary_min = 1000;  // frames
    static constexpr sixfold::duration quiet_min = std::chrono::milliseconds(150);

    /// Frames that were not drawn.
    struct undrawn {
        std::uint64_t probes = 0;
        std::uint64_t syncs = 0;
        std::uint64_t frames = 0;  // others
        std::uint64_t lost = 0;
        std::uint64_t resent = 0;
        std::uint64_t held_back = 0;
    };

    // --- what happens --------------------------------------------------------------------------

    void handle(const title_step& title) {
        close_moment();
        draw_note(title.text, tone::heading);
    }

    void handle(const presence_step& change) {
        using what = presence_step::what;
        lifeline& line = lines_[static_cast<std::size_t>(change.who)];
        if (!bundles_.empty() || change.happens == what::replaced) {
            close_moment();
        }
        if (change.happens == what::replaced) {
            moment all = moment_at(now_);
            all.lines[static_cast<std::size_t>(change.who)] = lifeline::returns;
            all.remarks = {{"the relay is a new one", tone::warning}};
            draw(std::move(all));
            return;
        }
        line = change.happens == what::leaves ? lifeline::leaves : lifeline::returns;
        presences_.push_back(change);
    }

    void handle(const frame_step& frame) {
        note_mailbox(frame);
        if (is_aside(frame)) {
            ++(is_sync(frame) ? undrawn_.syncs : undrawn_.probes);
            return;
        }
        if (rows_ >= rows_max) {
            return leave_out(frame);
        }
        if (bundles_.empty()) {
            began_ = now_;
        }
        add_to(bundles_, bundle_of(now_, frame), continues);
    }

    void note_mailbox(const frame_step& frame) {
        if (frame.mailed) {
            mailbox_.insert(*frame.frame.seq);
        }
        for (const auto* gone : {&frame.read, &frame.delivered}) {
            for (const sixfold::seq each : *gone) {
                mailbox_.erase(each);
            }
        }
    }

    [[nodiscard]] static bool is_sync(const frame_step& frame) {
        return frame.frame.kind == kind::sync_r || frame.frame.kind == kind::sync_a;
    }

    /// It carries no message and answers for none; a look into a mailbox that has something is
    /// part of the story.
    [[nodiscard]] bool is_aside(const frame_step& frame) const {
        const bool finds_something =
            frame.frame.kind == kind::sync_r && frame.from == host::bob && !mailbox_.empty();
        return !frame.frame.seq && frame.frame.kind != kind::ack_a && !finds_something;
    }

    /// To the first bundle that it belongs to; else it is one of its own.
    template <class BelongsTo>
    static void add_to(std::vector<frame_bundle>& all, const frame_bundle& one, BelongsTo belongs) {
        const auto found = std::find_if(
            all.begin(), all.end(), [&](const frame_bundle& each) { return belongs(each, one); });
        if (found == all.end()) {
            all.push_back(one);
        } else {
            append(*found, one);
        }
    }

    void leave_out(const frame_step& frame) {
        if (!std::exchange(only_sums_, true)) {
            out_.push_back(note{now_, "from here on only sums, and who comes and goes"});
        }
        ++undrawn_.frames;
        undrawn_.lost += std::uint64_t{frame.on_the_way.lost};
        undrawn_.resent += std::uint64_t{frame.frame.resend != 0};
        undrawn_.held_back += std::uint64_t{frame.held_back};
        if (undrawn_.frames >= summary_next_) {
            summary_next_ *= 2;
            mention_undrawn(now_);
        }
    }

    // --- moments -------------------------------------------------------------------------------

    [[nodiscard]] moment moment_at(sixfold::time_point at) const {
        return {at, lines_, {}, {}, {}};
    }

    /// All that happens in this short time is known: draws it.
    void close_moment() {
        if (!presences_.empty()) {
            draw(presence_moment());
        }
        if (bundles_.size() >= crowd_min) {
            const auto alike = [](const frame_bundle& a, const frame_bundle& b) {
                return are_alike(a.frames, b.frames);
            };
            std::vector<frame_bundle> crowd;
            for (const frame_bundle& each : bundles_) {
                add_to(crowd, each, alike);
            }
            bundles_.swap(crowd);
        }
        std::optional<moment> row;
        for (const frame_bundle& each : bundles_) {
            if (row && !has_room(*row, each)) {
                draw(*std::exchange(row, std::nullopt));
            }
            if (!row) {
                row = moment_at(each.at);
            }
            place(each, *row);
        }
        if (row) {
            draw(std::move(*row));
        }
        bundles_.clear();
    }

    /// Who comes or goes now, said once.
    [[nodiscard]] moment presence_moment() {
        moment row = moment_at(now_);
        std::string who;
        for (const presence_step& each : presences_) {
            who += (who.empty() ? "" : ", ");
            who += host_names[static_cast<std::size_t>(each.who)];
        }
        const bool leave = presences_.back().happens == presence_step::what::leaves;
        row.remarks = {{who + (leave ? ": link lost" : ": link is up"), tone::warning}};
        for (lifeline& each : lines_) {
            each = each == lifeline::leaves    ? lifeline::away
                   : each == lifeline::returns ? lifeline::here
                                               : each;
        }
        presences_.clear();
        return row;
    }

    [[nodiscard]] static bool is_left(const frame_bundle& bundle) {
        return bundle.frames.from == host::alice || bundle.frames.to == host::alice;
    }

    /// What is remarked in a row is about one of its arrows.
    [[nodiscard]] static bool has_room(const moment& row, const frame_bundle& bundle) {
        const bool free = !(is_left(bundle) ? row.left : row.right);
        return free && row.at == bundle.at && (row.remarks.empty() || remarks(bundle).empty());
    }

    static void place(const frame_bundle& bundle, moment& row) {
        const frame_step& frame = bundle.frames;
        std::vector<remark> about = remarks(bundle);
        (is_left(bundle) ? row.left : row.right) = arrow{
            frame.from, frame.to, label(bundle), reach_of(bundle), tone_of(bundle), !about.empty()};
        if (!about.empty()) {
            row.remarks = std::move(about);
        }
    }

    [[nodiscard]] static reach reach_of(const frame_bundle& bundle) {
        const frame_step& frame = bundle.frames;
        if (bundle.mixed) {
            return reach::arrives;
        }
        return frame.on_the_way.lost                 ? reach::is_lost
               : frame.refused || frame.nobody_there ? reach::is_refused
                                                     : reach::arrives;
    }

    [[nodiscard]] static tone tone_of(const frame_bundle& bundle) {
        const frame_step& frame = bundle.frames;
        if (reach_of(bundle) != reach::arrives) {
            return tone::bad;
        }
        if (is_sync(frame)) {
            return tone::aside;
        }
        const bool again = frame.frame.resend != 0 || frame.on_the_way.repeated;
        return again && !bundle.mixed ? tone::warning : tone::plain;
    }

    // --- rows ----------------------------------------------------------------------------------

    void draw(moment row) {
        const sixfold::time_point at = row.at;
        if (at - drawn_at_ >= quiet_min || undrawn_.frames != 0) {
            mention_undrawn(at);
        }
        out_.push_back(std::move(row));
        count_row(at);
    }

    void draw_note(std::string text, tone meant) {
        mention_undrawn(now_);
        out_.push_back(note{now_, std::move(text), meant});
        count_row(now_);
    }

    void count_row(sixfold::time_point at) {
        drawn_at_ = at;
        ++rows_;
    }

    /// What lies between the last row and the next: time, and frames that were not drawn.
    void mention_undrawn(sixfold::time_point at) {
        const sixfold::duration quiet = at - drawn_at_;
        const std::string frames = text_of(undrawn_);
        std::string text = quiet < quiet_min ? "" : text_of(quiet);
        text += text.empty() || frames.empty() ? "" : ", ";
        text += frames.empty() ? "" : "not drawn: " + frames;
        if (!text.empty()) {
            out_.push_back(note{at, text});
        }
        undrawn_ = {};
        drawn_at_ = at;
    }

    [[nodiscard]] static std::string text_of(sixfold::duration time) {
        const std::chrono::duration<double> seconds = time;
        return fmt::format("{:.{}f} s", seconds.count(), seconds.count() < 1000 ? 1 : 0);
    }

    /// Where frames are summed up, probes and looks into the mailbox are among them.
    [[nodiscard]] static std::string text_of(const undrawn& some) {
        std::string text;
        const auto add = [&](std::uint64_t count, const char* one, const char* many) {
            if (count != 0) {
                text += fmt::format("{}{} {}", text.empty() ? "" : ", ", short_form(count),
                                    count == 1 ? one : many);
            }
        };
        if (some.frames == 0) {
            add(some.probes, "probe", "probes");
            add(some.syncs, "sync", "syncs");
            return text;
        }
        add(some.frames + some.probes + some.syncs, "frame", "frames");
        add(some.lost, "lost", "lost");
        add(some.resent, "resent", "resent");
        add(some.held_back, "held back", "held back");
        return text;
    }

    [[nodiscard]] static std::string short_form(std::uint64_t count) {
        return count < 100'000       ? fmt::format("{}", count)
               : count < 100'000'000 ? fmt::format("{}k", count / 1000)
                                     : fmt::format("{}M", count / 1'000'000);
    }

    sixfold::time_point now_{};
    sixfold::time_point began_{};     // the first of the bundles
    sixfold::time_point drawn_at_{};  // the last row
    std::array<lifeline, 3> lines_{lifeline::away, lifeline::here, lifeline::away};
    std::vector<presence_step> presences_;  // now, not drawn yet
    std::vector<frame_bundle> bundles_;     // likewise, of a short time
    std::set<sixfold::seq> mailbox_;        // what is waiting in Bob's mailbox
    undrawn undrawn_;                       // since the last row
    std::uint64_t rows_ = 0;
    bool only_sums_ = false;  // and it was said
    std::uint64_t summary_next_ = summary_min;
    std::deque<picture_row> out_;
};

}  // namespace example

#endif
