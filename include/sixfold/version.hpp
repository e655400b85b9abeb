// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_VERSION_HPP
#define SIXFOLD_VERSION_HPP

/// @file
/// The version of the API, and of the language that it is written in. The wire format has a version of its own (spec 2.1).

// Every other header comes here first, so that this is the first error, and the end.
#if __cplusplus <= 201703L && (!defined(_MSVC_LANG) || _MSVC_LANG <= 201703L)
#error "sixfold needs C++20: add -std=c++20 (MSVC: /std:c++20, CMake: set(CMAKE_CXX_STANDARD 20))"
#include "sixfold ends here, as all that follows would be errors too"
#endif

/// The major version. While it is 0, a new minor version may break programs that were written for the last one.
#define SIXFOLD_VERSION_MAJOR 0
/// The minor version: it grows with new features, and until 1.0 with other changes of the API.
#define SIXFOLD_VERSION_MINOR 1
/// The patch version: it grows with repairs.
#define SIXFOLD_VERSION_PATCH 0

#endif
