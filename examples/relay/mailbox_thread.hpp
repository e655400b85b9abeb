// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_RELAY_MAILBOX_THREAD_HPP
#define SIXFOLD_EXAMPLES_RELAY_MAILBOX_THREAD_HPP

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <sixfold/mailbox/mailbox_group.hpp>
#include <sixfold/mailbox/mailbox_retention.hpp>
#include "log.hpp"
#include "store.hpp"

namespace relay_program {

/// Requests that became one commit, and who had asked.
struct mailbox_batch {
    sixfold::mailbox_group group;
    std::vector<unsigned> workers;  ///< of each exchange
};

/// What has been measured of the mailbox.
struct mailbox_metrics {
    static constexpr std::array bounds{0.0001, 0.0005, 0.001, 0.005, 0.01,
                                       0.05,   0.1,    0.5,   1.0};  // seconds

    std::uint64_t puts = 0;
    std::uint64_t looks = 0;
    std::uint64_t erases = 0;
    std::uint64_t pages = 0;
    std::uint64_t not_done = 0;  ///< of all of these: full, or failed
    std::uint64_t overflow = 0;  ///< were not even asked for: the mailbox is too slow
    std::uint64_t commits = 0;
    double commit_seconds = 0;                                  ///< of all commits
    std::array<std::uint64_t, bounds.size()> commits_within{};  ///< how many took at most so long
    std::uint64_t expired = 0;                                  ///< rows, by retention
    store_usage usage{};
};

/// The thread that has the mailbox. No link waits while a commit does: what is asked for meanwhile is in the next one, of all
/// workers together.
class mailbox_thread {
  public:
    using on_done = std::function<void(const std::shared_ptr<mailbox_batch>&)>;
    using on_metrics = std::function<void(const mailbox_metrics&)>;

    /// `done` is called in this thread, for each batch. `store` and `out` must outlive it.
    mailbox_thread(store& rows, sixfold::mailbox_retention promised, log& out, on_done done);
    mailbox_thread(const mailbox_thread&) = delete;
    mailbox_thread& operator=(const mailbox_thread&) = delete;
    /// Does what was asked for, and ends.
    ~mailbox_thread() { stop(); }

    /// Keeps a copy of a request of this worker. Where too much waits already it is forgotten, and its client asks again.
    void add(unsigned worker, const sixfold::mailbox_request& request);
    /// What was added is to be done.
    void wake();
    void stop();
    /// Calls `told` in this thread, when what was asked for before is done. Not after `stop`.
    void measure(on_metrics told);

  private:
    static constexpr std::size_t waiting_max = 65536;  // requests

    struct pool {
        std::mutex guard;
        std::vector<std::unique_ptr<mailbox_batch>> free;
    };

    void run();
    void perform(std::unique_ptr<mailbox_batch> batch);
    void count(mailbox_batch& batch, double seconds);
    void tell(const std::vector<on_metrics>& curious);
    void tidy();
    [[nodiscard]] std::unique_ptr<mailbox_batch> fresh();

    store& store_;
    sixfold::mailbox_retention promised_;
    log& log_;
    on_done done_;
    std::shared_ptr<pool> pool_ = std::make_shared<pool>();
    std::mutex guard_;  // of what follows
    std::condition_variable wanted_;
    std::unique_ptr<mailbox_batch> waiting_;
    bool due_ = false;
    bool stopping_ = false;
    std::vector<on_metrics> curious_;
    mailbox_metrics metrics_;
    std::chrono::steady_clock::time_point tidy_at_;
    std::thread thread_;  // last: it uses the others
};

}  // namespace relay_program

#endif
