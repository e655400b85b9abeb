// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_ASIO_WEBSOCKET_LINK_HPP
#define SIXFOLD_EXT_ASIO_WEBSOCKET_LINK_HPP

#include "sixfold/version.hpp"

#ifndef SIXFOLD_BOOST_ASIO
#error                                                                                             \
    "WebSocket is by Boost.Beast, which is built on Boost.Asio: define SIXFOLD_BOOST_ASIO, or link sixfold::boost_asio"
#endif

#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>

#include "sixfold/error.hpp"
#include "sixfold/ext/asio_link.hpp"
#include "sixfold/ext/asio_net.hpp"
#include "sixfold/types.hpp"

namespace sixfold::inline v0::inline SIXFOLD_ASIO {

/// A link over a WebSocket of Boost.Beast: lines are messages of text, and packets binary ones, of several frames each.
///
/// Its handshake is done, or `open` of a derived class does that. It pings who is silent, so a half-open connection is found also
/// where something stands in between.
template <class Stream>
class asio_websocket_link : public asio_link {
  public:
    /// What it is made of.
    using websocket = boost::beast::websocket::stream<Stream>;

    /// Takes the stream below it over.
    asio_websocket_link(Stream stream, const asio_link_limits& limits)
        : asio_link(limits), websocket_(std::move(stream)) {
        namespace ws = boost::beast::websocket;
        using std::chrono::milliseconds;
        ws::stream_base::timeout timeout{};
        timeout.handshake_timeout = std::chrono::seconds(10);
        timeout.idle_timeout = std::chrono::duration_cast<milliseconds>(limits.dead_after);
        timeout.keep_alive_pings = true;
        websocket_.set_option(timeout);
        websocket_.read_message_max(message_max + limits.frame_size);
        websocket_.auto_fragment(false);
    }

    /// The WebSocket itself.
    [[nodiscard]] websocket& stream() noexcept { return websocket_; }

    void say(std::string_view line) override {
        const bytes text = as_bytes(line);
        waiting_.push_back({{text.begin(), text.end()}, true});
        size_ += text.size();
        flush();
    }
    void hear(on_line line) override {
        websocket_.async_read(input_, [this, self = shared_from_this(),
                                       line = std::move(line)](net_error failed, std::size_t) {
            if (failed) {
                return close(problem(failed));
            }
            const std::string text = boost::beast::buffers_to_string(input_.data());
            const bool is_text = websocket_.got_text();
            input_.clear();
            is_text ? line(text) : close("what came first is no message of text");
        });
    }
    void send(bytes packet) override {
        if (!admit(packet)) {
            return;
        }
        const bool joins = waiting_.size() > std::size_t{writing_} && !waiting_.back().is_text &&
                           waiting_.back().data.size() + packet.size() <= message_max;
        if (!joins) {
            waiting_.push_back({});
        }
        auto& data = waiting_.back().data;
        data.insert(data.end(), packet.begin(), packet.end());
        size_ += packet.size();
    }
    void flush() override {
        if (closed() || writing_ || waiting_.empty()) {
            return;
        }
        writing_ = true;
        websocket_.text(waiting_.front().is_text);
        websocket_.async_write(
            net::buffer(waiting_.front().data),
            [this, self = shared_from_this()](net_error failed, std::size_t) { written(failed); });
    }
    void finish() override {
        finishing_ = true;
        if (waiting_.empty()) {
            say_goodbye();
        }
    }

  protected:
    void begin() override { read(); }
    void shut() override {
        net_error ignored;  // it is over either way
        boost::beast::get_lowest_layer(websocket_).close(ignored);
    }
    [[nodiscard]] std::size_t queued() const noexcept override { return size_; }

    /// What went wrong, for a person.
    [[nodiscard]] static std::string problem(net_error failed) {
        namespace beast = boost::beast;
        return failed == beast::websocket::error::closed || failed == net::error::eof
                   ? "ended by the other side"
               : failed == beast::error::timeout ? "nothing was heard for too long"
                                                 : failed.message();
    }

  private:
    static constexpr std::size_t message_max = 64 * 1024;

    struct message {
        std::vector<std::byte> data{};
        bool is_text = false;
    };

    void read() {
        websocket_.async_read(
            input_, [this, self = shared_from_this()](net_error failed, std::size_t) {
                if (failed) {
                    return close(problem(failed));
                }
                const auto data = input_.cdata();
                const bytes packet(static_cast<const std::byte*>(data.data()), data.size());
                const bool good = websocket_.got_binary() && hand_over(packet);
                input_.clear();
                if (input_.capacity() > message_max) {
                    input_.shrink_to_fit();
                }
                tell_rest();
                good ? read() : close("what came is none of our frames");
            });
    }
    void written(net_error failed) {
        writing_ = false;
        if (closed() || failed) {
            return close(problem(failed));
        }
        took(waiting_.front().data.size());
        size_ -= waiting_.front().data.size();
        waiting_.pop_front();
        flush();
        if (finishing_ && waiting_.empty()) {
            say_goodbye();
        }
    }
    void say_goodbye() {
        if (!closed()) {
            websocket_.async_close(
                boost::beast::websocket::close_code::going_away,
                [this, self = shared_from_this()](net_error) { close("finished"); });
        }
    }

    websocket websocket_;
    boost::beast::flat_buffer input_;
    std::deque<message> waiting_;  // the first one is being written, if any is
    std::size_t size_ = 0;         // of all that waits
    bool writing_ = false;
    bool finishing_ = false;
};

}  // namespace sixfold::inline v0::inline SIXFOLD_ASIO

#endif
