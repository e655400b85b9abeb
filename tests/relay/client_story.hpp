// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_RELAY_CLIENT_STORY_HPP
#define SIXFOLD_TESTS_RELAY_CLIENT_STORY_HPP

#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include <sixfold/ext/asio.hpp>
#include <sixfold/sixfold.hpp>

#if defined(ASIO_HAS_CO_AWAIT) || defined(BOOST_ASIO_HAS_CO_AWAIT)
#include <sixfold/ext/asio_awaitable.hpp>
#endif

// What clients do at a relay, compiled with either Asio: each file that includes this has its own, and both are in one program.

namespace {

using namespace std::chrono_literals;

inline void check(bool good, const char* what) {
    if (!good) {
        throw std::runtime_error(what);
    }
}

/// Two of a name each, with a time limit.
struct pair_of_clients {
    explicit pair_of_clients(const std::string& port, const std::string& suffix)
        : journal("alice" + suffix),
          alice(io.get_executor(), options("alice" + suffix, port), &journal),
          bob(io.get_executor(), options("bob" + suffix, port)) {
        limit.expires_after(20s);
        limit.async_wait(
            [](sixfold::net_error cancelled) { check(bool(cancelled), "never came to its end"); });
    }
    static sixfold::asio_client_options options(const std::string& name, const std::string& port) {
        return {.self = name, .relay = sixfold::over_tcp("127.0.0.1", port)};
    }
    void stop() {
        alice.stop();
        bob.stop();
        limit.cancel();
    }

    sixfold::net::io_context io{1};
    sixfold::net::steady_timer limit{io};
    sixfold::asio_file_journal journal;
    sixfold::asio_client alice;
    sixfold::asio_client bob;
};

/// Callbacks: a message, its events, and an answer from within a handler; then nothing keeps the loop running.
inline void tell_by_callbacks(const std::string& port, const std::string& flavour) {
    pair_of_clients two(port, flavour);
    const std::string bob_name = "bob" + flavour;
    std::vector<sixfold::status> heard;
    std::string inbox;
    std::string answer;
    two.alice.on_event = [&](const sixfold::event& news) {
        heard.push_back(news.what);
    };
    two.bob.on_message = [&](const sixfold::message& got) {
        inbox = sixfold::as_text(got.payload);
        check(two.bob.send(got.from, sixfold::as_bytes("at eight")).has_value(),
              "the answer was not taken");
    };
    two.bob.on_event = [&](const sixfold::event& news) {
        if (news.what == sixfold::status::delivered) {
            two.stop();
        }
    };
    two.alice.on_message = [&](const sixfold::message& got) {
        answer = sixfold::as_text(got.payload);
    };
    two.alice.start();
    two.bob.start();
    check(two.alice.send(bob_name, sixfold::as_bytes("Dinner?")).has_value(),
          "the message was not taken");
    two.io.run();
    check(inbox == "Dinner?" && answer == "at eight", "not what was said");
    check(!heard.empty() && heard.back() == sixfold::status::delivered,
          "not known to be delivered");
    check(two.alice.counts().links == 1 && two.alice.counts().link.packets_out > 0, "not counted");
}

/// A handler that throws undoes its commit, and comes out of `run`; the message comes again in the next life.
inline void throw_in_a_handler(const std::string& port, const std::string& flavour) {
    const std::string name = "carol" + flavour;
    for (const bool fails : {true, false}) {
        sixfold::net::io_context io{1};
        sixfold::asio_file_journal journal(name);
        sixfold::asio_client carol(io.get_executor(), pair_of_clients::options(name, port),
                                   &journal);
        bool thrown = false;
        std::string inbox;
        carol.on_message = [&](const sixfold::message& got) {
            if (fails) {
                throw std::runtime_error("no disk");
            }
            inbox = sixfold::as_text(got.payload);
            carol.stop();
        };
        carol.start();
        if (fails) {
            check(carol.send(name, sixfold::as_bytes("to myself")).has_value(), "not taken");
        }
        try {
            io.run_for(20s);
        } catch (const std::runtime_error& error) {
            thrown = error.what() == std::string("no disk");
        }
        check(thrown == fails && !carol.running(),
              "what a handler throws does not come out, or does not stop it");
        check(inbox == (fails ? "" : "to myself"), "the message did not come again");
    }
}

#if defined(ASIO_HAS_CO_AWAIT) || defined(BOOST_ASIO_HAS_CO_AWAIT)
/// Coroutines: they wait for messages and events, and are told when the client is stopped.
inline void tell_by_coroutines(const std::string& port, const std::string& flavour) {
    pair_of_clients two(port, "co" + flavour);
    std::string inbox;
    bool cancelled = false;
    const auto read = [&]() -> sixfold::net::awaitable<void> {
        const sixfold::message got = co_await sixfold::next_message(two.bob);
        two.bob.change([&] {
            inbox = sixfold::as_text(got.payload);
            check(two.bob.machine().accept(got), "not accepted");
        });
        try {
            (void)co_await sixfold::next_message(two.bob);
        } catch (const sixfold::net_failure& failed) {
            cancelled = failed.code() == sixfold::net::error::operation_aborted;
        }
    };
    const auto write = [&]() -> sixfold::net::awaitable<void> {
        check(two.alice.send("bobco" + flavour, sixfold::as_bytes("Dinner?")).has_value(),
              "not taken");
        while ((co_await sixfold::next_event(two.alice)).what != sixfold::status::delivered) {
        }
        two.stop();
    };
    const auto end = [](std::exception_ptr failed) {
        if (failed) {
            std::rethrow_exception(failed);
        }
    };
    two.alice.start();
    two.bob.start();
    sixfold::net::co_spawn(two.io, read, end);
    sixfold::net::co_spawn(two.io, write, end);
    two.io.run();
    check(inbox == "Dinner?", "not what was said");
    check(cancelled, "who waits is not told of the end");
}
#endif

inline void tell_story(const std::string& port, const std::string& flavour) {
    tell_by_callbacks(port, flavour);
    throw_in_a_handler(port, flavour);
#if defined(ASIO_HAS_CO_AWAIT) || defined(BOOST_ASIO_HAS_CO_AWAIT)
    tell_by_coroutines(port, flavour);
#endif
}

}  // namespace

#endif
