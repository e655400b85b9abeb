// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_BENCHMARKS_PEERS_CASES_HPP
#define SIXFOLD_BENCHMARKS_PEERS_CASES_HPP

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "../measure.hpp"
#include "allocations.hpp"

namespace bench {

/// So many messages of `payload` bytes at once, all of which have to arrive and be confirmed.
struct load {
    std::size_t payload;
    std::uint32_t in_flight;
};

/// Two ends of a peer, and the memory between them. `exchange` sends all messages of the load, and returns how many of them
/// both the receiving app has taken and the sending app knows to be acknowledged.
class pair {
  public:
    pair() = default;
    pair(const pair&) = delete;
    pair& operator=(const pair&) = delete;
    virtual ~pair() = default;
    virtual std::uint64_t exchange() = 0;
};

/// A service of a peer, and how a pair for it is made.
struct service {
    std::string what;
    std::function<std::unique_ptr<pair>(const load&)> make;
    std::uint32_t most = 65536;  ///< in flight, that can be measured in seconds
};

/// One that is measured. An exchange in which something did not arrive is an error, not a figure.
class subject {
  public:
    subject(const service& of, const load& how)
        : what_(of.what + (how.payload == 64 ? " 64 B" : " 1 KiB")), how_(how),
          pair_(of.make(how)) {
        for (std::uint32_t done = 0; done < 3000; done += how_.in_flight) {
            exchange();  // until no buffer grows any more
        }
    }

    std::uint64_t exchange() {
        if (pair_->exchange() != how_.in_flight) {
            throw std::runtime_error(what_ + ": not all messages arrived");
        }
        return how_.in_flight;
    }
    [[nodiscard]] double allocations_per_message() {
        const std::uint64_t before = allocations();
        std::uint64_t messages = 0;
        while (messages < 3000) {
            messages += exchange();
        }
        return static_cast<double>(allocations() - before) / static_cast<double>(messages);
    }
    [[nodiscard]] const std::string& what() const { return what_; }

  private:
    std::string what_;
    load how_;
    std::unique_ptr<pair> pair_;
};

/// Measures all services with so many messages in flight.
inline void run(const std::vector<service>& services, std::uint32_t in_flight) {
    std::vector<std::unique_ptr<subject>> subjects;
    std::vector<timed> cases;
    for (const service& each : services) {
        for (const std::size_t payload : {std::size_t{64}, std::size_t{1024}}) {
            if (in_flight > each.most) {
                continue;
            }
            subjects.push_back(std::make_unique<subject>(each, load{payload, in_flight}));
            subject* const one = subjects.back().get();
            cases.push_back({one->what(), in_flight,
                             payload == 64 ? yardstick::exchange_64 : yardstick::exchange_1k,
                             all_of([one] { return one->exchange(); })});
        }
    }
    compare({}, "peers", cases);
    for (const auto& one : subjects) {
        print("peers", one->what(), in_flight, one->allocations_per_message(), "allocations");
    }
}

/// All that the main program of a peer does; returns what that is to return.
inline int run(const std::vector<service>& services) try {
    for (const std::uint32_t in_flight : {1U, 64U, 1024U, 65536U}) {
        run(services, in_flight);
    }
    return 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}

}  // namespace bench

#endif
