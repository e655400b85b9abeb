// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_SCREEN_HPP
#define SIXFOLD_EXAMPLES_SCREEN_HPP

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <unistd.h>

namespace example {

/// Lines for a terminal, or whatever standard output is, that may take them late or never: after Ctrl-S,
/// or in a pipe that nobody reads.
///
/// A thread of its own writes them, so that nobody else waits. So many bytes wait for it; what comes while there
/// is no room is not shown, but counted, and that is said when there is room again.
class screen {
  public:
    /// The descriptor stays the caller's, and is never closed: the thread may hang in it until the program ends.
    explicit screen(int fd) { std::thread(write_all, fd, shared_).detach(); }
    screen(const screen&) = delete;
    screen& operator=(const screen&) = delete;
    /// Waits until all is written, but not for long.
    ~screen() {
        std::unique_lock lock(shared_->mutex);
        shared_->changed.wait_for(lock, patience, [this] { return shared_->idle(); });
    }

    /// Shows a line, which has no end yet.
    void show(std::string line) {
        const std::lock_guard lock(shared_->mutex);
        if (shared_->waiting.size() + line.size() >= waiting_max) {
            ++shared_->missed;
            return;
        }
        shared_->waiting += std::move(line) + "\n";
        shared_->changed.notify_all();
    }

  private:
    static constexpr std::size_t waiting_max = 1 << 16;
    static constexpr std::chrono::milliseconds patience{200};

    struct state {
        [[nodiscard]] bool idle() const { return waiting.empty() && !writing; }

        std::mutex mutex;
        std::condition_variable changed;
        std::string waiting;
        std::uint64_t missed = 0;  // lines for which there was no room
        bool writing = false;
    };

    /// The thread. It has what it needs as long as it needs it, and hears of no end: the program's is its own.
    static void write_all(int fd, std::shared_ptr<state> shared) {
        std::unique_lock lock(shared->mutex);
        for (;;) {
            shared->changed.wait(lock, [&] { return !shared->waiting.empty(); });
            std::string text = std::exchange(shared->waiting, {});
            if (const auto missed = std::exchange(shared->missed, 0); missed != 0) {
                text += "chat: " + std::to_string(missed) +
                        " lines more were not shown: nobody took them\n";
            }
            shared->writing = true;
            lock.unlock();
            write_whole(fd, text);
            lock.lock();
            shared->writing = false;
            shared->changed.notify_all();
        }
    }
    static void write_whole(int fd, std::string_view text) {
        while (!text.empty()) {
            const auto written = ::write(fd, text.data(), text.size());
            if (written < 0 && errno != EINTR) return;  // nobody is there to be told
            text.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
        }
    }

    std::shared_ptr<state> shared_ = std::make_shared<state>();
};

}  // namespace example

#endif
