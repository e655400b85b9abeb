// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_REDIS_LINE_HPP
#define SIXFOLD_EXT_REDIS_LINE_HPP

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <hiredis/hiredis.h>
#include <hiredis/sds.h>  // sdslen
#include <poll.h>

#include "sixfold/types.hpp"

namespace sixfold::inline v0::detail {

/// A connection to Redis that never waits: commands go into its buffer, answers come out of it.
///
/// It knows nothing of what they say. Once something has failed it is lost, and says why.
class redis_line {
  public:
    /// None.
    redis_line() = default;
    /// Begins to connect. `host` is a name, an address, or a path that begins with '/'.
    redis_line(const std::string& host, int port)
        : context_(host.starts_with('/') ? redisConnectUnixNonBlock(host.c_str())
                                         : redisConnectNonBlock(host.c_str(), port)) {}

    [[nodiscard]] bool lost() const noexcept { return !context_ || context_->err != 0; }
    /// What hiredis says of it.
    [[nodiscard]] std::string why() const { return context_ ? context_->errstr : "not connected"; }
    /// What to wait for.
    [[nodiscard]] pollfd waits_for() const noexcept {
        return {lost() ? -1 : context_->fd,
                static_cast<short>(unsent() != 0 ? POLLIN | POLLOUT : POLLIN), 0};
    }
    /// Bytes that the system has not taken yet.
    [[nodiscard]] std::size_t unsent() const noexcept {
        return lost() ? 0 : sdslen(context_->obuf);
    }

    /// A command is on its way.
    void send(std::initializer_list<std::string_view> words) {
        if (lost()) {
            return;
        }
        std::vector<const char*> data;
        std::vector<std::size_t> sizes;
        for (const std::string_view each : words) {
            data.push_back(each.data());
            sizes.push_back(each.size());
        }
        redisAppendCommandArgv(context_.get(), static_cast<int>(data.size()), data.data(),
                               sizes.data());
    }

    /// Writes and reads what the system takes and has, and calls `answered(const redisReply&)` for each answer that is whole.
    template <class Answered>
    void exchange(Answered answered) {
        pollfd now = waits_for();
        for (int rounds = 0; rounds < rounds_max && !lost() && poll(&now, 1, 0) > 0; ++rounds) {
            if ((now.revents & POLLOUT) != 0) {
                int done = 0;
                redisBufferWrite(context_.get(), &done);
            }
            if (!lost() && (now.revents & (POLLIN | POLLHUP | POLLERR)) != 0 &&
                redisBufferRead(context_.get()) == REDIS_OK) {
                take_answers(answered);
            }
            now = waits_for();
        }
    }

  private:
    // of 16 KiB: who has much to say must not hold up all else
    static constexpr int rounds_max = 64;

    struct free {
        void operator()(redisContext* context) const noexcept { redisFree(context); }
        void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
    };

    template <class Answered>
    void take_answers(Answered& answered) {
        void* next = nullptr;
        while (redisGetReplyFromReader(context_.get(), &next) == REDIS_OK && next != nullptr) {
            const std::unique_ptr<redisReply, free> reply(static_cast<redisReply*>(next));
            answered(*reply);
        }
    }

    std::unique_ptr<redisContext, free> context_;
};

/// The text of an answer; what is none has none.
[[nodiscard]] inline std::string_view text_of(const redisReply& reply) noexcept {
    return reply.str == nullptr ? std::string_view()
                                : std::string_view(reply.str, static_cast<std::size_t>(reply.len));
}

}  // namespace sixfold::inline v0::detail

#endif
