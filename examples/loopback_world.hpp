// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_LOOPBACK_WORLD_HPP
#define SIXFOLD_EXAMPLES_LOOPBACK_WORLD_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "files.hpp"
#include "loopback_options.hpp"
#include "message_source.hpp"
#include "simulated_network.hpp"
#include "timeline.hpp"

namespace example {

/// What came of a run.
struct loopback_result {
    std::uint64_t sent = 0;       ///< messages that Alice's app handed over
    std::uint64_t received = 0;   ///< messages that Bob's app got
    std::uint64_t stored = 0;     ///< of which Alice was told that they are in the mailbox
    std::uint64_t delivered = 0;  ///< of which Alice was told that Bob has them
    bool identical = true;        ///< each that Bob got was the next one of those that Alice sent
    bool finished = false;        ///< the run came to its end, and did not just stand still
    sixfold::duration time{};     ///< virtual

    [[nodiscard]] bool good() const {
        return finished && identical && received == sent && delivered == sent;
    }
};

/// Alice, the relay with its mailbox, and Bob, on a virtual clock, joined by a network that is not
/// kind to them.
///
/// Time jumps from one thing that happens to the next: a frame arrives, a machine has something to
/// send again, somebody comes or goes. Holds no more of the messages than Alice's queue does.
class loopback_world {
  public:
    loopback_world(const loopback_options& options, message_source source, output_file output)
        : loopback_world(
              options, std::move(source), std::move(output), sixfold::random_source(options.seed)) {
    }

    loopback_world(const loopback_world&) = delete;  // the clients keep the address of the clock
    loopback_world& operator=(const loopback_world&) = delete;

    /// Until Alice knows of all her messages how they ended, and all that was under way then has
    /// arrived; or until nothing more happens.
    loopback_result run() {
        std::optional<sixfold::time_point> end;
        while (!end || clock_.now() <= *end) {
            while (auto due = changes_.pop_due(clock_.now())) {
                apply(*due);
            }
            while (auto frame = network_.poll_arrival(clock_.now())) {
                arrive(*frame);
            }
            write_messages();
            read_messages();
            hear_events();
            transmit(alice_);
            transmit(bob_);
            if (!end && all_settled()) {
                result_.finished = true;
                result_.time = clock_.now().time_since_epoch();
                end = network_.last_arrival();
            }
            if (stalled() || next() == sixfold::never) {
                break;
            }
            clock_.set((std::max)(clock_.now(), next()));
        }
        output_.flush();
        return result_;
    }

    [[nodiscard]] const simulated_network& network() const { return network_; }
    [[nodiscard]] const sixfold::client& alice() const { return alice_.client; }
    [[nodiscard]] const sixfold::client& bob() const { return bob_.client; }

  private:
    /// How long a client takes to notice that its relay is gone, or a relay that its client is.
    static constexpr sixfold::duration notice_time = std::chrono::milliseconds(200);
    /// How long it takes to log in again.
    static constexpr sixfold::duration login_time = std::chrono::milliseconds(100);
    /// With nothing new for so long, or for so many rounds, a run will not come to its end.
    static constexpr sixfold::duration patience = std::chrono::hours(48);
    static constexpr std::uint64_t rounds_max = 100'000'000;

    /// A client, and the link that it has or last had.
    struct installation {
        host self;
        sixfold::client client;
        sixfold::link_id link = sixfold::link_id::none;
        int reasons_away = 1;  ///< it has a link when there is none: it has yet to come
    };

    /// Something that happens to the links, apart from frames.
    struct change {
        enum class what : std::uint8_t {
            leaves,          ///< `who` has one reason more to be away
            returns,         ///< ... and one less
            link_gone,       ///< the relay notices that `link` is
            relay_replaced,  ///< by a new one, which knows nobody
        };
        what happens;
        host who = host::relay;
        sixfold::link_id link = sixfold::link_id::none;
    };
    using what = change::what;

    loopback_world(const loopback_options& options,
                   message_source source,
                   output_file output,
                   sixfold::random_source seeds)
        : source_(std::move(source)), output_(std::move(output)),
          network_(options.network, seeds.next()), relay_(new_relay()),
          mailbox_(sixfold::memory_mailbox::create().value()),
          alice_{host::alice, sixfold::client::create(
                                  clock_, {.self = "alice", .start = 1, .seed = seeds.next()})
                                  .value()},
          bob_{host::bob,
               sixfold::client::create(clock_, {.self = "bob", .start = 1, .seed = seeds.next()})
                   .value()},
          buffer_((std::max)(alice_.client.packet_size_min(), bob_.client.packet_size_min())) {
        plan(options);
    }

    // --- the plan ------------------------------------------------------------------------------

    void plan(const loopback_options& options) {
        const sixfold::time_point start = clock_.now();
        for (const absence& away : options.offline) {
            changes_.add(start + away.from, {what::leaves, host::bob});
            changes_.add(start + away.to, {what::returns, host::bob});
        }
        for (const sixfold::duration at : options.restart_relay) {
            changes_.add(start + at, {what::relay_replaced});
            for (const host who : {host::alice, host::bob}) {
                changes_.add(start + at + notice_time, {what::leaves, who});
                changes_.add(start + at + notice_time + login_time, {what::returns, who});
            }
        }
        for (const host who : {host::alice, host::bob}) {
            changes_.add(start, {what::returns, who});
        }
    }

    void apply(const change& now) {
        switch (now.happens) {
        case what::leaves: leave(at(now.who)); break;
        case what::returns: come_back(at(now.who)); break;
        case what::link_gone: relay_.link_down(now.link); break;
        case what::relay_replaced: relay_ = new_relay(); break;
        }
        progress();
    }

    void leave(installation& one) {
        if (one.reasons_away++ == 0) {
            one.client.link_down();
            changes_.add(clock_.now() + notice_time, {what::link_gone, one.self, one.link});
        }
    }

    void come_back(installation& one) {
        if (--one.reasons_away == 0) {
            one.link = sixfold::link_id{++links_};
            (void)relay_.link_up(one.link, one.client.self()).has_value();
            one.client.link_up();
        }
    }

    [[nodiscard]] static sixfold::relay new_relay() { return sixfold::relay::create({}).value(); }

    // --- the apps ------------------------------------------------------------------------------

    /// Alice's app hands over what her queue takes; the rest waits until an event has made room.
    void write_messages() {
        while (!source_ended_) {
            if (!draft_) {
                draft_ = source_.next();
                source_ended_ = !draft_;
                continue;
            }
            if (!alice_.client.send("bob", sixfold::as_bytes(*draft_))) {
                return;
            }
            ++result_.sent;
            expected_.push_back(*std::exchange(draft_, std::nullopt));
        }
    }

    /// Bob's app keeps a message first, and then says that it has it.
    void read_messages() {
        while (const auto message = bob_.client.poll_message()) {
            const std::string_view text = sixfold::as_text(message->payload);
            output_.write(text);
            compare(text);
            (void)bob_.client.accept(*message).has_value();
        }
    }

    void compare(std::string_view text) {
        ++result_.received;
        if (expected_.empty() || expected_.front() != text) {
            result_.identical = false;
        } else {
            expected_.pop_front();
            progress();
        }
    }

    void hear_events() {
        while (const auto event = alice_.client.poll_event()) {
            result_.stored += std::uint64_t{event->what == sixfold::status::stored};
            result_.delivered += std::uint64_t{event->what == sixfold::status::delivered};
            progress();
        }
    }

    [[nodiscard]] bool all_settled() const {
        return source_ended_ && alice().sender().queued() == 0 && alice().sender().unsettled() == 0;
    }

    // --- frames --------------------------------------------------------------------------------

    void transmit(installation& from) {
        while (const auto packet = from.client.poll_transmit(buffer_)) {
            network_.send(host::relay, from.link, *packet, clock_.now());
        }
    }

    void arrive(const datagram& frame) {
        if (frame.to == host::relay) {
            relay(frame);
        } else if (at(frame.to).reasons_away == 0) {
            at(frame.to).client.handle(frame.bytes);
        }
    }

    void relay(const datagram& frame) {
        relay_.handle(frame.link, frame.bytes, reactions_);
        while (const auto request = reactions_.next_request()) {
            relay_.complete(*request, mailbox_.execute(*request), reactions_);
        }
        for (const sixfold::outgoing& out : reactions_.frames()) {
            if (out.link != sixfold::link_id::none) {
                const host to = out.to == alice().self() ? host::alice : host::bob;
                network_.send(to, out.link, out.bytes, clock_.now());
            }
        }
        reactions_.clear();
    }

    // --- time ----------------------------------------------------------------------------------

    [[nodiscard]] sixfold::time_point next() const {
        return (std::min)({changes_.next(), network_.next_arrival(), alice().next_deadline(),
                           bob().next_deadline()});
    }

    void progress() {
        progress_at_ = clock_.now();
        rounds_ = 0;
    }
    [[nodiscard]] bool stalled() {
        return clock_.now() - progress_at_ > patience || ++rounds_ > rounds_max;
    }

    [[nodiscard]] installation& at(host who) { return who == host::alice ? alice_ : bob_; }

    sixfold::manual_clock clock_;
    message_source source_;
    output_file output_;
    simulated_network network_;
    sixfold::relay relay_;
    sixfold::memory_mailbox mailbox_;  // stands for a durable store: it outlives the relays
    installation alice_;
    installation bob_;
    timeline<change> changes_;
    sixfold::reactions reactions_;
    std::vector<std::byte> buffer_;
    std::uint64_t links_ = 0;  // given out so far; none is used twice

    std::optional<std::string> draft_;  // read, and not yet taken by Alice's queue
    bool source_ended_ = false;
    std::deque<std::string> expected_;  // sent, and not yet received
    loopback_result result_;
    sixfold::time_point progress_at_{};
    std::uint64_t rounds_ = 0;  // since then
};

}  // namespace example

#endif
