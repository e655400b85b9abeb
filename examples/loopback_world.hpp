// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_LOOPBACK_WORLD_HPP
#define SIXFOLD_EXAMPLES_LOOPBACK_WORLD_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include "files.hpp"
#include "frame_observer.hpp"
#include "latency_histogram.hpp"
#include "loopback_options.hpp"
#include "message_source.hpp"
#include "simulated_network.hpp"
#include "step.hpp"
#include "timeline.hpp"

namespace example {

/// What came of a run.
struct loopback_result {
    std::uint64_t sent = 0;       ///< messages that Alice's app handed over
    std::uint64_t received = 0;   ///< messages that Bob's app got
    std::uint64_t bytes = 0;      ///< of those
    std::uint64_t stored = 0;     ///< of which Alice was told that they are in the mailbox
    std::uint64_t delivered = 0;  ///< of which Alice was told that Bob has them
    bool identical = true;        ///< each that Bob got was the next one of those that Alice sent
    bool finished = false;        ///< the run came to its end, and did not just stand still
    sixfold::duration time{};     ///< virtual
    latency_histogram latency;    ///< from Alice's send until Bob's app has it
    std::vector<std::uint16_t> sizes;  ///< of the first messages, in bytes

    [[nodiscard]] bool good() const {
        return finished && identical && received == sent && delivered == sent;
    }
};

/// Alice, the relay with its mailbox, and Bob, on a virtual clock, joined by a network that is not
/// kind to them.
///
/// Time jumps from one thing that happens to the next: a frame arrives, a machine has something to
/// send again, somebody comes or goes. Holds no more of the messages than Alice's queue does, and
/// of each of the first million two bytes. Knows nothing of drawing.
class loopback_world {
  public:
    /// What Bob gets goes to `output`, or nowhere. It must outlive the world.
    loopback_world(const loopback_options& options, message_source source, output_file* output)
        : loopback_world(options, std::move(source), output, sixfold::random_source(options.seed)) {
    }

    loopback_world(const loopback_world&) = delete;  // the clients keep the address of the clock
    loopback_world& operator=(const loopback_world&) = delete;

    /// The next thing that happens. Empty when Alice knows of all her messages how they ended, and
    /// all that was under way then has arrived; or when nothing more will happen.
    [[nodiscard]] std::optional<step> next_step() {
        while (steps_.empty()) {
            if (over_) {
                return std::nullopt;
            }
            turn();
        }
        std::optional<step> first(std::move(steps_.front()));
        steps_.pop_front();
        return first;
    }

    [[nodiscard]] const loopback_result& result() const { return result_; }
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
        frame_observer observer;
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
            title,           ///< of a scene
        };
        what happens;
        host who = host::relay;
        sixfold::link_id link = sixfold::link_id::none;
        std::string text{};
    };
    using what = change::what;

    static constexpr std::size_t sizes_max = 1'000'000;

    loopback_world(const loopback_options& options,
                   message_source source,
                   output_file* output,
                   sixfold::random_source seeds)
        : source_(std::move(source)), output_(output), network_(options.network, seeds.next()),
          relay_(new_relay()), mailbox_(sixfold::memory_mailbox::create().value()),
          alice_(installed(host::alice, "alice", seeds)), bob_(installed(host::bob, "bob", seeds)),
          buffer_((std::max)(alice_.client.packet_size_min(), bob_.client.packet_size_min())) {
        plan(options);
    }

    [[nodiscard]] installation
    installed(host self, const char* name, sixfold::random_source& seeds) const {
        auto client = sixfold::client::create(
            clock_, {.self = name, .life = {.start = 1, .seed = seeds.next()}});
        return {self, std::move(client).value(), frame_observer(name)};
    }

    void turn() {
        while (auto due = changes_.pop_due(clock_.now())) {
            apply(*due);
        }
        while (auto frame = network_.poll_arrival(clock_.now())) {
            arrive(*frame);
        }
        write_messages();
        transmit(alice_);
        transmit(bob_);
        if (!end_ && all_settled()) {
            result_.finished = true;
            result_.time = clock_.now().time_since_epoch();
            end_ = network_.last_arrival();
        }
        const sixfold::time_point then = next();
        over_ = stalled() || then == sixfold::never || (end_ && then > *end_);
        if (!over_) {
            clock_.set((std::max)(clock_.now(), then));
        }
    }

    // --- the plan ------------------------------------------------------------------------------

    void plan(const loopback_options& options) {
        const sixfold::time_point start = clock_.now();
        for (const story::title& each : options.titles) {
            changes_.add(start + each.at, {.happens = what::title, .text = std::string(each.text)});
        }
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
        case what::relay_replaced:
            relay_ = new_relay();
            show(presence_step{host::relay, presence_step::what::replaced});
            break;
        case what::title: show(title_step{now.text}); break;
        }
        progress();
    }

    void leave(installation& one) {
        if (one.reasons_away++ == 0) {
            one.client.link_down();
            show(presence_step{one.self, presence_step::what::leaves});
            changes_.add(clock_.now() + notice_time, {what::link_gone, one.self, one.link});
        }
    }

    void come_back(installation& one) {
        if (--one.reasons_away == 0) {
            one.link = sixfold::link_id{++links_};
            (void)relay_.link_up(one.link, one.client.self()).has_value();
            one.client.link_up();
            show(presence_step{one.self, presence_step::what::returns});
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
            if (clock_.now() < due(*draft_) ||
                !alice_.client.send("bob", sixfold::as_bytes(draft_->text))) {
                return;
            }
            ++result_.sent;
            if (result_.sizes.size() < sizes_max) {
                result_.sizes.push_back(static_cast<std::uint16_t>(draft_->text.size()));
            }
            expected_.push_back({std::move(draft_->text), clock_.now()});
            draft_.reset();
        }
    }

    /// Bob's app keeps a message first, and then says that it has it.
    void read_messages(std::vector<sixfold::seq>& read) {
        while (const auto message = bob_.client.poll_message()) {
            const std::string_view text = sixfold::as_text(message->payload);
            if (output_ != nullptr) {
                output_->write(text);
            }
            compare(text);
            read.push_back(message->id.seq);
            bob_.client.accept(*message);
        }
    }

    void compare(std::string_view text) {
        ++result_.received;
        result_.bytes += text.size();
        if (expected_.empty() || expected_.front().text != text) {
            result_.identical = false;
        } else {
            result_.latency.add(clock_.now() - expected_.front().sent_at);
            expected_.pop_front();
            progress();
        }
    }

    void hear_events(frame_step& seen) {
        while (const auto event = alice_.client.poll_event()) {
            if (event->what == sixfold::status::stored) {
                ++result_.stored;
                seen.stored.push_back(event->name.seq);
            } else if (event->what == sixfold::status::delivered) {
                ++result_.delivered;
                seen.delivered.push_back(event->name.seq);
            }
            progress();
        }
    }

    [[nodiscard]] bool all_settled() const {
        return source_ended_ && alice().sender().queued() == 0 && alice().sender().unsettled() == 0;
    }

    // --- frames --------------------------------------------------------------------------------

    void transmit(installation& from) {
        while (const auto packet = from.client.poll_transmit(buffer_)) {
            sixfold::packet_reader frames(*packet);
            while (const auto frame = frames.next()) {
                send(from, from.self, host::relay, from.link, *frame);
            }
        }
    }

    void send(installation& client, host from, host to, sixfold::link_id link, sixfold::bytes one) {
        network_.send({.from = from,
                       .to = to,
                       .link = link,
                       .frame = client.observer.sent(one),
                       .bytes = {one.begin(), one.end()}},
                      clock_.now());
    }

    void arrive(datagram& frame) {
        frame_step seen{frame.from, frame.to, std::move(frame.frame), frame.on_the_way};
        if (!frame.on_the_way.lost) {
            frame.to == host::relay ? relay(frame, seen) : take(at(frame.to), frame.bytes, seen);
        }
        show(std::move(seen));
    }

    void take(installation& client, sixfold::bytes bytes, frame_step& seen) {
        seen.nobody_there = client.reasons_away != 0;
        if (seen.nobody_there) {
            return;
        }
        const std::uint64_t duplicates = client.client.receiver().duplicates();
        seen.refused = client.client.handle(bytes) != sixfold::refusal::none;
        seen.held_back = client.client.receiver().duplicates() != duplicates;
        if (!seen.refused) {
            client.observer.arrived(seen.frame.kind);
        }
        read_messages(seen.read);
        hear_events(seen);
    }

    void relay(const datagram& frame, frame_step& seen) {
        seen.refused = relay_.handle(frame.link, frame.bytes, reactions_) != sixfold::refusal::none;
        while (const auto request = reactions_.next_request()) {
            const auto* put = std::get_if<sixfold::msg_request>(&request->what);
            const sixfold::mailbox_outcome outcome = mailbox_.execute(*request);
            seen.mailed = put != nullptr && !put->probes() && outcome.done;
            relay_.complete(*request, outcome, reactions_);
        }
        for (const sixfold::outgoing& out : reactions_.frames()) {
            if (out.link != sixfold::link_id::none) {
                installation& to = out.to == alice().self() ? alice_ : bob_;
                send(to, host::relay, to.self, out.link, out.bytes);
            }
        }
        reactions_.clear();
    }

    template <class Happening>
    void show(Happening one) {
        steps_.push_back({clock_.now(), std::move(one)});
    }

    // --- time ----------------------------------------------------------------------------------

    [[nodiscard]] static sixfold::time_point due(const draft& one) {
        return sixfold::time_point(one.at);
    }

    /// A draft that is due waits for room in the queue, and not for a time.
    [[nodiscard]] sixfold::time_point next() {
        const bool planned = draft_ && due(*draft_) > clock_.now();
        return (std::min)({changes_.next(), network_.next_arrival(), alice_.client.next_deadline(),
                           bob_.client.next_deadline(), planned ? due(*draft_) : sixfold::never});
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
    output_file* output_;
    simulated_network network_;
    sixfold::relay relay_;
    sixfold::memory_mailbox mailbox_;  // stands for a durable store: it outlives the relays
    installation alice_;
    installation bob_;
    timeline<change> changes_;
    sixfold::reactions reactions_;
    std::vector<std::byte> buffer_;
    std::uint64_t links_ = 0;  // given out so far; none is used twice

    std::optional<draft> draft_;  // read, and not yet taken by Alice's queue
    bool source_ended_ = false;
    struct sent_message {
        std::string text;
        sixfold::time_point sent_at;
    };
    std::deque<sent_message> expected_;  // sent, and not yet received

    loopback_result result_;
    std::deque<step> steps_;                  // happened, and not yet handed out
    std::optional<sixfold::time_point> end_;  // all is known then
    bool over_ = false;
    sixfold::time_point progress_at_{};
    std::uint64_t rounds_ = 0;  // since then
};

}  // namespace example

#endif
