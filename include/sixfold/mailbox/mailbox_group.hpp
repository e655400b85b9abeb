// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_MAILBOX_MAILBOX_GROUP_HPP
#define SIXFOLD_MAILBOX_MAILBOX_GROUP_HPP

#include <algorithm>
#include <cstddef>
#include <map>
#include <span>
#include <variant>
#include <vector>

#include "sixfold/mailbox/mailbox.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/frame.hpp"

namespace sixfold::inline v0 {

/// A request to a mailbox and its outcome, in memory of their own: neither the packet nor the
/// mailbox is needed any more.
class mailbox_exchange {
  public:
    /// As `ask`.
    explicit mailbox_exchange(const mailbox_request& asked) { ask(asked); }
    /// Takes the memory along: what refers to it stays good. It cannot be copied.
    mailbox_exchange(mailbox_exchange&&) noexcept = default;
    /// Likewise.
    mailbox_exchange& operator=(mailbox_exchange&&) noexcept = default;

    /// The request, but without its `wire`, which is not needed to complete it.
    mailbox_request request;
    /// Not done, until the mailbox says otherwise.
    mailbox_outcome outcome;

    /// Keeps a copy of a request, its messages or ack state included, in place of the last one. There is no outcome yet.
    void ask(const mailbox_request& asked) {
        request = asked;
        request.wire = {};
        outcome = {};
        if (auto* msg = std::get_if<msg_request>(&request.what)) {
            msg->entries = msg->entries.moved_to(copy(msg->entries.encoded(), asked_));
        } else if (auto* ack = std::get_if<ack_request>(&request.what)) {
            ack->state = copy(ack->state, asked_);
        }
    }

    /// For the mailbox: keeps a copy of an outcome and of everything that it refers to.
    void answer(const mailbox_outcome& said) {
        outcome = said;
        outcome.last_state = copy(said.last_state, answered_);
        rows_.assign(said.rows.begin(), said.rows.end());
        for (const mailbox_row& row : rows_) {
            answered_.insert(answered_.end(), row.payload.begin(), row.payload.end());
        }
        std::size_t at = outcome.last_state.size();
        outcome.last_state = bytes(answered_).first(at);  // the bytes have moved while they grew
        for (mailbox_row& row : rows_) {
            row.payload = bytes(answered_).subspan(at, row.payload.size());
            at += row.payload.size();
        }
        outcome.rows = rows_;
    }

  private:
    [[nodiscard]] static bytes copy(bytes from, std::vector<std::byte>& to) {
        to.assign(from.begin(), from.end());
        return to;
    }

    // A vector that is moved takes its memory along, so what refers to it stays good.
    std::vector<std::byte> asked_;     // the messages or ack state of the request
    std::vector<std::byte> answered_;  // the last state of the outcome, or the payloads of its rows
    std::vector<mailbox_row> rows_;
};

/// Requests to a mailbox that are executed together, so that one sync of its disk makes all of them
/// durable.
///
/// Nothing is answered before it is durable (law 4), so the order is: collect, execute, complete,
/// send. The loop of a relay:
///
///     while (auto packet = network.receive()) {            // all that have come
///         relay.handle(packet->link, packet->bytes, out);
///         while (auto request = out.next_request()) {
///             group.add(*request);                         // copied: the packet may go
///         }
///     }
///     for (const auto& each : mailbox.execute(group)) {    // one transaction
///         relay.complete(each.request, each.outcome, out);
///     }
///     group.clear();
///     for (const auto frame : out.frames()) {
///         network.send(frame.link, frame.bytes);
///     }
///     out.clear();
///
/// There are no outcomes before `execute`, so nothing can be completed too early. If the
/// transaction fails, none of them is done, nothing is answered, and the clients ask again (law 5).
///
/// It knows nothing of any mailbox. Its memory grows to that of the largest group and stays.
class mailbox_group {
  public:
    /// Keeps a copy of a request: the packet that it refers to may go. If one peer asks for several pages, only the last counts,
    /// in the place of the first: on a byte stream each comes in a packet of its own (spec 5.5). O(bytes), and O(log n) of a page.
    void add(const mailbox_request& request) {
        std::size_t at = size_;
        if (std::holds_alternative<sync_request>(request.what)) {
            at = pages_.try_emplace(request.from, size_).first->second;
        }
        if (at == exchanges_.size()) {
            exchanges_.emplace_back(request);
        } else {
            exchanges_[at].ask(request);
        }
        size_ = (std::max)(size_, at + 1);
    }

    /// In the order in which they were added. Good until `add` or `clear`.
    [[nodiscard]] std::span<mailbox_exchange> exchanges() noexcept {
        return std::span(exchanges_).first(size_);
    }
    /// How many requests there are.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// Whether there is none.
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    /// Forgets the requests and their outcomes; the memory stays.
    void clear() noexcept {
        size_ = 0;
        pages_.clear();
    }

  private:
    std::vector<mailbox_exchange> exchanges_;
    std::size_t size_ = 0;               // the others keep their memory for the next group
    std::map<peer, std::size_t> pages_;  // where that of a peer is
};

}  // namespace sixfold::inline v0

#endif
