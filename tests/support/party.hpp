// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SUPPORT_PARTY_HPP
#define SIXFOLD_TESTS_SUPPORT_PARTY_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sixfold/sixfold.hpp>

namespace support {

using strings = std::vector<std::string>;

/// What the app at a client does with a message.
enum class app : std::uint8_t {
    accepts,         ///< at once
    rejects,         ///< at once
    waits,           ///< keeps it until the test has it settled
    takes_its_time,  ///< looks at one, and accepts it when it has had the time that it `needs`, before it looks at the next
    looks_at_it,     ///< and says nothing: with acceptance::on_delivery
};

/// A client, the app behind it, and what that app has seen.
struct party {
    sixfold::client_options options;
    std::optional<sixfold::client> machine;
    sixfold::link_id link = sixfold::link_id::none;
    std::size_t relay = 0;  ///< at which of them it has, or looks for, its link
    support::app app = support::app::accepts;
    sixfold::duration needs{};  ///< its app, for each message

    std::size_t allocations = 0;          ///< made inside of the client
    std::size_t journaled = 0;            ///< bytes of its records
    std::vector<sixfold::message> shown;  ///< all that poll_message gave; the payloads are gone
    strings inbox;                        ///< what the app has taken, or, if it only looks, seen
    strings inbox_from;                   ///< and from whom
    std::deque<sixfold::message> waiting;

    struct outgoing {
        std::optional<sixfold::ticket> id;  ///< none: of an object that is gone
        std::string text;
        std::string told;  ///< "relayed stored delivered"
    };
    std::vector<outgoing> outbox;

    /// Does its app look for another message?
    [[nodiscard]] bool looks() const { return app != app::takes_its_time || waiting.empty(); }
    [[nodiscard]] bool online() const { return link != sixfold::link_id::none; }
    [[nodiscard]] const sixfold::peer& name() const { return options.self; }

    /// What the app has heard of the last message with this text.
    [[nodiscard]] std::string told(std::string_view text) const {
        const auto at = std::find_if(outbox.rbegin(), outbox.rend(),
                                     [&](const outgoing& each) { return each.text == text; });
        return at == outbox.rend() ? "never sent" : at->told;
    }
    /// Messages of which the last word has not been heard.
    [[nodiscard]] std::size_t open() const {
        return static_cast<std::size_t>(
            std::count_if(outbox.begin(), outbox.end(),
                          [](const outgoing& each) { return each.id.has_value(); }));
    }
    [[nodiscard]] bool all_delivered() const {
        return std::all_of(outbox.begin(), outbox.end(), [](const outgoing& each) {
            return each.told == "delivered" || each.told.ends_with(" delivered");
        });
    }
};

}  // namespace support

#endif
