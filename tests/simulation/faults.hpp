// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SIMULATION_FAULTS_HPP
#define SIXFOLD_TESTS_SIMULATION_FAULTS_HPP

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <sixfold/parts/random.hpp>
#include "simulation/plan.hpp"

namespace simulation {

/// One fault that happened: the n-th time that this kind could have.
struct decision {
    fault kind = fault::loss;
    std::uint64_t ordinal = 0;
    friend auto operator<=>(const decision&, const decision&) = default;
};

/// Decides whether a fault happens. Each decision is a function of the seed, the kind and its ordinal alone, so one that is
/// left out changes what follows from it and nothing else.
class faults {
  public:
    /// `only`: these and no others, of those that happen by the plan.
    faults(const plan& what, std::optional<std::vector<decision>> only)
        : plan_(&what), only_(std::move(only)) {
        if (only_) {
            std::sort(only_->begin(), only_->end());
        }
        for (std::size_t k = 0; k < fault_kinds; ++k) {
            streams_[k] = sixfold::random_source(what.seed * fault_kinds + k).next();
        }
    }

    /// The numbers that say how, if it happens.
    [[nodiscard]] std::optional<sixfold::random_source> happens(fault kind) {
        const auto k = static_cast<std::size_t>(kind);
        const std::uint64_t rate = plan_->rate[k];
        if (healed_ || rate == 0) {
            return std::nullopt;
        }
        const decision one{kind, ordinals_[k]++};
        sixfold::random_source dice(streams_[k] + one.ordinal);
        if (dice.next() % 1'000'000 >= rate ||
            (only_ && !std::binary_search(only_->begin(), only_->end(), one))) {
            return std::nullopt;
        }
        happened_.push_back(one);
        return dice;
    }

    /// From now on nothing goes wrong.
    void heal() { healed_ = true; }
    [[nodiscard]] bool healed() const { return healed_; }
    [[nodiscard]] const std::vector<decision>& happened() const { return happened_; }

  private:
    const plan* plan_;
    std::optional<std::vector<decision>> only_;
    std::vector<decision> happened_;
    std::array<std::uint64_t, fault_kinds> streams_{};
    std::array<std::uint64_t, fault_kinds> ordinals_{};
    bool healed_ = false;
};

}  // namespace simulation

#endif
