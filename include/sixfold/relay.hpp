// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RELAY_HPP
#define SIXFOLD_RELAY_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <variant>
#include <vector>

#include "sixfold/error.hpp"
#include "sixfold/mailbox/mailbox.hpp"
#include "sixfold/options.hpp"
#include "sixfold/parts/assert.hpp"
#include "sixfold/parts/peer_table.hpp"
#include "sixfold/relaying/answers.hpp"
#include "sixfold/relaying/drained_page.hpp"
#include "sixfold/relaying/link_table.hpp"
#include "sixfold/relaying/packet_bounds.hpp"
#include "sixfold/relaying/reactions.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/ack_state.hpp"
#include "sixfold/wire/codec.hpp"
#include "sixfold/wire/frame.hpp"
#include "sixfold/wire/packet.hpp"

namespace sixfold::inline v0 {

/// The limits of a relay.
struct relay_options {
    /// Peers that have a link here at the same time. About 200 bytes each, taken as they come.
    std::uint32_t peers_max = 65536;

    /// Bytes of the largest payload that is taken from a sender. It is the default of receivers, too.
    std::uint32_t payload_max = 1024;

    /// Bytes of frames that one packet may cause; its last frame may exceed it. A client sends little to get much: its mailbox and
    /// last ack states. The rest of such a packet is refused as `too_much`, and a page is made shorter (spec 5.5). A client of this
    /// library asks for 300 KB at most.
    std::size_t bytes_per_packet_max = std::size_t{1} << 20;

    /// Random bits, so that no stranger can choose names that collide in a hash table. What comes out
    /// of the relay does not depend on them.
    std::uint64_t seed = 0;
};

/// The verdict of a relay where everybody may write to everybody.
struct allow_all {
    /// No objection.
    constexpr refused_reason operator()(const peer& /*from*/, const peer& /*to*/) const noexcept {
        return refused_reason::none;
    }
};

/// A relay: a reaction, frames in and frames out, without memory for any message.
///
/// It keeps track of which link leads to which peer, and of nothing else (spec 5.8). What a message needs is
/// in its frames, in the clients that resend them, and in the mailbox; kill a relay, and its clients go on
/// at another one. It knows no time, and does not read or write the mailbox itself:
///
///     relay.handle(link, packet, out);
///     while (auto request = out.next_request()) {
///         relay.complete(*request, mailbox.execute(*request), out);
///     }
///     for (const auto frame : out.frames()) {
///         network.send(frame.link, frame.bytes);  // link_id::none: to the relay that has it, or nowhere
///     }
///     out.clear();
///
/// | from            | frame              | at once           | when the mailbox has done it    |
/// |-----------------|--------------------|-------------------|---------------------------------|
/// | A, B is here    | msg:R              | msg:A, msg:N to B |                                 |
/// | A, B is here    | msg:R, keep        | msg:A, msg:N to B | put: ack:N stored               |
/// | A, B is not     | msg:R              | msg:A             | put: ack:N stored, and          |
/// |                 |                    |                   | msg:N to B, wherever it is      |
/// | A, B is not     | msg:R, never store | msg:A away        |                                 |
/// | A               | msg:R, too large,  | msg:A refused     |                                 |
/// |                 | or by your verdict |                   |                                 |
/// | A               | msg:R probe        |                   | look: ack:N ended, and          |
/// |                 |                    |                   | msg:N probe to B, likewise      |
/// | B               | ack:R state, past  |                   | erase: ack:A, ack:N to A        |
/// | B               | ack:R waiting      | ack:A, ack:N to A |                                 |
/// | B               | sync:R             |                   | page: msg:N drained ..., sync:A |
///
/// Whatever else is refused, or was not done by the mailbox, is counted and not answered (law 5). A frame
/// costs O(its bytes), a page O(the bytes of its rows). Frames allocate only while the reactions
/// grow to their high-water mark. If memory runs out (std::bad_alloc), the relay is as it was; clear the
/// reactions: what was not said will be asked for again.
class relay {
  public:
    /// Refuses options that cannot work. Error: option.
    [[nodiscard]] static result<relay> create(const relay_options& options) {
        if (options.peers_max == 0 || options.peers_max > (1U << 28)) {
            return error{errc::option, "relay.peers_max: must be 1 to 268435456"};
        }
        if (options.payload_max == 0 || options.payload_max > payload_limit) {
            return error{errc::option, "relay.payload_max: must be 1 to 134217728"};
        }
        if (options.bytes_per_packet_max == 0) {
            return error{errc::option, "relay.bytes_per_packet_max: must be at least 1"};
        }
        return relay(options);
    }

    /// Moved, not copied: a link leads to one relay. What was moved from may only be destroyed or assigned to.
    relay(relay&&) noexcept = default;
    relay& operator=(relay&&) noexcept = default;  ///< likewise

    /// From now on this peer is at the other end of this link: the app has logged it in.
    ///
    /// The newest link of a peer wins; a former one is forgotten, and what still comes from it is
    /// refused as `unknown_link` (spec 1.3). A link that led to another peer now leads to this one.
    /// Errors: peer_name; unknown_link for `link_id::none`; peers_full. Then nothing has changed.
    result<void> link_up(link_id link, const peer& name, checksum mode = checksum::on) {
        if (!name.valid()) {
            return error{errc::peer_name, "a peer's name has 1 to 47 bytes"};
        }
        if (link == link_id::none) {
            return error{errc::unknown_link, "link_id::none names no link"};
        }
        const std::uint32_t former = links_.find(link);
        std::uint32_t at = peers_.find(name);
        if (at == none && former == none && peers_.size() == options_.peers_max) {
            return error{errc::peers_full, "as many peers are linked as peers_max allows"};
        }
        if (former != none && former != at) {
            link_down(link);
        }
        const session now{link, framing(name, mode)};
        if (at == none) {  // what can run out comes first, and each time nothing has changed
            links_.make_room();
            sessions_.resize((std::max)(sessions_.size(), std::size_t{peers_.size()} + 1), now);
            at = peers_.insert(name);
        } else {
            links_.erase(sessions_[at].link);
        }
        sessions_[at] = now;
        links_.insert(link, at);
        return {};
    }

    /// This link is gone. A newer link of its peer stays: a late call changes nothing. (spec 1.3)
    void link_down(link_id link) {
        const std::uint32_t at = links_.find(link);
        if (at == none) {
            return;
        }
        peers_.erase(at);
        links_.erase(link);
    }

    /// Takes a packet, one or more whole frames, from a link. Legal at any time, with any bytes.
    ///
    /// Each frame is taken or refused by itself, but a frame that cannot be decoded also drops what is
    /// behind it (spec 2.12). Returns the last refusal, which is that of such a frame if there is one. On
    /// datagrams there is nothing to do about it; close a byte stream if `ends_stream` says so. The requests
    /// in `out` refer to the packet.
    ///
    /// `verdict(sender, receiver)` is called once for each msg:R, be it a run or a probe. `refused_reason::none` lets it pass. Any other
    /// reason but `too_large` is told to the sender, which then gives that receiver up: use them for what is lasting. A full store,
    /// which may have room later, is no such reason: do not answer then (spec 5.6). The verdict must not call the relay.
    template <class Verdict = allow_all>
        requires(std::is_invocable_r_v<refused_reason, Verdict&, const peer&, const peer&>)
    refusal handle(link_id from, bytes packet, reactions& out, Verdict verdict = {}) {
        const std::uint32_t at = links_.find(from);
        if (at == none) {
            return refuse(refusal::unknown_link);
        }
        detail::packet_bounds bounds(options_.bytes_per_packet_max);
        const auto take_one = [&](const client_frame auto& what, bytes wire) {
            const refusal why = bounds.admits(what, wire)
                                    ? judge({peers_[at], at}, what, wire, out, verdict)
                                    : refusal::too_much;
            refusals_.add(why);
            return why;
        };
        const refusal last = decode_packet(packet, sessions_[at].wire, refusals_, take_one);
        if (const auto page = bounds.page()) {
            out.add({peers_[at], page->what, page->wire, at});
        }
        return last;
    }

    /// Takes the outcome of a request, of this relay or of another, soon or late.
    ///
    /// Appends to `out` what may be said now that the mailbox has done it; nothing if it has not (spec 5.6). Completing a request
    /// twice answers it twice, and does no harm. Returns `refusal::mailbox` and says nothing if it was not done, or if the request came
    /// back damaged. A damaged row or key is left out and counts likewise; the others are passed on.
    refusal
    complete(const mailbox_request& request, const mailbox_outcome& outcome, reactions& out) {
        const auto is_whole = [](const auto& what) {
            return is_valid(what);
        };
        if (!outcome.done || !request.from.valid() || !std::visit(is_whole, request.what)) {
            return refuse(refusal::mailbox);
        }
        const party from{request.from, peers_.find(request.from, request.place)};
        if (const auto* msg = std::get_if<msg_request>(&request.what)) {
            return msg->probes() ? looked(from, *msg, outcome, out)
                                 : stored(from, *msg, request.passed_on, out);
        }
        if (const auto* ack = std::get_if<ack_request>(&request.what)) {
            return settled(from, *ack, out);
        }
        return paged(from, std::get<sync_request>(request.what), outcome, out);
    }

    /// Does this peer have a link at this relay?
    [[nodiscard]] bool online(const peer& name) const noexcept {
        return link_of(name) != link_id::none;
    }
    /// The link of this peer, or `link_id::none` if it has none at this relay. When you log a peer in again, close the connection
    /// of its former link: nothing more is taken from it, and nothing else tells whoever waits there.
    [[nodiscard]] link_id link_of(const peer& name) const noexcept {
        const std::uint32_t at = peers_.look_up(name);
        return at == none ? link_id::none : sessions_[at].link;
    }
    /// Peers that have a link here.
    [[nodiscard]] std::size_t peers() const noexcept { return peers_.size(); }
    /// What was refused, in frames and by the mailbox, since the relay was made.
    [[nodiscard]] const refusal_counts& refusals() const noexcept { return refusals_; }

  private:
    static constexpr std::uint32_t none = link_table::none;

    struct session {
        link_id link;
        framing wire;
    };

    /// A peer, and its index if it has a link here.
    struct party {
        const peer& name;
        std::uint32_t at;
    };
    [[nodiscard]] party find(const peer& name) noexcept { return {name, peers_.find(name)}; }

    friend struct test_access;
    relay(const relay&) = default;  // for tests, in which one state goes on in several ways
    relay& operator=(const relay&) = default;

    explicit relay(const relay_options& options)
        : options_(options), links_(options.seed), peers_(options.peers_max, options.seed) {}

    refusal refuse(refusal why) noexcept {
        refusals_.add(why);
        return why;
    }

    // One frame of the peer with index `at`.

    refusal take(const party& from, const ack_request& ack, bytes wire, reactions& out) {
        if (ack.word == ack_word::waiting) {
            return settled(from, ack, out);
        }
        out.add({from.name, ack, wire, from.at});
        return refusal::none;
    }
    refusal take(const party&, const sync_request&, bytes, reactions&) {
        return refusal::none;  // it is asked for when its packet has ended (spec 5.5)
    }

    /// Only what is sent to somebody needs a verdict. (spec 5.1)
    template <class Frame, class Verdict>
    refusal
    judge(const party& from, const Frame& what, bytes wire, reactions& out, Verdict& /*verdict*/) {
        return take(from, what, wire, out);
    }
    template <class Verdict>
    refusal
    judge(const party& from, const msg_request& msg, bytes wire, reactions& out, Verdict& verdict) {
        const refused_reason no = verdict(from.name, msg.to);
        if (no == refused_reason::none) {
            return take(from, msg, wire, out);
        }
        SIXFOLD_ASSERT(no < refused_reason::too_large);
        post(from, detail::refused(msg, no), out);
        return refusal::verdict;
    }

    /// B is here and gets it, or is away and it is stored, or both ends have to know. (spec 5.1 to 5.3)
    refusal take(const party& from, const msg_request& msg, bytes wire, reactions& out) {
        if (msg.probes()) {
            // No msg:A: the ack:N that answers it comes from the relay, too.
            out.add({from.name, msg, wire, from.at});
            return refusal::none;
        }
        if (msg.entries.largest() > options_.payload_max) {
            post(from, detail::refused(msg, refused_reason::too_large, options_.payload_max), out);
            return refusal::payload_too_large;
        }
        const party to = find(msg.to);
        const bool online = to.at != none;
        const bool away = !online && msg.storing == storing::forbidden;
        post(from, detail::answer_of(msg, away ? msg_word::away : msg_word::taken), out);
        if (online) {
            post(to, detail::direct_of(from.name, msg), out);
        }
        if (online ? msg.keep : !away) {
            out.add({from.name, msg, wire, from.at, online});
        }
        return refusal::none;
    }

    /// All of it is durable. B may have come meanwhile, or be at another relay. (spec 5.2)
    refusal stored(const party& from, const msg_request& msg, bool passed_on, reactions& out) {
        post(from, detail::stored_of(msg), out);
        if (!passed_on) {
            post(find(msg.to), detail::direct_of(from.name, msg), out);
        }
        return refusal::none;
    }

    /// What one look has found goes to A, and to B. (spec 5.3)
    refusal looked(const party& from,
                   const msg_request& msg,
                   const mailbox_outcome& outcome,
                   reactions& out) {
        const party to = find(msg.to);
        const msg_notify probe = detail::probe_of(from.name, msg, outcome);
        ack_notify notify = detail::ended_of(msg, outcome, to.at == none);
        if (!is_valid(probe)) {  // a damaged store
            return refuse(refusal::mailbox);
        }
        const bool whole =
            outcome.last_state.empty() || ack_state::validate(outcome.last_state) == refusal::none;
        notify.state = whole ? outcome.last_state : bytes();
        post(from, notify, out);
        post(to, probe, out);
        return whole ? refusal::none : refuse(refusal::mailbox);
    }

    /// An ack:R goes on to A as it came, and is answered. (spec 5.4)
    refusal settled(const party& from, const ack_request& ack, reactions& out) {
        post(from, ack_answer{ack.serial}, out);
        post(find(ack.to), detail::passed_on(from.name, ack), out);
        return refusal::none;
    }

    /// The rows of a page, and behind them where to go on. (spec 5.5)
    refusal paged(const party& from,
                  const sync_request& sync,
                  const mailbox_outcome& outcome,
                  reactions& out) {
        detail::drained_page page(sync, outcome, out.run_);
        while (const auto msg = page.next()) {
            post(from, *msg, out);
        }
        if (const auto end = page.end()) {
            post(from, *end, out);
        }
        const std::size_t faults = page.faults();
        for (std::size_t fault = 0; fault < faults; ++fault) {
            refusals_.add(refusal::mailbox);
        }
        return faults == 0 ? refusal::none : refusal::mailbox;
    }

    /// A peer with its link elsewhere gets a frame with a checksum. (spec 5.9)
    template <class Frame>
    void post(const party& to, const Frame& what, reactions& out) const {
        if (to.at != none) {
            const session& here = sessions_[to.at];
            return out.add(to.name, here.link, here.wire, what, variable(what));
        }
        out.add(to.name, link_id::none, framing(to.name, checksum::on), what, variable(what));
    }

    [[nodiscard]] static std::size_t variable(const msg_notify& msg) {
        return msg.entries.encoded().size();
    }
    [[nodiscard]] static std::size_t variable(const ack_notify& ack) { return ack.state.size(); }
    template <class Frame>
    [[nodiscard]] static std::size_t variable(const Frame&) {
        return 0;
    }

    relay_options options_;
    link_table links_;               // each current link: the index of its peer
    peer_table peers_;               // the peers that have a link here
    std::vector<session> sessions_;  // by the index of the peer; stale where there is no peer
    refusal_counts refusals_;
};

}  // namespace sixfold::inline v0

#endif
