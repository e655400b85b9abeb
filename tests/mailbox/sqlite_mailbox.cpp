// SPDX-License-Identifier: BSL-1.0
#include "sixfold/ext/sqlite_mailbox.hpp"

#include <cstddef>
#include <memory>
#include <optional>

#include "mailbox/any_mailbox.hpp"
#include "support/catch.hpp"
#include "support/effort.hpp"
#include "support/temporary_file.hpp"

namespace sqlite_mailbox_tests {

using namespace sixfold;
using mailbox_tests::any_mailbox;

namespace {

/// A mailbox in a file that ends with it.
class mailbox_in_a_file {
  public:
    mailbox_in_a_file(const mailbox_limits& limits, clock_ref clock)
        : limits_(limits), clock_(clock) {
        open();
    }

    mailbox_outcome execute(const mailbox_request& request) { return mailbox_->execute(request); }
    std::size_t expire(const mailbox_retention& promised, std::size_t rows_max) {
        return mailbox_->expire(promised, rows_max).value();
    }

    void reopen() {
        mailbox_.reset();
        open();
    }

  private:
    void open() {
        mailbox_.emplace(sqlite_mailbox::open(file_->path(), limits_, {}, clock_).value());
    }

    std::unique_ptr<support::temporary_file> file_ = std::make_unique<support::temporary_file>();
    mailbox_limits limits_;
    clock_ref clock_;
    std::optional<sqlite_mailbox> mailbox_;
};

/// Nothing may be kept anywhere but in the file. Of a long row of requests every fifth shows it, too, unless all are to.
class reopened_mailbox : public mailbox_in_a_file {
  public:
    using mailbox_in_a_file::mailbox_in_a_file;

    mailbox_outcome execute(const mailbox_request& request) {
        if (++requests_ <= 50 || requests_ % support::stride() == 0) {
            reopen();
        }
        return mailbox_in_a_file::execute(request);
    }

  private:
    std::size_t requests_ = 0;
};

/// Two relays have the same file open, and each request comes from the other one.
class shared_mailbox {
  public:
    shared_mailbox(const mailbox_limits& limits, clock_ref clock)
        : one_(sqlite_mailbox::open(file_->path(), limits, {}, clock).value()),
          other_(sqlite_mailbox::open(file_->path(), limits, {}, clock).value()) {}

    mailbox_outcome execute(const mailbox_request& request) {
        turn_ = !turn_;
        return (turn_ ? one_ : other_).execute(request);
    }
    std::size_t expire(const mailbox_retention& promised, std::size_t rows_max) {
        return (turn_ ? one_ : other_).expire(promised, rows_max).value();
    }

  private:
    std::unique_ptr<support::temporary_file> file_ = std::make_unique<support::temporary_file>();
    sqlite_mailbox one_;
    sqlite_mailbox other_;
    bool turn_ = false;
};

}  // namespace

TEST_CASE("sqlite_mailbox: is a mailbox") {
    mailbox_tests::check([](const mailbox_limits& limits, clock_ref clock) {
        return any_mailbox(std::make_shared<mailbox_in_a_file>(limits, clock));
    });
}

TEST_CASE("sqlite_mailbox: is a mailbox when it is closed and opened before each request") {
    mailbox_tests::check([](const mailbox_limits& limits, clock_ref clock) {
        return any_mailbox(std::make_shared<reopened_mailbox>(limits, clock));
    });
}

TEST_CASE("sqlite_mailbox: is a mailbox when two relays use it in turns [spec 1.7]") {
    mailbox_tests::check([](const mailbox_limits& limits, clock_ref clock) {
        return any_mailbox(std::make_shared<shared_mailbox>(limits, clock));
    });
}

}  // namespace sqlite_mailbox_tests
