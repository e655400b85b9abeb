// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_ASIO_STREAM_LINK_HPP
#define SIXFOLD_EXT_ASIO_STREAM_LINK_HPP

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "sixfold/error.hpp"
#include "sixfold/ext/asio_link.hpp"
#include "sixfold/ext/asio_net.hpp"
#include "sixfold/stream_reader.hpp"
#include "sixfold/types.hpp"

namespace sixfold::inline v0::inline SIXFOLD_ASIO {

/// A link over a byte stream of Asio: a `tcp::socket`, or an `ssl::stream` of one. (spec 2.13)
///
/// The socket is connected, and its handshake done, or `open` of a derived class does that. While nothing comes over TCP it has no
/// memory for it but that of a frame that has begun.
template <class Stream>
class asio_stream_link : public asio_link {
  public:
    static constexpr std::size_t line_max = 1024;  ///< bytes of the longest line of text

    /// Takes the stream over.
    asio_stream_link(Stream stream, const asio_link_limits& limits)
        : asio_link(limits), stream_(std::move(stream)), reader_(limits.frame_size) {}

    /// The stream itself.
    [[nodiscard]] Stream& stream() noexcept { return stream_; }

    void say(std::string_view line) override {
        const auto put = [this](bytes what) {
            waiting_.insert(waiting_.end(), what.begin(), what.end());
        };
        put(as_bytes(line));
        put(as_bytes("\n"));
        flush();
    }
    void hear(on_line line) override {
        net::async_read_until(stream_, net::dynamic_buffer(early_, line_max), '\n',
                              [this, self = shared_from_this(),
                               line = std::move(line)](net_error failed, std::size_t size) {
                                  if (failed) {
                                      return close(failed == net::error::not_found
                                                       ? "what came first is no line of text"
                                                       : words_of(failed));
                                  }
                                  const std::string first = early_.substr(0, size - 1);
                                  early_.erase(0, size);
                                  line(first);
                              });
    }
    void send(bytes packet) override {
        if (admit(packet)) {
            waiting_.insert(waiting_.end(), packet.begin(), packet.end());
        }
    }
    void flush() override {
        if (closed() || !leaving_.empty() || waiting_.empty()) {
            return;
        }
        leaving_.swap(waiting_);
        write();
    }
    void finish() override {
        finishing_ = true;
        if (queued() == 0) {
            close("finished");
        }
    }

  protected:
    void begin() override {
        const std::string early = std::exchange(early_, {});
        take(as_bytes(early)) ? read() : refuse();
    }
    void shut() override {
        net_error ignored;  // it is over either way
        stream_.lowest_layer().close(ignored);
    }
    [[nodiscard]] std::size_t queued() const noexcept override {
        return waiting_.size() + leaving_.size() - left_at_;
    }

  private:
    static constexpr bool is_plain = std::is_same_v<Stream, net::ip::tcp::socket>;
    static constexpr std::size_t kept_max = 64 * 1024;  // bytes of a queue that is empty

    /// Whoever is idle has no buffer: that of the thread is for whom something has come.
    void read() {
        if constexpr (is_plain) {
            stream_.async_wait(Stream::wait_read,
                               [this, self = shared_from_this()](net_error failed) {
                                   failed ? close(failed.message()) : read_some();
                               });
        } else {
            input_.resize(8 * 1024);
            stream_.async_read_some(net::buffer(input_), [this, self = shared_from_this()](
                                                             net_error failed, std::size_t size) {
                if (failed) {
                    return close(words_of(failed));
                }
                take(bytes(input_).first(size)) ? read() : refuse();
            });
        }
    }
    void read_some() {
        static thread_local std::array<std::byte, 1 << 16> input;
        net_error failed;
        if (!stream_.non_blocking()) {
            stream_.non_blocking(true, failed);
        }
        const std::size_t size = stream_.read_some(net::buffer(input), failed);
        if (failed && failed != net::error::would_block) {
            return close(words_of(failed));
        }
        take(bytes(input).first(size)) ? read() : refuse();
    }
    [[nodiscard]] bool take(bytes input) {
        const bool has_come = !input.empty();
        bool good = !closed();
        while (good) {
            const auto frame = reader_.next(input);
            if (!frame) {
                break;
            }
            good = hand_over(*frame);
        }
        if (has_come) {
            tell_rest();
        }
        return good && !closed() && !ends_stream(reader_.refused());
    }
    void refuse() { close("what came is none of our frames"); }

    /// Piece by piece, so that a socket which takes little is told from one that takes nothing.
    void write() {
        stream_.async_write_some(
            net::buffer(leaving_) + left_at_,
            [this, self = shared_from_this()](net_error failed, std::size_t size) {
                failed ? close(failed.message()) : written(size);
            });
    }
    void written(std::size_t size) {
        took(size);
        left_at_ += size;
        if (left_at_ < leaving_.size()) {
            return write();
        }
        left_at_ = 0;
        leaving_.clear();
        if (leaving_.capacity() > kept_max) {
            leaving_ = {};
        }
        flush();
        if (finishing_ && queued() == 0) {
            close("finished");
        }
    }

    Stream stream_;
    stream_reader reader_;
    std::string early_;             // what came with the line, and behind it
    std::vector<std::byte> input_;  // of a stream that decrypts
    std::vector<std::byte> waiting_;
    std::vector<std::byte> leaving_;
    std::size_t left_at_ = 0;  // of leaving_: what is in front of it has left
    bool finishing_ = false;
};

}  // namespace sixfold::inline v0::inline SIXFOLD_ASIO

#endif
