// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_FILE_ERROR_HPP
#define SIXFOLD_EXT_FILE_ERROR_HPP

#include <cstdint>
#include <string>
#include <system_error>

#include "sixfold/version.hpp"

namespace sixfold::inline v0 {

/// What is wrong with the file of a journal, as far as it matters for what to do.
enum class file_fault : std::uint8_t {
    none,     ///< nothing is wrong
    locked,   ///< it is open already, here or in another process
    damaged,  ///< damaged before records that were durable: begin without it, with a new life
    version,  ///< of a version that this program does not know, such as a newer one
    foreign,  ///< not a journal
    /// Its name, or that of its lock, is gone or belongs to another file: nobody will find what is written.
    moved,
    unused,  ///< the client gives it no records, as a client with `journaling::none` does
    system,  ///< the system could not do it: `code` says why
};

/// What went wrong, what the system calls it, and a sentence that names the file.
struct file_error {
    file_fault fault = file_fault::none;  ///< for the program
    std::error_code code{};               ///< of the system; none if the system did not refuse
    std::string what;                     ///< for a log
};

}  // namespace sixfold::inline v0

#endif
