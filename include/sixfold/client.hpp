// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_CLIENT_HPP
#define SIXFOLD_CLIENT_HPP

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <variant>

#include "sixfold/error.hpp"
#include "sixfold/journal/creation.hpp"
#include "sixfold/journal/journal.hpp"
#include "sixfold/options.hpp"
#include "sixfold/parts/assert.hpp"
#include "sixfold/receiver.hpp"
#include "sixfold/sender.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/codec.hpp"
#include "sixfold/wire/packet.hpp"

namespace sixfold::inline v0 {

/// Who a client is, what it keeps, and the limits of its two machines.
struct client_options {
    peer self;         ///< our own name, as the relay knows it from the login
    incarnation life;  ///< which of its lives this is: `new_life()` of ext/new_life.hpp, for most
    sixfold::journaling journaling = journaling::none;  ///< none: in memory only
    sender_options sender{};                            ///< limits of the sending half
    receiver_options receiver{};                        ///< limits of the receiving half
};

/// A place between the records of a client's journal. It means something to that client alone.
struct journal_mark {
    std::uint64_t received = 0;  ///< records of the receiver that were given
    std::uint64_t sent = 0;      ///< records of the sender that were given
};

/// How far a snapshot has come. A new object is its beginning.
struct snapshot_place {
    bool begun = false;          ///< the record of the owner was written
    std::uint64_t received = 0;  ///< see `receiver::snapshot`
    std::uint64_t sent = 0;      ///< see `sender::snapshot`
};

/// One end of the conversation: a sender and a receiver on one link to a relay.
///
/// The loop of an app, whatever its transport is:
///
///     on packets        client.handle(packet), for all that have come, or the turn sends again what the next packet answers
///     then, and at      while (auto event = client.poll_event()) ...
///     next_deadline()   while (auto message = client.poll_message()) ... client.accept(*message)
///                       while (auto packet = client.poll_transmit(buffer)) ... send it
///
/// It takes memory until it has enough for its load, and then no more. If memory runs out (std::bad_alloc), destroy the client:
/// whatever it has told anybody is in its journal, and the next life goes on from there.
///
/// Extra calls do no harm. A client owns its two machines, and adds only the dispatch of frames. `sender` and `receiver` say what
/// each call promises, costs and refuses.
class client {
  public:
    /// Refuses options that cannot work, with an error that names the option. The clock must outlive the client.
    [[nodiscard]] static result<client> create(clock_ref clock, const client_options& options) {
        return creation::of<client>({check_options(options)}, clock, options);
    }
    /// Goes on where an earlier life has ended: `journal` is what is durable of its journal, empty if there was none. See
    /// `sender::create` and `receiver::create`. Errors: journal_foreign, if it is the journal of another peer (spec 7.3); option,
    /// if the options say that no journal is kept.
    ///
    /// An old copy of a journal is worse than none: its sender uses names again that B has seen. Begin without it instead, with a
    /// larger `start`. (spec 6.4)
    [[nodiscard]] static result<client>
    create(clock_ref clock, const client_options& options, bytes journal) {
        return creation::from<client>(journal,
                                      {check_options(options), check_owner(options.self, journal),
                                       check_journal(options.journaling, journal)},
                                      clock, options);
    }
    /// For `create`.
    client(creation key, clock_ref clock, const client_options& options)
        : self_(options.self), framing_(options.self),
          sender_(key, clock, options.life, options.sender, options.journaling),
          // Other random numbers than the sender's, from the same seed.
          receiver_(
              key, clock, random_source(~options.life.seed), options.receiver, options.journaling),
          journals_(options.journaling != journaling::none) {}
    /// Moved, not copied: two would give one name to two messages. What was moved from may only be destroyed or assigned to.
    client(client&&) noexcept = default;
    client& operator=(client&&) noexcept = default;  ///< likewise

    // --- the app ---------------------------------------------------------------------------------------------------

    /// @copydoc sixfold::sender::send
    result<ticket> send(const peer& to, bytes payload, const send_options& how = {}) {
        return sender_.send(to, payload, how);
    }
    /// @copydoc sixfold::sender::cancel
    bool cancel(ticket message) { return sender_.cancel(message); }
    /// @copydoc sixfold::sender::forget
    bool forget(const peer& to) { return sender_.forget(to); }
    /// @copydoc sixfold::sender::outstanding
    [[nodiscard]] bool outstanding(ticket message) const noexcept {
        return sender_.outstanding(message);
    }
    /// @copydoc sixfold::sender::poll_event
    std::optional<event> poll_event() { return sender_.poll_event(); }

    /// @copydoc sixfold::receiver::poll_message
    std::optional<message> poll_message() { return receiver_.poll_message(); }
    /// @copydoc sixfold::receiver::accept
    bool accept(const message& handed) { return receiver_.accept(handed); }
    /// @copydoc sixfold::receiver::reject
    bool reject(const message& handed) { return receiver_.reject(handed); }

    // --- the link --------------------------------------------------------------------------------------------------

    /// The link to the relay is there, and the relay knows who we are. A byte stream loses nothing before it breaks: over one, a
    /// message that was not answered is not sent again before 3 s have passed.
    void link_up(checksum mode = checksum::on, transport over = transport::datagrams) {
        framing_ = framing(self_, mode);
        sender_.link_up(framing_, over);
        receiver_.link_up(framing_, over);
    }
    /// The link is gone: nothing is sent until `link_up`. Deadlines of messages go on.
    void link_down() noexcept {
        sender_.link_down();
        receiver_.link_down();
    }

    /// Takes a packet, one or more whole frames, from the relay. Legal at any time, with any bytes.
    ///
    /// Each frame is taken or refused by itself, but a frame that cannot be decoded also drops what is behind it (spec 2.12). Returns
    /// the last refusal, which is that of such a frame if there is one. On datagrams there is nothing to do about it; close a byte
    /// stream if `ends_stream` says so.
    refusal handle(bytes packet) {
        return decode_packet(packet, framing_, refusals_,
                             [this](const relay_frame auto& what, bytes) { return take(what); });
    }

    /// Fills the buffer with as many frames as are due and fit, acknowledgements first. Returns the part that was filled, or nothing
    /// when no frame is due or there is no link. Call it until it returns nothing. Precondition: `packet_size_min()` bytes of room.
    std::optional<bytes> poll_transmit(std::span<std::byte> buffer) {
        SIXFOLD_ASSERT(buffer.size() >= packet_size_min());  // or a frame may never leave
        const auto acks = receiver_.poll_transmit(buffer);
        const std::size_t used = acks ? acks->size() : 0;
        const auto messages = sender_.poll_transmit(buffer.subspan(used));
        const std::size_t size = used + (messages ? messages->size() : 0);
        return size == 0 ? std::nullopt : std::optional<bytes>(buffer.first(size));
    }

    /// Bytes of the smallest buffer for `poll_transmit`: the largest frame that comes out, with these options. What comes in may be
    /// larger: `frame_size_max()` of the relay's `payload_max`.
    [[nodiscard]] std::size_t packet_size_min() const noexcept {
        return (std::max)(sender_.packet_size_min(), receiver_.packet_size_min());
    }

    /// When to poll again if no packet comes; `never` if there is nothing to wait for. It is now while `poll_journal` has records:
    /// an app that commits later still polls them now, and calls `durable` later.
    [[nodiscard]] time_point next_deadline() {
        return (std::min)(sender_.next_deadline(), receiver_.next_deadline());
    }

    // --- the journal -----------------------------------------------------------------------------------------------

    /// Fills the buffer with records that the journal has to take; see `sender::poll_journal`. Precondition: room for
    /// `journal_record_size_max()`.
    ///
    ///     while (auto records = client.poll_journal(buffer)) journal.append(*records);
    ///     if (journal.sync()) client.durable(client.written());
    ///     while (auto packet = client.poll_transmit(buffer)) ... send it
    ///
    /// An app that keeps what it was sent puts these records into the transaction of its own commit: it calls `accept`, stores
    /// its row and the records, commits, and calls `durable`. Then neither can be there without the other, and each message
    /// comes once in all its lives. When the commit has failed, memory is ahead of the disk: try the same commit again, if
    /// rows and records are still there, or begin a new life from what the disk has. (law 4)
    std::optional<bytes> poll_journal(std::span<std::byte> buffer) {
        std::size_t used = 0;
        if (!owner_written_ && journals_) {
            used = encode_owner(buffer);
            owner_written_ = used != 0;
        }
        const auto received = receiver_.poll_journal(buffer.subspan(used));
        used += received ? received->size() : 0;
        const auto sent = sender_.poll_journal(buffer.subspan(used));
        used += sent ? sent->size() : 0;
        return used == 0 ? std::nullopt : std::optional<bytes>(buffer.first(used));
    }
    /// What `poll_journal` has given so far.
    [[nodiscard]] journal_mark written() const noexcept {
        return {receiver_.written(), sender_.written()};
    }
    /// All records that had been given at `mark` are durable.
    void durable(journal_mark mark) {
        receiver_.durable(mark.received);
        sender_.durable(mark.sent);
    }
    /// Fills the buffer with records of a new journal that replaces the old one:
    ///
    ///     for (sixfold::snapshot_place place; auto records = client.snapshot(place, buffer);) ... write it
    ///
    /// Call nothing else in between. Precondition: room for `journal_record_size_max()`. Without journaling there are no records,
    /// as a later life could not take them.
    std::optional<bytes> snapshot(snapshot_place& place, std::span<std::byte> buffer) const {
        SIXFOLD_ASSERT(buffer.size() >= journal_record_size_max());
        std::size_t used = 0;
        if (!place.begun && journals_) {
            used = encode_owner(buffer);
            place.begun = used != 0;
        }
        const auto received = receiver_.snapshot(place.received, buffer.subspan(used));
        used += received ? received->size() : 0;
        const auto sent = sender_.snapshot(place.sent, buffer.subspan(used));
        used += sent ? sent->size() : 0;
        return used == 0 ? std::nullopt : std::optional<bytes>(buffer.first(used));
    }
    /// No record is larger, with these options.
    [[nodiscard]] std::size_t journal_record_size_max() const noexcept {
        return (std::max)(receiver_.journal_record_size_max(), sender_.journal_record_size_max());
    }

    // --- to look at ------------------------------------------------------------------------------------------------

    /// Our own name, as in the options.
    [[nodiscard]] const peer& self() const noexcept { return self_; }
    /// Is there a link, as far as the app has said?
    [[nodiscard]] bool linked() const noexcept { return sender_.linked(); }
    /// The sending half: what it counts, and its journal. Good as long as the client is.
    [[nodiscard]] sixfold::sender& sender() noexcept { return sender_; }
    /// The same, to look at.
    [[nodiscard]] const sixfold::sender& sender() const noexcept { return sender_; }
    /// The receiving half: what it counts, and its journal. Good as long as the client is.
    [[nodiscard]] sixfold::receiver& receiver() noexcept { return receiver_; }
    /// The same, to look at.
    [[nodiscard]] const sixfold::receiver& receiver() const noexcept { return receiver_; }
    /// Refusals of bytes that are no frame, or a frame for a relay. Refusals of other frames are counted by the two machines.
    [[nodiscard]] const refusal_counts& refusals() const noexcept { return refusals_; }

  private:
    friend class creation;
    friend struct test_access;
    client(const client&) = default;  // for tests, in which one state goes on in several ways
    client& operator=(const client&) = default;

    [[nodiscard]] result<void> restore(bytes journal) {
        owner_written_ = !journal.empty();
        const auto restored = sender_.restore(journal);
        return restored ? receiver_.restore(journal) : restored;
    }

    [[nodiscard]] static result<void> check_options(const client_options& options) {
        if (!options.self.valid()) {
            return error{errc::peer_name, "self: a peer's name has 1 to 47 bytes"};
        }
        for (const auto& checked :
             {validate(options.life), validate(options.sender), validate(options.receiver)}) {
            if (!checked) {
                return checked.error();
            }
        }
        return {};
    }

    [[nodiscard]] static result<void> check_owner(const peer& self, bytes journal) {
        journal_reader reader(journal);
        while (const auto each = reader.next()) {
            if (each->kind == record_kind::owner && !(peer(each->value) == self)) {
                return error{errc::journal_foreign, "journal: it is the journal of another peer"};
            }
        }
        return {};
    }

    [[nodiscard]] std::size_t encode_owner(std::span<std::byte> out) const noexcept {
        return detail::encode_record(record_kind::owner, false, out,
                                     [this](auto& to) { to.put_bytes(self_.bytes()); });
    }

    refusal take(const msg_answer& answer) { return sender_.handle(answer); }
    refusal take(const ack_notify& notice) { return sender_.handle(notice); }
    template <class Frame>
    refusal take(const Frame& what) {
        return receiver_.handle(what);
    }

    peer self_;
    framing framing_;
    sixfold::sender sender_;
    sixfold::receiver receiver_;
    bool journals_;
    bool owner_written_ = false;
    refusal_counts refusals_;
};

}  // namespace sixfold::inline v0

#endif
