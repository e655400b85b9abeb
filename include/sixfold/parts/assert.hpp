// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_PARTS_ASSERT_HPP
#define SIXFOLD_PARTS_ASSERT_HPP

/// @file
/// The one assertion.

#ifndef SIXFOLD_ASSERT
#include <cassert>
/// Marks bugs: of sixfold itself, or a broken precondition of a call. What a peer sends is never asserted, and no check that
/// a law rests on is an assertion. A program may define it before the first include, for all its translation units alike;
/// it must not change types or layout.
#define SIXFOLD_ASSERT(condition) assert(condition)
#endif

#endif
