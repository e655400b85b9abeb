// SPDX-License-Identifier: BSL-1.0
// The library itself, measured as the peers are: A, the relay and B, six frames a message.
#include "../world.hpp"
#include "cases.hpp"

namespace {

class trio : public bench::pair {
  public:
    explicit trio(const bench::setting& how) : world_(how) {}
    std::uint64_t exchange() override { return world_.exchange(); }

  private:
    bench::world world_;
};

bench::service of(const std::string& what, bench::setting how, std::uint32_t most = 65536) {
    return {what,
            [how](const bench::load& load) mutable {
                how.payload = load.payload;
                how.in_flight = load.in_flight;
                return std::make_unique<trio>(how);
            },
            most};
}

}  // namespace

int main() {
    using enum bench::packing;
    // On the system's clock an exchange of more may last until something is sent again.
    constexpr std::uint32_t most_in_real_time = 1024;
    return bench::run(
        {of("sixfold single", {.packing = single}), of("sixfold packed", {.packing = packed}),
         of("sixfold packed checked", {.checksum = sixfold::checksum::on, .packing = packed}),
         of("sixfold packed system clock", {.packing = packed, .real_clock = true},
            most_in_real_time)});
}
