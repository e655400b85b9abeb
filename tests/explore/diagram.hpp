// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_EXPLORE_DIAGRAM_HPP
#define SIXFOLD_TESTS_EXPLORE_DIAGRAM_HPP

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "explore/frame_words.hpp"
#include "explore/worlds.hpp"

namespace explore {

/// A way through the worlds as a sequence diagram:
///
///     A                           relay                       B
///     * A submits a message       |                           |
///     | -- msg:R e1 #0 base 0 --> |                           |
///     |                           | -- msg:N e1 #0 ---------> |
///     |                           |                           * B's app takes a message
///
/// A frame that is taken is one arrow, or two if the relay only passed it on. What was sent and not taken is left out.
class diagram {
  public:
    diagram(worlds& all, const std::vector<action>& path) : all_(all) {
        if (all_.the_rules().c != third::nobody) {
            names_.emplace_back("C");
        }
        world w = all_.first();
        ways_.push_back(w);
        for (const action& x : path) {
            tell(x);
            const std::string rows = rows_in(all_.box(w.now));
            std::string wrong;
            (void)all_.happen(w, x, wrong);
            if (rows_in(all_.box(w.now)) != rows) {
                lines_.push_back({1, 1, "mailbox:" + rows_in(all_.box(w.now))});
            }
            ways_.push_back(w);
        }
    }

    [[nodiscard]] std::string draw(const std::string& end) const {
        std::size_t gap = 20;
        for (const line& l : lines_) {
            gap = (std::max)(gap, l.text.size() + (l.from == l.to ? 6 : 10));
        }
        std::string out = head(gap);
        for (const line& l : lines_) {
            out += l.from == l.to ? note(l, gap) : arrow(l, gap);
        }
        return out + "=> " + end + "\n";
    }

  private:
    /// An arrow from a column to another, or a note in one.
    struct line {
        unsigned from;
        unsigned to;
        std::string text;
    };

    // --- what happens ------------------------------------------------------------------------------

    void tell(const action& x) {
        const bool is_frame = x.what == deed::takes_frame || x.what == deed::takes_frame_away ||
                              x.what == deed::takes_old_frame || x.what == deed::asks;
        if (!is_frame) {
            lines_.push_back({column(x.who), column(x.who), words(x)});
        } else if (x.who == actor::relay) {
            reach_relay(x.which);
            if (x.what == deed::asks) {
                lines_.push_back({1, 1, "asks the mailbox"});
            }
        } else {
            reach_client(x.which, column(x.who));
        }
    }
    void reach_relay(frame_id f) {
        const place from = all_.frames[f].to;
        const unsigned column = from == place::at_relay_from_a   ? 0
                                : from == place::at_relay_from_b ? 2
                                                                 : 3;
        lines_.push_back({column, 1, frame_words::of(all_.frames[f].what)});
        drawn_.push_back(f);
    }
    void reach_client(frame_id f, unsigned to) {
        if (const cause of = cause_of(f); of.known) {
            if (std::find(drawn_.begin(), drawn_.end(), of.which) == drawn_.end()) {
                reach_relay(of.which);
            }
        }
        lines_.push_back({1, to, frame_words::of(all_.frames[f].what)});
    }

    struct cause {
        bool known;
        frame_id which;
    };
    /// What the relay only passed on, when this frame was heard.
    [[nodiscard]] cause cause_of(frame_id f) const {
        const auto heard =
            std::find_if(ways_.begin(), ways_.end(), [&](const world& w) { return w.net.has(f); });
        cause found{false, 0};
        if (heard != ways_.end()) {
            heard->net.common(all_.frames.to_relay()).for_each([&](frame_id g) {
                if (!found.known && all_.relays(heard->now, g, f)) {
                    found = {true, g};
                }
            });
        }
        return found;
    }

    [[nodiscard]] static std::string rows_in(const box_node& box) {
        memory_mailbox copy = box.machine;
        std::string out;
        for (const mailbox_row& row : all_rows(copy)) {
            out += " " + frame_words::name_of(row.id);
            out += row.tombstone ? " tombstone" : "";
        }
        return out.empty() ? " empty" : out;
    }

    [[nodiscard]] static unsigned column(actor who) {
        switch (who) {
        case actor::a: return 0;
        case actor::b: return 2;
        case actor::c: return 3;
        case actor::relay: break;
        }
        return 1;
    }
    [[nodiscard]] static std::string words(const action& x) {
        const std::string which = std::to_string(x.which);
        const std::string name = x.who == actor::a ? "A" : x.who == actor::b ? "B" : "C";
        switch (x.what) {
        case deed::submits: return name + " submits a message";
        case deed::cancels: return name + " cancels " + which;
        case deed::gives_up: return name + " gives B up";
        case deed::is_refused: return "a relay refuses what " + name + " sends";
        case deed::crashes: return name + " crashes, and comes back with its journal";
        case deed::loses_journal: return name + " loses its journal";
        case deed::waits: return name + " waits for long";
        case deed::writes: return name + " writes to its journal";
        case deed::syncs: return name + "'s journal is durable";
        case deed::comes_back:
            return name + " crashes; of what was not synced it has the first " + which;
        case deed::forgets:
            return x.who == actor::relay ? "the mailbox forgets what it has heard of B"
                                         : name + " loses everything that it knows";
        case deed::looks: return name + "'s app looks at a message";
        case deed::accepts:
        case deed::accepts_next: return name + "'s app takes a message";
        case deed::rejects:
        case deed::rejects_next: return name + "'s app rejects a message";
        case deed::expires: return "message " + which + " is too old for the mailbox";
        case deed::does: return "the mailbox has done it";
        case deed::hears:
        case deed::hears_away: return "the relay is told so";
        case deed::never_hears: return "the relay crashes";
        case deed::commits: return name + "'s app commits what it accepted";
        default: return {};
        }
    }

    // --- how it is drawn ---------------------------------------------------------------------------

    [[nodiscard]] static std::string padded(std::string text, std::size_t width) {
        text.resize((std::max)(width, text.size()), ' ');
        return text;
    }
    /// The lines of life, from one column on.
    [[nodiscard]] std::string lives(unsigned from, std::size_t gap) const {
        std::string out;
        for (unsigned at = from; at < names_.size(); ++at) {
            out += "|" + (at + 1 == names_.size() ? "" : std::string(gap, ' '));
        }
        return out;
    }
    [[nodiscard]] std::string row_before(unsigned column, std::size_t gap) const {
        return lives(0, gap).substr(0, column * (gap + 1));
    }
    [[nodiscard]] std::string head(std::size_t gap) const {
        std::string out;
        for (std::size_t at = 0; at < names_.size(); ++at) {
            out = padded(out, at * (gap + 1)) + names_[at];
        }
        return out + "\n";
    }
    [[nodiscard]] std::string note(const line& l, std::size_t gap) const {
        std::string out = row_before(l.from, gap) + "* " + l.text;
        if (l.from + 1 < names_.size()) {
            out = padded(out, (l.from + 1) * (gap + 1)) + lives(l.from + 1, gap);
        }
        return out + "\n";
    }
    [[nodiscard]] std::string arrow(const line& l, std::size_t gap) const {
        const unsigned left = (std::min)(l.from, l.to);
        const unsigned right = (std::max)(l.from, l.to);
        const std::size_t room = (right - left) * (gap + 1) - 1;
        const std::string shaft(room - l.text.size() - 8, '-');
        const std::string body = l.from < l.to ? " -- " + l.text + " " + shaft + "-> "
                                               : " <-- " + l.text + " " + shaft + "- ";
        return row_before(left, gap) + "|" + body + lives(right, gap) + "\n";
    }

    worlds& all_;
    std::vector<world> ways_;
    std::vector<std::string> names_{"A", "relay", "B"};
    std::vector<line> lines_;
    std::vector<frame_id> drawn_;
};

}  // namespace explore

#endif
