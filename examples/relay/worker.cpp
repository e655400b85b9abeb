// SPDX-License-Identifier: BSL-1.0
#include "worker.hpp"

#include <algorithm>
#include <functional>  // cref
#include <random>
#include <utility>

#include <sixfold/ext/asio_login.hpp>
#include <sixfold/wire/packet.hpp>

namespace relay_program {

namespace {

using clock = std::chrono::steady_clock;
using sixfold::bytes;
using sixfold::link_id;
using sixfold::peer;

constexpr auto tick_pause = std::chrono::milliseconds(500);
constexpr auto login_within = std::chrono::seconds(10);
constexpr auto linger_pause = std::chrono::milliseconds(50);   // and twice that at most
constexpr std::uint64_t leads_away = std::uint64_t{1} << 63U;  // no seat has such a number

constexpr std::size_t index_of(carrier over) {
    return static_cast<std::size_t>(over);
}
std::string name_of(carrier over) {
    return carrier_names[index_of(over)];
}
std::uint32_t index_of(link_id link) {
    return static_cast<std::uint32_t>(static_cast<std::uint64_t>(link));
}
std::size_t kind_of(bytes frame) {
    return std::to_integer<std::size_t>(frame.front() & std::byte{0x0F});
}
/// msg:A or ack:A (spec 2.2).
bool is_answer(bytes frame) {
    return kind_of(frame) == 2 || kind_of(frame) == 5;
}
/// On a byte stream, until there is a packet's worth: else many answers would fill the queue.
bool may_linger(const sixfold::asio_link& link) {
    return link.kind() == sixfold::transport::byte_stream &&
           link.counts().queued < link.packet_size();
}
std::int64_t seconds_since_1970() {
    using namespace std::chrono;
    return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}
std::uint64_t random_number() {
    std::random_device random;
    return std::uint64_t{random()} << 32U | random();
}

}  // namespace

worker::worker(unsigned number, common& shared)
    : number_(number), shared_(shared), machine_([&] {
          sixfold::relay_options options = shared.relay;
          options.seed = random_number();
          return sixfold::relay::create(options).value();
      }()) {}

worker::~worker() {
    for (seat& each : seats_) {
        if (each.link) {
            each.link->when_ended(nullptr);  // there is nobody left to be told
        }
    }
}

void worker::run() {
    elsewhere_.resize(shared_.workers.size());
    tick_at_ = clock::now() + tick_pause;
    tick();
    io_.run();
}

// --- who comes and goes ----------------------------------------------------------------------------------------------

void worker::greet(const std::shared_ptr<sixfold::asio_link>& link, carrier over) {
    newcomers_[link.get()] = {link, clock::now() + login_within};
    link->open([this, over, weak = std::weak_ptr(link)] {
        const auto opened = weak.lock();
        opened->hear([this, over, weak](std::string_view line) {
            const auto guest = weak.lock();
            newcomers_.erase(guest.get());
            (void)admit(guest, over, line);
        });
    });
}

bool worker::admit(const std::shared_ptr<sixfold::asio_link>& link,
                   carrier over,
                   std::string_view line) {
    const auto token = sixfold::login_token(line);
    if (!token) {
        refuse(link, over, "a client begins with 'login ' and its token");
        return false;
    }
    const token_verdict shown = shared_.who.check(*token, seconds_since_1970());
    if (!shown.problem.empty() || !shared_.rules.knows(shown.name)) {
        refuse(link, over, shown.problem.empty() ? "nobody is known by this name" : shown.problem);
        return false;
    }
    const link_id former = machine_.link_of(shown.name);
    const bool has_room = seat_of(former) != nullptr || seats_taken() < shared_.links_max;
    const link_id at = sit_down(link, shown.name, over);
    if (!has_room || !machine_.link_up(at, shown.name)) {
        leave(at, "no room");
        refuse(link, over, "as many are here as may be");
        return false;
    }
    dismiss(former);
    const auto before = shared_.peers.enter(shown.name, {number_, at});
    if (before && before->worker != number_) {
        shared_.workers[before->worker]->end(before->link);
    }
    if (shared_.others != nullptr) {
        shared_.others->joined(shown.name);  // the newest of all, even where it was here before
    }
    ++metrics_.logins;
    shared_.out.info("link up",
                     {{"peer", std::string(shown.name.name())}, {"over", name_of(over)}});
    link->when_ended([this, at](const std::string& why) { leave(at, why); });
    link->say(sixfold::welcome_line(shown.name, before.has_value()));
    link->start([this, at](bytes packet) { return take(at, packet); }, [this] { turn_soon(); });
    return true;
}

void worker::refuse(const std::shared_ptr<sixfold::asio_link>& link,
                    carrier over,
                    const std::string& why) {
    ++metrics_.logins_refused;
    shared_.out.complain("a login was refused", {{"why", why}, {"over", name_of(over)}});
    link->say(sixfold::refused_line(why));
    link->finish();
}

link_id
worker::sit_down(const std::shared_ptr<sixfold::asio_link>& link, const peer& name, carrier over) {
    if (free_.empty()) {
        free_.push_back(static_cast<std::uint32_t>(seats_.size()));
        seats_.emplace_back();
    }
    const std::uint32_t at = free_.back();
    free_.pop_back();
    const std::uint32_t generation = seats_[at].generation + 1;
    seats_[at] = {
        .link = link, .name = name, .over = over, .generation = generation, .moved = clock::now()};
    ++metrics_.links[index_of(over)];
    return link_id{std::uint64_t{generation} << 32U | at};
}

worker::seat* worker::seat_of(link_id link) {
    const std::uint32_t at = index_of(link);
    const bool is_here = link != link_id::none && at < seats_.size() && seats_[at].link &&
                         seats_[at].generation == static_cast<std::uint64_t>(link) >> 32U;
    return is_here ? &seats_[at] : nullptr;
}

/// It has ended.
void worker::leave(link_id link, const std::string& why) {
    seat* left = seat_of(link);
    if (left == nullptr) {
        return;
    }
    const peer name = left->name;
    shared_.out.info(
        "link down",
        {{"peer", std::string(name.name())}, {"over", name_of(left->over)}, {"why", why}});
    --metrics_.links[index_of(left->over)];
    metrics_.dropped += left->link->counts().dropped;
    left->link = nullptr;
    free_.push_back(index_of(link));
    machine_.link_down(link);
    if (shared_.peers.leave(name, {number_, link})) {
        for (const auto& each : shared_.workers) {
            each->elsewhere(name, false);
        }
        if (shared_.others != nullptr) {
            shared_.others->left(name);
        }
    }
    stop_if_empty();
}

/// The newest link of a peer counts; whoever waits at an older one would never hear of it.
void worker::dismiss(link_id link) {
    if (seat* former = seat_of(link)) {
        ++metrics_.ended_instead;
        const auto held = former->link;
        held->close("its peer has a newer link");
    }
}

void worker::end(link_id link) {
    net::post(io_, [this, link] { dismiss(link); });
}

void worker::elsewhere(const peer& who, bool is_there) {
    net::post(io_, [this, who, is_there] {
        if (is_there) {
            return learn(who);
        }
        const link_id link = machine_.link_of(who);
        if (link != link_id::none && seat_of(link) == nullptr) {
            machine_.link_down(link);
        }
    });
}

void worker::learn(const peer& who) {
    if (!machine_.online(who)) {
        (void)machine_.link_up(link_id{leads_away | ++led_away_}, who);
    }
}

// --- what talks to sixfold -------------------------------------------------------------------------------------------

sixfold::refusal worker::take(link_id from, bytes packet) {
    for (sixfold::packet_reader reader(packet); const auto frame = reader.next();) {
        ++metrics_.frames_in[kind_of(*frame)];
    }
    const sixfold::refusal refused = machine_.handle(from, packet, out_, std::cref(shared_.rules));
    while (const auto request = out_.next_request()) {
        shared_.mailbox->add(number_, *request);
        asked_ = true;
    }
    turn_soon();
    return refused;
}

void worker::turn_soon() {
    if (!std::exchange(turn_comes_, true)) {
        net::post(io_, [this] { turn(); });
    }
}

/// All that has come was taken: each link writes once.
void worker::turn() {
    turn_comes_ = false;
    if (std::exchange(asked_, false)) {
        shared_.mailbox->wake();
    }
    for (const auto frame : out_.frames()) {
        post(frame);
    }
    out_.clear();
    for (std::size_t i = 0; i < elsewhere_.size(); ++i) {
        if (!elsewhere_[i].empty()) {
            shared_.workers[i]->deliver(std::exchange(elsewhere_[i], {}));
        }
    }
    for (const std::uint32_t at : dirty_) {
        flush(at);
    }
    dirty_.clear();
    if (flush_) {
        flush_();
    }
}

void worker::flush(std::uint32_t at) {
    seat& here = seats_[at];
    here.dirty = false;
    here.lingers_from = 0;
    if (here.link) {
        here.link->flush();
    }
}

/// To a link here, or to the worker that has one, or to the other nodes. For who has gone meanwhile it was only a hint.
void worker::post(const sixfold::outgoing& frame) {
    ++metrics_.frames_out[kind_of(frame.bytes)];
    if (seat* here = seat_of(frame.link)) {
        return put(*here, frame.bytes);
    }
    const auto there = shared_.peers.find(frame.to);
    if (there && there->worker != number_) {
        learn(frame.to);
        auto& waiting = elsewhere_[there->worker];
        if (waiting.empty() || !(waiting.back().first == frame.to)) {
            waiting.push_back({frame.to, {}});
        }
        waiting.back().second.insert(waiting.back().second.end(), frame.bytes.begin(),
                                     frame.bytes.end());
    } else if (!there && shared_.others != nullptr) {
        shared_.others->carry(frame.to, frame.bytes);
    }
}

void worker::put(seat& to, bytes frame) {
    to.link->send(frame);
    const auto at = static_cast<std::uint32_t>(&to - seats_.data());
    if (is_answer(frame) && may_linger(*to.link) && !stopping_) {
        linger(at);
    } else if (!std::exchange(to.dirty, true)) {
        dirty_.push_back(at);
    }
}

/// As a rule a msg:A goes with an ack:N, and an ack:A with a msg:N: half as many writes.
void worker::linger(std::uint32_t at) {
    seat& here = seats_[at];
    if (here.lingers_from == 0) {
        here.lingers_from = looks_;
    }
    if (!std::exchange(here.listed, true)) {
        lingering_.push_back(at);
    }
    if (!std::exchange(look_comes_, true)) {
        look_.expires_after(linger_pause);
        look_.async_wait([this](sixfold::net_error) { look_at_lingering(); });
    }
}

/// Whoever was here at the last look, too, has waited long enough; others have just begun, and may find company yet.
void worker::look_at_lingering() {
    look_comes_ = false;
    for (const std::uint32_t at : std::exchange(lingering_, {})) {
        seat& here = seats_[at];
        here.listed = false;
        if (here.lingers_from == looks_) {
            linger(at);
        } else if (here.lingers_from != 0) {
            flush(at);
        }
    }
    ++looks_;
}

void worker::deliver(std::vector<std::pair<peer, std::vector<std::byte>>> frames) {
    net::post(io_, [this, frames = std::move(frames)] {
        for (const auto& [to, data] : frames) {
            if (seat* here = seat_of(machine_.link_of(to))) {
                for (sixfold::packet_reader reader(data); const auto frame = reader.next();) {
                    put(*here, *frame);
                }
            }
        }
        turn_soon();
    });
}

void worker::complete(std::shared_ptr<mailbox_batch> batch) {
    net::post(io_, [this, batch = std::move(batch)] {
        const auto exchanges = batch->group.exchanges();
        for (std::size_t i = 0; i < exchanges.size(); ++i) {
            if (batch->workers[i] == number_) {
                machine_.complete(exchanges[i].request, exchanges[i].outcome, out_);
            }
        }
        turn_soon();
    });
}

// --- time ------------------------------------------------------------------------------------------------------------

void worker::tick() {
    const auto now = clock::now();
    metrics_.lag_seconds = (std::max)(0.0, std::chrono::duration<double>(now - tick_at_).count());
    metrics_.lag_seconds_max = (std::max)(metrics_.lag_seconds_max, metrics_.lag_seconds);
    look_at_links(now);
    tick_at_ = now + tick_pause;
    tick_.expires_at(tick_at_);
    tick_.async_wait([this](sixfold::net_error cancelled) {
        if (!cancelled) {
            tick();
        }
    });
}

/// Ends those that have not logged in, and those whose socket takes nothing.
void worker::look_at_links(clock::time_point now) {
    std::erase_if(newcomers_, [&](const auto& each) {
        const auto link = each.second.link.lock();
        const bool is_late = now >= each.second.until;
        if (link && is_late) {
            link->close("no login within 10 s");
        }
        return !link || is_late;
    });
    metrics_.queued = metrics_.queued_largest = 0;
    for (seat& each : seats_) {
        if (!each.link) {
            continue;
        }
        const auto counts = each.link->counts();
        metrics_.queued += counts.queued;
        metrics_.queued_largest = (std::max)(metrics_.queued_largest, std::uint64_t{counts.queued});
        if (counts.queued == 0 || counts.taken != std::exchange(each.taken, counts.taken)) {
            each.moved = now;
        } else if (now - each.moved >= shared_.limits.dead_after) {
            ++metrics_.ended_slow;
            const auto held = each.link;
            held->close("its socket took nothing for too long");
        }
    }
}

void worker::measure(std::function<void(const worker_metrics&)> told) {
    net::post(io_, [this, told = std::move(told)] {
        worker_metrics now = metrics_;
        now.refusals = machine_.refusals();
        for (const seat& each : seats_) {
            now.dropped += each.link ? each.link->counts().dropped : 0;
        }
        metrics_.lag_seconds_max = 0;
        told(now);
    });
}

void worker::stop(std::chrono::milliseconds within) {
    net::post(io_, [this, within] {
        stopping_ = true;
        turn();
        for (std::uint32_t at = 0; at < seats_.size(); ++at) {
            flush(at);
            if (const auto link = seats_[at].link) {
                link->finish();
            }
        }
        tick_.expires_after(within);
        tick_.async_wait([this](sixfold::net_error) { io_.stop(); });
        stop_if_empty();
    });
}

void worker::stop_if_empty() {
    if (stopping_ && seats_taken() == 0) {
        io_.stop();
    }
}

}  // namespace relay_program
