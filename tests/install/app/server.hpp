// SPDX-License-Identifier: BSL-1.0
#ifndef APP_SERVER_HPP
#define APP_SERVER_HPP

#include <string_view>

#include <sixfold/sixfold.hpp>

/// A client whose app has logged in.
bool connect(sixfold::link_id link, std::string_view name);

/// Takes what `from` has to send to the relay, and what the relay answers to its clients.
void carry(sixfold::client& from,
           sixfold::link_id link,
           sixfold::client& alice,
           sixfold::client& bob);

#endif
