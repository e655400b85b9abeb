// SPDX-License-Identifier: BSL-1.0
// The library itself, measured as the peers are: A, the relay and B, six frames a message.
#include "../world.hpp"
#include "cases.hpp"

namespace {

class trio : public bench::pair {
  public:
    trio(const bench::load& how, bench::packing packing, sixfold::checksum checksum)
        : world_({how.payload, how.in_flight, checksum, packing}) {}
    std::uint64_t exchange() override { return world_.exchange(); }

  private:
    bench::world world_;
};

bench::service of(const std::string& what, bench::packing packing, sixfold::checksum checksum) {
    return {what, [=](const bench::load& how) {
                return std::make_unique<trio>(how, packing, checksum);
            }};
}

}  // namespace

int main() {
    return bench::run(
        {of("sixfold single", bench::packing::single, sixfold::checksum::off),
         of("sixfold packed", bench::packing::packed, sixfold::checksum::off),
         of("sixfold packed checked", bench::packing::packed, sixfold::checksum::on)});
}
