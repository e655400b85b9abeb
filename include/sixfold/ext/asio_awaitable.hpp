// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_ASIO_AWAITABLE_HPP
#define SIXFOLD_EXT_ASIO_AWAITABLE_HPP

#include "sixfold/event.hpp"
#include "sixfold/ext/asio_client.hpp"
#include "sixfold/ext/asio_net.hpp"
#include "sixfold/message.hpp"

namespace sixfold::inline v0::inline SIXFOLD_ASIO {

namespace asio_detail {

/// What `poll` gives, as soon as it gives something.
template <class Value, class Poll>
net::awaitable<Value> next_of(asio_client& from, Poll poll) {
    for (;;) {
        if (auto found = poll()) {
            co_return *found;
        }
        if (!from.running()) {
            throw net_failure(net::error::operation_aborted);
        }
        net_error woken;  // by cancelling the wait, which is how it is told
        co_await from.arrival().async_wait(net::redirect_error(net::use_awaitable, woken));
    }
}

}  // namespace asio_detail

/// The next message that has come: `const auto got = co_await sixfold::next_message(alice);`
///
/// It is as `client::poll_message` gives it: commit what is yours, and then `alice.accept(got)`; or both in `alice.change(...)`, where
/// they are one commit. Throws `operation_aborted` when the client is stopped. The client has no `on_message`.
[[nodiscard]] inline net::awaitable<message> next_message(asio_client& from) {
    return asio_detail::next_of<message>(from, [&from] { return from.machine().poll_message(); });
}

/// The next event of a message that was sent, likewise. The client has no `on_event`.
[[nodiscard]] inline net::awaitable<event> next_event(asio_client& from) {
    return asio_detail::next_of<event>(from, [&from] { return from.machine().poll_event(); });
}

}  // namespace sixfold::inline v0::inline SIXFOLD_ASIO

#endif
