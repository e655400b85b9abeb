// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_PLATFORMS_DEVICE_HPP
#define SIXFOLD_TESTS_PLATFORMS_DEVICE_HPP

// What the programs of a small device that are linked and measured have in common; what one of them does not call is not linked.
#include <span>

[[noreturn]] void panic(const char* message);
#define SIXFOLD_FAIL(message) panic(message)

#include <sixfold/client.hpp>

using namespace sixfold;

constexpr sender_options sends{.window = 8,
                               .queue_entries = 16,
                               .queue_bytes = 1024,
                               .unsettled_max = 16,
                               .payload_max = 64,
                               .peers_max = 2};

inline manual_clock millis;
inline std::byte buffer[192];
inline volatile unsigned radio;  // stands for a register

inline bytes receive_packet() {
    return bytes(buffer).first(radio % sizeof buffer);
}
inline void use(bytes what) {
    for (const std::byte each : what) {
        radio = static_cast<unsigned>(each);
    }
}

inline void panic(const char* message) {
    for (;;) {
        radio = static_cast<unsigned char>(*message);
    }
}

// A device has no signals, and its program does not end: what the C library has for that is not linked.
extern "C" [[noreturn, gnu::used]] inline void abort() {
    panic("abort");
}
extern "C" [[gnu::used]] inline int
__aeabi_atexit(void* /*object*/, void (* /*destroy*/)(void*), void* /*library*/) {
    return 0;
}

#endif
