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
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/codec.hpp"
#include "sixfold/wire/frame.hpp"
#include "sixfold/wire/run.hpp"

namespace sixfold::inline v0 {

/// Makes the msg:R of a stream, and says so to its messages and its path. (spec 1.5, 2.8, 3.6)
///
/// Keeps nothing but room for one run. Does not know whose turn it is, nor why something is due. O(messages of a run).
class request_writer {
  public:
    /// Takes its memory.
    explicit request_writer(const sender_options& options) {
        const std::size_t largest = varint_size(options.payload_max + 1) + options.payload_max;
        run_.reserve((std::min)(std::size_t{options.window}, run::count_max) *
                     (std::min)(largest, run::size_max));
    }

    /// What has become of a run.
    struct written {
        std::size_t size = 0;        ///< bytes of the frame; 0: it does not fit
        std::uint32_t messages = 0;  ///< in it
        std::uint32_t resent = 0;    ///< of them, not for the first time
    };

    /// A probe; its size, or 0: it does not fit.
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

    /// The lowest run that is due or, if nothing is, that was never sent; seqs from `limit` on are not sent for the first time.
    /// Precondition: there is one.
    [[nodiscard]] written run(outbound_messages& all,
                              std::uint32_t which,
                              outbound_path& path,
                              seq limit,
                              const framing& link,
                              std::span<std::byte> out,
                              time_point now) {
        const outbound_stream& stream = all[which];
        const seq due = all.lowest_due(which);
        const seq first = due == outbound_stream::no_seq ? stream.unsent() : due;
        const std::size_t most = due == first ? path.run_max : run::count_max;
        fill(all, stream, first, limit, most, out.size());
        const bool forbidden = is_never_stored(all, stream[first]);
        msg_request request{.to = all.peers[which],
                            .epoch = stream.epoch(),
                            .number = path.sendings.next(),
                            .storing = forbidden ? storing::forbidden : storing::allowed,
                            .keep = !forbidden && path.keeps(),
                            .first = first,
                            .base = stream.base(),
                            .entries = run_.get()};
        const std::size_t size = encode(request, link, out);
        return size == 0 ? written{} : note(all, stream, path, request, size, now);
    }

  private:
    /// What a frame has besides the run. A msg:N names us, and a name may be longer than that of the receiver. (spec 2.14)
    static constexpr std::size_t head_max =
        frame_header_size_max + (1 + peer::size_max) + 8 + 2 + 2 * varint_size(seq_end) + 4;

    [[nodiscard]] static bool is_never_stored(const outbound_messages& all,
                                              const outbound_stream::place& here) noexcept {
        return !here.tombstone && all.queue[here.slot].storing == storing::forbidden;
    }

    /// Consecutive seqs from the first one on: those that are due, and behind them those that may be sent for the first time;
    /// alike in whether they may be stored, and as many as fit.
    void fill(const outbound_messages& all,
              const outbound_stream& stream,
              seq first,
              seq limit,
              std::size_t count_max,
              std::size_t room) {
        const std::size_t most = room > head_max ? room - head_max : 0;
        run_.clear();
        const bool forbidden = is_never_stored(all, stream[first]);
        for (seq at = first; at < first + count_max && stream.has(at); ++at) {
            const outbound_stream::place& here = stream[at];
            const bool opens =
                here.now == transit::fresh && at < limit && all.is_durable_message(here.slot);
            if (!opens && here.now != transit::due) {
                return;
            }
            const run_entry entry{here.tombstone,
                                  here.tombstone ? bytes() : all.queue.payload(here.slot)};
            if (is_never_stored(all, here) != forbidden || !run_.fits(entry, most)) {
                return;
            }
            run_.add(entry);
        }
    }

    [[nodiscard]] static written note(outbound_messages& all,
                                      const outbound_stream& stream,
                                      outbound_path& path,
                                      const msg_request& request,
                                      std::size_t size,
                                      time_point now) {
        const auto count = static_cast<std::uint8_t>(request.entries.count());
        const sending_number number = path.sendings.add(
            {.at = now, .first = request.first, .count = count, .keep = request.keep});
        written out{size, count, 0};
        for (seq at = request.first; at < request.first + count; ++at) {
            out.resent += std::uint32_t{all.sent(stream.slot(at), number)};
        }
        path.timer.sent(now);
        path.greet = false;
        return out;
    }

    run_writer run_;
};

}  // namespace sixfold::inline v0

#endif
