// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <csignal>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#if defined(__unix__)
#include <sys/wait.h>
#include <unistd.h>
#endif

#include <sixfold/error.hpp>
#include "support/catch.hpp"

namespace error_tests {
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
/// What a call writes to stderr before it ends the program by std::abort; nothing if it does not.
template <class Call>
std::optional<std::string> last_words(Call call) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        (void)std::signal(SIGABRT, SIG_DFL);  // the framework would report it as a failure
        (void)::dup2(ends[1], STDERR_FILENO);
        call();
        ::_exit(0);
    }
    (void)::close(ends[1]);
    std::array<char, 512> words{};  // less than a pipe holds
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    const ssize_t size = ::read(ends[0], words.data(), words.size());
    (void)::close(ends[0]);
    REQUIRE(size >= 0);
    const bool aborted = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
    return aborted ? std::optional(std::string(words.data(), static_cast<std::size_t>(size)))
                   : std::nullopt;
}

TEST_CASE(
    "error: who takes a value that is not there ends the program with the sentence of the error") {
    result<int> bad = error{errc::option, "start: at least 1"};
    const result<int>& seen = bad;
    const result<void> failed = error{errc::option, "start: at least 1"};
    const std::string sentence = "sixfold: start: at least 1\n";
    CHECK(last_words([&] { (void)bad.value(); }) == sentence);
    CHECK(last_words([&] { (void)seen.value(); }) == sentence);
    CHECK(last_words([&] { (void)std::move(bad).value(); }) == sentence);
    CHECK(last_words([&] { failed.value(); }) == sentence);

    const result<int> good = 5;
    CHECK(last_words([&] { (void)good.value(); }) == std::nullopt);
    result<void>().value();
}

#if !defined(NDEBUG)
TEST_CASE("error: where assertions are on, * and -> say the sentence of the error, too") {
    struct point {
        int x;
    };
    result<point> bad = error{errc::option, "start: at least 1"};
    const result<point>& seen = bad;
    const std::string sentence = "sixfold: start: at least 1\n";
    CHECK(last_words([&] { (void)*bad; }) == sentence);
    CHECK(last_words([&] { (void)*seen; }) == sentence);
    CHECK(last_words([&] { (void)*std::move(bad); }) == sentence);
    CHECK(last_words([&] { (void)bad->x; }) == sentence);
    CHECK(last_words([&] { (void)seen->x; }) == sentence);
    const result<point> good = point{7};
    CHECK(last_words([&] { (void)good->x; }) == std::nullopt);
}
#endif

TEST_CASE(
    "error: errors of other kinds end it with their own words, or with ours if they have none") {
    struct own_error {
        std::string what;
    };
    const result<int, own_error> own = own_error{"disk: full"};
    const result<void, int> code = 5;
    CHECK(last_words([&] { (void)own.value(); }) == "sixfold: disk: full\n");
    CHECK(last_words([&] { code.value(); }) == "sixfold: a value was taken that is not there\n");
}
#endif

TEST_CASE("error: a result that becomes an error lets its value go") {
    const auto shared = std::make_shared<int>(7);
    result<std::shared_ptr<int>> held = shared;
    held = error{errc::option, "no"};
    CHECK(!held);
    CHECK(held.error().what == "no");
    CHECK(shared.use_count() == 1);
}

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
}  // namespace error_tests
