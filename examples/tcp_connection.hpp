// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_TCP_CONNECTION_HPP
#define SIXFOLD_EXAMPLES_TCP_CONNECTION_HPP

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <asio.hpp>

#include <sixfold/error.hpp>
#include <sixfold/stream_reader.hpp>
#include <sixfold/types.hpp>

namespace example {

/// One end of a TCP connection: frames out, in order, and whole frames in.
///
/// It knows what a frame is, but not what is in it. It lives as long as it reads or writes, or
/// somebody holds it.
class tcp_connection : public std::enable_shared_from_this<tcp_connection> {
  public:
    using on_frame = std::function<sixfold::refusal(sixfold::bytes)>;
    using on_end = std::function<void()>;
    using on_rest = std::function<void()>;

    tcp_connection(asio::ip::tcp::socket socket, std::size_t frame_size_max)
        : socket_(std::move(socket)), reader_(frame_size_max) {}

    [[nodiscard]] asio::ip::tcp::socket& socket() noexcept { return socket_; }

    /// Waits for a line of text in front of the frames. If the connection ends before it, that is told.
    void read_line(
        std::function<void(std::string_view)> line, on_end end = [] {}) {
        end_ = std::move(end);
        asio::async_read_until(socket_, asio::dynamic_buffer(early_, line_max), '\n',
                               [this, self = shared_from_this(),
                                line = std::move(line)](asio::error_code failed, std::size_t size) {
                                   if (failed) return close();
                                   const std::string first = early_.substr(0, size - 1);
                                   early_.erase(0, size);
                                   line(first);
                               });
    }
    /// From now on frames are handed over, until the connection ends, which is told once. When all that
    /// had come was handed over, it is time to rest: for one turn, and not for one a frame, each of which would
    /// send again what the next frame answers.
    void start(
        on_frame frame, on_end end, on_rest rest = [] {}) {
        frame_ = std::move(frame);
        end_ = std::move(end);
        rest_ = std::move(rest);
        asio::error_code ignored;  // only slower
        socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
        const std::string early = std::exchange(early_, {});
        take(sixfold::as_bytes(early)) ? read() : close();
    }
    /// Takes a copy. When the other side does not read, what is too much is dropped whole: whoever
    /// wants it to arrive will send it again.
    void send(sixfold::bytes what) {
        if (waiting_.size() + what.size() <= waiting_max) {
            waiting_.insert(waiting_.end(), what.begin(), what.end());
            write();
        }
    }
    void close() {
        asio::error_code ignored;  // it is over either way
        socket_.close(ignored);
        if (const on_end end = std::exchange(end_, nullptr)) end();
    }

  private:
    static constexpr std::size_t line_max = 256;
    static constexpr std::size_t waiting_max = 1 << 18;

    void read() {
        socket_.async_read_some(
            asio::buffer(input_),
            [this, self = shared_from_this()](asio::error_code failed, std::size_t size) {
                failed || !take(sixfold::bytes(input_).first(size)) ? close() : read();
            });
    }
    [[nodiscard]] bool take(sixfold::bytes input) {
        const bool has_come = !input.empty();
        bool good = end_ != nullptr;
        while (good) {
            const auto frame = reader_.next(input);
            if (!frame) break;
            good = !ends_stream(frame_(*frame)) && end_;
        }
        if (end_ && has_come) rest_();
        return good && !ends_stream(reader_.refused());
    }
    void write() {
        if (!leaving_.empty() || waiting_.empty()) return;
        leaving_.swap(waiting_);
        asio::async_write(socket_, asio::buffer(leaving_),
                          [this, self = shared_from_this()](asio::error_code failed, std::size_t) {
                              leaving_.clear();
                              failed ? close() : write();
                          });
    }

    asio::ip::tcp::socket socket_;
    sixfold::stream_reader reader_;
    on_frame frame_;
    on_end end_;
    on_rest rest_;
    std::string early_;                       // what came with the line, and behind it
    std::array<std::byte, 1 << 16> input_{};  // all that a socket holds back, as a rule
    std::vector<std::byte> waiting_;
    std::vector<std::byte> leaving_;
};

}  // namespace example

#endif
