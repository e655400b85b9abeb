// SPDX-License-Identifier: BSL-1.0
// Usage: sixfold_postgres_rows URL [ROUNDS]
// Rows a second that a mailbox in PostgreSQL stores, beside plain libpq that inserts the same rows in the same groups: prepared, in
// pipeline mode, one commit a group, into a table with nothing but a key. Both by turns in one database; medians.
// benchmarks/postgres starts a server for it.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <libpq-fe.h>

#include <sixfold/ext/postgres.hpp>
#include <sixfold/sixfold.hpp>

namespace {

using namespace sixfold;

void require(bool so, const char* what) {
    if (!so) {
        std::fprintf(stderr, "%s\n", what);
        std::exit(1);
    }
}

constexpr std::size_t people = 64;  // senders, each of whom writes to one receiver

/// The rows of both: of whom, which, and what.
struct next_row {
    std::array<seq, people> seqs{};
    std::size_t turn = 0;
    std::string payload;

    msg_request next() {
        const std::size_t who = turn++ % people;
        msg_request msg;
        msg.to = "receiver" + std::to_string(who);
        msg.epoch = epoch{std::uint64_t{1} << 40};
        msg.first = msg.base = seqs[who]++;
        msg.entries = run::of(as_bytes(payload));
        return msg;
    }
    [[nodiscard]] std::string sender() const {
        return "sender" + std::to_string((turn - 1) % people);
    }
};

class plain {
  public:
    explicit plain(const std::string& url) : handle_(PQconnectdb(url.c_str())) {
        require(PQstatus(handle_) == CONNECTION_OK, PQerrorMessage(handle_));
        run("DROP TABLE IF EXISTS plain; CREATE TABLE plain (receiver bytea NOT NULL, sender bytea "
            "NOT NULL, epoch bigint NOT "
            "NULL, seq bigint NOT NULL, payload bytea, PRIMARY KEY (receiver, sender, epoch, "
            "seq))");
        PQclear(PQprepare(handle_, "insert", "INSERT INTO plain VALUES ($1, $2, $3, $4, $5)", 0,
                          nullptr));
        PQclear(PQprepare(handle_, "begin", "BEGIN", 0, nullptr));
        PQclear(PQprepare(handle_, "commit", "COMMIT", 0, nullptr));
        PQenterPipelineMode(handle_);
    }
    void put(next_row& rows, std::size_t count) {
        PQsendQueryPrepared(handle_, "begin", 0, nullptr, nullptr, nullptr, 1);
        for (std::size_t i = 0; i < count; ++i) {
            const msg_request msg = rows.next();
            const std::string from = rows.sender();
            const std::string epoch = big_endian(static_cast<std::uint64_t>(msg.epoch));
            const std::string which = big_endian(msg.first);
            const std::array<std::string_view, 5> all = {msg.to.name(), from, epoch, which,
                                                         rows.payload};
            std::array<const char*, 5> values{};
            std::array<int, 5> sizes{};
            for (std::size_t at = 0; at < all.size(); ++at) {
                values[at] = all[at].data();
                sizes[at] = static_cast<int>(all[at].size());
            }
            constexpr std::array<int, 5> binary = {1, 1, 1, 1, 1};
            PQsendQueryPrepared(handle_, "insert", 5, values.data(), sizes.data(), binary.data(),
                                1);
        }
        PQsendQueryPrepared(handle_, "commit", 0, nullptr, nullptr, nullptr, 1);
        PQpipelineSync(handle_);
        std::size_t done = 0;
        for (bool more = true; more;) {
            PGresult* result = PQgetResult(handle_);
            done += result != nullptr && PQresultStatus(result) == PGRES_COMMAND_OK ? 1 : 0;
            more = result == nullptr || PQresultStatus(result) != PGRES_PIPELINE_SYNC;
            PQclear(result);
        }
        require(done == count + 2, "a plain insert failed");
    }

  private:
    static std::string big_endian(std::uint64_t value) {
        std::string out;
        for (int shift = 56; shift >= 0; shift -= 8) {
            out += static_cast<char>(value >> shift);
        }
        return out;
    }
    void run(const char* sql) { PQclear(PQexec(handle_, sql)); }

    PGconn* handle_;
};

/// Rows a second, of at least so long.
template <class Put>
double rate(std::size_t group, Put put) {
    using clock = std::chrono::steady_clock;
    const clock::time_point begin = clock::now();
    std::size_t rows = 0;
    while (clock::now() - begin < std::chrono::milliseconds(300)) {
        put();
        rows += group;
    }
    return static_cast<double>(rows) / std::chrono::duration<double>(clock::now() - begin).count();
}
double median(std::vector<double> all) {
    std::sort(all.begin(), all.end());
    return all[all.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
    require(argc >= 2, "Usage: sixfold_postgres_rows URL [ROUNDS]");
    const std::string url = argv[1];
    const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
    constexpr std::size_t many = std::size_t{1} << 40;
    auto mailbox = postgres_mailbox::open(url, {many, many, many, many, many, many});
    require(mailbox.has_value(), mailbox ? "" : mailbox.error().what.c_str());
    std::printf("| bytes | rows a commit | plain libpq, rows/s | mailbox, rows/s | of it |\n| --- "
                "| --- | --- | --- | --- |\n");
    for (const std::size_t size : {std::size_t{100}, std::size_t{1000}}) {
        next_row of_plain{.payload = std::string(size, 'x')};
        next_row of_mailbox{.payload = std::string(size, 'x')};
        for (seq& each : of_mailbox.seqs) {
            each = size << 40;  // behind those of the other size
        }
        for (const std::size_t group : {1U, 16U, 256U}) {
            plain by_hand(url);
            of_plain.seqs = {};
            mailbox_group requests;
            std::vector<double> plainly;
            std::vector<double> stored;
            for (int round = 0; round < rounds; ++round) {
                plainly.push_back(rate(group, [&] { by_hand.put(of_plain, group); }));
                stored.push_back(rate(group, [&] {
                    requests.clear();
                    for (std::size_t i = 0; i < group; ++i) {
                        const msg_request msg = of_mailbox.next();
                        requests.add({of_mailbox.sender(), msg});
                    }
                    for (const mailbox_exchange& each : mailbox->execute(requests)) {
                        require(each.outcome.done, "a put failed");
                    }
                }));
            }
            std::printf("| %zu | %zu | %.0f | %.0f | %.2f |\n", size, group, median(plainly),
                        median(stored), median(stored) / median(plainly));
            std::fflush(stdout);
        }
    }
}
