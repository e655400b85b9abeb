// SPDX-License-Identifier: BSL-1.0
#include "neighbours.hpp"

#include <utility>

#include "failure.hpp"
#include "redis_neighbours.hpp"

namespace relay_program {

std::unique_ptr<neighbours> open_neighbours(const std::string& where, node_calls calls) {
    if (where.empty()) {
        return nullptr;
    }
#if defined(SIXFOLD_RELAY_REDIS)
    return open_redis_neighbours(where, std::move(calls));
#else
    (void)calls;
    throw usage_error("--neighbours: this program was built without hiredis, and has no Redis");
#endif
}

}  // namespace relay_program
