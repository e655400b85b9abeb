// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_RELAY_REDIS_NEIGHBOURS_HPP
#define SIXFOLD_EXAMPLES_RELAY_REDIS_NEIGHBOURS_HPP

#include <memory>
#include <string>

#include "neighbours.hpp"

namespace relay_program {

/// The way to other nodes over Redis: `redis://[:PASSWORD@]HOST[:PORT]`, or `redis:///PATH` of its socket. It has a thread of its own,
/// and what it cannot carry it drops. Throws `usage_error` if it is no such URL; that no Redis is there is no reason not to begin.
[[nodiscard]] std::unique_ptr<neighbours> open_redis_neighbours(const std::string& url,
                                                                node_calls calls);

}  // namespace relay_program

#endif
