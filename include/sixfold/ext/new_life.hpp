// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_NEW_LIFE_HPP
#define SIXFOLD_EXT_NEW_LIFE_HPP

#include <chrono>
#include <cstdint>
#include <random>

#include "sixfold/options.hpp"
#include "sixfold/time.hpp"

namespace sixfold::inline v0 {

/// The two numbers of a client that starts now: milliseconds since 1970, and 64 bits of std::random_device.
///
///     auto alice = sixfold::client::create(clock, {.self = "alice", .life = sixfold::new_life()}).value();
///
/// It is for computers whose clock knows the date. A computer whose clock begins at 1970 at each start counts its starts instead, and
/// keeps the count (spec 6.1 says what happens if it does not grow). Throws what std::random_device throws if it has no random bits.
///
/// `away` is how long ago the client's journal was last written, if it has one and that is known: see ext/file_age.hpp.
[[nodiscard]] inline incarnation new_life(duration away = duration::zero()) {
    using std::chrono::milliseconds;
    const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
    std::random_device random;
    return {.start = static_cast<std::uint64_t>(
                std::chrono::duration_cast<milliseconds>(since_1970).count()),
            .seed = std::uint64_t{random()} << 32 | random(),
            .away = away};
}

}  // namespace sixfold::inline v0

#endif
