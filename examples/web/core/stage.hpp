// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_WEB_STAGE_HPP
#define SIXFOLD_EXAMPLES_WEB_STAGE_HPP

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include "../../frame_observer.hpp"
#include "../../story.hpp"
#include "../../timeline.hpp"
#include "json.hpp"

namespace web {

/// What the network does to each frame on each hop, from now on. Percent and milliseconds.
struct weather {
    std::uint32_t loss = 0;
    std::uint32_t duplicate = 0;
    std::uint32_t delay = 20;
    std::uint32_t jitter = 0;  ///< up to so much is added to the delay
};

/// Alice, the relay with its mailbox, and Bob, to look at: the real machines on a virtual clock.
///
/// A person may interfere at any moment of that clock; the same calls at the same moments of the same seed are the same film. What happens
/// is told in lines of JSON, a line a happening, and `state` says how the three are now. Knows nothing of drawing.
class stage {
  public:
    explicit stage(std::uint64_t seed) : stage(sixfold::random_source(seed)) {}

    stage(const stage&) = delete;  // the clients keep the address of the clock
    stage& operator=(const stage&) = delete;

    // --- what a person does, now ---------------------------------------------------------------

    void set(const weather& now) { weather_ = now; }

    /// Alice's app sends this to Bob. Whether her queue had room.
    bool write(std::string_view text) {
        const auto ticket = alice_.client.send("bob", sixfold::as_bytes(text));
        if (ticket) {
            written_[static_cast<std::uint64_t>(*ticket)] = std::string(text);
            turn();
        }
        return ticket.has_value();
    }
    /// Alice's app takes a message back, by its ticket.
    void unsend(std::uint64_t ticket) {
        alice_.client.cancel(sixfold::ticket{ticket});
        turn();
    }
    void bob_leaves() { leave(bob_); }
    void bob_returns() { come_back(bob_); }
    /// It dies, and soon another one is in its place, on the same mailbox.
    void kill_relay() {
        if (!relay_alive_) {
            return;
        }
        relay_alive_ = false;
        tell("relay_dead");
        plan(notice_time, [this] {
            leave(alice_);
            leave(bob_);
        });
        plan(notice_time + login_time, [this] {
            relay_ = sixfold::relay::create({}).value();
            relay_alive_ = true;
            tell("relay_back");
            come_back(alice_);
            come_back(bob_);
        });
    }
    /// A frame that is under way does not arrive.
    void lose(std::uint64_t id) {
        for (flight& each : flights_) {
            each.lost = each.lost || each.id == id;
        }
    }
    /// The five scenes of the demo, from now on.
    void play_story() {
        namespace story = example::story;
        script_.assign(story::losses.begin(), story::losses.end());
        for (const story::title& each : story::titles) {
            plan(each.at, [this, words = each.text] {
                tell("title", [&](json& out) { out.field("text", words); });
            });
        }
        for (const story::line& each : story::lines) {
            plan(each.at, [this, words = each.text] { write(words); });
        }
        plan(story::bob_leaves, [this] { bob_leaves(); });
        plan(story::bob_returns, [this] { bob_returns(); });
        plan(story::relay_replaced, [this] { kill_relay(); });
    }

    // --- time ----------------------------------------------------------------------------------

    /// Everything until this moment happens.
    void advance(sixfold::time_point until) {
        while (next() <= until) {
            clock_.set((std::max)(clock_.now(), next()));
            happen();
        }
        clock_.set((std::max)(clock_.now(), until));
    }
    /// When something happens next.
    [[nodiscard]] sixfold::time_point next() {
        sixfold::time_point at =
            (std::min)({plans_.next(), alice_.client.next_deadline(), bob_.client.next_deadline()});
        for (const flight& each : flights_) {
            at = (std::min)(at, each.arrives);
        }
        return at;
    }

    // --- to look at ----------------------------------------------------------------------------

    /// What has happened since the last call, a line each.
    [[nodiscard]] std::string happenings() { return std::exchange(lines_, {}); }

    /// The wait-ack queue as Alice's journal has it, the dedup window as Bob last said it, and the mailbox row by row.
    [[nodiscard]] std::string state() {
        json out;
        out.field("now", microseconds(clock_.now()));
        out.field("next", microseconds(next()));
        out.field("resent", number(alice_.client.sender().resent()));
        out.field("duplicates", number(bob_.client.receiver().duplicates()));
        out.field("alice_here", std::int64_t{alice_.reasons_away == 0});
        out.field("relay_here", std::int64_t{relay_alive_});
        out.field("bob_here", std::int64_t{bob_.reasons_away == 0});
        out.list("queue", [&] { show_queue(out); });
        out.field("floor", number(floor_));
        out.list("window", [&] { show_window(out); });
        out.list("mailbox", [&] { show_mailbox(out); });
        return out.text();
    }

  private:
    using host = example::host;
    static constexpr sixfold::duration notice_time = std::chrono::milliseconds(200);
    static constexpr sixfold::duration login_time = std::chrono::milliseconds(100);
    static constexpr const char* names[] = {"alice", "relay", "bob"};

    /// A client, and how it stands with the relay.
    struct installation {
        host self;
        sixfold::client client;
        example::frame_observer observer;
        sixfold::link_id link = sixfold::link_id::none;
        int reasons_away = 1;  ///< it has a link when there is none: it has yet to come
    };
    /// A frame under way.
    struct flight {
        std::uint64_t id;
        sixfold::time_point arrives;
        host from;
        host to;
        sixfold::link_id link;
        std::vector<std::byte> bytes;
        bool lost;
    };

    explicit stage(sixfold::random_source seeds)
        : relay_(sixfold::relay::create({}).value()),
          mailbox_(sixfold::memory_mailbox::create().value()),
          alice_(installed(host::alice, "alice", seeds)), bob_(installed(host::bob, "bob", seeds)),
          loss_(seeds.next()), duplicate_(seeds.next()), jitter_(seeds.next()),
          buffer_((std::max)({alice_.client.packet_size_min(), bob_.client.packet_size_min(),
                              alice_.client.journal_record_size_max()})) {
        come_back(alice_);
        come_back(bob_);
    }

    [[nodiscard]] installation
    installed(host self, const char* name, sixfold::random_source& seeds) const {
        auto client =
            sixfold::client::create(clock_, {.self = name,
                                             .life = {.start = 1, .seed = seeds.next()},
                                             .journaling = sixfold::journaling::withhold});
        return {self, std::move(client).value(), example::frame_observer(name)};
    }

    // --- what happens --------------------------------------------------------------------------

    void happen() {
        while (const auto due = plans_.pop_due(clock_.now())) {
            (*due)();
        }
        for (;;) {  // in the order in which they arrive, and left
            const auto first = std::min_element(
                flights_.begin(), flights_.end(),
                [](const flight& a, const flight& b) { return a.arrives < b.arrives; });
            if (first == flights_.end() || first->arrives > clock_.now()) {
                break;
            }
            const flight one = std::move(*first);
            flights_.erase(first);
            arrive(one);
        }
        turn();
    }

    /// The apps and their clients say what they have to say.
    void turn() {
        while (const auto message = bob_.client.poll_message()) {
            tell("got", [&](json& out) {
                out.field("seq", number(message->id.seq));
                out.field("text", sixfold::as_text(message->payload));
            });
            bob_.client.accept(*message);
        }
        while (const auto event = alice_.client.poll_event()) {
            const auto ticket = static_cast<std::uint64_t>(event->id);
            told_[ticket] = event->what;
            tell("told", [&](json& out) {
                out.field("ticket", number(ticket));
                out.field("seq", number(event->name.seq));
                out.field("status", sixfold::to_string(event->what));
                out.field("text", written_[ticket]);
            });
        }
        transmit(alice_);
        transmit(bob_);
    }

    void transmit(installation& from) {
        while (from.client.poll_journal(buffer_)) {  // the disk of this stage is fast
        }
        from.client.durable(from.client.written());
        while (const auto packet = from.client.poll_transmit(buffer_)) {
            sixfold::packet_reader frames(*packet);
            while (const auto frame = frames.next()) {
                send(from, from.self, host::relay, from.link, *frame);
            }
        }
    }

    void leave(installation& one) {
        if (one.reasons_away++ == 0) {
            one.client.link_down();
            tell("away", [&](json& out) { out.field("who", name(one.self)); });
            plan(notice_time, [this, link = one.link] { relay_.link_down(link); });
        }
    }
    void come_back(installation& one) {
        if (one.reasons_away > 0 && --one.reasons_away == 0) {
            one.link = sixfold::link_id{++links_};
            (void)relay_.link_up(one.link, one.client.self()).has_value();
            one.client.link_up();
            tell("back", [&](json& out) { out.field("who", name(one.self)); });
        }
    }

    // --- frames --------------------------------------------------------------------------------

    void send(installation& client, host from, host to, sixfold::link_id link, sixfold::bytes one) {
        const example::frame_summary about = client.observer.sent(one);
        look(one, from);
        for (int copies = happens(weather_.duplicate, duplicate_) ? 2 : 1; copies > 0; --copies) {
            const auto late = jitter_.below(1000U * weather_.jitter + 1);
            const auto time =
                std::chrono::milliseconds(weather_.delay) + std::chrono::microseconds(late);
            flights_.push_back({++last_flight_,
                                clock_.now() + time,
                                from,
                                to,
                                link,
                                {one.begin(), one.end()},
                                happens(weather_.loss, loss_) || is_doomed(about)});
            show(flights_.back(), about);
        }
    }

    void show(const flight& one, const example::frame_summary& about) {
        tell("left", [&](json& out) {
            out.field("id", number(one.id));
            out.field("from", name(one.from));
            out.field("to", name(one.to));
            out.field("kind", example::frame_names[about.kind]);
            out.field("first", about.seq ? number(*about.seq) : -1);
            out.field("count", about.seq ? number(about.count) : 0);
            out.field("resend", std::int64_t{about.resend});
            out.field("arrives", microseconds(one.arrives));
            out.field("lost", std::int64_t{one.lost});
            out.field("size", number(one.bytes.size()));
            out.field("text", about.text);
        });
    }

    void arrive(const flight& one) {
        installation& client = one.from == host::alice || one.to == host::alice ? alice_ : bob_;
        const bool refused =
            one.lost || (one.to == host::relay ? !relay_takes(one) : !takes(client, one));
        tell(one.lost  ? "lost"
             : refused ? "ignored"
                       : "arrived",
             [&](json& out) { out.field("id", number(one.id)); });
        turn();
    }

    bool takes(installation& client, const flight& one) {
        if (client.reasons_away != 0 || client.client.handle(one.bytes) != sixfold::refusal::none) {
            return false;
        }
        client.observer.arrived(kind_of(one.bytes));
        return true;
    }

    bool relay_takes(const flight& one) {
        if (!relay_alive_ ||
            relay_.handle(one.link, one.bytes, reactions_) != sixfold::refusal::none) {
            return false;
        }
        while (const auto request = reactions_.next_request()) {
            relay_.complete(*request, mailbox_.execute(*request), reactions_);
        }
        for (const sixfold::outgoing& out : reactions_.frames()) {
            if (out.link != sixfold::link_id::none) {
                installation& to = out.to == alice_.client.self() ? alice_ : bob_;
                send(to, host::relay, to.self, out.link, out.bytes);
            }
        }
        reactions_.clear();
        return true;
    }

    /// The window of Bob is what he last said of it.
    void look(sixfold::bytes one, host from) {
        sixfold::frame what;
        const sixfold::framing link(bob_.client.self());
        if (from != host::bob || sixfold::decode(one, link, what) != sixfold::refusal::none) {
            return;
        }
        const auto* ack = std::get_if<sixfold::ack_request>(&what);
        sixfold::ack_state state;
        if (ack == nullptr || ack->word != sixfold::ack_word::state ||
            sixfold::ack_state::decode(ack->state, state) != sixfold::refusal::none) {
            return;
        }
        floor_ = state.floor();
        window_.clear();
        for (sixfold::seq each = floor_; each < (std::max)(state.end(), state.known()); ++each) {
            window_.push_back(state.of(each));
        }
    }

    [[nodiscard]] static example::frame_kind kind_of(sixfold::bytes one) {
        return std::to_integer<std::size_t>(one[0] & std::byte{15}) - 1;
    }
    [[nodiscard]] bool is_doomed(const example::frame_summary& frame) {
        return std::erase_if(script_, [&](const example::scripted_loss& each) {
                   return each.kind == frame.kind && frame.seq && each.seq >= *frame.seq &&
                          each.seq - *frame.seq < frame.count;
               }) != 0;
    }
    [[nodiscard]] static bool happens(std::uint32_t percent, sixfold::random_source& chance) {
        return chance.below(100) < percent;
    }

    // --- how the three are ---------------------------------------------------------------------

    void show_queue(json& out) {
        sixfold::snapshot_place at;
        std::map<std::uint64_t, sixfold::detail::message_record> all;
        std::vector<std::vector<std::byte>> kept;  // the records refer to these bytes
        while (const auto records = alice_.client.snapshot(at, buffer_)) {
            kept.emplace_back(records->begin(), records->end());
            sixfold::journal_reader reader{sixfold::bytes(kept.back())};
            while (const auto record = reader.next()) {
                sixfold::detail::message_record message;
                if (record->kind == sixfold::record_kind::message &&
                    sixfold::detail::decode_message(*record, message)) {
                    all[message.name.seq] = message;
                }
            }
        }
        for (const auto& each : all) {
            const auto& message = each.second;
            const auto ticket = static_cast<std::uint64_t>(message.id);
            const bool relayed = message.state == sixfold::message_state::queued &&
                                 told_[ticket] == sixfold::status::relayed;
            out.item([&] {
                out.field("seq", number(message.name.seq));
                out.field("ticket", number(ticket));
                out.field("state", relayed ? "relayed" : sixfold::to_string(message.state));
                out.field("text", written_[ticket]);
            });
        }
    }

    void show_window(json& out) const {
        for (std::size_t i = 0; i < window_.size(); ++i) {
            out.item([&] {
                out.field("seq", number(floor_ + i));
                out.field("fate", sixfold::to_string(window_[i]));
            });
        }
    }

    void show_mailbox(json& out) {
        const sixfold::mailbox_outcome page = mailbox_.execute(
            {.from = bob_.client.self(), .what = sixfold::sync_request{.rows = 64, .room = 65536}});
        for (const sixfold::mailbox_row& row : page.rows) {
            out.item([&] {
                out.field("seq", number(row.id.seq));
                out.field("text", row.tombstone ? "" : sixfold::as_text(row.payload));
                out.field("tombstone", std::int64_t{row.tombstone});
            });
        }
    }

    // --- words ---------------------------------------------------------------------------------

    void tell(std::string_view what) {
        tell(what, [](json&) {});
    }
    template <class Fields>
    void tell(std::string_view what, Fields fields) {
        json out;
        out.field("at", microseconds(clock_.now()));
        out.field("what", what);
        fields(out);
        lines_ += out.text() + '\n';
    }
    template <class Step>
    void plan(sixfold::duration in, Step step) {
        plans_.add(clock_.now() + in, std::move(step));
    }
    [[nodiscard]] static const char* name(host who) { return names[static_cast<std::size_t>(who)]; }
    [[nodiscard]] static std::int64_t number(std::uint64_t value) {
        return static_cast<std::int64_t>(value);
    }
    /// -1: never.
    [[nodiscard]] static std::int64_t microseconds(sixfold::time_point at) {
        return at == sixfold::never ? -1 : at.time_since_epoch() / std::chrono::microseconds(1);
    }

    sixfold::manual_clock clock_;
    weather weather_;
    sixfold::relay relay_;
    sixfold::memory_mailbox mailbox_;  // stands for a durable store: it outlives the relays
    installation alice_;
    installation bob_;
    sixfold::random_source loss_;
    sixfold::random_source duplicate_;
    sixfold::random_source jitter_;
    std::vector<std::byte> buffer_;
    sixfold::reactions reactions_;
    std::vector<flight> flights_;
    std::vector<example::scripted_loss> script_;
    example::timeline<std::function<void()>> plans_;
    std::map<std::uint64_t, std::string> written_;   // by ticket
    std::map<std::uint64_t, sixfold::status> told_;  // likewise
    sixfold::seq floor_ = 0;                         // of Bob, as he last said
    std::vector<sixfold::fate> window_;              // from it on
    std::string lines_;
    std::uint64_t last_flight_ = 0;
    std::uint64_t links_ = 0;
    bool relay_alive_ = true;
};

}  // namespace web

#endif
