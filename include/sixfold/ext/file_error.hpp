// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_FILE_ERROR_HPP
#define SIXFOLD_EXT_FILE_ERROR_HPP

#include <cstdint>
#include <string>
#include <system_error>

#include "sixfold/version.hpp"

namespace sixfold::inline v0 {

/// What is wrong with the file of a journal, as far as one would do something else about it.
enum class file_fault : std::uint8_t {
    none,     ///< nothing is wrong
    locked,   ///< it is open already, here or in another process
    damaged,  ///< damaged in front of records that were durable: bring back a copy, or begin without
    version,  ///< of a version that this program does not know, such as a newer one
    foreign,  ///< no journal
    moved,  ///< its name, or that of its lock, is gone or another file's: what is written is found by nobody
    unused,  ///< the client gives it no records, as one with `journaling::none` does
    system,  ///< the system could not do it: `code` says why
};

/// What went wrong, what the system calls it, and a sentence that names the file.
struct file_error {
    file_fault fault = file_fault::none;  ///< for the program
    std::error_code code{};               ///< none, if it was not the system that refused
    std::string what;                     ///< for a log
};

}  // namespace sixfold::inline v0

#endif
