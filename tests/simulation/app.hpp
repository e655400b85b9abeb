// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SIMULATION_APP_HPP
#define SIXFOLD_TESTS_SIMULATION_APP_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <sixfold/sixfold.hpp>
#include <sixfold/words.hpp>
#include "simulation/faults.hpp"
#include "simulation/ledger.hpp"
#include "simulation/record.hpp"
#include "simulation/skewed_clock.hpp"
#include "simulation/witness.hpp"
#include "support/journal_bytes.hpp"
#include "support/receiver_access.hpp"
#include "support/test_access.hpp"

namespace simulation {

using namespace std::chrono_literals;

/// What all who take part share.
struct surroundings {
    const plan& what;
    const sixfold::manual_clock& clock;
    agenda& events;
    faults& bad_luck;
    sixfold::random_source& dice;
    ledger& book;
    sightings& seen;
    trace& told;
};

/// How an app keeps its journal.
enum class disk : std::uint8_t {
    commit,  ///< its own rows and the records are one commit
    log,     ///< the records lie in a file beside its rows
    none,    ///< it has no disk: all is lost with the process
};

struct pulled_plug {};

/// A client, the app around it, and their disk. It keeps the rules of the documentation and no others.
class app {
  public:
    app(client_number number,
        surroundings& world,
        disk kind,
        const sixfold::client_options& options)
        : number_(number), world_(&world), disk_(kind), options_(options), clock_{&world.clock} {
        witness_.emplace(world.seen);
        options_.journaling =
            kind == disk::none ? sixfold::journaling::none : sixfold::journaling::withhold;
    }

    /// Takes a packet that is to be sent.
    std::function<void(sixfold::bytes)> transmit;
    skewed_clock& clock() { return clock_; }

    [[nodiscard]] bool alive() const { return machine_.has_value(); }
    [[nodiscard]] bool has_disk() const { return disk_ != disk::none; }
    [[nodiscard]] client_number number() const { return number_; }
    [[nodiscard]] sixfold::client& machine() { return *machine_; }
    /// Whether it has nothing left to do but what its machine does.
    [[nodiscard]] bool at_rest() const {
        return alive() && waiting_.empty() && unsynced_.empty() &&
               std::all_of(rows_.begin(), rows_.end(), [this](const row& each) {
                   return sixfold::is_final(each.end) || !world_->book.honest(to(each));
               });
    }
    /// Whom it has ever written to; it owes them a sign if it loses its journal.
    [[nodiscard]] const std::vector<client_number>& written_to() const { return written_to_; }

    /// The app wants to send something; that much is on its disk.
    void submit(letter_number id, const sixfold::send_options& how) {
        world_->book.letters[id].submitted = true;
        rows_.push_back({id, how, {}, sixfold::status::none, false});
        durable_rows_.push_back(rows_.back());
        const client_number to = world_->book.letters[id].to;
        if (std::find(written_to_.begin(), written_to_.end(), to) == written_to_.end()) {
            written_to_.push_back(to);
        }
    }
    /// The app wants it back; that much is on its disk.
    void cancel(letter_number id) {
        for (std::vector<row>* each : {&rows_, &durable_rows_}) {
            for (row& one : *each) {
                one.cancelled = one.cancelled || one.id == id;
            }
        }
    }

    /// The app gives somebody up, in its next turn: if that does not become durable, nobody has.
    void forget(client_number to) { to_forget_.push_back(to); }

    /// A new life, from what the disk has.
    void begin(std::uint64_t seed) {
        // as a clock that survives everything
        options_.life.start += 1 + world_->dice.below(1'000'000);
        options_.life.seed = seed;
        sixfold::journal_reader whole(journal_);
        while (whole.next()) {
        }
        if (!whole.left().empty()) {
            world_->seen.see(sight::torn_record);
            journal_.resize(journal_.size() - whole.left().size());
        }
        auto made = sixfold::client::create(clock_, options_, journal_);
        demand(made.has_value(),
               "a journal is refused: " + std::string(made ? "" : made.error().what));
        machine_.emplace(*std::move(made));
        witness_->begin();
        if (world_->what.wrap != 0) {
            sixfold::receiver_access::count_from(machine_->receiver(), near_wrap());
        }
        most_queued_ = (std::max)(options_.sender.queue_entries, machine_->sender().queued());
        if (disk_ != disk::none) {
            journal_ = support::snapshot_of(*machine_);
            const auto again = sixfold::client::create(clock_, options_, journal_);
            demand(again && support::snapshot_of(*again) == journal_,
                   "a snapshot is another client");
        }
        rows_ = durable_rows_;
        copies_.push_back({journal_, durable_rows_, inbox_});
        shown_.clear();
        ended_.clear();
        for (row& each : rows_) {
            if (each.ticket && !sixfold::is_final(each.end) &&
                !machine_->outstanding(*each.ticket)) {
                demand(disk_ == disk::log, "a message is gone that was committed");
                each.ticket.reset();
            }
        }
        if (world_->bad_luck.happens(fault::crash_again)) {
            world_->seen.see(sight::crash_again);
            crash_at_ = 1;
        }
    }
    /// The power is gone, and with bad luck the disk, too.
    void crash() {
        ++world_->seen.crashes;
        crash_at_ = 0;
        machine_.reset();
        waiting_.clear();
        staged_.clear();
        changed_.clear();
        lose_tail();
        if (disk_ == disk::none || world_->bad_luck.happens(fault::amnesia)) {
            journal_.clear();
            durable_rows_.clear();
            inbox_.clear();
            world_->book.lost_memory(number_);
        } else if (world_->bad_luck.happens(fault::set_back)) {
            const copy& then = copies_[world_->dice.below(copies_.size())];
            journal_ = then.journal;
            durable_rows_ = then.rows;
            inbox_ = then.inbox;
            world_->book.set_back(number_);
        }
        rows_.clear();
    }

    void link_up(sixfold::checksum mode, sixfold::transport over) {
        framing_ = sixfold::framing(name_of(number_), mode);
        machine_->link_up(mode, over);
        witness_->link_up(machine_->sender());
        world_->seen.see(sight::byte_stream, over == sixfold::transport::byte_stream);
    }

    /// Takes a packet. Now and then it is looked whether a frame that was refused has changed anything. (law 8)
    void handle(sixfold::bytes packet) {
        look_at_sender();  // what time has brought is not the frame's doing
        const bool looks = ++handled_ % 16 == 0;
        const std::string before = looks ? fingerprint() : std::string();
        const sixfold::refusal why = machine_->handle(packet);
        tell_witness(packet, why);
        if (!looks || why == sixfold::refusal::none || why == sixfold::refusal::never_sent) {
            return;  // what was never sent begins a new epoch (spec 3.12)
        }
        sixfold::packet_reader frames(packet);
        const bool one = frames.next().has_value();
        if (!frames.next() &&
            one == (frames.refused() == sixfold::refusal::none)) {  // or garbage alone
            demand(fingerprint() == before, "a frame was refused, and has changed something");
            world_->seen.see(sight::refused_unmoved);
        }
    }

    /// What the app does when something may have changed. Throws when its power is lost.
    void turn() {
        if (const auto dice = world_->bad_luck.happens(fault::crash)) {
            auto how = *dice;
            crash_at_ = 1 + how.below(4);
        }
        effects_ = 0;
        look_at_sender();
        send_new();
        give_up();
        hear();
        look();
        settle();
        sent_before_ = false;
        if (disk_ != disk::none) {
            put_out();  // too early: what depends on a record must not come out
        }
        keep();
        put_out();
        demand(machine_->sender().queued() <= most_queued_ &&
                   machine_->sender().unsettled() <= options_.sender.unsettled_max,
               "more is kept than the options allow");
        if (crash_at_ != 0) {
            throw pulled_plug();
        }
    }

  private:
    struct row {
        letter_number id;
        sixfold::send_options how;
        std::optional<sixfold::ticket> ticket;
        sixfold::status end;
        bool cancelled;
    };
    struct arrival {
        sixfold::message what;
        client_number from;
        letter_number id;
        bool reject;
        bool accepted_before;      // its row was there already (of a log)
        sixfold::time_point when;  // the app settles it
    };
    using inbox_key = std::tuple<client_number, std::uint64_t, sixfold::seq>;
    struct copy {
        std::vector<std::byte> journal;
        std::vector<row> rows;
        std::map<inbox_key, bool> inbox;
    };

    // The sender before and after each call, so that time brings nothing in between.
    void look_at_sender() { witness_->tick(machine_->sender()); }
    /// Relays put out one frame in a packet; what else it has, was damage, and drops nothing in front of it.
    void tell_witness(sixfold::bytes packet, sixfold::refusal why) {
        sixfold::frame what;
        const auto first = sixfold::packet_reader(packet).next();
        const bool taken = why == sixfold::refusal::none || sixfold::ends_stream(why);
        if (taken && first && sixfold::decode(*first, framing_, what) == sixfold::refusal::none) {
            witness_->heard(machine_->sender(), what);
        } else {
            witness_->look(machine_->sender());
        }
    }
    [[nodiscard]] std::uint16_t near_wrap() {
        return static_cast<std::uint16_t>(0U - 1 - world_->dice.below(20));
    }

    [[nodiscard]] std::string fingerprint() const {
        return sixfold::test_access::fingerprint(machine_->sender()) + '|' +
               sixfold::receiver_access::fingerprint(machine_->receiver());
    }
    [[nodiscard]] client_number to(const row& each) const {
        return world_->book.letters[each.id].to;
    }
    [[nodiscard]] static inbox_key key_of(const arrival& each) {
        return {each.from, static_cast<std::uint64_t>(each.what.id.epoch), each.what.id.seq};
    }

    /// One more thing that cannot be taken back.
    void effect(sight what) {
        if (++effects_ == crash_at_) {
            world_->seen.see(what);
            throw pulled_plug();
        }
    }

    void lose_tail() {
        std::size_t left = unsynced_.size();
        if (auto dice = world_->bad_luck.happens(fault::torn); dice && left != 0) {
            left = static_cast<std::size_t>(dice->below(left + 1));
            world_->seen.see(sight::unsynced_lost);
        }
        journal_.insert(journal_.end(), unsynced_.begin(),
                        unsynced_.begin() + static_cast<std::ptrdiff_t>(left));
        unsynced_.clear();
        for (const letter_number id : unrecorded_) {
            world_->book.letters[id].unrecorded = true;
        }
        unrecorded_.clear();
    }

    void send_new() {
        std::set<client_number> full;  // in their order
        for (row& each : rows_) {
            if (!each.ticket && !sixfold::is_final(each.end) && !full.contains(to(each))) {
                const letter& it = world_->book.letters[each.id];
                const auto sent =
                    machine_->send(name_of(it.to), write_letter(each.id, it.size), each.how);
                if (!sent) {
                    if (sent.error().code == sixfold::errc::payload_too_large) {
                        each.end = it.too_large_for_relay  // which has said so, or its receiver
                                       ? sixfold::status::refused
                                       : sixfold::status::rejected;
                        change(each);
                        continue;
                    }
                    if (sent.error().code == sixfold::errc::peer_full) {
                        world_->seen.see(sight::peer_full);
                        full.insert(it.to);
                        continue;
                    }
                    demand(sent.error().code == sixfold::errc::queue_full,
                           "not taken: " + std::string(sent.error().what));
                    world_->seen.see(sight::queue_full);
                    break;  // in their order
                }
                each.ticket = *sent;
                change(each);
            }
            if (each.cancelled && each.ticket && !sixfold::is_final(each.end)) {
                machine_->cancel(*each.ticket);
            }
        }
    }
    void give_up() {
        for (const client_number to : std::exchange(to_forget_, {})) {
            world_->seen.see(sight::given_up, machine_->forget(name_of(to)));
        }
        look_at_sender();
    }
    void say(const sixfold::event& news) const {
        world_->told.say([&] {
            return std::string(name_of(number_).name()) + " hears " +
                   std::string(sixfold::to_string(news.what)) + " of its seq " +
                   std::to_string(news.name.seq) + " to " + std::string(news.to.name());
        });
    }
    void hear() {
        while (const auto news = machine_->poll_event()) {
            demand(!ended_.contains(news->id), "news of a message after it has ended");
            if (sixfold::is_final(news->what)) {
                ended_.insert(news->id);
            }
            say(*news);
            if (news->what == sixfold::status::refused &&
                news->reason != sixfold::refused_reason::too_large && world_->bad_luck.healed()) {
                world_->events.after(1s, happening::sign, number_, number_of(news->to));
            }
            const auto it = std::find_if(rows_.begin(), rows_.end(), [&](const row& each) {
                return each.ticket == news->id && !sixfold::is_final(each.end);
            });
            if (it == rows_.end()) {
                demand(disk_ == disk::log, "news of a message that was never sent");
            } else if (sixfold::is_final(news->what)) {
                it->end = news->what;
                change(*it);
            } else {
                world_->book.told(it->id, news->what, news->name, true);
            }
        }
    }
    void look() {
        while (const auto message = machine_->poll_message()) {
            arrival it{*message, number_of(message->from), read_letter(message->payload), false,
                       false,    world_->clock.now()};
            check_order(it);
            demand(message->payload.size() <= options_.receiver.payload_max,
                   "shown, and larger than its receiver takes");
            world_->book.shown(number_, it.from, message->payload);
            it.reject = world_->bad_luck.happens(fault::app_rejects).has_value();
            if (const auto kept = inbox_.find(key_of(it)); kept != inbox_.end()) {
                demand(disk_ == disk::log, "shown again after it was settled");
                it.reject = kept->second;
                it.accepted_before = true;
            }
            if (auto dice = world_->bad_luck.happens(fault::app_waits)) {
                const auto wait = std::chrono::milliseconds(1 + dice->below(2000));
                it.when = sixfold::later(it.when, wait);
                world_->events.after(wait, happening::turn, number_);
            }
            waiting_.push_back(it);
        }
    }
    void check_order(const arrival& it) {
        if (options_.receiver.delivery == sixfold::delivery::as_it_comes) {
            return;
        }
        const auto [last, first] = shown_.emplace(it.from, it.what.id);
        demand(first || last->second.epoch < it.what.id.epoch ||
                   (last->second.epoch == it.what.id.epoch && last->second.seq < it.what.id.seq),
               "shown out of order");
        last->second = it.what.id;
    }
    void settle() {
        const sixfold::time_point now = world_->clock.now();
        for (std::size_t i = 0; i < waiting_.size();) {
            if (waiting_[i].when > now && !world_->bad_luck.healed()) {
                ++i;
                continue;
            }
            const arrival it = waiting_[i];
            waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
            if (disk_ == disk::log) {
                keep_row(it);
                effect(sight::crash_before_commit);
            } else {
                staged_.push_back(it);
            }
            demand(it.reject ? machine_->reject(it.what) : machine_->accept(it.what),
                   "what was shown cannot be settled");
        }
    }
    /// The row of a message is durable.
    void keep_row(const arrival& it) {
        if (it.accepted_before) {
            return;
        }
        inbox_.emplace(key_of(it), it.reject);
        if (disk_ == disk::log && world_->book.honest(it.from)) {
            unrecorded_.push_back(it.id);
        }
        it.reject ? world_->book.rejected(number_, it.from, it.what.id, it.id)
                  : world_->book.accepted(number_, it.from, it.what.id, it.id);
    }
    /// The row of what was sent has changed.
    void change(const row& each) {
        const auto at = static_cast<std::size_t>(&each - rows_.data());
        changed_.push_back(at);
        if (disk_ == disk::log) {
            keep_changes();
        }
    }
    void keep_changes() {
        for (const std::size_t at : changed_) {
            if (sixfold::is_final(rows_[at].end) &&
                (disk_ == disk::log || durable_rows_[at].end != rows_[at].end)) {
                world_->book.told(rows_[at].id, rows_[at].end, {}, disk_ == disk::log);
            }
            durable_rows_[at].ticket = rows_[at].ticket;
            durable_rows_[at].end = rows_[at].end;
        }
        changed_.clear();
    }

    /// Makes durable what is not.
    void keep() {
        std::vector<std::byte> records = support::records_of(*machine_);
        if (disk_ == disk::log) {
            unsynced_.insert(unsynced_.end(), records.begin(), records.end());
            mark_ = machine_->written();
            keep_log();
        } else if (!records.empty() || !changed_.empty() || !staged_.empty()) {
            commit(records);
        }
    }
    void commit(const std::vector<std::byte>& records) {
        effect(sight::crash_before_commit);
        if (world_->bad_luck.happens(fault::commit_fails)) {
            throw pulled_plug();
        }
        journal_.insert(journal_.end(), records.begin(), records.end());
        keep_changes();
        for (const arrival& each : staged_) {
            keep_row(each);
        }
        staged_.clear();
        if (world_->bad_luck.happens(fault::commit_unknown)) {
            world_->seen.see(sight::commit_unknown);
            throw pulled_plug();
        }
        machine_->durable(machine_->written());
    }
    void keep_log() {
        if (unsynced_.empty()) {
            return;
        }
        effect(sight::crash_before_commit);
        if (auto dice = world_->bad_luck.happens(fault::sync_late)) {
            world_->events.after(std::chrono::milliseconds(1 + dice->below(200)), happening::turn,
                                 number_);
            return;
        }
        if (world_->bad_luck.happens(fault::commit_fails)) {
            throw pulled_plug();  // nobody knows what the file has now
        }
        journal_.insert(journal_.end(), unsynced_.begin(), unsynced_.end());
        unsynced_.clear();
        unrecorded_.clear();
        machine_->durable(mark_);
    }

    void put_out() {
        buffer_.resize(
            (std::max)(machine_->packet_size_min(), static_cast<std::size_t>(world_->what.packet)));
        if (world_->what.wrap != 0) {
            sixfold::test_access::count_from(machine_->sender(), near_wrap());
        }
        while (const auto packet = poll()) {
            look_at_frames(*packet);
            effect(sent_before_ ? sight::crash_between_sends : sight::crash_before_send);
            sent_before_ = true;
            transmit(*packet);
        }
    }

    std::optional<sixfold::bytes> poll() {
        witness_->before_frames(machine_->sender());
        const auto packet = machine_->poll_transmit(buffer_);
        if (!packet) {
            witness_->look(machine_->sender());  // what is due may have to wait
        }
        return packet;
    }
    void look_at_frames(sixfold::bytes packet) {
        sixfold::packet_reader reader(packet);
        while (const auto one = reader.next()) {
            sixfold::frame what;
            demand(sixfold::decode(*one, framing_, what) == sixfold::refusal::none,
                   "a client puts out what cannot be read");
            if (const auto* msg = std::get_if<sixfold::msg_request>(&what)) {
                witness_->sent(machine_->sender(), *msg);
                world_->seen.see(sight::numbers_wrapped, msg->number == 0);
            }
        }
        witness_->look(machine_->sender());
    }

    client_number number_;
    surroundings* world_;
    disk disk_;
    sixfold::client_options options_;
    skewed_clock clock_;

    // on the disk
    std::vector<std::byte> journal_;
    std::vector<row> durable_rows_;
    std::map<inbox_key, bool> inbox_;  // whether it was rejected

    // kept elsewhere, as the counter of lives is
    std::vector<copy> copies_;  // of what was on the disk when each life began
    std::vector<client_number> written_to_;
    std::vector<client_number> to_forget_;

    // in memory
    std::optional<sixfold::client> machine_;
    std::optional<witness> witness_;
    sixfold::framing framing_{sixfold::peer()};
    std::vector<row> rows_;
    std::vector<std::size_t> changed_;
    std::vector<arrival> waiting_;
    std::vector<arrival> staged_;
    std::vector<std::byte> unsynced_;
    std::vector<letter_number> unrecorded_;  // accepted, and the record of that is not durable
    sixfold::journal_mark mark_;
    std::map<client_number, sixfold::msgid> shown_;
    std::set<sixfold::ticket> ended_;
    std::vector<std::byte> buffer_;
    std::uint64_t effects_ = 0;
    std::uint64_t handled_ = 0;
    std::uint64_t crash_at_ = 0;
    // by the options; or as many as the journal has brought, which does not hear of each place that became free
    std::uint32_t most_queued_ = 0;
    bool sent_before_ = false;
};

}  // namespace simulation

#endif
