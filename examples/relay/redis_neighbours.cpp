// SPDX-License-Identifier: BSL-1.0
#include "redis_neighbours.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <sixfold/ext/redis.hpp>
#include "failure.hpp"

namespace relay_program {

namespace {

constexpr std::chrono::steady_clock steady{};

/// What the others are to do; from any thread to that of the way.
struct errand {
    enum class kind { joined, left, carry };
    kind what;
    sixfold::peer who;
    std::string frames{};
};

std::uint64_t random_number() {
    std::random_device random;
    return std::uint64_t{random()} << 32 | random();
}

class redis_neighbours final : public neighbours {
  public:
    redis_neighbours(const sixfold::redis_options& options, node_calls calls)
        : words_("Redis at " + options.host), calls_(std::move(calls)),
          carrier_(sixfold::redis_carrier::create(options, random_number(), steady).value()),
          thread_([this] { run(); }) {}
    ~redis_neighbours() override {
        {
            const std::lock_guard lock(guard_);
            stopping_ = true;
        }
        wake();
        thread_.join();
        close(woken_);
    }

    void joined(const sixfold::peer& who) override { add({errand::kind::joined, who}); }
    void left(const sixfold::peer& who) override { add({errand::kind::left, who}); }
    void carry(const sixfold::peer& to, sixfold::bytes frames) override {
        add({errand::kind::carry, to, std::string(sixfold::as_text(frames))});
    }
    std::string problem() const override {
        const std::lock_guard lock(guard_);
        return problem_;
    }

  private:
    static constexpr std::size_t waiting_max = 65536;  // frames: they are only hints

    void add(errand what) {
        {
            const std::lock_guard lock(guard_);
            if (what.what == errand::kind::carry && waiting_.size() >= waiting_max) {
                return;
            }
            waiting_.push_back(std::move(what));
            if (waiting_.size() > 1) {
                return;  // it was woken already
            }
        }
        wake();
    }
    void wake() const {
        const std::uint64_t one = 1;
        (void)!write(woken_, &one, sizeof one);
    }

    void run() {
        while (take_errands()) {
            carrier_.run();
            while (const auto news = carrier_.poll_news()) {
                tell(*news);
            }
            wait();
        }
    }
    void tell(const sixfold::redis_news& news) const {
        switch (news.what) {
        case sixfold::redis_word::carried:
            return calls_.deliver(news.who, sixfold::as_bytes(news.frame));
        case sixfold::redis_word::superseded: return calls_.end(news.who);
        case sixfold::redis_word::elsewhere: return calls_.elsewhere(news.who, true);
        case sixfold::redis_word::nowhere: return calls_.elsewhere(news.who, false);
        }
    }
    /// False: it is over.
    [[nodiscard]] bool take_errands() {
        std::vector<errand> now;
        {
            const std::lock_guard lock(guard_);
            now.swap(waiting_);
            problem_ = carrier_.connected() ? "" : words_ + ": " + carrier_.last_error();
            if (stopping_) {
                return false;
            }
        }
        for (const errand& each : now) {
            switch (each.what) {
            case errand::kind::joined: carrier_.link_up(each.who); break;
            case errand::kind::left: carrier_.link_down(each.who); break;
            case errand::kind::carry:
                carrier_.carry(each.who, sixfold::as_bytes(each.frames));
                break;
            }
        }
        return true;
    }
    void wait() const {
        const std::array<pollfd, 2> lines = carrier_.waits_for();
        std::array<pollfd, 3> all{lines[0], lines[1], pollfd{woken_, POLLIN, 0}};
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            carrier_.next_deadline() - std::chrono::steady_clock::now());
        const auto most = std::clamp<std::int64_t>(left.count(), 0, 60'000);
        (void)poll(all.data(), all.size(), static_cast<int>(most));
        std::uint64_t calls = 0;
        if ((all[2].revents & POLLIN) != 0) {
            (void)!read(woken_, &calls, sizeof calls);
        }
    }

    std::string words_;
    node_calls calls_;
    sixfold::redis_carrier carrier_;
    int woken_ = eventfd(0, EFD_CLOEXEC);
    mutable std::mutex guard_;  // of what follows
    std::vector<errand> waiting_;
    std::string problem_;
    bool stopping_ = false;
    std::thread thread_;  // last: it uses the others
};

/// Of `[:PASSWORD@]HOST[:PORT]`, or `/PATH`.
sixfold::redis_options read(std::string where) {
    sixfold::redis_options out;
    if (where.starts_with('/')) {
        out.host = where;
        return out;
    }
    if (const auto at = where.rfind('@'); at != std::string::npos) {
        const std::size_t begin = where.starts_with(':') ? 1 : 0;
        out.password = where.substr(begin, at - begin);
        where = where.substr(at + 1);
    }
    const auto colon = where.rfind(':');
    out.host = where.substr(0, colon);
    if (colon != std::string::npos) {
        const char* end = where.data() + where.size();
        const auto [stop, failed] = std::from_chars(where.data() + colon + 1, end, out.port);
        out.port = stop == end && failed == std::errc() ? out.port : 0;
    }
    return out;
}

}  // namespace

std::unique_ptr<neighbours> open_redis_neighbours(const std::string& url, node_calls calls) {
    const std::string scheme = "redis://";
    const sixfold::redis_options options = url.starts_with(scheme)
                                               ? read(url.substr(scheme.size()))
                                               : sixfold::redis_options{.host = ""};
    if (const auto tried = sixfold::redis_carrier::create(options, 0, steady); !tried) {
        throw usage_error(
            "--neighbours: must be redis://[:PASSWORD@]HOST[:PORT] or redis:///PATH; " +
            std::string(tried.error().what));
    }
    return std::make_unique<redis_neighbours>(options, std::move(calls));
}

}  // namespace relay_program
