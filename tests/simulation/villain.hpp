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
        case 2: return sixfold::encode(message(), link, out);
        case 3: return sixfold::encode(probe(), link, out);
        case 4:
        case 5: return sixfold::encode(ack(), link, out);
        case 6: return sixfold::encode(sync(), link, out);
        case 7: return sixfold::encode(stored(), link, out);
        case 8: return sixfold::encode(drained(), link, out);
        default: return garbage(out);
        }
    }

    /// Whom and what the next frame is about.
    void guess() {
        to_ = name_of(static_cast<client_number>(dice_.below(everybody_)));
        epoch_ = static_cast<sixfold::epoch>(1 + dice_.below(1 << 30));
        seq_ = dice_.below(4) == 0 ? sixfold::seq_end - 1 - dice_.below(3) : dice_.below(20);
        number_ = static_cast<sixfold::sending_number>(dice_.next());
        const auto& names = world_->book.names();
        if (!names.empty() && dice_.below(4) != 0) {
            const auto known =
                std::next(names.begin(), static_cast<std::ptrdiff_t>(dice_.below(names.size())));
            to_ = name_of(dice_.below(2) == 0 ? known->first.from : known->first.to);
            epoch_ = known->first.epoch;
            seq_ = dice_.below(2) == 0 ? known->first.seq : seq_;
        }
    }
    [[nodiscard]] sixfold::seq some_base() {
        return dice_.below(2) == 0 ? seq_ : dice_.below(seq_ + 1);
    }
    [[nodiscard]] sixfold::msg_request message() {
        sixfold::msg_request out{.to = to_, .epoch = epoch_, .number = number_};
        out.first = seq_;
        out.base = some_base();
        out.entries = some_run();
        if (out.entries.tombstones() == 0 && dice_.below(4) == 0) {
            out.storing = sixfold::storing::forbidden;
            return out;
        }
        out.keep = dice_.below(4) == 0;
        if (dice_.below(4) == 0) {
            out.left = dice_.below(10'000);
        }
        return out;
    }
    /// Messages from `seq_` on, tombstones among them, of no more seqs than there are.
    [[nodiscard]] sixfold::run some_run() {
        bytes_.resize(world_->what.payload);
        std::generate(bytes_.begin(), bytes_.end(),
                      [this] { return static_cast<std::byte>(dice_.next()); });
        run_.clear();
        const std::uint64_t most = dice_.below(2) == 0 ? 1 : 1 + dice_.below(4);
        for (sixfold::seq left = (std::min)(most, sixfold::seq_end - seq_); left != 0; --left) {
            sixfold::run_entry each{dice_.below(4) == 0, {}};
            if (!each.tombstone) {
                each.payload = sixfold::bytes(bytes_).first(
                    static_cast<std::size_t>(dice_.below(bytes_.size() + 1)));
                world_->seen.see(sight::equivocation);
            }
            if (run_.fits(each)) {
                run_.add(each);
            }
        }
        return run_.get();
    }
    [[nodiscard]] sixfold::msg_request probe() {
        return {.to = to_, .epoch = epoch_, .number = number_, .base = some_base()};
    }
    [[nodiscard]] sixfold::ack_request ack() {
        sixfold::ack_request out{.to = to_, .epoch = epoch_};
        out.word = static_cast<sixfold::ack_word>(dice_.below(3));
        out.serial = some_serial();
        switch (out.word) {
        case sixfold::ack_word::past:
            out.current = static_cast<sixfold::epoch>(static_cast<std::uint64_t>(epoch_) + 1 +
                                                      dice_.below(1 << 20));
            break;
        case sixfold::ack_word::waiting: out.number = number_; break;
        default: forge_state(out);
        }
        return out;
    }
    void forge_state(sixfold::ack_request& out) {
        bytes_.resize(16);
        sixfold::byte_writer to(bytes_);
        to.put_varint(dice_.below(2) == 0 ? seq_ : dice_.below(30));
        bytes_.resize(to.size());
        out.state = bytes_;
        if (dice_.below(2) == 0) {
            const std::uint64_t missing = dice_.below(2) == 0 ? 0 : dice_.next();
            out.echo = sixfold::echo{number_, missing, dice_.below(2) == 0};
        }
        world_->seen.see(sight::forged_ack);
    }
    [[nodiscard]] sixfold::ack_serial some_serial() {
        return static_cast<sixfold::ack_serial>(dice_.below(1000));
    }
    [[nodiscard]] sixfold::sync_request sync() {
        sixfold::sync_request out{.serial = some_serial()};
        out.rows = static_cast<std::uint32_t>(1 + dice_.below(100));
        out.room = static_cast<std::uint32_t>(1 + dice_.below(10'000));
        if (dice_.below(2) == 0) {
            out.from = sixfold::mailbox_key{to_, {epoch_, seq_}};
        }
        if (dice_.below(2) == 0) {
            out.until = sixfold::mailbox_key{to_, {epoch_, seq_ + 1 + dice_.below(4)}};
            out.until->id.seq = (std::min)(out.until->id.seq, sixfold::seq_end);
        }
        return out;
    }
    /// As if it were the relay.
    [[nodiscard]] sixfold::ack_notify stored() {
        sixfold::ack_notify out{.from = to_, .epoch = epoch_};
        out.word = sixfold::ack_word::stored;
        out.number = number_;
        out.first = seq_;
        out.count = static_cast<std::uint8_t>(
            1 + dice_.below((std::min)(sixfold::seq{4}, sixfold::seq_end - seq_)));
        return out;
    }
    /// Likewise.
    [[nodiscard]] sixfold::msg_notify drained() {
        sixfold::msg_notify out{.from = to_, .epoch = epoch_, .drained = true};
        out.serial = some_serial();
        out.index = static_cast<std::uint32_t>(dice_.below(10));
        out.first = seq_;
        out.low = some_base();
        out.entries = some_run();
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
    sixfold::sending_number number_ = 0;
    std::vector<std::byte> bytes_;
    sixfold::run_writer run_;
};

}  // namespace simulation

#endif
