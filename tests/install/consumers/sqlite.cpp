// SPDX-License-Identifier: BSL-1.0
#include <cstdio>

#include <sixfold/ext/sqlite.hpp>
#include <sixfold/sixfold.hpp>

int main() {
    auto opened = sixfold::sqlite_mailbox::open("app_mailbox.db");
    if (!opened) {
        std::printf("%s\n", opened.error().what.c_str());
        return 1;
    }
    sixfold::msg_request hello;
    hello.to = "bob";
    hello.epoch = sixfold::epoch{1};
    hello.payload = sixfold::as_bytes("hello");
    const bool put = opened->execute({"alice", hello, {}}).done;
    const auto page = opened->execute({"bob", sixfold::sync_request{}, {}});
    return put && page.rows.size() == 1 ? 0 : 1;
}
