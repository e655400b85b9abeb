// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_RELAY_POSTGRES_STORE_HPP
#define SIXFOLD_EXAMPLES_RELAY_POSTGRES_STORE_HPP

#include <memory>
#include <string>

#include "store.hpp"

namespace relay_program {

/// The mailbox in a PostgreSQL database, which other nodes use, too. Throws like `open_store`; no word that it says has the password
/// of the URL in it.
[[nodiscard]] std::unique_ptr<store> open_postgres_store(const std::string& url,
                                                         const sixfold::mailbox_limits& limits);

}  // namespace relay_program

#endif
