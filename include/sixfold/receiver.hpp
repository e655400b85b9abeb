// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_RECEIVER_HPP
#define SIXFOLD_RECEIVER_HPP

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>

#include "sixfold/error.hpp"
#include "sixfold/journal/creation.hpp"
#include "sixfold/journal/journal.hpp"
#include "sixfold/message.hpp"
#include "sixfold/options.hpp"
#include "sixfold/parts/random.hpp"
#include "sixfold/receiving/held_messages.hpp"
#include "sixfold/receiving/inbound_record.hpp"
#include "sixfold/receiving/inbox.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/codec.hpp"
#include "sixfold/wire/frame.hpp"

namespace sixfold::inline v0 {

/// The receiving half of a client: hands each message to the app once, and tells the sender when the app has it.
///
/// Keeps track of one stream per sender, of the messages that the app has not settled, and of the rounds through the
/// mailbox. Nothing is acknowledged as delivered before the app's word. Reads no clock but its own, touches no socket, and
/// knows nothing of the sending half. Each call is O(1) per frame or message it handles, O(log n) where a timer moves;
/// `link_up` is O(senders). Calls from several threads, const ones too, need a lock around the machine.
class receiver {
  public:
    /// Refuses options that cannot work, with an error that names the option. The clock must outlive the receiver.
    [[nodiscard]] static result<receiver> create(clock_ref clock,
                                                 std::uint64_t seed,
                                                 const receiver_options& options = {},
                                                 sixfold::journaling keeps = journaling::none) {
        return creation::of<receiver>({validate(options)}, clock, random_source(seed), options,
                                      keeps);
    }
    /// Goes on where an earlier life has ended: what was accepted there is a duplicate here, and what was not comes again.
    /// `journal` is what is durable of the receiver's own records, or of a whole client's. Errors: journal_version,
    /// journal_damaged; option, if `keeps` is none, or the options have no room for what is in it. O(bytes).
    [[nodiscard]] static result<receiver> create(clock_ref clock,
                                                 std::uint64_t seed,
                                                 const receiver_options& options,
                                                 sixfold::journaling keeps,
                                                 bytes journal) {
        return creation::from<receiver>(journal, {validate(options), check_journal(keeps, journal)},
                                        clock, random_source(seed), options, keeps);
    }
    /// For `create`.
    receiver(creation /*key*/,
             clock_ref clock,
             random_source random,
             const receiver_options& options,
             sixfold::journaling keeps)
        : options_(options), clock_(clock), framing_(peer(), checksum::on),
          inbox_(options, keeps, random) {
        tick();
    }
    /// Moved, not copied: two would accept one message twice. What was moved from may only be destroyed or assigned to.
    receiver(receiver&&) noexcept = default;
    receiver& operator=(receiver&&) noexcept = default;  ///< likewise

    // --- the app ---------------------------------------------------------------------------------------------------

    /// The next message for the app; empty when there is none. Each message is handed out once in the life of this object.
    ///
    /// A message that crashes the app is handed out again by the next life, as the first of its sender. To notice that, make
    /// durable what `poll_journal` gives before you look into a message: then `attempts` counts on from life to life. Settle a
    /// message with more than 1 attempt durably before you poll the next one, so that it alone is to blame, and reject it when there
    /// are too many. A life that ended for another reason counts, too. (spec 7.10)
    std::optional<message> poll_message();

    /// The app has the message: its own commit is done. Only now may the sender forget it. (spec 3.18)
    ///
    /// Commit first, then accept. The other way round, a crash between the two loses the message; this way the message
    /// comes again, unless the app's commit and the record of this acceptance are one transaction (law 4). A second call changes
    /// nothing.
    ///
    /// False for a message that this object's `poll_message` has not handed out and that has not ended. Then nothing has changed,
    /// and nothing is lost, because a message that is not accepted comes again.
    bool accept(const message& handed) { return settle(handed, fate::accepted); }

    /// The app will never take the message; its sender learns `rejected`. Otherwise as `accept`, and the first of the two
    /// words counts: with `acceptance::on_delivery` that was `poll_message`.
    bool reject(const message& handed) { return settle(handed, fate::rejected); }

    // --- the link --------------------------------------------------------------------------------------------------

    /// The link to the relay is there: the receiver asks for its mailbox, and what was not answered goes out again. Over a byte
    /// stream nothing is taken for lost; both ends of the link must be told so. (spec 1.3)
    void link_up(const framing& framing, transport transport = transport::datagrams);
    /// The link is gone: nothing is sent until `link_up`.
    void link_down() noexcept;

    /// Takes a frame from the relay: msg:N, ack:A or sync:A. Whatever it says, the call is legal and bounded.
    refusal handle(const frame& from_relay);
    /// A msg:N, decoded. Refuses `peers_full`. The payloads are copied.
    refusal handle(const msg_notify& notice);
    /// An ack:A, decoded. Refuses nothing; one that is late says nothing.
    refusal handle(const ack_answer& answer);
    /// A sync:A, decoded. Refuses nothing; one that is late says nothing.
    refusal handle(const sync_answer& answer);

    /// Fills the buffer with as many frames as are due and fit. Returns the part that was filled, or nothing when no frame is due
    /// or there is no link. Call it until it returns nothing. Precondition: `packet_size_min()` bytes of room.
    std::optional<bytes> poll_transmit(std::span<std::byte> buffer);
    /// Bytes of the largest frame that comes out, with these options.
    [[nodiscard]] std::size_t packet_size_min() const noexcept {
        return frame_overhead_max + ack_state_size_max(inbox_.acks().limits());
    }

    /// When `poll_journal` or `poll_transmit` have something again if nothing else happens; `never` if that is never. O(1).
    [[nodiscard]] time_point next_deadline() const;

    // --- the journal -----------------------------------------------------------------------------------------------

    /// Fills the buffer with as many records as there are and fit; append them to the journal in this order. Returns nothing when
    /// there are none. What depends on them is withheld until `durable` says that they are durable. (law 4)
    ///
    /// Call it until it returns nothing. Without journaling there are no records. Precondition: room for `journal_record_size_max`.
    std::optional<bytes> poll_journal(std::span<std::byte> buffer);
    /// How many records `poll_journal` has given in all.
    [[nodiscard]] std::uint64_t written() const noexcept {
        return inbox_.messages().journal().written();
    }
    /// The first `records` of them are durable: acknowledgements that depend on them may leave. A smaller number than before changes
    /// nothing.
    void durable(std::uint64_t records);
    /// Fills the buffer with as many records as fit, of those with which a new journal must begin to replace the old one; they
    /// include what was polled. `place` is 0 at first, and says where to go on. Returns nothing at the end. Call nothing else in between.
    std::optional<bytes> snapshot(std::uint64_t& place, std::span<std::byte> buffer) const;
    /// Bytes of the largest record, with these options.
    [[nodiscard]] std::size_t journal_record_size_max() const noexcept {
        return detail::inbound_record_size_max(options_.window, options_.exceptions);
    }

    // --- to look at ------------------------------------------------------------------------------------------------

    /// Is there a link, as far as the app has said?
    [[nodiscard]] bool linked() const noexcept { return linked_; }
    /// Messages that wait for their turn, for `poll_message` or for the app's word: `held_entries` at most.
    [[nodiscard]] std::uint32_t held() const noexcept {
        return inbox_.messages().store().held().size();
    }
    /// Messages that came again although they had been taken.
    [[nodiscard]] std::uint64_t duplicates() const noexcept {
        return inbox_.messages().duplicates();
    }
    /// Frames of a past epoch. A few may be late; many come from a sender whose start number did not grow (spec 6.1).
    [[nodiscard]] std::uint64_t past_epochs() const noexcept { return past_epochs_; }
    /// What was refused in frames, since the receiver was made.
    [[nodiscard]] const refusal_counts& refusals() const noexcept { return refusals_; }

  private:
    friend class client;
    friend class creation;
    friend struct receiver_access;
    friend struct test_access;
    receiver(const receiver&) = default;  // for tests, in which one state goes on in several ways
    receiver& operator=(const receiver&) = default;

    [[nodiscard]] result<void> restore(bytes journal) { return inbox_.messages().restore(journal); }

    void tick();
    refusal refuse(refusal why) noexcept;
    bool settle(const message& handed, fate how);

    receiver_options options_;
    clock_ref clock_;
    time_point now_{};
    framing framing_;
    bool linked_ = false;

    inbox inbox_;
    std::uint64_t past_epochs_ = 0;
    refusal_counts refusals_;
};

// --- time ------------------------------------------------------------------------------------------------------------

/// The only place where time comes in. A clock that steps back stands still for us.
inline void receiver::tick() {
    now_ = (std::max)(now_, clock_.now());
}

inline time_point receiver::next_deadline() const {
    const time_point linked = linked_ ? inbox_.deadline(now_) : never;
    return clock_.at(inbox_.messages().has_unwritten() ? now_ : linked, now_);
}

inline refusal receiver::refuse(refusal why) noexcept {
    refusals_.add(why);
    return why;
}

// --- frames in -------------------------------------------------------------------------------------------------------

inline refusal receiver::handle(const frame& from_relay) {
    if (const auto* notice = std::get_if<msg_notify>(&from_relay)) {
        return handle(*notice);
    }
    if (const auto* answer = std::get_if<ack_answer>(&from_relay)) {
        return handle(*answer);
    }
    if (const auto* synced = std::get_if<sync_answer>(&from_relay)) {
        return handle(*synced);
    }
    return refuse(refusal::direction);
}

inline refusal receiver::handle(const msg_notify& notice) {
    tick();
    const std::optional<intake> found = inbox_.take(notice, now_);
    if (!found) {
        return refuse(refusal::peers_full);
    }
    past_epochs_ += std::uint64_t{found->answer == ack_word::past};
    return refusal::none;
}

inline refusal receiver::handle(const ack_answer& answer) {
    tick();
    inbox_.take(answer, now_);
    return refusal::none;
}

inline refusal receiver::handle(const sync_answer& answer) {
    tick();
    inbox_.take(answer, now_);
    return refusal::none;
}

// --- the app ---------------------------------------------------------------------------------------------------------

inline std::optional<message> receiver::poll_message() {
    tick();
    const held_messages::slot at = inbox_.hand_out(now_);
    if (at == held_messages::none) {
        return std::nullopt;
    }
    const inbound_store& store = inbox_.messages().store();
    const held_messages::entry& e = store.held()[at];
    return message{.from = store.senders()[e.stream],
                   .id = e.id,
                   .payload = store.held().payload(at),
                   .place = at,
                   .attempts = (std::max)(e.tries, std::uint32_t{1})};
}

inline bool receiver::settle(const message& handed, fate how) {
    tick();
    return inbox_.settle(handed, how, now_);
}

// --- the link --------------------------------------------------------------------------------------------------------

inline void receiver::link_up(const framing& framing, transport transport) {
    framing_ = framing;
    linked_ = true;
    tick();
    inbox_.start(transport, now_);
}

inline void receiver::link_down() noexcept {
    linked_ = false;
    inbox_.stop();
}

// --- frames out ------------------------------------------------------------------------------------------------------

inline std::optional<bytes> receiver::poll_transmit(std::span<std::byte> buffer) {
    tick();
    if (!linked_) {
        return std::nullopt;
    }
    const std::size_t used = inbox_.transmit(framing_, buffer, now_);
    return used == 0 ? std::nullopt : std::optional<bytes>(buffer.first(used));
}

// --- the journal -----------------------------------------------------------------------------------------------------

inline void receiver::durable(std::uint64_t records) {
    inbox_.durable(records);
}

inline std::optional<bytes> receiver::poll_journal(std::span<std::byte> buffer) {
    return detail::fill(buffer, [&](auto left) { return inbox_.messages().write_record(left); });
}

inline std::optional<bytes> receiver::snapshot(std::uint64_t& place,
                                               std::span<std::byte> buffer) const {
    return detail::fill(buffer,
                        [&](auto left) { return inbox_.messages().write_snapshot(place, left); });
}

}  // namespace sixfold::inline v0

#endif
