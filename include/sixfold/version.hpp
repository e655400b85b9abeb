// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_VERSION_HPP
#define SIXFOLD_VERSION_HPP

/// @file
/// The version of the API. The wire format has a version of its own (spec 2.1).

/// Until 1.0 it is 0, and a change of the minor version may break what was written for the last one.
#define SIXFOLD_VERSION_MAJOR 0
/// What is new, and until 1.0 what is different.
#define SIXFOLD_VERSION_MINOR 1
/// What is repaired.
#define SIXFOLD_VERSION_PATCH 0

#endif
