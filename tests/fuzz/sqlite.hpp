// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_FUZZ_SQLITE_HPP
#define SIXFOLD_TESTS_FUZZ_SQLITE_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <sqlite3.h>

#include <sixfold/ext/sqlite_journal.hpp>
#include <sixfold/ext/sqlite_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include "fuzz/client.hpp"
#include "fuzz/input.hpp"
#include "fuzz/pieces.hpp"
#include "support/noon.hpp"
#include "support/temporary_file.hpp"

// Databases that somebody has damaged, and what a mailbox or a journal makes of them: a typed error, or what is there.

namespace fuzz {

/// SQLite itself, for what the library would not do.
class raw_database {
  public:
    explicit raw_database(const std::string& path) {
        sqlite3* made = nullptr;
        demand(sqlite3_open(path.c_str(), &made) == SQLITE_OK, "SQLite opens nothing");
        handle_.reset(made);
    }

    [[nodiscard]] sqlite3* handle() { return handle_.get(); }
    /// Whatever comes of it.
    void execute(const char* sql) { sqlite3_exec(handle(), sql, nullptr, nullptr, nullptr); }

    /// A row of any values, most of them of the kind that its column wants: i an integer, b bytes, n one of our names.
    void insert(const char* sql, std::string_view kinds, input& in) {
        sqlite3_stmt* statement = nullptr;
        if (sqlite3_prepare_v2(handle(), sql, -1, &statement, nullptr) == SQLITE_OK) {
            for (int at = 0; at < static_cast<int>(kinds.size()); ++at) {
                bind(statement, at + 1, kinds[static_cast<std::size_t>(at)], in);
            }
            sqlite3_step(statement);
        }
        sqlite3_finalize(statement);
    }

    [[nodiscard]] std::size_t count(const sixfold::peer& receiver) {
        sqlite3_stmt* statement = nullptr;
        sqlite3_prepare_v2(handle(), "SELECT count(*) FROM mail WHERE receiver = ?1", -1,
                           &statement, nullptr);
        sqlite3_bind_blob(statement, 1, receiver.name().data(),
                          static_cast<int>(receiver.name().size()), SQLITE_TRANSIENT);
        sqlite3_step(statement);
        const auto out = static_cast<std::size_t>(sqlite3_column_int64(statement, 0));
        sqlite3_finalize(statement);
        return out;
    }

  private:
    struct close {
        void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
    };

    static void bind(sqlite3_stmt* statement, int at, char kind, input& in) {
        const std::uint8_t what = in.byte();
        if (what >= 240) {
            kind = "iibbtrz0"[what % 8];
        }
        if (kind == 'n' || kind == 'b' || kind == 't') {
            const sixfold::bytes value = kind == 'n' ? peer_of(what).bytes() : in.piece();
            const char* data = value.empty() ? "" : reinterpret_cast<const char*>(value.data());
            const int size = static_cast<int>(value.size());
            kind == 't' ? sqlite3_bind_text(statement, at, data, size, SQLITE_TRANSIENT)
                        : sqlite3_bind_blob(statement, at, data, size, SQLITE_TRANSIENT);
        } else if (kind == 'i') {
            sqlite3_bind_int64(statement, at, static_cast<std::int64_t>(in.number()));
        } else if (kind == 'e') {  // an epoch has its highest bit turned over
            sqlite3_bind_int64(statement, at, sixfold::detail::column(sixfold::epoch{in.number()}));
        } else if (kind == 'r') {
            sqlite3_bind_double(statement, at, in.byte() * 1e17);
        } else if (kind == 'z') {
            sqlite3_bind_zeroblob(statement, at, 4000 * in.byte());
        }
    }

    std::unique_ptr<sqlite3, close> handle_;
};

/// A database file as a mailbox leaves it, with rows of two peers and a last ack state.
inline const std::string& mailbox_image() {
    static const std::string image = [] {
        using namespace sixfold;
        const support::temporary_file file;
        {
            auto mailbox = sqlite_mailbox::open(file.path(), {}, {}, support::noon).value();
            for (seq at = 0; at < 6; ++at) {
                const msg_request msg{.to = peer_of(at % 2 == 0),
                                      .epoch = epoch{1 + at / 3},
                                      .first = at,
                                      .base = at / 2,
                                      .entries = run::of(as_bytes("text"))};
                (void)mailbox.execute({.from = "carol", .what = msg});
            }
            std::array<std::byte, ack_state_size_max()> state{};
            const std::size_t size = encode_ack_state({.floor = 1}, state);
            const ack_request ack{
                .to = "carol", .epoch = epoch{1}, .state = bytes(state).first(size)};
            (void)mailbox.execute({.from = peer_of(1), .what = ack});
        }
        std::ifstream in(file.path(), std::ios::binary);
        return std::string{std::istreambuf_iterator<char>(in), {}};
    }();
    return image;
}

/// A relay with this mailbox, which is asked for anything.
class mailbox_program {
  public:
    mailbox_program(input& in, const std::string& path, bool intact)
        : in_(in), path_(path), intact_(intact) {}

    void run() {
        auto opened = sixfold::sqlite_mailbox::open(
            path_, {.rows_per_pair_max = 8, .page_rows = 2, .page_bytes = 300, .states_max = 2}, {},
            support::noon);
        if (!opened) {
            demand(opened.error().fault != sixfold::sqlite_fault::none, "refused without a reason");
            demand(!opened.error().what.empty(), "refused without a word");
            return;
        }
        mailbox_.emplace(*std::move(opened));
        for (std::uint8_t which = 0; which < 3; ++which) {
            demand(relay_.link_up(sixfold::link_id{which + 1U}, peer_of(which)).has_value(),
                   "a link is refused");
        }
        for (int steps = 0; steps < 20 && !in_.empty(); ++steps) {
            step();
        }
        for (std::uint8_t which = 0; which < 3; ++which) {
            drain(peer_of(which));
        }
    }

  private:
    void step() {
        using namespace sixfold;
        const std::uint8_t what = in_.byte() % 8;
        const peer& from = peer_of(in_.byte());
        const peer& to = peer_of(in_.byte());
        const epoch life{1 + in_.number() % 4};
        switch (what) {
        case 0:
        case 1:
        case 2: {
            msg_request msg{.to = to, .epoch = life, .base = in_.seq()};
            if (what == 2) {
                ask(from, msg);
                break;
            }
            const made_run messages(in_);
            msg.first = (std::max)(in_.seq(), msg.base);
            msg.entries = messages.get();
            if (is_valid(msg)) {
                ask(from, msg);
            }
            break;
        }
        case 3:
            ask(from,
                ack_request{.to = to, .epoch = life, .word = ack_word::past, .current = epoch{9}});
            break;
        case 4:
        case 5: {
            const made_state state(in_);
            const ack_request ack{.to = to, .epoch = life, .state = state.bytes()};
            if (is_valid(ack)) {
                ask(from, ack);
            }
            break;
        }
        case 6: {
            const mailbox_retention promised{.payloads = std::chrono::hours(in_.byte() % 16),
                                             .streams = std::chrono::hours(in_.byte() % 16)};
            const auto expired = mailbox_->expire(promised, 1 + in_.byte() % 3U);
            demand(expired || expired.error().fault != sqlite_fault::none,
                   "not expired, and no reason");
            break;
        }
        default:
            ask(from, sync_request{.rows = 1U + in_.byte(),
                                   .room = 1U + in_.byte(),
                                   .from = mailbox_key{to, {life, in_.seq()}}});
            (void)mailbox_->usage();
        }
    }

    /// What the relay says of it is in `answer_`, if it is a page.
    template <class Frame>
    sixfold::mailbox_outcome ask(const sixfold::peer& from, const Frame& what) {
        using namespace sixfold;
        const mailbox_request request{.from = from, .what = what};
        const mailbox_outcome out = mailbox_->execute(request);
        const bool failed = mailbox_->last_error().fault != sqlite_fault::none;
        // what it found is true, kept or not
        const bool looks = std::is_same_v<Frame, msg_request>;
        demand(!failed || !out.done || looks, "it has failed, and is done");
        demand(out.done || failed || std::is_same_v<Frame, msg_request>,
               "it is not done, and nothing has failed");
        demand(!failed || !mailbox_->last_error().what.empty(), "it has failed without a word");
        reactions answers;
        (void)relay_.complete(request, out, answers);
        answer_.reset();
        for (const outgoing each : answers.frames()) {
            frame read;
            demand(decode(each.bytes, framing(each.to), read) == refusal::none,
                   "a frame that cannot be read");
            if (const auto* end = std::get_if<sync_answer>(&read)) {
                answer_ = *end;
            }
        }
        return out;
    }

    /// Page by page, as B is told. Where tables and keys are sound everything comes once, in its order; where they are not, it
    /// comes to an end.
    void drain(const sixfold::peer& receiver) {
        using namespace sixfold;
        sync_request sync{.rows = 3, .room = 200};
        std::optional<mailbox_key> last;
        bool intact = intact_;
        std::size_t rows = 0;
        std::size_t sent = 0;
        do {
            const mailbox_outcome page = ask(receiver, sync);
            demand(!page.next || !page.rows.empty(), "an empty page that is not the last");
            for (const mailbox_row& row : page.rows) {
                const mailbox_key key{row.from, row.id};
                intact = intact && is_valid(sync_answer{.next = key}) && key.id.seq < seq_end;
                demand(!intact || !last || *last < key, "a row that is not behind the last one");
                demand(++rows < 200, "rows without end");
                last = key;
            }
            if (!answer_) {
                return;
            }
            sent += answer_->rows;
            demand(!answer_->next || !sync.from || *sync.from < *answer_->next,
                   "a page that goes back");
            sync.from = answer_->next;
        } while (sync.from);
        demand(!intact || rows == raw_database(path_).count(receiver), "other rows than there are");
        demand(sent <= rows, "more rows were passed on than there are");
    }

    input& in_;
    std::string path_;
    bool intact_;  // the schema is right, and SQLite has written all of it
    std::optional<sixfold::sqlite_mailbox> mailbox_;
    std::optional<sixfold::sync_answer> answer_;
    sixfold::relay relay_ = sixfold::relay::create({}).value();
};

/// A mailbox in a file with any rows in the right tables or in looser ones, with some bytes changed, or of any bytes.
inline void sqlite_mailbox(sixfold::bytes data) {
    input in(data);
    const std::uint8_t how = in.byte() % 4;
    const support::temporary_file file;
    std::string image = how == 3 ? std::string(sixfold::as_text(in.piece())) : mailbox_image();
    for (int changes = how == 2 ? in.byte() % 8 : 0; changes != 0; --changes) {
        const std::size_t at = in.byte() * std::size_t{256} + in.byte();
        image[at % image.size()] = static_cast<char>(in.byte());
    }
    std::ofstream(file.path(), std::ios::binary) << image;
    if (how < 2) {
        raw_database raw(file.path());
        raw.execute("PRAGMA ignore_check_constraints = ON");
        if (how == 1) {
            static constexpr std::array tables = {
                "DROP TABLE mail; CREATE TABLE mail (id, receiver, sender, epoch, seq, since, "
                "expires, payload)",
                "DROP TABLE usage; CREATE TABLE usage (receiver, sender, rows, bytes, states, "
                "came, PRIMARY KEY (receiver, sender))",
                "DROP TABLE last_state; CREATE TABLE last_state (id, receiver, sender, epoch, "
                "floor, state, given_up)",
                "DROP TABLE stream; CREATE TABLE stream (receiver, sender, epoch, base, since)",
                "DROP TABLE mail",
                "DROP TABLE usage; CREATE VIEW usage AS SELECT 1 AS rows, 2 AS bytes, NULL AS "
                "states, 3 AS came"};
            raw.execute(tables[in.byte() % tables.size()]);
            raw.execute(tables[in.byte() % 4]);
        }
        raw.execute("BEGIN");
        for (int rows = in.byte() % 8; rows != 0; --rows) {
            switch (in.byte() % 4) {
            case 0:
                raw.insert("INSERT INTO mail VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7)", "nneiiib",
                           in);
                break;
            case 3:
                raw.insert("REPLACE INTO stream VALUES (?1, ?2, ?3, ?4, ?5)", "nneii", in);
                break;
            case 1:
                raw.insert("REPLACE INTO usage VALUES (?1, ?2, ?3, ?4, ?5, ?6)", "nniiii", in);
                break;
            default:
                raw.insert("REPLACE INTO last_state VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6)",
                           "nneibi", in);
            }
        }
        raw.execute("COMMIT");
    }
    mailbox_program(in, file.path(), how == 0).run();
}

/// The journal of a client in a table of an app that somebody has written into.
inline void sqlite_journal(sixfold::bytes data) {
    using namespace sixfold;
    input in(data);
    const support::temporary_file file;
    raw_database app(file.path());
    app.execute("PRAGMA journal_mode = WAL");
    const bool loose = in.flag();
    app.execute(loose ? "CREATE TABLE sixfold_journal (key, record)"
                      : "CREATE TABLE sixfold_journal (key BLOB PRIMARY KEY, record BLOB NOT NULL) "
                        "WITHOUT ROWID");
    for (int rows = in.byte() % 6; rows != 0; --rows) {
        app.insert("REPLACE INTO sixfold_journal VALUES (?1, ?2)", "bb", in);
    }
    auto journal = sixfold::sqlite_journal::attach(app.handle());
    if (!journal) {
        demand(journal.error().fault != sqlite_fault::none && !journal.error().what.empty(),
               "refused without a reason");
        return;
    }
    const auto records = journal->records();
    if (!records) {
        demand(records.error().fault != sqlite_fault::none, "no records, and no reason");
        return;
    }
    manual_clock clock;
    auto made = client::create(clock, options_of_client(true), *records);
    if (!made) {
        demand(!made.error().what.empty(), "a journal is refused without a word");
        return;
    }
    app.execute("BEGIN IMMEDIATE");
    (void)made->send("bob", in.piece());
    const bool put = journal->put(support::records_of(*made));
    demand(put || journal->last_error().fault != sqlite_fault::none, "not put, and no reason");
    app.execute(put ? "COMMIT" : "ROLLBACK");
}

}  // namespace fuzz

#endif
