// SPDX-License-Identifier: BSL-1.0
#include "mailbox_thread.hpp"

#include <utility>
#include <variant>

namespace relay_program {

namespace {

using clock = std::chrono::steady_clock;

constexpr auto tidy_pause = std::chrono::seconds(10);
constexpr std::size_t tidy_rows = 1000;  // at a time: meanwhile all wait

}  // namespace

mailbox_thread::mailbox_thread(store& rows,
                               sixfold::mailbox_retention promised,
                               log& out,
                               on_done done)
    : store_(rows), promised_(promised), log_(out), done_(std::move(done)), waiting_(fresh()),
      tidy_at_(clock::now()), thread_([this] { run(); }) {}

void mailbox_thread::add(unsigned worker, const sixfold::mailbox_request& request) {
    const std::lock_guard lock(guard_);
    if (waiting_->group.size() >= waiting_max) {
        ++metrics_.overflow;
        return;
    }
    waiting_->group.add(request);
    if (waiting_->workers.size() <
        waiting_->group.size()) {  // else it took the place of an older page of its peer
        waiting_->workers.push_back(worker);
    }
}

void mailbox_thread::wake() {
    {
        const std::lock_guard lock(guard_);
        due_ = !waiting_->group.empty();
    }
    wanted_.notify_one();
}

void mailbox_thread::stop() {
    {
        const std::lock_guard lock(guard_);
        stopping_ = true;
    }
    wanted_.notify_one();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void mailbox_thread::measure(on_metrics told) {
    {
        const std::lock_guard lock(guard_);
        curious_.push_back(std::move(told));
    }
    wanted_.notify_one();
}

/// Its memory stays for the next one, when the last worker has let it go.
std::unique_ptr<mailbox_batch> mailbox_thread::fresh() {
    const std::lock_guard lock(pool_->guard);
    if (pool_->free.empty()) {
        return std::make_unique<mailbox_batch>();
    }
    auto batch = std::move(pool_->free.back());
    pool_->free.pop_back();
    return batch;
}

void mailbox_thread::run() {
    for (;;) {
        std::unique_ptr<mailbox_batch> batch;
        std::vector<on_metrics> curious;
        {
            std::unique_lock lock(guard_);
            wanted_.wait_until(lock, tidy_at_,
                               [this] { return due_ || stopping_ || !curious_.empty(); });
            curious.swap(curious_);
            if (due_ || !waiting_->group.empty()) {
                batch = std::exchange(waiting_, fresh());
            } else if (stopping_) {
                return;
            }
            due_ = false;
        }
        if (batch) {
            perform(std::move(batch));
        }
        tell(curious);
        if (clock::now() >= tidy_at_) {
            tidy();
        }
    }
}

void mailbox_thread::perform(std::unique_ptr<mailbox_batch> batch) {
    const auto begin = clock::now();
    store_.execute(batch->group);
    const std::chrono::duration<double> took = clock::now() - begin;
    if (const std::string problem = store_.problem(); !problem.empty()) {
        log_.complain("the mailbox cannot do all that is asked", {{"why", problem}});
    }
    count(*batch, took.count());
    done_({batch.release(), [place = pool_](mailbox_batch* used) {
               used->group.clear();
               used->workers.clear();
               const std::lock_guard lock(place->guard);
               place->free.emplace_back(used);
           }});
}

void mailbox_thread::count(mailbox_batch& batch, double seconds) {
    const std::lock_guard lock(guard_);
    for (const sixfold::mailbox_exchange& each : batch.group.exchanges()) {
        if (const auto* msg = std::get_if<sixfold::msg_request>(&each.request.what)) {
            ++(msg->probes() ? metrics_.looks : metrics_.puts);
        } else {
            ++(std::holds_alternative<sixfold::ack_request>(each.request.what) ? metrics_.erases
                                                                               : metrics_.pages);
        }
        metrics_.not_done += std::uint64_t{!each.outcome.done};
    }
    ++metrics_.commits;
    metrics_.commit_seconds += seconds;
    for (std::size_t i = 0; i < metrics_.bounds.size(); ++i) {
        metrics_.commits_within[i] += std::uint64_t{seconds <= metrics_.bounds[i]};
    }
}

/// What is too late, or older than was promised, becomes a tombstone, and who has not come for too long is given up.
void mailbox_thread::tidy() {
    const auto done = store_.expire(promised_, tidy_rows);
    if (!done) {
        log_.complain("the mailbox cannot be tidied", {{"why", store_.problem()}});
    }
    const bool more = done && *done >= tidy_rows;
    tidy_at_ = more ? clock::now() : clock::now() + tidy_pause;
    const std::lock_guard lock(guard_);
    metrics_.expired += done.value_or(0);
}

void mailbox_thread::tell(const std::vector<on_metrics>& curious) {
    if (curious.empty()) {
        return;
    }
    mailbox_metrics now;
    {
        const std::lock_guard lock(guard_);
        now = metrics_;
    }
    now.usage = store_.usage();
    for (const on_metrics& each : curious) {
        each(now);
    }
}

}  // namespace relay_program
