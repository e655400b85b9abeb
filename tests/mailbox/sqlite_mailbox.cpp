// SPDX-License-Identifier: BSL-1.0
#include "sixfold/ext/sqlite_mailbox.hpp"

#include <memory>
#include <optional>

#include "sixfold/testing/mailbox_conformance.hpp"
#include "support/catch.hpp"
#include "support/temporary_file.hpp"

namespace sqlite_mailbox_tests {

using namespace sixfold;

namespace {

/// A mailbox in a file that ends with it.
class mailbox_in_a_file {
  public:
    explicit mailbox_in_a_file(const mailbox_limits& limits) : limits_(limits) { open(); }

    mailbox_outcome execute(const mailbox_request& request) { return mailbox_->execute(request); }

    void reopen() {
        mailbox_.reset();
        open();
    }

  private:
    void open() { mailbox_.emplace(sqlite_mailbox::open(file_->path(), limits_).value()); }

    std::unique_ptr<support::temporary_file> file_ = std::make_unique<support::temporary_file>();
    mailbox_limits limits_;
    std::optional<sqlite_mailbox> mailbox_;
};

/// Nothing may be kept anywhere but in the file.
class reopened_mailbox : public mailbox_in_a_file {
  public:
    using mailbox_in_a_file::mailbox_in_a_file;

    mailbox_outcome execute(const mailbox_request& request) {
        reopen();
        return mailbox_in_a_file::execute(request);
    }
};

/// Two relays have the same file open, and each request comes from the other one.
class shared_mailbox {
  public:
    explicit shared_mailbox(const mailbox_limits& limits)
        : one_(sqlite_mailbox::open(file_->path(), limits).value()),
          other_(sqlite_mailbox::open(file_->path(), limits).value()) {}

    mailbox_outcome execute(const mailbox_request& request) {
        turn_ = !turn_;
        return (turn_ ? one_ : other_).execute(request);
    }

  private:
    std::unique_ptr<support::temporary_file> file_ = std::make_unique<support::temporary_file>();
    sqlite_mailbox one_;
    sqlite_mailbox other_;
    bool turn_ = false;
};

}  // namespace

TEST_CASE("sqlite_mailbox: is a mailbox") {
    testing::check_mailbox([](const mailbox_limits& limits) { return mailbox_in_a_file(limits); });
}

TEST_CASE("sqlite_mailbox: is a mailbox when it is closed and opened before each request") {
    testing::check_mailbox([](const mailbox_limits& limits) { return reopened_mailbox(limits); });
}

TEST_CASE("sqlite_mailbox: is a mailbox when two relays use it in turns [spec 1.7]") {
    testing::check_mailbox([](const mailbox_limits& limits) { return shared_mailbox(limits); });
}

}  // namespace sqlite_mailbox_tests
