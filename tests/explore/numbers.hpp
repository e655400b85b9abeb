// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_EXPLORE_NUMBERS_HPP
#define SIXFOLD_TESTS_EXPLORE_NUMBERS_HPP

#include "explore/nodes.hpp"

// Which number a content has at its sender now: a frame in the network only names the content.

namespace explore {

inline outbound_path& path_of(a_node& a) {
    return test_access::path(a.machine, "b");
}

/// The numbers of a new life begin where they wrap soon.
inline void number_from_end(a_node& a) {
    if (test_access::writes_to(a.machine, "b")) {
        path_of(a).sendings = sending_ring(0xFFFE);
    }
}

/// One that is not remembered.
[[nodiscard]] inline sending_number unknown(a_node& a) {
    const bool any = test_access::writes_to(a.machine, "b");
    return static_cast<sending_number>((any ? path_of(a).sendings.next() : 0) + 0x4000);
}

/// The newest sending of this content, with or without keep if that says nothing.
[[nodiscard]] inline sending_number newest(a_node& a, content which, bool either) {
    const auto number_of = [&](content one) {
        const auto known = a.numbers[one];
        const bool remembered = known && path_of(a).sendings.find(*known) != nullptr;
        return remembered ? *known : unknown(a);
    };
    const sending_number plain = number_of(which);
    const sending_number kept = either ? number_of(static_cast<content>(which | 1U)) : plain;
    if (plain == unknown(a) || kept == unknown(a)) {
        return plain == unknown(a) ? kept : plain;
    }
    return static_cast<sending_number>(kept - plain) < 0x8000 ? kept : plain;
}

}  // namespace explore

#endif
