// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_ASIO_REDIAL_HPP
#define SIXFOLD_EXT_ASIO_REDIAL_HPP

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "sixfold/parts/random.hpp"
#include "sixfold/time.hpp"

namespace sixfold::inline v0 {

/// How long to wait for the next try to connect.
struct asio_redial_options {
    /// The longest wait before the first try; more than 0.
    duration first = std::chrono::milliseconds(250);
    duration most = std::chrono::seconds(
        30);  ///< the longest wait before any try: so late is a relay noticed that is back
};

/// The waits between tries: the longest wait doubles with each try, and each wait is a random part of it ("full jitter"), so that clients
/// that lost one relay together do not come to the next one together.
///
/// A connection that lasted less than the wait before it does not make the next wait shorter: perhaps another program has our name,
/// and each ends the connection of the other.
class asio_redial {
  public:
    /// With jitter of its own for each seed.
    asio_redial(const asio_redial_options& options, std::uint64_t seed)
        : options_(options), most_(options.first), random_(seed) {}

    /// The wait after a connection that was tried, or has lasted, for so long.
    [[nodiscard]] duration wait(duration lasted) {
        if (lasted >= (std::max)(most_, options_.most / 3)) {
            most_ = options_.first;
        }
        const duration limit = most_;
        most_ = (std::min)(2 * most_, options_.most);
        const auto parts = static_cast<duration::rep>(random_.next() >> 44U);  // of 2^20
        return duration(limit.count() / (1 << 20) * parts);
    }

  private:
    asio_redial_options options_;
    duration most_;  // of the next wait
    random_source random_;
};

}  // namespace sixfold::inline v0

#endif
