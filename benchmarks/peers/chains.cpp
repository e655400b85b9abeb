// SPDX-License-Identifier: BSL-1.0
#include "chains.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <sys/time.h>

#include "../measure.hpp"

// Prints how late messages are over two hops that lose: of sixfold, whose relay keeps nothing, and of those peers that are there, with a
// connection on each hop. All of them run on one network, in virtual time, from a fixed seed.

namespace {

using namespace bench;
using sixfold::bytes;

std::uint64_t asked = 0;  // for the time, by a library

}  // namespace

/// The libraries ask the system, and find this function first, by the rules of ELF.
extern "C" int gettimeofday(timeval* out, void*) noexcept {
    constexpr auto start = 1'000'000s;  // of an epoch that nobody knows
    const auto now = start + virtual_time.now().time_since_epoch();
    out->tv_sec = static_cast<time_t>(now / 1s);
    out->tv_usec = static_cast<suseconds_t>(now % 1s / 1us);
    ++asked;
    return 0;
}

namespace {

/// What became of the messages.
struct outcome : support::lateness {
    traffic of_alice, of_all;
    std::uint32_t messages = 0;  ///< that Alice's app has sent
    duration took{};             ///< from the first message to the end
    bool gave_up = false;        ///< a hop, before all were there
    bool all_arrived = false;
};

/// Sends over a chain whose packets go through `network`, until so many messages are there, a hop is given up, or one is a minute late. More
/// messages follow the last that counts: a burst of losses ends with the packets that it takes, and would not end for one that is alone.
class chain_run {
  public:
    chain_run(lossy_network& network, chain& over, const chain_setting& setting)
        : network_(network), chain_(over), setting_(setting) {}

    [[nodiscard]] outcome run() {
        link();
        begin_ = next_ = virtual_time.now();
        while (first_missing_ < setting_.messages && !chain_.is_broken() && !is_too_late()) {
            step();
            if (virtual_time.now() >= next_) {
                send();
            }
        }
        out_.took = virtual_time.now() - begin_;
        out_.gave_up = chain_.is_broken();
        out_.all_arrived = first_missing_ >= setting_.messages;
        out_.of_alice = network_.of_alice();
        out_.of_all = network_.of_all();
        out_.messages = static_cast<std::uint32_t>(sent_at_.size());
        std::sort(out_.latencies.begin(), out_.latencies.end());
        return std::move(out_);
    }

  private:
    /// Nothing is lost yet. A second later the hops know their round trip.
    void link() {
        const time_point end = virtual_time.now() + 60s;
        time_point until = end;
        while (virtual_time.now() < until) {
            if (until == end && chain_.is_linked()) {
                until = virtual_time.now() + 1s;
            }
            step();
        }
        require(chain_.is_linked(), "the hops were not linked");
        network_.begin();
    }
    [[nodiscard]] bool is_too_late() const {
        return first_missing_ < sent_at_.size() &&
               virtual_time.now() - sent_at_[first_missing_] > 60s;
    }
    /// To the next moment in which something happens.
    void step() {
        virtual_time.set((std::max)(virtual_time.now(), (std::min)({next_, network_.next_arrival(),
                                                                    chain_.next_deadline()})));
        while (network_.next_arrival() <= virtual_time.now()) {
            chain_.arrive(network_.take());
        }
        serve();
    }
    void send() {
        std::array<std::byte, 64> message{};
        const auto number = static_cast<std::uint32_t>(sent_at_.size());
        std::memcpy(message.data(), &number, sizeof number);
        sent_at_.push_back(virtual_time.now());
        chain_.send(message);
        next_ += setting_.each;
        serve();
    }
    void serve() {
        chain_.serve([this](bytes message) {
            require(message.size() == 64, "not the whole message");
            std::uint32_t number = 0;
            std::memcpy(&number, message.data(), sizeof number);
            require(number < sent_at_.size() && sent_at_[number] != sixfold::never,
                    "a message that nobody sent, or a second time");
            if (sent_at_[number] - begin_ >= 2s && number < setting_.messages) {
                out_.latencies.push_back(
                    std::chrono::duration<double, std::milli>(virtual_time.now() - sent_at_[number])
                        .count());
            }
            sent_at_[number] = sixfold::never;
        });
        while (first_missing_ < sent_at_.size() && sent_at_[first_missing_] == sixfold::never) {
            ++first_missing_;
        }
    }

    lossy_network& network_;
    chain& chain_;
    chain_setting setting_;
    time_point begin_ = sixfold::never;
    time_point next_ = sixfold::never;
    std::vector<time_point> sent_at_;  ///< of each message, `never` once it is there
    std::size_t first_missing_ = 0;
    outcome out_;
};

/// Whose chains.
struct peer {
    const char* name;
    std::vector<chain_kind> (*chains)();  ///< is called once
    bool asks;                            ///< the system for the time
};
constexpr peer peers[] = {
    {"sixfold", chains_of_sixfold, false},
#ifdef SIXFOLD_CHAINS_ENET
    {"enet", chains_of_enet, true},
#endif
#ifdef SIXFOLD_CHAINS_USRSCTP
    {"usrsctp", chains_of_usrsctp, true},
#endif
};

std::vector<std::string> names() {
    std::vector<std::string> all;
    for (const peer& each : peers) {
        all.emplace_back(each.name);
    }
    return all;
}

/// What came out of a chain, at each loss.
struct row {
    std::string name;
    std::string delivery;
    std::vector<outcome> cells;
};

row measure(const chain_kind& kind,
            bool asks,
            chain_setting setting,
            const std::vector<double>& losses) {
    row out{kind.name, kind.delivery, {}};
    for (const double loss : losses) {
        setting.loss = loss / 100;
        lossy_network network(setting);
        const auto chain = kind.make(network);
        asked = 0;
        out.cells.push_back(chain_run(network, *chain, setting).run());
        require(!asks || asked != 0, "a library has a clock of its own");
    }
    return out;
}

template <class Cell>
void print(const char* title,
           const std::vector<row>& rows,
           const std::vector<double>& losses,
           Cell cell) {
    std::printf("| %s | delivery |", title);
    for (const double loss : losses) {
        std::printf(" %g %% |", loss);
    }
    std::printf("\n| --- | --- |");
    for (std::size_t i = 0; i < losses.size(); ++i) {
        std::printf(" ---: |");
    }
    for (const row& each : rows) {
        std::printf("\n| %s | %s |", each.name.c_str(), each.delivery.c_str());
        for (const outcome& one : each.cells) {
            std::putchar(' ');
            cell(one);
            std::printf(" |");
        }
    }
    std::printf("\n\n");
}

void print(const std::vector<row>& rows, const std::vector<double>& losses) {
    print("p50 / p99 / p99.9 in ms", rows, losses, [](const outcome& it) {
        if (it.gave_up) {
            std::printf("given up after %lld s", static_cast<long long>(it.took / 1s));
        } else if (!it.all_arrived) {
            std::printf("over 60 s");
        } else {
            std::printf("%.0f / %.0f / %.0f", it.quantile(.5), it.quantile(.99), it.quantile(.999));
        }
    });
    print("packets a message, of Alice / of all", rows, losses, [](const outcome& it) {
        std::printf("%.2f / %.2f", it.of_alice.packets / it.messages,
                    it.of_all.packets / it.messages);
    });
    print("bytes a message, of Alice / of all", rows, losses, [](const outcome& it) {
        std::printf("%.0f / %.0f", it.of_alice.bytes / it.messages, it.of_all.bytes / it.messages);
    });
}

}  // namespace

int main(int argc, char** argv) try {
    CLI::App app("How late messages of 64 bytes are over two hops that lose: tables of Markdown");
    chain_setting setting;
    std::vector<std::string> wanted = names();
    std::vector<double> losses = {0, 1, 5, 20};
    std::int64_t milliseconds = setting.each / 1ms;
    app.add_option("peer", wanted, "whose")->check(CLI::IsMember(names()))->capture_default_str();
    app.add_option("--loss", losses, "per cent of the packets, on each hop and way")
        ->check(CLI::Range(0., 30.))
        ->allow_extra_args(false)
        ->delimiter(',')
        ->capture_default_str();
    app.add_option("--burst", setting.burst, "packets that are lost in a row, in the mean")
        ->check(CLI::Range(1., 1000.))
        ->capture_default_str();
    app.add_option("--messages", setting.messages, "how many")
        ->check(CLI::Range(1000, 10'000'000))
        ->capture_default_str();
    app.add_option("--milliseconds", milliseconds, "from one message to the next")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    app.add_option("--seed", setting.seed, "of what gets lost, and of how long the rest takes")
        ->capture_default_str();
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp& help) {
        return app.exit(help);
    } catch (const CLI::ParseError& error) {
        std::fprintf(stderr, "sixfold_chains: %s\n", error.what());
        return 2;
    }
    setting.each = milliseconds * 1ms;
    std::vector<row> rows;
    for (const peer& each : peers) {
        if (std::find(wanted.begin(), wanted.end(), each.name) != wanted.end()) {
            for (const chain_kind& kind : each.chains()) {
                rows.push_back(measure(kind, each.asks, setting, losses));
            }
        }
    }
    print(rows, losses);
    return 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "sixfold_chains: %s\n", error.what());
    return 1;
}
