// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_POSTGRES_CONNECTION_HPP
#define SIXFOLD_EXT_POSTGRES_CONNECTION_HPP

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <libpq-fe.h>
#include <poll.h>

#include "sixfold/ext/postgres_error.hpp"
#include "sixfold/ext/postgres_values.hpp"

namespace sixfold::inline v0::detail {

/// What the server said to one statement.
struct postgres_answer {
    postgres_rows rows{};
    postgres_error error{};

    [[nodiscard]] bool ok() const noexcept { return error.fault == postgres_fault::none; }
};

/// Words of libpq, which come in lines, as one line.
[[nodiscard]] inline std::string one_line(std::string_view words) {
    std::string out;
    for (const char each : words) {
        if (each != '\n' && each != '\t') {
            out += each;
        } else if (!out.empty() && out.back() != ' ') {
            out += ' ';
        }
    }
    while (!out.empty() && out.back() == ' ') {
        out.pop_back();
    }
    return out;
}

/// A connection that never waits for longer than it was told to, and statements that are on their way through it.
///
/// In a pipeline each statement is a transaction of its own, and all of them are sent before the first is answered. It knows
/// nothing of what they say. A connection that failed once is lost: another one is made in its place.
class postgres_connection {
  public:
    using clock = std::chrono::steady_clock;

    /// Logs in; whether that worked, `error` tells. `url` is one of PostgreSQL, or its `key=value` form.
    postgres_connection(const std::string& url, std::chrono::milliseconds timeout)
        : timeout_(timeout) {
        const auto whole = std::chrono::ceil<std::chrono::seconds>(timeout).count();
        const std::string seconds = std::to_string((std::max<std::int64_t>)(whole, 2));
        // What the URL says counts more than what comes in front of it here.
        const char* keys[] = {"connect_timeout",           "target_session_attrs",
                              "fallback_application_name", "dbname",
                              "client_encoding",           nullptr};
        const char* values[] = {seconds.c_str(), "read-write", "sixfold",
                                url.c_str(),     "UTF8",       nullptr};
        handle_.reset(PQconnectdbParams(keys, values, 1));
        if (PQstatus(handle_.get()) != CONNECTION_OK) {
            lose(PQerrorMessage(handle_.get()));
            return;
        }
        PQsetNoticeReceiver(handle_.get(), take_notice, this);
        PQsetnonblocking(handle_.get(), 1);
    }
    postgres_connection(const postgres_connection&) = delete;
    postgres_connection& operator=(const postgres_connection&) = delete;
    ~postgres_connection() = default;

    [[nodiscard]] bool lost() const noexcept { return error_.fault != postgres_fault::none; }
    /// Whether it is lost because nobody answered: who asks again at once may wait as long again.
    [[nodiscard]] bool timed_out() const noexcept { return timed_out_; }
    /// Why it is lost.
    [[nodiscard]] const postgres_error& error() const noexcept { return error_; }
    [[nodiscard]] PGconn* handle() noexcept { return handle_.get(); }

    // --- one after the other ----------------------------------------------------------------------------

    /// Statements without values, several too; the rows of the last one, as text.
    [[nodiscard]] postgres_answer run(const std::string& sql) {
        sent(PQsendQuery(handle_.get(), sql.c_str()));
        return answer_until(nothing);
    }

    // --- in a pipeline ----------------------------------------------------------------------------------

    /// From now on `run` is over.
    void begin_pipeline() { sent(PQenterPipelineMode(handle_.get())); }
    /// A statement gets a name.
    void prepare(const std::string& name, const std::string& sql) {
        sent(PQsendPrepare(handle_.get(), name.c_str(), sql.c_str(), 0, nullptr));
        sent(PQpipelineSync(handle_.get()));
    }
    /// Sends a statement that was prepared.
    void ask(const std::string& name, const postgres_values& values) {
        sent(PQsendQueryPrepared(handle_.get(), name.c_str(), values.count(), values.data(),
                                 values.sizes(), values.formats(), 1));
        sent(PQpipelineSync(handle_.get()));
    }
    /// What became of the first that was not answered yet. It is not done before its transaction has ended: the server shows
    /// rows before it commits.
    [[nodiscard]] postgres_answer answer() { return answer_until(PGRES_PIPELINE_SYNC); }

  private:
    static constexpr int nothing = -1;  // no status of a result: behind the last one

    struct finish {
        void operator()(PGconn* handle) const noexcept { PQfinish(handle); }
    };

    /// A commit that was told to wait for a standby no longer, and is not said to have failed, is warned of. So a warning is a
    /// doubt.
    static void take_notice(void* self, const PGresult* notice) {
        const char* level = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
        if (level != nullptr && std::string_view(level) == "WARNING") {
            static_cast<postgres_connection*>(self)->warning_ = error_in(notice);
        }
    }

    [[nodiscard]] static postgres_error error_in(const PGresult* result) {
        const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        const char* words = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
        const std::string sqlstate = state != nullptr ? state : "";
        return {sqlstate.empty() ? postgres_fault::lost : fault_of(sqlstate), sqlstate,
                one_line(words != nullptr ? words : PQresultErrorMessage(result))};
    }

    void lose(std::string_view why) {
        if (!lost()) {
            error_ = {postgres_fault::lost, "", one_line(why)};
        }
    }
    void sent(int worked) {
        if (worked == 0) {
            lose(PQerrorMessage(handle_.get()));
        }
    }

    /// All results up to one of this status.
    [[nodiscard]] postgres_answer answer_until(int last) {
        postgres_answer out;
        warning_ = {};
        const clock::time_point deadline = clock::now() + timeout_;
        for (int status = last - 1, empty = 0; !lost() && status != last && empty < 2;) {
            postgres_rows found(next_result(deadline));
            status = found.status();
            empty = status == nothing ? empty + 1 : 0;  // one is behind each statement
            if (status == PGRES_FATAL_ERROR || status == PGRES_PIPELINE_ABORTED) {
                note(out.error, error_in(found.get()));
            } else if (status == PGRES_TUPLES_OK) {
                out.rows = std::move(found);
            }
            if (PQstatus(handle_.get()) != CONNECTION_OK) {
                lose(PQerrorMessage(handle_.get()));
            } else if (empty == 2) {
                lose("there is no answer");
            }
        }
        note(out.error, error_);
        note(out.error, warning_);
        return out;
    }
    static void note(postgres_error& first, const postgres_error& what) {
        if (first.fault == postgres_fault::none) {
            first = what;
        }
    }

    /// Null: none, behind the last of a statement, or the connection is lost.
    [[nodiscard]] PGresult* next_result(clock::time_point deadline) {
        for (;;) {
            const int unsent = PQflush(handle_.get());
            if (unsent < 0) {
                lose(PQerrorMessage(handle_.get()));
            }
            if (lost()) {
                return nullptr;
            }
            if (unsent == 0 && PQisBusy(handle_.get()) == 0) {
                return PQgetResult(handle_.get());
            }
            wait(unsent != 0, deadline);
            sent(PQconsumeInput(handle_.get()));
        }
    }
    void wait(bool to_write, clock::time_point deadline) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - clock::now()).count();
        pollfd at{PQsocket(handle_.get()), static_cast<short>(to_write ? POLLIN | POLLOUT : POLLIN),
                  0};
        if (left <= 0 || poll(&at, 1, static_cast<int>(left)) == 0) {
            timed_out_ = true;
            lose("the server did not answer within " + std::to_string(timeout_.count()) + " ms");
        }
    }

    std::unique_ptr<PGconn, finish> handle_;
    std::chrono::milliseconds timeout_;
    bool timed_out_ = false;
    postgres_error error_;
    postgres_error warning_;
};

}  // namespace sixfold::inline v0::detail

#endif
