// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_RELAY_DIRECTORY_HPP
#define SIXFOLD_EXAMPLES_RELAY_DIRECTORY_HPP

#include <array>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <sixfold/types.hpp>

namespace relay_program {

/// Where a peer has his link: in which worker, and its number there.
struct place {
    unsigned worker = 0;
    sixfold::link_id link = sixfold::link_id::none;
    friend bool operator==(const place&, const place&) = default;
};

/// Which worker has which peer. From any thread.
class directory {
  public:
    /// He is there from now on; where he was until now, if he was.
    std::optional<place> enter(const sixfold::peer& who, place at) {
        shard& part = shard_of(who);
        const std::lock_guard lock(part.guard);
        const auto [found, is_new] = part.places.try_emplace(std::string(who.name()), at);
        if (is_new) {
            return std::nullopt;
        }
        return std::exchange(found->second, at);
    }
    /// He has gone from there. False: he was elsewhere by then.
    bool leave(const sixfold::peer& who, place from) {
        shard& part = shard_of(who);
        const std::lock_guard lock(part.guard);
        const auto found = part.places.find(who.name());
        const bool was_there = found != part.places.end() && found->second == from;
        if (was_there) {
            part.places.erase(found);
        }
        return was_there;
    }
    [[nodiscard]] std::optional<place> find(const sixfold::peer& who) {
        shard& part = shard_of(who);
        const std::lock_guard lock(part.guard);
        const auto found = part.places.find(who.name());
        return found == part.places.end() ? std::nullopt : std::optional(found->second);
    }

  private:
    struct hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view name) const {
            return std::hash<std::string_view>()(name);
        }
    };
    struct shard {
        std::mutex guard;
        std::unordered_map<std::string, place, hash, std::equal_to<>> places;
    };
    [[nodiscard]] shard& shard_of(const sixfold::peer& who) {
        return shards_[hash()(who.name()) % shards_.size()];
    }

    std::array<shard, 64> shards_;
};

}  // namespace relay_program

#endif
