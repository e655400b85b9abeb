// SPDX-License-Identifier: BSL-1.0

// What a Cortex-M looks at first, at address 0: where its stack begins, and the program. The C library does the rest.
extern "C" void _start();

extern "C" [[gnu::section(".vectors")]] void (*const vectors[])(){
    reinterpret_cast<void (*)()>(0x0038'0000), _start};
