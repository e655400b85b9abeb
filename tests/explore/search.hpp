// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_EXPLORE_SEARCH_HPP
#define SIXFOLD_TESTS_EXPLORE_SEARCH_HPP

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "explore/diagram.hpp"
#include "explore/ending.hpp"
#include "explore/laws.hpp"
#include "explore/worlds.hpp"

namespace explore {

/// Spreads the cores over a table.
struct core_hash {
    std::size_t operator()(const core& c) const {
        std::uint64_t h = 0;
        for (const std::uint32_t part : {c.a, c.c, c.b, c.box, c.ever}) {
            h = (h ^ part) * 0x9E3779B97F4A7C15U;
            h ^= h >> 29;
        }
        return static_cast<std::size_t>(h);
    }
};

/// What a search found.
struct finding {
    std::string wrong{};    // a law that does not hold, or empty
    std::string diagram{};  // the shortest way there
    std::size_t states = 0;
    std::size_t cores = 0;
    std::size_t at_rest = 0;  // cores in which the mailbox owes no answer
    std::size_t transitions = 0;
    double seconds = 0;     // of the processor
    bool complete = false;  // nothing was left out
};

/// What a core must satisfy: the laws, and that the real machines reach the end by themselves when the network has lost
/// everything.
class judge {
  public:
    explicit judge(worlds& all) : all_(all) {}

    /// Empty, or what is wrong. `is_new`: nobody has asked about this core before.
    [[nodiscard]] std::string on(const core& before, const core& now, bool is_new) {
        if (!is_new && all_.a(before).settled == all_.a(now).settled &&
            all_.c(before).settled == all_.c(now).settled) {
            return {};
        }
        std::string wrong = broken_law(all_, before, now);
        return wrong.empty() && is_new ? ending::of(all_, now) : wrong;
    }

  private:
    worlds& all_;
};

/// The cores that were met, by number.
class core_book {
  public:
    /// Its number, and whether it is new.
    std::pair<std::uint32_t, bool> number(const core& c) {
        const auto [at, fresh] = numbers_.try_emplace(c, static_cast<std::uint32_t>(book_.size()));
        if (fresh) {
            book_.push_back(c);
        }
        return {at->second, fresh};
    }
    [[nodiscard]] const core& operator[](std::uint32_t at) const { return book_[at]; }
    [[nodiscard]] std::size_t size() const { return book_.size(); }

  private:
    std::unordered_map<core, std::uint32_t, core_hash> numbers_;
    std::deque<core> book_;
};

/// Is there nothing wrong in any world? Each core has one network: all frames of all worlds with that core. A world is taken
/// up again when its network has grown, until none grows any more.
///
/// So it sees every world, and perhaps more than there are, because frames of two worlds come together that differ in what
/// has been. What it does not object to holds; what it objects to has to be found again by `shortest_way`.
class proof {
  public:
    explicit proof(const rules& r) : all_(r), judge_(all_) {}

    finding run() {
        add(all_.first(), 0);
        for (; !waiting_.empty() && found_.states <= all_.the_rules().states_max &&
               found_.wrong.empty();
             ++found_.states) {
            const std::uint32_t at = waiting_.front();
            waiting_.pop_front();
            waits_[at] = false;
            expand(at);
        }
        found_.cores = cores_.size();
        for (std::uint32_t at = 0; at < cores_.size(); ++at) {
            const bool rests = all_.box(cores_[at]).late.at == late_request::stage::none;
            found_.at_rest += std::size_t{rests};
        }
        found_.complete = found_.wrong.empty() && waiting_.empty();
        return found_;
    }

  private:
    void expand(std::uint32_t at) {
        const world w{cores_[at], nets_[at]};
        all_.for_each_action(w, [&](const action& x) {
            world next = w;
            std::string wrong;
            if (found_.wrong.empty() && all_.happen(next, x, wrong)) {
                ++found_.transitions;
                found_.wrong = wrong;
                add(next, at);
            }
        });
    }
    void add(const world& w, std::uint32_t from) {
        const auto [at, fresh] = cores_.number(w.now);
        if (fresh) {
            nets_.emplace_back();
            waits_.push_back(false);
        }
        if (found_.wrong.empty()) {
            found_.wrong = judge_.on(cores_[from], w.now, fresh);
        }
        if (fresh || !w.net.within(nets_[at])) {
            nets_[at].add(w.net);
            if (!waits_[at]) {
                waiting_.push_back(at);
                waits_[at] = true;
            }
        }
    }

    worlds all_;
    judge judge_;
    core_book cores_;
    std::deque<network> nets_;  // by core
    std::vector<bool> waits_;   // by core
    std::deque<std::uint32_t> waiting_;
    finding found_;
};

/// The shortest way to a world in which something is wrong: breadth-first through all that there are.
///
/// A world is left out if another one has the same core and all of its frames: whatever can happen in the first can happen
/// in the second, because frames need not be delivered.
class shortest_way {
  public:
    explicit shortest_way(const rules& r) : all_(r), judge_(all_) {}

    finding run() {
        arrive(all_.first(), 0, {});
        std::size_t at = 0;
        for (; at < visits_.size() && visits_.size() <= all_.the_rules().states_max &&
               found_.wrong.empty();
             ++at) {
            if (visits_[at].net != left_out) {
                expand(static_cast<std::uint32_t>(at));
            }
        }
        found_.states = visits_.size();
        found_.cores = cores_.size();
        found_.complete = found_.wrong.empty() && at == visits_.size();
        return found_;
    }

  private:
    static constexpr std::uint32_t left_out = UINT32_MAX;

    /// A world, and how it came about.
    struct visit {
        std::uint32_t core;
        std::uint32_t net;
        std::uint32_t from;
        action how;
    };

    void expand(std::uint32_t at) {
        const world w{cores_[visits_[at].core], nets_[visits_[at].net]};
        all_.for_each_action(w, [&](const action& x) {
            world next = w;
            std::string wrong;
            if (found_.wrong.empty() && all_.happen(next, x, wrong)) {
                ++found_.transitions;
                if (wrong.empty()) {
                    arrive(next, at, x);
                } else {
                    fail(wrong, at, x);
                }
            }
        });
    }

    void arrive(const world& w, std::uint32_t from, const action& how) {
        const auto [at, fresh] = cores_.number(w.now);
        if (fresh) {
            same_.emplace_back();
        }
        const core& before = visits_.empty() ? w.now : cores_[visits_[from].core];
        if (const std::string wrong = judge_.on(before, w.now, fresh); !wrong.empty()) {
            return fail(wrong, from, how);
        }
        std::vector<std::uint32_t>& same = same_[at];
        for (const std::uint32_t other : same) {
            if (w.net.within(nets_[visits_[other].net])) {
                return;
            }
        }
        std::erase_if(same, [&](std::uint32_t other) {
            const bool less = nets_[visits_[other].net].within(w.net);
            if (less) {
                unused_.push_back(visits_[other].net);
                visits_[other].net = left_out;
            }
            return less;
        });
        same.push_back(static_cast<std::uint32_t>(visits_.size()));
        visits_.push_back({at, keep(w.net), from, how});
    }
    std::uint32_t keep(const network& net) {
        if (unused_.empty()) {
            nets_.push_back(net);
            return static_cast<std::uint32_t>(nets_.size() - 1);
        }
        const std::uint32_t at = unused_.back();
        unused_.pop_back();
        nets_[at] = net;
        return at;
    }

    void fail(const std::string& wrong, std::uint32_t from, const action& how) {
        std::vector<action> path;
        if (!visits_.empty()) {
            path.push_back(how);
        }
        for (std::uint32_t at = from; at != 0; at = visits_[at].from) {
            path.push_back(visits_[at].how);
        }
        std::reverse(path.begin(), path.end());
        found_.wrong = wrong;
        found_.diagram = diagram(all_, path).draw(wrong);
    }

    worlds all_;
    judge judge_;
    core_book cores_;
    std::deque<visit> visits_;
    std::deque<network> nets_;
    std::vector<std::uint32_t> unused_;            // of the networks
    std::deque<std::vector<std::uint32_t>> same_;  // by core: its worlds that are not left out
    finding found_;
};

/// Runs a search, and tells what it takes of the processor.
template <class Search>
[[nodiscard]] finding timed(const rules& r) {
    const std::clock_t began = std::clock();
    finding f = Search(r).run();
    f.seconds = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
    return f;
}

/// All worlds that the rules allow. What is wrong comes with the shortest way there.
[[nodiscard]] inline finding explored(const rules& r) {
    const finding proven = timed<proof>(r);
    return proven.wrong.empty() ? proven : timed<shortest_way>(r);
}

}  // namespace explore

#endif
