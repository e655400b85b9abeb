// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <sixfold/receiving/ack_report.hpp>
#include <sixfold/receiving/seen_numbers.hpp>
#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/test_access.hpp"

// How a sender goes on over paths that lose, delay and reorder, in virtual time and by counts: the real sender, a relay without
// memory, and a small model of a receiver. (spec 3.2 to 3.10)
//
//     A --- up ---> relay --- to_b ---> B
//     A <-- down -- relay <-- from_b -- B

namespace recovery_tests {
namespace {

using namespace sixfold;
using namespace std::chrono_literals;

/// What one link does to a packet that enters it at a time: how long it takes, or nothing, when it gets lost.
using link = std::function<std::optional<duration>(time_point, random_source&)>;

bool happens(double chance, random_source& random) {
    return static_cast<double>(random.below(1'000'000)) < chance * 1'000'000;
}
/// So long, and up to `jitter` more, evenly; and so many get lost.
link path(duration delay, duration jitter = 0ms, double loss = 0) {
    return [=](time_point, random_source& random) -> std::optional<duration> {
        const auto more = random.below(static_cast<std::uint64_t>(jitter.count()) + 1);
        return happens(loss, random)
                   ? std::nullopt
                   : std::optional(delay + duration(static_cast<duration::rep>(more)));
    };
}
/// First the one, then the other.
link changes(time_point when, link before, link after) {
    return [=](time_point now, random_source& random) {
        return (now < when ? before : after)(now, random);
    };
}
const link nothing_passes = [](time_point, random_source&) {
    return std::optional<duration>();
};

// --- B ----------------------------------------------------------------------------------------------

/// What B has of the stream, and what it owes. It says its state at once, and again until that is answered.
class receiver_model {
  public:
    /// Room for so many messages that its app has not accepted; with none of it the app accepts at once.
    std::optional<std::uint32_t> places;
    std::uint32_t window = 64;
    bool in_order = false;      ///< it accepts nothing before what is in front of it
    std::uint64_t got = 0;      ///< messages that came for the first time
    std::uint64_t doubled = 0;  ///< messages that came again
    std::uint64_t acks = 0;
    bool mute = false;  ///< it says nothing of numbers

    void take(const msg_request& from) {
        seen_.add(from.number);
        tells_limits_ |= from.probes();
        for (seq at = from.first; at < from.first + from.entries.count(); ++at) {
            take(at);
        }
        owes_ = true;
    }
    /// The app accepts the next one, if it is there.
    void accept() {
        if (const auto next = open_.find(floor_); next != open_.end()) {
            next->second = true;
            advance();
            owes_ = true;
        }
    }

    /// The next ack:R; its serial, state and echo.
    struct ack {
        ack_serial serial = 0;
        std::array<std::byte, ack_state_size_max()> bytes{};
        std::size_t size = 0;
        std::optional<sixfold::echo> seen;
    };
    [[nodiscard]] std::optional<ack> poll(time_point now) {
        if (now >= again_at_) {
            owes_ = true;
            ++resends_;
        }
        if (!owes_) {
            return std::nullopt;
        }
        owes_ = false;
        ack out;
        out.serial = ++serial_;
        fill(out);
        out.seen = mute ? std::nullopt : seen_.get();
        seen_.tell();
        sent_.emplace(out.serial, now);
        again_at_ = later(
            now, backoff(trip_.sampled() ? trip_.wait(20ms) : duration(500ms), resends_, 30s, 0));
        ++acks;
        return out;
    }
    void answered(ack_serial serial, time_point now) {
        const auto sending = sent_.find(serial);
        if (sending == sent_.end()) {
            return;
        }
        trip_.sample(now - sending->second, now);
        resends_ = 0;
        sent_.erase(sent_.begin(), std::next(sending));
        tells_limits_ &= !(limits_told_ == limits() && serial >= limits_serial_);
        if (serial == serial_) {
            again_at_ = never;
        }
    }
    [[nodiscard]] time_point next() const { return owes_ ? time_point() : again_at_; }
    [[nodiscard]] seq floor() const { return floor_; }

  private:
    void take(seq at) {
        if (at < floor_ || open_.count(at) != 0) {
            ++doubled;
        } else if (at >= floor_ + room()) {
            tells_limits_ = true;
        } else {
            ++got;
            open_[at] = !places && !in_order;
            advance();
        }
    }
    void advance() {
        for (auto at = open_.find(floor_); at != open_.end() && (at->second || in_order);
             at = open_.find(floor_)) {
            open_.erase(at);
            ++floor_;
        }
    }
    [[nodiscard]] std::uint32_t room() const {  // spec 3.24
        const auto held = static_cast<std::uint32_t>(std::count_if(
            open_.begin(), open_.end(), [](const auto& each) { return !each.second; }));
        const std::uint32_t free = places ? *places - (std::min)(held, *places) : window;
        const seq highest = open_.empty() ? floor_ : open_.rbegin()->first + 1;
        const seq holes = highest - floor_ - open_.size();
        const seq more = free > holes ? free - holes : 0;
        return static_cast<std::uint32_t>(
            (std::max)(floor_ + 1, (std::min)(floor_ + window, highest + more)) - floor_);
    }
    [[nodiscard]] receiver_limits limits() const { return {.room = room()}; }

    void fill(ack& out) {
        std::array<std::byte, ack_bits_size_max> accepted{};
        std::array<std::byte, ack_bits_size_max> held{};
        for (const auto& [at, is_accepted] : open_) {
            if (at - floor_ < ack_reach) {
                (is_accepted ? accepted : held)[(at - floor_) / 8] |=
                    std::byte{1} << static_cast<int>((at - floor_) % 8);
            }
        }
        ack_report report{.floor = floor_, .accepted = accepted, .held = held};
        tells_limits_ |= limits() != limits_told_;
        if (tells_limits_) {
            report.limits = limits_told_ = limits();
            limits_serial_ = out.serial;
        }
        out.size = encode_ack_state(report, out.bytes);
    }

    seq floor_ = 0;
    std::map<seq, bool> open_;  // what has come from the floor on, and whether it was accepted
    seen_numbers seen_;
    receiver_limits limits_told_;
    ack_serial limits_serial_ = 0;
    bool tells_limits_ = false;
    bool owes_ = false;
    ack_serial serial_ = 0;
    std::map<ack_serial, time_point> sent_;
    round_trip trip_;
    std::uint32_t resends_ = 0;
    time_point again_at_ = never;
};

// --- the world ---------------------------------------------------------------------------------------

/// A, the relay and B on their links, and what must hold whatever these do.
class world {
  public:
    link up, down, to_b, from_b;
    receiver_model b;
    bool msg_answers = true;  ///< of the relay
    std::uint64_t runs = 0;
    std::uint64_t probes = 0;

    explicit world(const link& all,
                   const sender_options& options = {},
                   transport over = transport::datagrams,
                   std::uint64_t seed = 1)
        : up(all), down(all), to_b(all), from_b(all),
          a_(sender::create(clock_, {.start = 1, .seed = seed}, with_memory(options)).value()) {
        a_.link_up(framing_, over);
    }

    /// So many messages, one each so often.
    void send(std::uint64_t count, duration each) {
        for (std::uint64_t i = 0; i < count; ++i) {
            at(clock_.now() + static_cast<duration::rep>(i) * each,
               [this] { REQUIRE(a_.send("bob", as_bytes("text"))); });
        }
        messages += count;
    }
    /// B's app accepts one each so often.
    void accept(std::uint64_t count, duration each) {
        for (std::uint64_t i = 1; i <= count; ++i) {
            at(clock_.now() + static_cast<duration::rep>(i) * each, [this] { b.accept(); });
        }
    }
    void new_link() {
        a_.link_up(framing_);
        linked_at_ = clock_.now();
    }
    void run_until(time_point end) {
        settle();
        while (!agenda_.empty() && agenda_.begin()->first <= end) {
            const auto next = agenda_.extract(agenda_.begin());
            clock_.set((std::max)(next.key(), clock_.now()));
            next.mapped()();
            settle();
        }
        clock_.set(end);
    }

    std::uint64_t messages = 0;  ///< that were sent by the app
    [[nodiscard]] std::uint64_t resent() const { return a_.resent(); }
    [[nodiscard]] bool all_is_delivered() const { return b.got == messages && a_.queued() == 0; }
    [[nodiscard]] duration hop() const {
        return test_access::smoothed(test_access::trip(test_access::hop(a_)));
    }
    [[nodiscard]] duration way() {
        return test_access::smoothed(test_access::path(a_, "bob").trip);
    }

  private:
    static sender_options with_memory(sender_options options) {
        options.queue_entries = options.peer_entries = 1 << 17;
        options.queue_bytes = options.peer_bytes = 1 << 24;
        options.repeat_bytes = options.repeat_packets = 0;  // what is sent again here is due
        return options;
    }
    void at(time_point when, std::function<void()> what) { agenda_.emplace(when, std::move(what)); }
    void pass(const link& through, std::function<void()> what) {
        if (const auto takes = through(clock_.now(), random_)) {
            at(clock_.now() + *takes, std::move(what));
        }
    }

    /// All that is to be said now leaves, and who waits is woken.
    void settle() {
        while (const auto packet = a_.poll_transmit(buffer_)) {
            refusal_counts others;
            (void)decode_packet(*packet, framing_, others, [this](const msg_request& what, bytes) {
                leaves(what);
                return refusal::none;
            });
        }
        while (a_.poll_event()) {
        }
        while (const auto ack = b.poll(clock_.now())) {
            ack_leaves(*ack);
        }
        wake_at((std::min)(a_.next_deadline(), b.next()));
    }
    void wake_at(time_point when) {
        if (when != never && (woken_at_ <= clock_.now() || when < woken_at_)) {
            woken_at_ = when;
            at(when, [] {});
        }
    }

    void leaves(const msg_request& what) {
        ++(what.probes() ? probes : runs);
        check(what);
        msg_request copy = what;  // whose payloads nobody looks at
        static constexpr std::array<std::byte, 64> tombstones{};
        if (!what.probes()) {
            REQUIRE(run::decode(bytes(tombstones).first(what.entries.count()), copy.entries) ==
                    refusal::none);
        }
        pass(up, [this, copy] {
            pass(down, [this, copy] { relay_says(copy); });
            pass(to_b, [this, copy] { b.take(copy); });
        });
    }
    void relay_says(const msg_request& of) {
        if (!msg_answers) {
            return;
        }
        latest_answer_ = (std::max)(latest_answer_, order_of(of.number));
        if (of.probes()) {
            REQUIRE(a_.handle(ack_notify{.from = "bob",
                                         .epoch = of.epoch,
                                         .word = ack_word::ended,
                                         .number = of.number}) == refusal::none);
        } else {
            REQUIRE(a_.handle(msg_answer{.to = "bob", .number = of.number}) == refusal::none);
        }
    }
    void ack_leaves(const receiver_model::ack& what) {
        pass(from_b, [this, what] {
            pass(to_b, [this, what] { b.answered(what.serial, clock_.now()); });
            pass(down, [this, what] { hears(what); });
        });
    }
    void hears(const receiver_model::ack& what) {
        const bytes state = bytes(what.bytes).first(what.size);
        ack_state read;
        REQUIRE(ack_state::decode(state, read) == refusal::none);
        room_ = read.limits() ? read.limits()->room : room_;
        room_end_ = read.floor() + room_;
        floor_ = (std::max)(floor_, read.floor());
        if (what.seen) {
            latest_answer_ = (std::max)(latest_answer_, order_of(what.seen->number));
        }
        for (auto& [which, last] : last_) {
            last.was_open |= read.tells(which) && read.of(which) == fate::open;
        }
        REQUIRE(a_.handle(ack_notify{.from = "bob",
                                     .epoch = test_access::stream(a_, "bob").epoch(),
                                     .echo = what.seen,
                                     .state = state}) == refusal::none);
    }

    // --- what must hold ----------------------------------------------------------------------------

    /// The last sending of a message.
    struct sent {
        std::uint64_t order = 0;
        bool was_open = false;  ///< B has said since that it has not got it
    };

    void check(const msg_request& what) {
        const std::uint64_t order = ++order_;
        orders_[what.number] = order;
        outbound_path& path = test_access::path(a_, "bob");
        const outbound_hop& hop = test_access::hop(a_);
        const duration least = (std::min)(hop.wait_hop(path.trip), hop.wait_way(path.trip));
        timed_out_ = clock_.now() >= last_left_ + least ? clock_.now() : timed_out_;
        for (seq at = what.first; at < what.first + what.entries.count(); ++at) {
            const auto before = last_.find(at);
            if (before == last_.end()) {
                // Nothing leaves for the first time beyond the room that B has told.
                REQUIRE((!path.met() || at < room_end_));
            } else {
                // Nothing leaves again without a cause: a later sending was answered, a time-out, a new link, or B's word.
                REQUIRE((latest_answer_ > before->second.order || timed_out_ == clock_.now() ||
                         linked_at_ == clock_.now() || before->second.was_open));
            }
            last_[at] = {order, false};
        }
        last_.erase(last_.begin(), last_.lower_bound(floor_));
        if (!what.probes()) {
            last_left_ = clock_.now();
        }
    }
    [[nodiscard]] std::uint64_t order_of(sending_number number) { return orders_[number]; }

    manual_clock clock_;
    framing framing_{"alice", checksum::off};
    sender a_;
    random_source random_{7};
    std::multimap<time_point, std::function<void()>> agenda_;
    time_point woken_at_{};
    std::array<std::byte, 1'400> buffer_{};

    std::map<seq, sent> last_;
    std::map<sending_number, std::uint64_t> orders_;  // of the last that had this number
    std::uint64_t order_ = 0;
    std::uint64_t latest_answer_ = 0;
    time_point last_left_{};
    time_point timed_out_{};
    time_point linked_at_{};
    std::uint32_t room_ = 64;
    seq room_end_ = seq_end;
    seq floor_ = 0;
};

constexpr time_point after(duration since) {
    return time_point(since);
}
/// Within a factor of two.
bool is_near(duration estimate, duration truth) {
    return estimate <= 2 * truth && 2 * estimate >= truth;
}

// --- paths that change -------------------------------------------------------------------------------

TEST_CASE(
    "recovery: where only B answers, and late, the first message alone goes twice [spec 3.4]") {
    world w(path(250ms));
    w.msg_answers = false;
    w.send(6, 10s);
    w.run_until(after(200s));
    CHECK(w.all_is_delivered());
    CHECK(w.resent() == 1);
    CHECK(is_near(w.way(), 1s));
}

TEST_CASE("recovery: a path that becomes slower costs a few resends, once [spec 3.4, 3.6]") {
    SECTION("40 ms to 60 ms, a message a second") {
        world w(changes(after(50s), path(10ms), path(15ms)));
        w.send(150, 1s);
        w.run_until(after(300s));
        CHECK(w.all_is_delivered());
        CHECK(w.resent() <= 2);
        CHECK(is_near(w.way(), 60ms));
    }
    SECTION("20 ms to 600 ms, a message each 100 ms") {
        world w(changes(after(5s), path(5ms), path(150ms)));
        w.send(650, 100ms);
        w.run_until(after(100s));
        CHECK(w.all_is_delivered());
        CHECK(w.resent() <= 6);
        CHECK(w.runs <= 656);
        CHECK(is_near(w.hop(), 300ms));
        CHECK(is_near(w.way(), 600ms));
    }
    SECTION("20 ms to 10 s and back, a message each 100 ms") {
        world w(changes(after(5s), path(5ms), changes(after(30s), path(2500ms), path(5ms))));
        w.send(650, 100ms);
        w.run_until(after(100s));
        CHECK(w.all_is_delivered());
        CHECK(w.resent() <= 65);
        CHECK(is_near(w.hop(), 10ms));
        CHECK(is_near(w.way(), 20ms));
    }
}

TEST_CASE("recovery: a path of ten seconds works [spec 3.4, 3.6]") {
    const auto [each, most] = GENERATE(std::pair(duration(3s), 2U), std::pair(duration(60s), 3U));
    world w(path(2500ms));
    w.send(20, each);
    w.run_until(after(1h));
    CHECK(w.all_is_delivered());
    CHECK(w.resent() <= most);
    CHECK(w.probes <= 4);
    CHECK(is_near(w.hop(), 5s));
    CHECK(is_near(w.way(), 10s));
}

TEST_CASE(
    "recovery: an estimate is near the truth after ten samples, whatever came before [spec 3.4]") {
    for (const duration before : {duration(20ms), duration(100ms), duration(1s), duration(4s)}) {
        for (const duration truth : {duration(20ms), duration(100ms), duration(1s), duration(4s)}) {
            CAPTURE(before.count(), truth.count());
            round_trip trip;
            time_point now{};
            for (int i = 0; i < 50; ++i) {
                trip.sample(before, now += 10s);
            }
            for (int i = 0; i < 10; ++i) {
                trip.sample(truth, now += 10s);
            }
            CHECK(is_near(test_access::smoothed(trip), truth));
        }
    }
}

// --- paths that reorder ------------------------------------------------------------------------------

TEST_CASE("recovery: jitter and reordering without loss cost one resend in a hundred at most [spec "
          "3.5]") {
    SECTION("jitter of 20 ms on each link") {
        const auto [each, most] =
            GENERATE(std::pair(duration(10ms), 50U), std::pair(duration(50ms), 0U),
                     std::pair(duration(1s), 0U));
        world w(path(50ms, 20ms));
        w.b.in_order = GENERATE(false, true);
        w.send(5'000, each);
        w.run_until(after(2h));
        CHECK(w.all_is_delivered());
        CHECK(w.resent() <= most);
        CHECK(w.probes == 1);
        CHECK(is_near(w.way(), 240ms));
    }
    SECTION("one in twenty comes up to 80 ms late") {
        world w([](time_point, random_source& random) -> std::optional<duration> {
            return 50ms +
                   (happens(0.05, random) ? std::chrono::milliseconds(random.below(80)) : 0ms);
        });
        w.send(5'000, 10ms);
        w.run_until(after(2min));
        CHECK(w.all_is_delivered());
        CHECK(w.resent() <= 50);
    }
}

// --- paths that lose ---------------------------------------------------------------------------------

TEST_CASE("recovery: what gets lost goes again, and little else [spec 3.5, 3.6]") {
    struct row {
        double loss;
        duration each;
        std::uint64_t resent;   // at most, of a thousand
        std::uint64_t doubled;  // of these, needless
        std::uint64_t probes;
    };
    const row each = GENERATE(row{.01, 10ms, 45, 20, 3}, row{.01, 1s, 60, 40, 3},
                              row{.05, 10ms, 200, 70, 3}, row{.05, 1s, 280, 150, 10},
                              row{.20, 50ms, 900, 180, 10}, row{.20, 1s, 1'250, 450, 100});
    CAPTURE(each.loss, each.each.count());
    world w(path(50ms, 20ms, each.loss), {.window = 512});
    w.b.window = 512;
    w.send(3'000, each.each);
    w.run_until(after(1h));
    CHECK(w.all_is_delivered());
    CHECK(w.resent() <= 3 * each.resent);
    CHECK(w.b.doubled <= 3 * each.doubled);
    CHECK(w.probes <= 3 * each.probes);
}

TEST_CASE(
    "recovery: an outage costs a handful of sendings, and then the rest goes at once [spec 3.6]") {
    SECTION("ten seconds of it, a message each 100 ms") {
        world w(changes(after(5s), path(30ms), changes(after(15s), nothing_passes, path(30ms))));
        w.send(300, 100ms);
        w.run_until(after(60s));
        CHECK(w.all_is_delivered());
        CHECK(w.b.doubled <= 5);
        CHECK(w.runs <= 320);
    }
    SECTION("ten minutes of it") {
        world w(changes(after(5s), path(30ms), changes(after(605s), nothing_passes, path(30ms))));
        w.send(60, 100ms);
        w.run_until(after(605s));
        CHECK(w.runs + w.probes <= 60 + 60);
        w.run_until(after(700s));
        CHECK(w.all_is_delivered());
        CHECK(w.b.doubled <= 5);
    }
}

TEST_CASE("recovery: on a new link the lowest run goes again, and the rest by what the answers say "
          "[spec 3.28]") {
    world w(changes(after(5s), path(30ms), changes(after(10s), nothing_passes, path(30ms))));
    w.send(64, 100ms);
    w.run_until(after(10s));
    const std::uint64_t before = w.runs;
    w.new_link();
    w.run_until(after(11s));
    CHECK(w.all_is_delivered());
    CHECK(w.runs - before <= 20);
}

// --- receivers that have little room -----------------------------------------------------------------

TEST_CASE(
    "recovery: a receiver with one place and a slow app costs a run and a probe a message [spec "
    "3.6, 3.8, 3.9]") {
    const auto [loss, most] = GENERATE(std::pair(0.0, 131U), std::pair(0.05, 166U));
    CAPTURE(loss);
    world w(path(10ms, 0ms, loss));
    w.b.places = 1;
    w.send(1, 0ms);  // so that its room is known
    w.run_until(after(1s));
    w.send(63, 0ms);
    w.accept(1'000, 1s);
    w.run_until(after(1'000s));
    CHECK(w.all_is_delivered());
    CHECK(w.runs + w.probes <= most);
    CHECK(w.b.doubled <= 16);
}

TEST_CASE("recovery: a receiver whose app is slow is sent what it has room for [spec 3.9]") {
    world w(path(10ms));
    w.b.places = 12;
    w.send(640, 0ms);
    w.accept(900, 100ms);
    w.run_until(after(200s));
    CHECK(w.all_is_delivered());
    CHECK(w.resent() <= 64);  // what left before B had said anything
    CHECK(w.probes <= 10);
}

TEST_CASE("recovery: an app that accepts nothing for an hour costs a probe a minute [spec 3.6]") {
    world w(path(10ms));
    w.b.places = 4;
    w.send(20, 0ms);
    w.run_until(after(1h));
    CHECK(w.probes <= 70);
    CHECK(w.resent() <= 64);
    w.accept(100, 100ms);
    w.run_until(after(1h + 5min));
    CHECK(w.all_is_delivered());
}

// --- others ------------------------------------------------------------------------------------------

TEST_CASE(
    "recovery: over a byte stream nothing is sent twice while the path only becomes slower [spec "
    "3.5, 3.6]") {
    world w(changes(after(5s), path(5ms), path(150ms)), {}, transport::byte_stream);
    w.send(650, 100ms);
    w.run_until(after(100s));
    CHECK(w.all_is_delivered());
    CHECK(w.resent() == 0);
}

TEST_CASE("recovery: a receiver that says nothing of numbers is served by time [spec 3.6]") {
    world w(path(10ms, 0ms, 0.05));
    w.b.mute = true;
    w.send(500, 100ms);
    w.run_until(after(300s));
    CHECK(w.all_is_delivered());
    CHECK(w.resent() <= 120);
}

/// The seed of a life whose first number is among the last thousand.
std::uint64_t near_the_wrap() {
    for (std::uint64_t seed = 0;; ++seed) {
        const manual_clock clock;
        sender a = sender::create(clock, {.start = 1, .seed = seed}).value();
        REQUIRE(a.send("bob", {}));
        if (test_access::path(a, "bob").sendings.next() > 0xFC18) {
            return seed;
        }
    }
}

TEST_CASE("recovery: numbers wrap in the midst of it all [spec 1.6]") {
    world w(path(2ms, 1ms, 0.02), {}, transport::datagrams, near_the_wrap());
    w.send(3'000, 1ms);
    w.run_until(after(60s));
    CHECK(w.all_is_delivered());
    CHECK(w.resent() <= 3'000 / 12);
    CHECK(w.b.doubled <= 3'000 / 30);
}

}  // namespace
}  // namespace recovery_tests
