// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_RELAY_NEIGHBOURS_HPP
#define SIXFOLD_EXAMPLES_RELAY_NEIGHBOURS_HPP

#include <functional>
#include <memory>
#include <string>

#include <sixfold/types.hpp>

namespace relay_program {

/// What the other nodes may ask of this one. Called from any thread; returns at once.
struct node_calls {
    /// Frames for a peer, as they are to go into his link, if he has one here; else they are dropped: they are only a hint.
    std::function<void(const sixfold::peer& to, sixfold::bytes frames)> deliver;
    /// He has logged in elsewhere: the link that he has here is closed.
    std::function<void(const sixfold::peer& who)> end;
    /// He has a link at another node, or none there any more, as far as anybody knows: a hint, too.
    std::function<void(const sixfold::peer& who, bool is_there)> elsewhere;
};

/// The other nodes, if there are any: relays on the same mailbox in other processes. Called from several threads at once; nothing
/// here may wait.
class neighbours {
  public:
    neighbours() = default;
    neighbours(const neighbours&) = delete;
    neighbours& operator=(const neighbours&) = delete;
    virtual ~neighbours() = default;

    /// A peer has a link here from now on. Whoever else has one of him closes that.
    virtual void joined(const sixfold::peer& who) = 0;
    /// He has none here any more.
    virtual void left(const sixfold::peer& who) = 0;
    /// Frames for a peer who has no link here.
    virtual void carry(const sixfold::peer& to, sixfold::bytes frames) = 0;
    /// What is wrong with the way to them, for a person; empty: nothing.
    [[nodiscard]] virtual std::string problem() const = 0;
};

/// Opens the way to them that `where` names; empty: there are none, and nothing is returned. Throws like `open_store`. This is the
/// place for further ones.
[[nodiscard]] std::unique_ptr<neighbours> open_neighbours(const std::string& where,
                                                          node_calls calls);

}  // namespace relay_program

#endif
