// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SIMULATION_VILLAIN_HPP
#define SIXFOLD_TESTS_SIMULATION_VILLAIN_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <vector>

#include <sixfold/sixfold.hpp>
#include "simulation/app.hpp"

namespace simulation {

/// A client that was logged in as itself and says whatever it likes: names that it has seen or guesses, acks of what is not
/// its own, the same msgid for other bytes, floods, and garbage. It knows all that was ever sent.
class villain {
  public:
    villain(surroundings& world, std::uint64_t seed, std::uint32_t everybody)
        : world_(&world), dice_(seed), everybody_(everybody) {}

    /// One more packet, for its own link.
    [[nodiscard]] std::vector<std::byte> packet(const sixfold::framing& link) {
        std::vector<std::byte> out;
        for (std::uint64_t frames = 1 + dice_.below(3); frames != 0; --frames) {
            std::vector<std::byte> one(600);
            one.resize(frame(link, one));
            out.insert(out.end(), one.begin(), one.end());
        }
        return out;
    }

  private:
    [[nodiscard]] std::size_t frame(const sixfold::framing& link, std::span<std::byte> out) {
        guess();
        switch (dice_.below(10)) {
        case 0:
        case 1:
        case 2: return sixfold::encode(message(sixfold::form::payload), link, out);
        case 3: return sixfold::encode(message(sixfold::form::tombstone), link, out);
        case 4: return sixfold::encode(message(sixfold::form::probe), link, out);
        case 5:
        case 6: return sixfold::encode(ack(), link, out);
        case 7: return sixfold::encode(sync(), link, out);
        case 8: return sixfold::encode(stored(), link, out);
        default: return garbage(out);
        }
    }

    /// Whom and what the next frame is about.
    void guess() {
        to_ = name_of(static_cast<client_number>(dice_.below(everybody_)));
        epoch_ = static_cast<sixfold::epoch>(1 + dice_.below(1 << 30));
        seq_ = dice_.below(4) == 0 ? sixfold::seq_end - 1 - dice_.below(3) : dice_.below(20);
        const auto& names = world_->book.names();
        if (!names.empty() && dice_.below(4) != 0) {
            const auto known =
                std::next(names.begin(), static_cast<std::ptrdiff_t>(dice_.below(names.size())));
            to_ = name_of(dice_.below(2) == 0 ? known->first.from : known->first.to);
            epoch_ = known->first.epoch;
            seq_ = dice_.below(2) == 0 ? known->first.seq : seq_;
        }
    }
    [[nodiscard]] sixfold::msg_request message(sixfold::form what) {
        sixfold::msg_request out;
        out.to = to_;
        out.epoch = epoch_;
        out.form = what;
        out.base = dice_.below(2) == 0 ? seq_ : dice_.below(seq_ + 1);
        if (what != sixfold::form::probe) {
            out.seq = seq_;
            out.attempt = static_cast<std::uint8_t>(dice_.next());
        }
        if (what == sixfold::form::payload) {
            bytes_.resize(dice_.below(world_->what.payload + 1));
            std::generate(bytes_.begin(), bytes_.end(),
                          [this] { return static_cast<std::byte>(dice_.next()); });
            out.payload = bytes_;
            world_->seen.see(sight::equivocation);
        }
        return out;
    }
    [[nodiscard]] sixfold::ack_request ack() {
        sixfold::ack_request out;
        out.to = to_;
        out.epoch = epoch_;
        out.serial = static_cast<std::uint32_t>(dice_.below(1000));
        out.word = static_cast<sixfold::ack_word>(dice_.below(3));
        if (out.word == sixfold::ack_word::past) {
            out.current = static_cast<sixfold::epoch>(static_cast<std::uint64_t>(epoch_) + 1 +
                                                      dice_.below(1 << 20));
        }
        if (out.word == sixfold::ack_word::state) {
            bytes_.resize(16);
            sixfold::byte_writer to(bytes_);
            to.put_u8(0);
            to.put_varint(dice_.below(2) == 0 ? seq_ : dice_.below(30));
            bytes_.resize(to.size());
            out.state = bytes_;
            world_->seen.see(sight::forged_ack);
        }
        return out;
    }
    [[nodiscard]] sixfold::sync_request sync() {
        sixfold::sync_request out;
        out.serial = static_cast<std::uint32_t>(dice_.below(1000));
        if (dice_.below(2) == 0) {
            out.after = sixfold::mailbox_key{to_, {epoch_, seq_}};
        }
        return out;
    }
    /// As if it were the relay.
    [[nodiscard]] sixfold::ack_notify stored() const {
        sixfold::ack_notify out;
        out.from = to_;
        out.epoch = epoch_;
        out.word = sixfold::ack_word::stored;
        out.seq = seq_;
        return out;
    }
    [[nodiscard]] std::size_t garbage(std::span<std::byte> out) {
        const auto size = static_cast<std::size_t>(1 + dice_.below(60));
        std::generate_n(out.begin(), size, [this] { return static_cast<std::byte>(dice_.next()); });
        return size;
    }

    surroundings* world_;
    sixfold::random_source dice_;
    std::uint32_t everybody_;
    sixfold::peer to_;
    sixfold::epoch epoch_ = sixfold::epoch::none;
    sixfold::seq seq_ = 0;
    std::vector<std::byte> bytes_;
};

}  // namespace simulation

#endif
