// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

#include "scenario/bottleneck.hpp"
#include "scenario/lossy_path.hpp"
#include "support/catch.hpp"

// Prints how late messages are on a path that loses, with and without repetition, and what becomes of an uplink that senders fill, with
// and without congestion control, as tables; `sixfold_loss curves` prints what benchmarks/report plots. Nothing is timed: real machines
// in virtual time, from fixed seeds.

namespace {

using namespace scenario;

void print(const lossy_setting& setting) {
    const lossy_outcome out = lossy_path(setting).run();
    const bool repeats = setting.sender.repeat_bytes != 0;
    std::printf("| %g %% | %s | %lld ms | %s | %s | %.0f / %.0f / %.0f | %.2f | %.0f |\n",
                setting.loss * 100,
                setting.burst > 1 ? std::to_string(static_cast<int>(setting.burst)).c_str() : "1",
                static_cast<long long>(setting.each / 1ms),
                setting.order == delivery::in_order ? "in order" : "as it comes",
                repeats ? "yes" : "no", out.quantile(.5), out.quantile(.99), out.quantile(.999),
                out.packets_per_message, out.bytes_per_packet);
    std::fflush(stdout);
}

/// With repetition, and without.
void print_both(lossy_setting setting) {
    print(setting);
    setting.sender.repeat_bytes = setting.sender.repeat_packets = 0;
    print(setting);
}

void print(const bottleneck_setting& setting) {
    const bottleneck_outcome out = bottleneck(setting).run();
    std::printf("| %g | %lld ms | %d%s | %g %% | %s | %.0f %% | %.1f %% | %.0f ms | %.2f |\n",
                setting.mbit, static_cast<long long>(setting.queue / 1ms), setting.senders,
                setting.cubic ? " and CUBIC" : "", setting.loss * 100,
                setting.flight_first != 0 ? "yes" : "no", out.used() * 100, out.dropped * 100,
                out.queue, setting.cubic ? out.shares[0] / out.used() : out.fairness());
    std::fflush(stdout);
}
/// With congestion control, and without.
void print_uplink(bottleneck_setting setting) {
    print(setting);
    setting.flight_first = 0;
    print(setting);
}

/// Eight senders with a megabyte each: when the first is done, as a share of when the last is.
void print_ends(duration apart) {
    std::printf("| %lld ms |", static_cast<long long>(apart / 1ms));
    for (const duration queue : {20ms, 100ms, 200ms}) {
        const bottleneck_setting setting{
            .queue = queue, .apart = apart, .senders = 8, .messages = 1'000, .time = 60s};
        std::printf(" %.2f |", bottleneck(setting).run().first_to_last());
    }
    std::printf("\n");
}

/// Lines of CSV: a plot, a line in it, x, y.
void plot_latency(bool repeats) {
    const char* const line = repeats ? "with repetition" : "without";
    for (const double loss : {0., .01, .02, .05, .10, .15, .20}) {
        lossy_setting setting{.loss = loss, .messages = 20'000};
        setting.sender.repeat_bytes *= std::uint32_t{repeats};
        setting.sender.repeat_packets *= std::uint32_t{repeats};
        const lossy_outcome out = lossy_path(setting).run();
        std::printf("latency,%s: p50,%g,%g\n", line, loss * 100, out.quantile(.5));
        std::printf("latency,%s: p99,%g,%g\n", line, loss * 100, out.quantile(.99));
        for (int i = 0; loss == .05 && i < 1000; ++i) {
            std::printf("distribution,%s,%g,%g\n", line, out.quantile(i / 1000.), i / 10.);
        }
    }
}
void plot_course(std::uint32_t flight_first) {
    const char* const line = flight_first != 0 ? "with congestion control" : "without";
    const bottleneck_outcome out =
        bottleneck({.queue = 200ms, .senders = 2, .time = 11s, .flight_first = flight_first}).run();
    for (std::size_t i = 0; i < 100; ++i) {
        const double at = static_cast<double>(i) / 10;
        std::printf("throughput,%s,%g,%g\n", line, at, out.course[i].carried * 80 / 1e6);
        std::printf("queue,%s,%g,%g\n", line, at, out.course[i].queue);
    }
}

}  // namespace

TEST_CASE("loss") {
    std::printf("| lost on each hop | in a row | each | delivery | repetition | p50 / p99 / p99.9 "
                "ms | packets a message | "
                "bytes a packet |\n| --- | ---: | ---: | --- | --- | ---: | ---: | ---: |\n");
    for (const double loss : {0., .01, .05, .20}) {
        print_both({.loss = loss, .messages = 50'000});
    }
    for (const double loss : {.05, .20}) {
        print_both({.loss = loss, .messages = 50'000, .order = delivery::as_it_comes});
    }
    for (const double burst : {3., 10.}) {
        print_both({.loss = .05, .messages = 50'000, .burst = burst});
    }
    print_both({.loss = .20, .each = 50ms, .messages = 20'000});
    print_both({.loss = .05, .each = 1s, .messages = 10'000});
}

TEST_CASE("bottlenecks") {
    std::printf("| Mbit/s | queue | senders | random loss | congestion control | used | dropped | "
                "mean queue | fairness |\n"
                "| ---: | ---: | --- | ---: | --- | ---: | ---: | ---: | ---: |\n");
    for (const double mbit : {1., 10., 100.}) {
        for (const duration queue : {20ms, 100ms, 200ms}) {
            print_uplink({.mbit = mbit, .queue = queue, .time = mbit > 50 ? 5s : 12s});
        }
    }
    print_uplink({.loss = .02});
    for (const duration queue : {20ms, 100ms, 200ms}) {
        print_uplink({.queue = queue, .senders = 8, .time = 30s});
    }
    print_uplink({.cubic = true, .time = 40s});
    std::printf("\n| each begins after the one before | queue 20 ms | 100 ms | 200 ms |\n"
                "| ---: | ---: | ---: | ---: |\n");
    for (const duration apart : {0ms, 1ms, 5ms, 17ms, 40ms, 60ms}) {
        print_ends(apart);
    }
}

TEST_CASE("curves", "[.]") {
    for (const bool repeats : {true, false}) {
        plot_latency(repeats);
    }
    for (const std::uint32_t flight_first : {14'600U, 0U}) {
        plot_course(flight_first);
    }
}
