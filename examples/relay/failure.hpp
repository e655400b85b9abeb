// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_RELAY_FAILURE_HPP
#define SIXFOLD_EXAMPLES_RELAY_FAILURE_HPP

#include <stdexcept>

namespace relay_program {

/// The user can mend it: an option, a file. One line, exit status 2.
struct usage_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Something outside does not work, such as a server of a database. One line, exit status 1.
struct failure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace relay_program

#endif
