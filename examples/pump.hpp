// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_PUMP_HPP
#define SIXFOLD_EXAMPLES_PUMP_HPP

#include <array>
#include <cerrno>
#include <cstddef>
#include <future>
#include <system_error>
#include <thread>
#include <utility>

#include <signal.h>  // pthread_sigmask
#include <unistd.h>

namespace example {

/// Makes something that can only be read by waiting, as a file, a terminal or a socket may be, into a pipe of our own,
/// which a loop can wait for.
///
/// What a loop sets for standard input itself would hold for all who have the same terminal, and it cannot wait for a
/// file. So a thread reads, and copies into the pipe until one of the two ends.
class pump {
  public:
    /// The descriptor stays the caller's, and must be open until the program ends: the thread may hang in it.
    explicit pump(int from) {
        std::array<int, 2> ends{};
        if (::pipe(ends.data()) < 0) {
            throw std::system_error(errno, std::generic_category(), "pipe");
        }
        out_ = ends[0];
        std::packaged_task<int()> copy([from, to = ends[1]] { return copy_all(from, to); });
        result_ = copy.get_future();
        std::thread(std::move(copy)).detach();
    }

    /// The end of the pipe to read from; the caller closes it.
    [[nodiscard]] int out() const noexcept { return out_; }
    /// Why there is no more, after the end of the pipe was read: an `errno`, or 0 for the end of the file.
    [[nodiscard]] int error() { return result_.get(); }

  private:
    /// Signals are for the others; and when the loop has gone first, that is none for this thread either.
    static int copy_all(int from, int to) {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, nullptr);
        std::array<char, 4096> buffer{};
        int error = 0;
        for (bool more = true; more;) {
            const auto got = ::read(from, buffer.data(), buffer.size());
            error = got < 0 ? errno : 0;
            more = error == EINTR || (got > 0 && write_all(to, buffer.data(), got));
        }
        ::close(to);
        return error;
    }
    static bool write_all(int to, const char* data, ssize_t size) {
        while (size > 0) {
            const auto written = ::write(to, data, static_cast<std::size_t>(size));
            if (written < 0 && errno != EINTR) return false;
            data += written < 0 ? 0 : written;
            size -= written < 0 ? 0 : written;
        }
        return true;
    }

    int out_ = -1;
    std::future<int> result_;
};

}  // namespace example

#endif
