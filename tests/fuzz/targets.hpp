// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_FUZZ_TARGETS_HPP
#define SIXFOLD_TESTS_FUZZ_TARGETS_HPP

#include <string_view>

#include "fuzz/client.hpp"
#include "fuzz/codec.hpp"
#include "fuzz/frames.hpp"
#include "fuzz/relay.hpp"
#include "fuzz/world.hpp"
#ifdef SIXFOLD_FUZZ_SQLITE
#include "fuzz/sqlite.hpp"
#endif

namespace fuzz {

/// What takes any bytes, and throws when it did not do what it should.
struct target {
    std::string_view name;  ///< and of the folder of its corpus
    void (*run)(sixfold::bytes);
};

inline constexpr target targets[] = {
    {"codec", codec},
    {"stream", stream},
    {"log", log},
    {"journal", journal},
    {"client", client_in_memory},
    {"client_with_journal", client_with_journal},
    {"relay", relay},
    {"world", run_world},
#ifdef SIXFOLD_FUZZ_SQLITE
    {"sqlite_mailbox", sqlite_mailbox},
    {"sqlite_journal", sqlite_journal},
#endif
};

}  // namespace fuzz

#endif
