// SPDX-License-Identifier: BSL-1.0
#include <cstdint>
#include <utility>

#include "scenario/lossy_path.hpp"
#include "support/catch.hpp"
#include "support/effort.hpp"

namespace repetition_tests {
namespace {

using namespace scenario;

sender_options without_repetition() {
    return {.window = 512, .repeat_bytes = 0, .repeat_packets = 0};
}
lossy_outcome outcome_of(const lossy_setting& setting) {
    return lossy_path(setting).run();
}

TEST_CASE(
    "repetition: on a path that loses, hardly a message is late, for no more packets [spec 3.29]") {
    struct row {
        lossy_setting setting;
        double p99;      // ms, at most
        double p999;     // likewise
        double packets;  // of the sender, a message
    };
    const row each = GENERATE(
        row{{.loss = .01}, 145, 170, 1.05}, row{{.loss = .05}, 155, 300, 1.05},
        row{{.loss = .20}, 200, 450, 1.05}, row{{.loss = .20, .each = 50ms}, 260, 400, 3.2},
        row{{.loss = .05, .each = 1s}, 300, 480, 2.15});
    // congestion control makes nobody late
    const std::uint32_t flight_first = GENERATE(0U, 14'600U);
    CAPTURE(each.setting.loss, each.setting.each.count(), flight_first);
    lossy_setting setting = each.setting;
    setting.sender.flight_first = flight_first;
    const lossy_outcome in_order = outcome_of(setting);
    CHECK(in_order.quantile(.99) <= each.p99);
    CHECK(in_order.quantile(.999) <= each.p999);
    CHECK(in_order.packets_per_message <= each.packets);
    CHECK(in_order.repeated > 0);

    setting.order = delivery::as_it_comes;
    const lossy_outcome as_it_comes = outcome_of(setting);  // other packets are lost
    CHECK(as_it_comes.quantile(.99) <= 1.05 * in_order.quantile(.99));
    CHECK(as_it_comes.quantile(.999) <= 1.05 * in_order.quantile(.999));
}

TEST_CASE("repetition: losses in bursts, too, cost less time than without it, at every percentile "
          "[spec 3.29]") {
    const auto [burst, gain] = GENERATE(std::pair(3., 2.), std::pair(10., 1.1));
    if (burst > support::some_or_all(3., 10.)) {
        return;  // long ones are rare, so that it takes many messages to see what they cost
    }
    CAPTURE(burst);
    lossy_setting setting{.loss = .05, .messages = support::some_or_all(8'000, 30'000)};
    setting.burst = burst;
    const lossy_outcome with = outcome_of(setting);
    setting.sender = without_repetition();
    const lossy_outcome without = outcome_of(setting);
    for (const double share : {.5, .9, .95, .99, .999}) {
        CAPTURE(share);
        CHECK(with.quantile(share) <= without.quantile(share));
    }
    CHECK(gain * with.quantile(.99) <= without.quantile(.99));
    CHECK(with.packets_per_message <= without.packets_per_message);
}

TEST_CASE("repetition: on a path that loses nothing, not a byte is repeated, whatever its jitter "
          "[spec 3.29]") {
    const duration each = GENERATE(duration(1ms), duration(10ms), duration(1s));
    CAPTURE(each.count());
    const lossy_outcome out = outcome_of({.each = each});
    CHECK(out.repeated == 0);
    CHECK(out.packets_per_message <= 1.02);
    CHECK(out.quantile(.999) <= 141);
}

TEST_CASE("repetition: options forbid what rides again, and copies [spec 3.29]") {
    lossy_setting setting{.loss = .20, .each = 50ms, .messages = 2'000};
    const lossy_outcome with = outcome_of(setting);
    setting.sender = without_repetition();
    const lossy_outcome without = outcome_of(setting);
    CHECK(without.repeated == 0);
    CHECK(without.quantile(.99) > 3 * with.quantile(.99));
    setting.sender = {.window = 512, .repeat_packets = 0};
    const lossy_outcome riding = outcome_of(setting);
    CHECK(riding.repeated > 0);
    CHECK(riding.packets_per_message <= 1.05);
    setting.sender = {.window = 512, .repeat_packets = 10};  // a second
    const lossy_outcome few = outcome_of(setting);
    CHECK(few.packets_per_message <= 1.05 + 10. / 20);
    CHECK(few.packets_per_message >= 1.4);
}

}  // namespace
}  // namespace repetition_tests
