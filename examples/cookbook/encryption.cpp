// SPDX-License-Identifier: BSL-1.0
// End-to-end encryption with libsodium: the relay and its mailbox see who writes to whom, when and how much, and no content. A payload is
// a random nonce and a box that only Alice and Bob can make or open. What cannot be opened is rejected, so that it comes no more.
// For forward secrecy take a double ratchet: sixfold carries its messages in order, each once.
#include <cstdio>

#include <sodium.h>

#include "world.hpp"

struct key_pair {
    key_pair() { crypto_box_keypair(open.data(), secret.data()); }
    std::array<unsigned char, crypto_box_PUBLICKEYBYTES> open{};
    std::array<unsigned char, crypto_box_SECRETKEYBYTES> secret{};
};

std::string seal(std::string_view text, const key_pair& mine, const key_pair& theirs) {
    std::string box(crypto_box_NONCEBYTES + crypto_box_MACBYTES + text.size(), '\0');
    auto* const nonce = reinterpret_cast<unsigned char*>(box.data());
    randombytes_buf(nonce, crypto_box_NONCEBYTES);
    const auto* const clear = reinterpret_cast<const unsigned char*>(text.data());
    const bool sealed = crypto_box_easy(nonce + crypto_box_NONCEBYTES, clear, text.size(), nonce,
                                        theirs.open.data(), mine.secret.data()) == 0;
    return sealed ? box : "";
}

/// Empty: it is none of hers.
std::string unseal(sixfold::bytes box, const key_pair& mine, const key_pair& theirs) {
    if (box.size() < crypto_box_NONCEBYTES + crypto_box_MACBYTES) return {};
    std::string text(box.size() - crypto_box_NONCEBYTES - crypto_box_MACBYTES, '\0');
    auto* const clear = reinterpret_cast<unsigned char*>(text.data());
    const auto* const nonce = reinterpret_cast<const unsigned char*>(box.data());
    const auto* const sealed = nonce + crypto_box_NONCEBYTES;
    const int failed = crypto_box_open_easy(clear, sealed, box.size() - crypto_box_NONCEBYTES,
                                            nonce, theirs.open.data(), mine.secret.data());
    return failed == 0 ? text : "";
}

int main() {
    if (sodium_init() < 0) return 1;
    const key_pair alices, bobs;  // how Bob knows that hers is hers is the app's business
    example::world world;
    auto alice = world.make("alice"), bob = world.make("bob");
    world.come(alice, bob);
    (void)alice.send("bob", sixfold::as_bytes(seal("Dinner?", alices, bobs)));
    (void)alice.send("bob", sixfold::as_bytes("no text, but as long as a box of one is, at least"));
    std::string read;
    int rejected = 0;
    world.run([&] {
        while (const auto message = bob.poll_message()) {
            const std::string text = unseal(message->payload, bobs, alices);
            read += text;
            text.empty() ? bob.reject(*message) : bob.accept(*message);
        }
        while (const auto event = alice.poll_event())
            rejected += int{event->what == sixfold::status::rejected};
    });
    std::printf("Bob: %s\n", read.c_str());
    return read == "Dinner?" && rejected == 1 ? 0 : 1;
}
