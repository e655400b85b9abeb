// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_VERSION_HPP
#define SIXFOLD_VERSION_HPP

// The version of the API. The wire format has a version of its own (README.md, rule 2.1).
#define SIXFOLD_VERSION_MAJOR 0
#define SIXFOLD_VERSION_MINOR 1
#define SIXFOLD_VERSION_PATCH 0

#endif
