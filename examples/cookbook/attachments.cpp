// SPDX-License-Identifier: BSL-1.0
// Attachments by reference: the file goes to a store of its own, under a hash of what is in it, and the message names it. The reader accepts
// the message when the file is there: so `delivered` means both, and a store that is down for a while loses nothing.
#include <cstdio>
#include <map>
#include <optional>

#include "world.hpp"

/// An object store, over HTTP for example. With a cryptographic hash for a name nobody can put another file in its place.
class store {
  public:
    std::string put(const std::string& file) {
        std::string name = std::to_string(std::hash<std::string>{}(file));
        files_[name] = file;
        return name;
    }
    std::optional<std::string> get(const std::string& name) const {
        const auto found = files_.find(name);
        if (down || found == files_.end()) return std::nullopt;
        return found->second;
    }
    bool down = false;

  private:
    std::map<std::string, std::string> files_;
};

int main() {
    example::world world;
    auto alice = world.make("alice"), bob = world.make("bob");
    world.come(alice, bob);

    store files;
    const std::string photo(1'000'000, 'x');
    (void)alice.send("bob",
                     sixfold::as_bytes("file " + files.put(photo)));  // first there, then here
    std::optional<sixfold::message> waiting;  // its payload is good until it is accepted
    std::optional<std::string> got;
    sixfold::status known = sixfold::status::none;
    const auto turn = [&] {
        if (!waiting) waiting = bob.poll_message();
        if (waiting) {
            got = files.get(std::string(sixfold::as_text(waiting->payload).substr(5)));
            if (got) {  // written to the disk
                bob.accept(*waiting);
                waiting.reset();
            }
        }
        while (const auto event = alice.poll_event())
            known = event->what;
    };
    files.down = true;
    world.run(turn);
    const bool not_yet = !got && known != sixfold::status::delivered;
    files.down = false;
    world.run(turn);
    std::printf("%zu bytes, and Alice knows\n", got ? got->size() : 0);
    return not_yet && known == sixfold::status::delivered ? 0 : 1;
}
