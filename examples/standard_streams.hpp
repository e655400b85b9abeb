// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_STANDARD_STREAMS_HPP
#define SIXFOLD_EXAMPLES_STANDARD_STREAMS_HPP

#if defined(__unix__) || defined(__APPLE__)

#include <fcntl.h>
#include <unistd.h>

#endif

namespace example {

/// A standard stream that the program was started without becomes one that is empty. Else the next file or socket that
/// is opened would have its number, and what is written to the terminal would be written into it.
inline void open_standard_streams() {
#if defined(__unix__) || defined(__APPLE__)
    int opened = 0;
    while (opened >= 0 && opened <= STDERR_FILENO) {
        opened = ::open("/dev/null", O_RDWR);
    }
    ::close(opened);
#endif
}

}  // namespace example

#endif
