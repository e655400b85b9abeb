// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTING_CATCH_HPP
#define SIXFOLD_TESTING_CATCH_HPP

// The assertions of Catch2, of version 2 or 3, whichever the including project has.

#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_test_macros.hpp>
#else
#include <catch2/catch.hpp>
#endif

#endif
