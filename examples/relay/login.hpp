// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_RELAY_LOGIN_HPP
#define SIXFOLD_EXAMPLES_RELAY_LOGIN_HPP

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "token.hpp"

namespace relay_program {

/// Who logs in: **the place for a login of your own**. From any thread; what it takes, the links of one worker wait for.
class login {
  public:
    /// Without keys everybody is who he says.
    explicit login(std::shared_ptr<const key_ring> keys) : keys_(std::move(keys)) {}

    /// `shown` is what a client has sent as the word behind `login `.
    [[nodiscard]] token_verdict check(std::string_view shown, std::int64_t now) const {
        const auto keys = current();
        if (keys) {
            return check_token(*keys, shown, now);
        }
        const sixfold::peer name(shown);
        return name.valid() ? token_verdict{name, {}}
                            : token_verdict{{}, "a name has 1 to 47 bytes"};
    }
    /// Others count from now on. Links that are there stay.
    void change(std::shared_ptr<const key_ring> keys) {
        const std::lock_guard lock(guard_);
        keys_ = std::move(keys);
    }

  private:
    [[nodiscard]] std::shared_ptr<const key_ring> current() const {
        const std::lock_guard lock(guard_);
        return keys_;
    }

    mutable std::mutex guard_;
    std::shared_ptr<const key_ring> keys_;
};

}  // namespace relay_program

#endif
