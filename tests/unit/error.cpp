// SPDX-License-Identifier: BSL-1.0
#include <csignal>
#include <cstddef>
#include <memory>
#include <utility>

#if defined(__unix__)
#include <sys/wait.h>
#include <unistd.h>
#endif

#include <sixfold/error.hpp>
#include "support/catch.hpp"

namespace {

using namespace sixfold;

TEST_CASE("error: a result is a value or an error") {
    result<int> good = 5;
    CHECK(good.has_value());
    CHECK(good);
    CHECK(*good == 5);
    *good = 6;
    CHECK(good.value() == 6);

    const result<int> bad = error{errc::queue_full, "full"};
    CHECK(!bad);
    CHECK(bad.error().code == errc::queue_full);
    CHECK(bad.error().what == "full");
}

#if defined(__unix__)
/// Whether a call ends the program by std::abort.
template <class Call>
bool aborts(Call call) {
    const pid_t child = ::fork();
    if (child == 0) {
        (void)std::signal(SIGABRT, SIG_DFL);  // the framework would report it as a failure
        call();
        ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

TEST_CASE("error: a value that is not there ends the program, with and without assertions") {
    result<int> bad = error{errc::option, "start: at least 1"};
    const result<int>& seen = bad;
    const result<void> failed = error{errc::option, "start: at least 1"};
    const result<int> good = 5;
    CHECK(aborts([&] { (void)bad.value(); }));
    CHECK(aborts([&] { (void)seen.value(); }));
    CHECK(aborts([&] { (void)std::move(bad).value(); }));
    CHECK(aborts([&] { failed.value(); }));
    CHECK_FALSE(aborts([&] { (void)good.value(); }));
    result<void>().value();
}
#endif

TEST_CASE("error: a result gives up what can only be moved") {
    result<std::unique_ptr<int>> owned = std::make_unique<int>(7);
    const std::unique_ptr<int> taken = *std::move(owned);
    REQUIRE(taken != nullptr);
    CHECK(*taken == 7);
    struct pair {
        int first;
        int second;
    };
    const result<pair> both = pair{1, 2};
    CHECK(both->second == 2);
}

TEST_CASE("error: success of a call without a value is a result too") {
    CHECK(result<void>().has_value());
    const result<void> bad = error{errc::unknown_link, "no"};
    CHECK(!bad.has_value());
    CHECK(bad.error().code == errc::unknown_link);
}

TEST_CASE("error: what cannot be decoded ends a stream, what is only not done does not "
          "[spec 2.10, 2.11]") {
    for (std::size_t i = 0; i < refusal_kinds; ++i) {
        const auto why = static_cast<refusal>(i);
        const bool bad_bytes = why > refusal::none && why <= refusal::frame_too_large;
        CHECK(ends_stream(why) == (bad_bytes || why == refusal::unknown_link));
    }
}

TEST_CASE("error: refusals are counted, each reason for itself") {
    refusal_counts counts;
    CHECK(counts.total() == 0);
    for (std::size_t i = 1; i < refusal_kinds; ++i) {
        for (std::size_t n = 0; n < i; ++n) {
            counts.add(static_cast<refusal>(i));
        }
    }
    std::size_t sum = 0;
    for (std::size_t i = 1; i < refusal_kinds; ++i) {
        CHECK(counts[static_cast<refusal>(i)] == i);
        sum += i;
    }
    CHECK(counts.total() == sum);
    counts.add(refusal::none);  // not a refusal
    CHECK(counts.total() == sum);
}

TEST_CASE("error: a refusal that nobody knows ends a stream") {
    CHECK(ends_stream(static_cast<refusal>(refusal_kinds)));
}

}  // namespace
