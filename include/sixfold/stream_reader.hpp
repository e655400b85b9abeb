// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_STREAM_READER_HPP
#define SIXFOLD_STREAM_READER_HPP

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include "sixfold/error.hpp"
#include "sixfold/types.hpp"
#include "sixfold/wire/packet.hpp"

namespace sixfold::inline v0 {

/// Puts the frames together that a byte stream delivers in pieces of any size. (spec 2.13)
///
/// It keeps track of the frame that has begun and is not whole yet, in one buffer that is allocated
/// at construction. It does not know what is in a frame: `decode` does. A byte stream has no second
/// place to start from, so the first bad frame ends the link: bytes that cannot begin a frame are
/// refused before a body is kept, and from then on nothing is returned. A frame that `decode`
/// refuses must end the link, too; that is up to the caller.
///
///     while (auto frame = reader.next(input)) {
///         if (ends_stream(client.handle(*frame))) { close the link }
///     }
///     if (ends_stream(reader.refused())) { close the link }
class stream_reader {
  public:
    /// Takes frames of at most so many bytes, headers and checksum included. At both ends of the stream
    /// use `frame_size_max()` of codec.hpp with the relay's `payload_max`.
    explicit stream_reader(std::size_t frame_size_max)
        : frame_size_max_(frame_size_max),
          buffer_((std::max)(frame_size_max, frame_header_size_max)) {}

    /// The next whole frame; nothing when the input is used up or the stream was refused.
    ///
    /// Takes bytes off the front of `input`. The frame refers to the input if it was whole there,
    /// otherwise to the buffer: it is good until the next call, and not longer than the input. Each
    /// byte is copied at most once.
    [[nodiscard]] std::optional<bytes> next(bytes& input) noexcept {
        if (size_ == 0 && !input.empty()) {
            const frame_extent extent = examine(input);
            if (extent.refused == refusal::none && extent.size <= input.size()) {
                return take(input, extent.size);
            }
        }
        // While its length is unknown, a frame is taken byte by byte, so that nothing of the next
        // one is taken.
        std::size_t missing = size_ == 0 ? 1 : missing_of(examine(buffered()));
        while (refused_ == refusal::none && !input.empty()) {
            keep(input, missing);
            const frame_extent extent = examine(buffered());
            if (extent.refused == refusal::none && extent.size == size_) {
                size_ = 0;
                return bytes(buffer_.data(), extent.size);
            }
            missing = missing_of(extent);
        }
        return std::nullopt;
    }

    /// Why the stream was refused: `version`, `kind`, `not_canonical` or `frame_too_large`; `none` if
    /// it was not.
    [[nodiscard]] refusal refused() const noexcept { return refused_; }

  private:
    /// Measures the frame that begins here; a stream that it cannot begin is refused for good.
    [[nodiscard]] frame_extent examine(bytes front) noexcept {
        if (refused_ == refusal::none) {
            refused_ = check_first_byte(front.front());
        }
        frame_extent extent = measure_frame(front);
        if (refused_ == refusal::none && extent.refused == refusal::not_canonical) {
            refused_ = refusal::not_canonical;
        }
        if (refused_ == refusal::none && extent.size > frame_size_max_) {
            refused_ = refusal::frame_too_large;
        }
        if (refused_ != refusal::none) {
            extent.refused = refused_;
        }
        return extent;
    }

    [[nodiscard]] std::size_t missing_of(const frame_extent& begun) const noexcept {
        return begun.refused == refusal::none ? begun.size - size_ : 1;
    }

    [[nodiscard]] static bytes take(bytes& input, std::size_t size) noexcept {
        const bytes front = input.first(size);
        input = input.subspan(size);
        return front;
    }

    void keep(bytes& input, std::size_t size) noexcept {
        const bytes piece = take(input, (std::min)(size, input.size()));
        std::copy_n(piece.data(), piece.size(), buffer_.data() + size_);
        size_ += piece.size();
    }

    [[nodiscard]] bytes buffered() const noexcept { return {buffer_.data(), size_}; }

    std::size_t frame_size_max_;
    std::vector<std::byte> buffer_;
    std::size_t size_ = 0;  // of the begun frame, in buffer_; 0: none has begun
    refusal refused_ = refusal::none;
};

}  // namespace sixfold::inline v0

#endif
