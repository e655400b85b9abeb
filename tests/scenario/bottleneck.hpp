// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SCENARIO_BOTTLENECK_HPP
#define SIXFOLD_TESTS_SCENARIO_BOTTLENECK_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>  // memcpy
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/test_access.hpp"

// Senders who share one uplink: real machines in virtual time, from fixed seeds.

namespace scenario {

using namespace sixfold;
using namespace std::chrono_literals;

/// The uplink, and who uses it.
struct bottleneck_setting {
    double mbit = 10;          ///< a second
    duration queue = 100ms;    ///< what would wait for longer is dropped
    duration trip = 50ms;      ///< to the relay and back, without a queue
    duration apart{};          ///< so much later each begins than the one before
    double loss = 0;           ///< by chance, of the packets to the relay
    int senders = 1;           ///< each has something to send all the time,
    int messages = 1'000'000;  ///< or so many messages,
    duration each{};           ///< one of them so often: all at once,
    int burst = 0;             ///< but so many more of them after two seconds
    std::size_t size = 1024;   ///< bytes of each
    std::size_t first =
        0;  ///< but of the first one, which has come before there are others; 0: there is none such
    bool cubic = false;    ///< one who does as RFC 9438 says is beside them
    duration time = 12s;   ///< until all is over;
    duration counts = 2s;  ///< what was before that does not count
    std::uint32_t flight_first = 14'600;
};

/// What became of it, of what counts.
struct bottleneck_outcome {
    /// Of what the uplink carries: payloads that were accepted, by sender.
    std::vector<double> shares;
    double rival = 0;              ///< likewise, of the one beside them
    double dropped = 0;            ///< of the packets
    double queue = 0;              ///< that a packet found, in ms, in the mean
    std::vector<double> done;      ///< when the last of each sender was delivered, in s
    std::uint64_t packets = 0;     ///< of all
    std::uint64_t sent_again = 0;  ///< messages

    /// A tenth of a second of the uplink.
    struct tenth {
        double carried = 0;  ///< bytes of payloads that were accepted
        double queue = 0;    ///< the longest that a packet found, in ms
    };
    std::vector<tenth> course;  ///< one behind the other

    [[nodiscard]] double used() const {
        double sum = rival;
        for (const double each : shares) {
            sum += each;
        }
        return sum;
    }
    /// Jain's index: 1 if all have the same.
    [[nodiscard]] double fairness() const {
        double sum = 0;
        double squares = 0;
        for (const double each : shares) {
            sum += each;
            squares += each * each;
        }
        return sum * sum / (static_cast<double>(shares.size()) * squares);
    }
    /// When the first was done, as a share of when the last was.
    [[nodiscard]] double first_to_last() const {
        return *std::min_element(done.begin(), done.end()) /
               *std::max_element(done.begin(), done.end());
    }
};

/// A loss-based flow as RFC 9438 describes it, of packets of 1,200 bytes, without machines.
class cubic_flow {
  public:
    [[nodiscard]] bool has_room() const { return static_cast<double>(out_.size()) < window_; }
    std::uint64_t send(time_point now) {
        out_.push_back({next_, now});
        return next_++;
    }
    void answered(std::uint64_t number, time_point now) {
        const auto at = std::find_if(out_.begin(), out_.end(),
                                     [&](const auto& each) { return each.first == number; });
        if (at != out_.end()) {
            grow(now);
            out_.erase(at);
        }
        while (!out_.empty() && out_.front().first + 3 <= number) {
            cut(out_.front().second, now);
            out_.pop_front();
        }
        latest_ = now;
    }
    /// Nothing came for a second.
    void look(time_point now) {
        if (!out_.empty() && now - latest_ > 1s) {
            cut(now, now);
            window_ = 1;
            out_.clear();
            latest_ = now;
        }
    }

  private:
    void grow(time_point now) {
        if (window_ < threshold_) {
            window_ += 1;
            return;
        }
        if (began_ == never) {
            began_ = now;
            friendly_ = window_;
            reach_ = std::cbrt((std::max)(0., most_ - window_) / .4);
        }
        const double t = std::chrono::duration<double>(now - began_).count();
        const double aim = most_ + .4 * std::pow(t - reach_, 3);
        friendly_ += 3 * .3 / 1.7 / window_;
        window_ += (std::clamp(aim, window_, 1.5 * window_) - window_) / window_;
        window_ = (std::max)(window_, friendly_);
    }
    void cut(time_point sent, time_point now) {
        if (sent >= cut_at_) {
            most_ = window_ < most_ ? window_ * 1.7 / 2 : window_;
            window_ = threshold_ = (std::max)(2., window_ * .7);
            cut_at_ = now;
            began_ = never;
        }
    }

    std::deque<std::pair<std::uint64_t, time_point>> out_;
    std::uint64_t next_ = 0;
    double window_ = 10;
    double threshold_ = 1e9;
    double most_ = 0;
    double reach_ = 0;
    double friendly_ = 0;
    time_point began_ = never;
    time_point cut_at_{};
    time_point latest_{};
};

/// The uplink: a rate, and a queue that drops at its end. From there to the relay is half of the trip, and the relay is 5 ms from Bob.
class bottleneck {
  public:
    explicit bottleneck(const bottleneck_setting& setting)
        : setting_(setting), random_(7),
          bob_(client::create(clock_, bob_options(setting)).value()) {
        bob_.link_up(checksum::on);
        REQUIRE(relay_.link_up(link_of(-1), "bob", checksum::on).has_value());
        for (int i = 0; i < setting.senders; ++i) {
            const peer name(std::string("a") + std::to_string(i));
            senders_.push_back(std::make_unique<party>(clock_, name, setting, i));
            REQUIRE(relay_.link_up(link_of(i), name, checksum::on).has_value());
        }
        out_.shares.resize(senders_.size());
        out_.done.resize(senders_.size());
    }
    bottleneck(const bottleneck&) = delete;  // the clients refer to the clock
    bottleneck& operator=(const bottleneck&) = delete;

    [[nodiscard]] bottleneck_outcome run() {
        push_cubic();
        while (clock_.now() - start < setting_.time && !is_done()) {
            time_point next = (std::min)(bob_.next_deadline(),
                                         under_way_.empty() ? never : under_way_.begin()->first);
            for (const auto& each : senders_) {
                next = (std::min)(next, each->machine.next_deadline());
            }
            if (begun_ < senders_.size()) {
                next = (std::min)(next, begins_at(begun_));
            }
            if (setting_.each != duration::zero()) {
                next = (std::min)(next, clock_.now() + setting_.each -
                                            (clock_.now() - start) % setting_.each);
            }
            clock_.set((std::max)(clock_.now(), next));
            while (!under_way_.empty() && under_way_.begin()->first <= clock_.now()) {
                arrive();
            }
            begin();
            for (std::size_t i = 0; i < begun_; ++i) {
                serve(i);
            }
            serve_bob();
        }
        finish();
        return out_;
    }

  private:
    static constexpr time_point start{};

    struct party {
        party(const manual_clock& clock, const peer& name, const bottleneck_setting& setting, int i)
            : machine(client::create(clock, options(name, setting, i)).value()) {}
        static client_options options(const peer& name, const bottleneck_setting& setting, int i) {
            client_options out{.self = name,
                               .life = {.start = 1, .seed = static_cast<std::uint64_t>(i) + 1}};
            out.sender.window = 4096;
            out.sender.queue_entries = out.sender.peer_entries = 4096;
            out.sender.queue_bytes = out.sender.peer_bytes = 8 << 20;
            out.sender.payload_max = 1024;
            out.sender.flight_first = setting.flight_first;
            return out;
        }
        client machine;
        std::uint64_t flight = 0;  // after the last packet
        int taken = 0;
        int delivered = 0;
    };
    struct packet {
        int from;  // a sender; -1: Bob
        int to;    // a sender; -1: Bob; -2: the relay
        std::vector<std::byte> content;
        std::uint64_t number = 0;  // of the one beside them, whose content is empty
    };

    static client_options bob_options(const bottleneck_setting&) {
        client_options out{.self = "bob", .life = {.start = 1, .seed = 999}};
        out.receiver.window = 4096;
        out.receiver.payload_max = 1024;
        out.receiver.held_entries = 1 << 16;
        out.receiver.held_bytes = 64 << 20;
        return out;
    }
    static link_id link_of(int who) { return link_id{static_cast<std::uint64_t>(who + 2)}; }

    [[nodiscard]] bool counts() const { return clock_.now() - start > setting_.counts; }
    [[nodiscard]] time_point begins_at(std::size_t who) const {
        return start + static_cast<int>(who) * setting_.apart;
    }
    /// So many messages each sender has by now.
    [[nodiscard]] int due() const {
        if (setting_.each == duration::zero()) {
            return setting_.messages;
        }
        const duration passed = clock_.now() - start;
        const auto paced = static_cast<int>(passed / setting_.each);
        return (std::min)(setting_.messages, paced + (passed >= 2s ? setting_.burst : 0));
    }
    void begin() {
        while (begun_ < senders_.size() && begins_at(begun_) <= clock_.now()) {
            senders_[begun_++]->machine.link_up(checksum::on);
        }
    }
    [[nodiscard]] bool is_done() const {
        return std::all_of(senders_.begin(), senders_.end(), [this](const auto& each) {
            return each->delivered >= setting_.messages;
        });
    }
    void later_on(duration after, packet what) {
        under_way_.emplace(clock_.now() + after, std::move(what));
    }

    /// Through the uplink.
    void put(packet what, std::size_t size) {
        ++out_.packets;
        passed_ += std::uint64_t{counts()};
        if (static_cast<double>(random_.below(1'000'000)) < setting_.loss * 1e6) {
            return;
        }
        const time_point begins = (std::max)(free_at_, clock_.now());
        if (begins - clock_.now() > setting_.queue) {
            dropped_ += std::uint64_t{counts()};
            return;
        }
        if (counts()) {
            waited_ += std::chrono::duration<double, std::milli>(begins - clock_.now()).count();
        }
        free_at_ =
            begins +
            duration(static_cast<duration::rep>(static_cast<double>(size) * 8e3 / setting_.mbit));
        double& queue = tenth().queue;
        queue = (std::max)(
            queue, std::chrono::duration<double, std::milli>(begins - clock_.now()).count());
        later_on(free_at_ - clock_.now() + setting_.trip / 2, std::move(what));
    }
    /// The present one.
    [[nodiscard]] bottleneck_outcome::tenth& tenth() {
        const auto at = static_cast<std::size_t>((clock_.now() - start) / 100ms);
        out_.course.resize((std::max)(out_.course.size(), at + 1));
        return out_.course[at];
    }
    void push_cubic() {
        while (setting_.cubic && cubic_.has_room()) {
            put({.from = 0, .to = -2, .content = {}, .number = cubic_.send(clock_.now())}, 1200);
        }
    }

    void serve(std::size_t which) {
        party& who = *senders_[which];
        while (const auto event = who.machine.poll_event()) {
            who.delivered += int{event->what == status::delivered};
            if (who.delivered == setting_.messages) {
                out_.done[which] = std::chrono::duration<double>(clock_.now() - start).count();
            }
        }
        std::array<std::byte, 1024> payload{};
        const bool is_first = setting_.first != 0 && who.delivered == 0;
        const std::size_t size = is_first ? setting_.first : setting_.size;
        while (who.taken < (is_first ? 1 : due()) &&
               who.machine.send("bob", bytes(payload).first(size)).has_value()) {
            ++who.taken;
        }
        while (const auto content = who.machine.poll_transmit(buffer_)) {
            check_window(who);
            put({static_cast<int>(which), -2, {content->begin(), content->end()}}, content->size());
        }
    }
    void serve_bob() {
        while (const auto message = bob_.poll_message()) {
            tenth().carried += static_cast<double>(message->payload.size());
            if (counts()) {
                const auto who = std::to_integer<std::size_t>(message->from.bytes()[1]) - '0';
                out_.shares[who] += static_cast<double>(message->payload.size());
            }
            bob_.accept(*message);
        }
        while (const auto content = bob_.poll_transmit(buffer_)) {
            later_on(5ms, {-1, -2, {content->begin(), content->end()}});
        }
    }
    /// What has just left fits into the window, or is alone.
    void check_window(party& who) {
        const congestion& link = test_access::congestion(who.machine.sender());
        const std::uint64_t before = std::exchange(who.flight, link.flight());
        CHECK((setting_.flight_first == 0 || link.flight() <= before ||
               link.flight() <= (std::max)(link.window(), std::uint64_t{1300})));
    }

    void arrive() {
        const packet one = std::move(under_way_.begin()->second);
        under_way_.erase(under_way_.begin());
        if (one.content.empty()) {
            one.to == -2 ? later_on(setting_.trip / 2, {0, 0, {}, one.number}) : rival(one.number);
        } else if (one.to == -2) {
            pass(one);
        } else if (one.to == -1) {
            bob_.handle(one.content);
        } else {
            senders_[static_cast<std::size_t>(one.to)]->machine.handle(one.content);
        }
    }
    void rival(std::uint64_t number) {
        out_.rival += counts() ? 1200 : 0;
        cubic_.answered(number, clock_.now());
        cubic_.look(clock_.now());
        push_cubic();
    }
    /// Through the relay, which puts what is for one link into one packet.
    void pass(const packet& what) {
        relay_.handle(link_of(what.from), what.content, reactions_);
        while (const auto request = reactions_.next_request()) {
            relay_.complete(*request, mailbox_.execute(*request), reactions_);
        }
        std::map<int, std::vector<std::byte>> out;
        for (const auto frame : reactions_.frames()) {
            const int to = static_cast<int>(static_cast<std::uint64_t>(frame.link)) - 2;
            out[to].insert(out[to].end(), frame.bytes.begin(), frame.bytes.end());
        }
        reactions_.clear();
        for (auto& [to, content] : out) {
            later_on(to == -1 ? 5ms : setting_.trip / 2, {-2, to, std::move(content)});
        }
    }

    void finish() {
        const double seconds =
            std::chrono::duration<double>(clock_.now() - start - setting_.counts).count();
        const double whole = setting_.mbit * 1e6 / 8 * seconds;
        for (double& each : out_.shares) {
            each /= whole;
        }
        out_.rival /= whole;
        out_.dropped = static_cast<double>(dropped_) / static_cast<double>(passed_);
        out_.queue = waited_ / static_cast<double>(passed_);
        for (const auto& each : senders_) {
            out_.sent_again += each->machine.sender().resent();
        }
    }

    bottleneck_setting setting_;
    random_source random_;
    manual_clock clock_;
    client bob_;
    std::vector<std::unique_ptr<party>> senders_;
    std::size_t begun_ = 0;
    relay relay_ = relay::create({}).value();
    memory_mailbox mailbox_ = memory_mailbox::create().value();
    reactions reactions_;
    std::multimap<time_point, packet> under_way_;
    cubic_flow cubic_;
    std::array<std::byte, 1200> buffer_{};
    time_point free_at_{};
    std::uint64_t passed_ = 0;
    std::uint64_t dropped_ = 0;
    double waited_ = 0;
    bottleneck_outcome out_;
};

}  // namespace scenario

#endif
