// SPDX-License-Identifier: BSL-1.0
// hello NAME TO HOST PORT: says hello to somebody over a relay, shows what comes, and ends when it has arrived.
#include <iostream>
#include <string>

#include <sixfold/ext/asio.hpp>
#include <sixfold/words.hpp>

int main(int argc, char** argv) {
    if (argc != 5) return std::cerr << "hello: say NAME TO HOST PORT\n", 2;
    sixfold::net::io_context io;
    sixfold::asio_file_journal journal(std::string(argv[1]) + ".journal");
    sixfold::asio_client me(io.get_executor(),
                            {.self = argv[1], .relay = sixfold::over_tcp(argv[3], argv[4])},
                            &journal);
    me.on_message = [](const sixfold::message& got) {
        std::cout << got.from.name() << ": " << sixfold::as_text(got.payload) << std::endl;
    };
    me.on_event = [&](const sixfold::event& news) {
        std::cout << sixfold::to_string(news.what) << std::endl;
        if (news.what == sixfold::status::delivered) me.stop();
    };
    me.start();
    if (!me.send(argv[2], sixfold::as_bytes("hello"))) return 1;
    io.run();
}
