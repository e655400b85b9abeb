// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_SENDING_REQUEST_WRITER_HPP
#define SIXFOLD_SENDING_REQUEST_WRITER_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "sixfold/options.hpp"
#include "sixfold/sending/outbound_messages.hpp"
#include "sixfold/sending/outbound_path.hpp"
#include "sixfold/sending/run_term.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/codec.hpp"
#include "sixfold/wire/frame.hpp"
#include "sixfold/wire/run.hpp"

namespace sixfold::inline v0 {

/// Writes the msg:R frames of a stream, and notes them with its messages and its path. (spec 1.5, 2.8, 3.6)
///
/// It keeps only room for one run, and the deadline of that. It does not know whose turn it is, nor why something is due.
/// O(messages of a run).
class request_writer {
  public:
    /// Allocates room for a run.
    explicit request_writer(const sender_options& options) : repeat_bytes_(options.repeat_bytes) {
        const std::size_t largest = varint_size(options.payload_max + 1) + options.payload_max;
        run_.reserve((std::min)(std::size_t{options.window}, run::count_max) *
                     (std::min)(largest, run::size_max));
    }

    /// What a call has written.
    struct written {
        std::size_t size = 0;        ///< bytes of the frame; 0: it does not fit
        std::uint32_t messages = 0;  ///< how many are in it
        std::uint32_t resent = 0;    ///< how many of these were sent again because they were due
        std::uint32_t repeated = 0;  ///< how many of these were sent again because the way loses
    };

    /// Writes a probe. Returns its size, or 0: it does not fit.
    [[nodiscard]] std::size_t probe(const outbound_messages& all,
                                    std::uint32_t which,
                                    outbound_path& path,
                                    const framing& link,
                                    std::span<std::byte> out,
                                    time_point now) {
        const msg_request probe{.to = all.peers[which],
                                .epoch = all[which].epoch(),
                                .number = path.sendings.next(),
                                .base = all[which].base()};
        const std::size_t size = encode(probe, link, out);
        if (size != 0) {
            (void)path.sendings.add({.at = now});
            path.timer.probed(now);
            path.asks = path.greet = false;
        }
        return size;
    }

    /// Writes the lowest run that is due. If none is: the next run that was never sent, with `riding` earlier runs in front of
    /// it; or, if there is no new one, the newest run once more. Seqs from `limit` on are not sent for the first time.
    /// Precondition: there is one of these runs.
    [[nodiscard]] written run(outbound_messages& all,
                              std::uint32_t which,
                              outbound_path& path,
                              seq limit,
                              std::uint32_t riding,
                              const framing& link,
                              std::span<std::byte> to,
                              time_point now) {
        const outbound_stream& stream = all[which];
        const seq due = all.lowest_due(which);
        const bool again = due != outbound_stream::no_seq;
        seq first = again ? due : stream.unsent();
        const std::size_t most = again ? path.run_max : run::count_max;
        fill(all, stream, {first, first, limit, most}, to.size(), now);
        const bool is_copy = !again && run_.count() == 0;
        if (!again) {
            first = repeat(all, stream, path, riding, limit, to.size(), now);
        }
        if (run_.count() == 0) {
            return {};
        }
        const bool forbidden = is_never_stored(all, stream[first]);
        msg_request request{.to = all.peers[which],
                            .epoch = stream.epoch(),
                            .number = path.sendings.next(),
                            .storing = forbidden ? storing::forbidden : storing::allowed,
                            .keep = !forbidden && path.keeps(),
                            .left = term_.left(now),
                            .first = first,
                            .base = stream.base(),
                            .entries = run_.get()};
        const std::size_t size = encode(request, link, to);
        if (size == 0) {
            return {};
        }
        const written out = note(all, stream, path, request, size, now);
        if (!is_copy && first + out.messages == stream.unsent()) {
            path.copies.begin(out.messages,
                              run_.size() <= repeat_bytes_ ? path.copies_of_new() : 0);
        }
        path.copies.sent();
        return out;
    }

  private:
    /// Bytes of a frame besides the run and the time left. The msg:N that follows from it names the sender, and that name may be
    /// longer than the receiver's. (spec 2.14)
    static constexpr std::size_t head_max =
        frame_header_size_max + (1 + peer::size_max) + 8 + 2 + 2 * varint_size(seq_end) + 4;

    [[nodiscard]] static bool is_never_stored(const outbound_messages& all,
                                              const outbound_stream::place& here) noexcept {
        return !here.tombstone && all.queue[here.slot].storing == storing::forbidden;
    }

    /// Which seqs may be in a run: those from `first` on; below `known` also such as are out, from `limit` on none that is new.
    struct range {
        seq first;
        seq known;
        seq limit;
        std::size_t count_max;
    };

    /// Puts consecutive seqs into the run, as many as fit: those that are due, and behind these those that may be sent for the
    /// first time. All of them are alike in whether they may be stored, and in the time that is left.
    void fill(const outbound_messages& all,
              const outbound_stream& stream,
              const range& of,
              std::size_t room,
              time_point now) {
        run_.clear();
        term_ = {};
        const bool forbidden = stream.has(of.first) && is_never_stored(all, stream[of.first]);
        for (seq at = of.first; at < of.first + of.count_max && stream.has(at); ++at) {
            const outbound_stream::place& here = stream[at];
            const bool opens =
                here.now == transit::fresh && at < of.limit && all.is_durable_message(here.slot);
            const bool rides = here.now == transit::out && at < of.known;
            if (!opens && !rides && here.now != transit::due) {
                return;
            }
            const run_entry entry = entry_of(all, here);
            run_term term = term_;
            if (!is_alike(all, here, forbidden, term, now) ||
                !run_.fits(entry, room_of(room, term, now))) {
                return;
            }
            run_.add(entry);
            term_ = term;
        }
    }

    /// Puts messages that ride again in front of the new ones, as far as there is room. Returns the run's first seq. (spec 3.29)
    [[nodiscard]] seq repeat(const outbound_messages& all,
                             const outbound_stream& stream,
                             const outbound_path& path,
                             std::uint32_t riding,
                             seq limit,
                             std::size_t room,
                             time_point now) {
        const std::size_t fresh = run_.count();
        const seq end = stream.unsent();
        const std::size_t earlier = fresh == 0 ? path.copies.messages() : riding * fresh;
        if (earlier == 0) {
            return end;
        }
        const std::size_t most = (std::min)(earlier, run::count_max - fresh);
        const bool forbidden = is_never_stored(all, stream[fresh == 0 ? end - 1 : end]);
        run_term term = term_;
        std::size_t size = 0;
        seq first = end;
        while (end - first < most && stream.is_out(first - 1)) {
            const outbound_stream::place& here = stream[first - 1];
            size += run_writer::size_of(entry_of(all, here));
            if (!is_alike(all, here, forbidden, term, now) || size > repeat_bytes_ ||
                run_.size() + size > (std::min)(room_of(room, term, now), run::size_max)) {
                break;
            }
            --first;
        }
        if (first != end) {
            fill(all, stream, {first, end, limit, run::count_max}, room, now);
        }
        return first;
    }

    [[nodiscard]] static run_entry entry_of(const outbound_messages& all,
                                            const outbound_stream::place& here) {
        return {here.tombstone, here.tombstone ? bytes() : all.queue.payload(here.slot)};
    }
    /// May a message go in a run with these: such as may not be stored (`forbidden`) or may, with this time left? Then `term`
    /// includes its deadline, too.
    [[nodiscard]] static bool is_alike(const outbound_messages& all,
                                       const outbound_stream::place& here,
                                       bool forbidden,
                                       run_term& term,
                                       time_point now) {
        return is_never_stored(all, here) == forbidden &&
               (here.tombstone || forbidden ||  // no mailbox turns these into tombstones
                term.take(all.expiries.of(here.slot), now));
    }
    /// Bytes for entries in a frame of `whole` bytes.
    [[nodiscard]] static std::size_t
    room_of(std::size_t whole, const run_term& term, time_point now) noexcept {
        const std::size_t head = head_max + (term.left(now) ? run_term::size_max : 0);
        return whole > head ? whole - head : 0;
    }

    [[nodiscard]] static written note(outbound_messages& all,
                                      const outbound_stream& stream,
                                      outbound_path& path,
                                      const msg_request& request,
                                      std::size_t size,
                                      time_point now) {
        const auto count = static_cast<std::uint8_t>(request.entries.count());
        const sending_number number = path.sendings.add({.at = now,
                                                         .first = request.first,
                                                         .size = static_cast<std::uint32_t>(size),
                                                         .count = count,
                                                         .keep = request.keep});
        written out{size, count};
        for (seq at = request.first; at < request.first + count; ++at) {
            const transit before = all.sent(stream.slot(at), number);
            out.repeated += std::uint32_t{before == transit::out};
            out.resent += std::uint32_t{before == transit::due};
        }
        path.timer.sent(now);
        path.greet = false;
        return out;
    }

    run_writer run_;
    run_term term_;
    std::size_t repeat_bytes_;
};

}  // namespace sixfold::inline v0

#endif
