// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_POSTGRES_ERROR_HPP
#define SIXFOLD_EXT_POSTGRES_ERROR_HPP

#include <cstdint>
#include <string>
#include <string_view>

#include "sixfold/version.hpp"

namespace sixfold::inline v0 {

/// What is wrong with a database, as far as it matters for what to do.
enum class postgres_fault : std::uint8_t {
    none,  ///< nothing is wrong
    busy,  ///< others hold what is needed, or were faster, for longer than is waited: try again
    full,  ///< no room on the server's disk
    read_only,  ///< a standby, or set to read only: it cannot be written
    corrupt,    ///< damaged: bring back a copy
    foreign,    ///< the schema has tables, and they are not ours
    version,  ///< a schema that this program does not know, such as a newer one; or too old a server
    unsafe,  ///< it would not keep what it was given: `synchronous_commit`, `fsync` or a table says so
    lost,  ///< no server, it does not let us in, or it did not answer: what was under way is not known
    option,  ///< an option that cannot work
    other,   ///< rights that are missing, no memory, or a bug: `what` says it
};

/// What went wrong, what PostgreSQL calls it, and one line.
struct postgres_error {
    postgres_fault fault = postgres_fault::none;  ///< for the program
    std::string sqlstate{};  ///< five letters; empty if it was not the server that refused
    std::string what{};      ///< its own words, or ours
};

/// The fault that an SQLSTATE stands for.
[[nodiscard]] constexpr postgres_fault fault_of(std::string_view sqlstate) noexcept {
    constexpr struct {
        std::string_view begins;
        postgres_fault fault;
    } known[] = {
        {"40", postgres_fault::busy},          // serialization failure, deadlock
        {"55P03", postgres_fault::busy},       // lock_timeout
        {"53100", postgres_fault::full},       // disk full
        {"25006", postgres_fault::read_only},  // read-only transaction
        {"XX001", postgres_fault::corrupt},    // a damaged page
        {"XX002", postgres_fault::corrupt},    // a damaged index
        {"08", postgres_fault::lost},          // no connection
        {"57P", postgres_fault::lost},         // shut down, crashed, not up yet
    };
    for (const auto& each : known) {
        if (sqlstate.starts_with(each.begins)) {
            return each.fault;
        }
    }
    return postgres_fault::other;
}

}  // namespace sixfold::inline v0

#endif
