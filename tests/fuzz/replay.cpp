// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <sixfold/parts/random.hpp>
#include "fuzz/targets.hpp"
#include "support/catch.hpp"
#include "support/effort.hpp"

// The inputs that a fuzzer has found worth keeping, and thousands made from them, with any compiler. The same each time.

namespace replay_tests {
namespace {

using input_bytes = std::vector<std::byte>;

std::vector<input_bytes> corpus_of(const fuzz::target& target) {
    const auto folder = std::filesystem::path(__FILE__).parent_path() / "corpus" / target.name;
    std::vector<std::filesystem::path> files;
    for (const auto& each : std::filesystem::directory_iterator(folder)) {
        files.push_back(each.path());
    }
    std::sort(files.begin(), files.end());
    std::vector<input_bytes> out;
    for (const auto& path : files) {
        std::ifstream file(path, std::ios::binary);
        const std::string content{std::istreambuf_iterator<char>(file), {}};
        const sixfold::bytes bytes = sixfold::as_bytes(content);
        out.emplace_back(bytes.begin(), bytes.end());
    }
    return out;
}

/// Pieces of some, one behind the other, with some bytes that are different.
input_bytes make(const std::vector<input_bytes>& corpus, sixfold::random_source& random) {
    input_bytes out;
    for (std::uint64_t pieces = 1 + random.below(6); pieces != 0; --pieces) {
        const input_bytes& from = corpus[random.below(corpus.size())];
        const std::size_t begin = random.below(from.size() + 1);
        const std::size_t size = random.below(from.size() - begin + 1);
        const auto first =
            from.begin() + static_cast<std::ptrdiff_t>(random.below(2) == 0 ? begin : 0);
        out.insert(out.end(), first, first + static_cast<std::ptrdiff_t>(size));
    }
    for (std::uint64_t n = random.below(8); n != 0 && !out.empty(); --n) {
        out[random.below(out.size())] = static_cast<std::byte>(random.below(256));
    }
    return out;
}

TEST_CASE("fuzz: the corpus of each target, and inputs made from it") {
    const auto target = GENERATE(from_range(std::begin(fuzz::targets), std::end(fuzz::targets)));
    CAPTURE(std::string(target.name));
    const std::vector<input_bytes> corpus = corpus_of(target);
    REQUIRE(corpus.size() >= 10);
    for (const input_bytes& each : corpus) {
        REQUIRE_NOTHROW(target.run(each));
    }
    sixfold::random_source random(1);
    const bool in_a_file = target.name.starts_with("sqlite");  // which takes its time
    const int inputs = support::some_or_all(2'000, 10'000) / (in_a_file ? 10 : 1);
    for (int i = 0; i < inputs; ++i) {
        CAPTURE(i);
        const input_bytes made = make(corpus, random);
        REQUIRE_NOTHROW(target.run(made));
    }
}

}  // namespace
}  // namespace replay_tests
