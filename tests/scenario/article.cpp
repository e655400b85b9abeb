// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <string>

#include <sixfold/sixfold.hpp>
#include "support/catch.hpp"
#include "support/trio.hpp"

// What the article that the project grew from says will happen, one sentence a test.

namespace article_tests {

using namespace sixfold;
using namespace support;

namespace {

/// Two clients that know each other: from here on only the six frames are on the wire.
class friends : public trio {
  public:
    explicit friends(const trio_options& options = {}) : trio(options) {
        send("before");
        REQUIRE(run_until_quiet());
        REQUIRE(a.told("before") == "relayed delivered");
        REQUIRE(b.inbox == strings{"before"});
        b.inbox.clear();
        mark = log.size();
    }

    [[nodiscard]] std::size_t count(kind what) const { return log.count(what, mark); }
    [[nodiscard]] std::string kinds() const { return log.kinds(mark); }

    /// "hello" has come once, its sender knows, and nothing of it is left anywhere.
    void require_delivered_once() {
        REQUIRE(b.inbox == strings{"hello"});
        REQUIRE(a.told("hello") == "relayed delivered");
        REQUIRE(a.machine->sender().queued() == 0);
        REQUIRE(mailbox().rows() == 0);
    }

    std::size_t mark = 0;  ///< frames before the test began
};

}  // namespace

// --- the flow --------------------------------------------------------------------------------------

TEST_CASE("article: a hello takes six frames, msg:R msg:A msg:N and ack:R ack:A ack:N [spec 1.1]") {
    friends t;
    t.send("hello");
    REQUIRE(t.run_until_quiet());
    t.require_delivered_once();
    REQUIRE(t.kinds() == "msg:R msg:A msg:N ack:R ack:A ack:N");
    REQUIRE(t.now() < 1s);
}

TEST_CASE("article: msg:A only says that the server has the message, not that B has it") {
    friends t;
    t.next(kind::msg_n, lost);
    t.send("hello");
    REQUIRE(t.run_until([&] { return t.count(kind::msg_a) == 1 && t.a.told("hello") != ""; }));
    REQUIRE(t.a.told("hello") == "relayed");
    REQUIRE(t.b.inbox.empty());
    REQUIRE(t.a.machine->sender().queued() == 1);
}

TEST_CASE("article: A knows that B has the message exactly when ack:N arrives") {
    friends t;
    t.send("hello");
    REQUIRE(t.run_until([&] { return t.b.inbox == strings{"hello"}; }));
    REQUIRE(t.a.told("hello") == "relayed");
    REQUIRE(t.run_until([&] { return t.count(kind::ack_n) == 1; }));
    REQUIRE(t.a.told("hello") == "relayed");  // it has left the server, and is on its way
    t.run_for(10ms);
    REQUIRE(t.a.told("hello") == "relayed delivered");
}

TEST_CASE("article: B acknowledges only what its app has taken [spec 3.18]") {
    friends t;
    t.b.app = app::waits;
    t.send("hello");
    t.run_for(5min);
    REQUIRE(t.b.shown.size() == 2);
    REQUIRE(t.a.told("hello") == "relayed");
    REQUIRE(t.a.machine->sender().queued() == 1);
    t.accept_one(t.b);
    REQUIRE(t.run_until_quiet());
    t.require_delivered_once();
}

// --- each of the six is lost -----------------------------------------------------------------------

TEST_CASE("article: msg:R lost, A sends it again") {
    friends t;
    t.next(kind::msg_r, lost);
    t.send("hello");
    REQUIRE(t.run_until_quiet());
    t.require_delivered_once();
    REQUIRE(t.kinds() == "msg:R msg:R msg:A msg:N ack:R ack:A ack:N");
    REQUIRE(t.a.machine->sender().resent() == 1);
    REQUIRE(t.b.machine->receiver().duplicates() == 0);
}

TEST_CASE("article: msg:A lost, and the message is delivered all the same") {
    friends t;
    t.next(kind::msg_a, lost);
    t.send("hello");
    REQUIRE(t.run_until([&] { return t.a.open() == 0; }));
    REQUIRE(t.run_until_quiet());
    REQUIRE(t.b.inbox == strings{"hello"});
    REQUIRE(t.a.told("hello").ends_with("delivered"));
    REQUIRE(t.a.machine->sender().queued() == 0);
}

TEST_CASE("article: msg:N lost, B has not got the message, A sends it again and B gets it") {
    friends t;
    t.next(kind::msg_n, lost);
    t.send("hello");
    REQUIRE(t.run_until_quiet());
    t.require_delivered_once();
    REQUIRE(t.kinds() == "msg:R msg:A msg:N msg:R msg:A msg:N ack:R ack:A ack:N");
    REQUIRE(t.b.machine->receiver().duplicates() == 0);
}

TEST_CASE("article: ack:R lost, B sends it again, and B's app sees the message once") {
    friends t;
    t.next(kind::ack_r, lost);
    t.send("hello");
    REQUIRE(t.run_until_quiet());
    t.require_delivered_once();
    REQUIRE(t.count(kind::ack_r) >= 2);
}

TEST_CASE("article: ack:A lost, B sends ack:R again, and that harms nobody") {
    friends t;
    t.next(kind::ack_a, lost);
    t.send("hello");
    REQUIRE(t.run_until_quiet());
    t.require_delivered_once();
    REQUIRE(t.kinds() == "msg:R msg:A msg:N ack:R ack:A ack:N ack:R ack:A ack:N");
    REQUIRE(t.a.machine->sender().resent() == 0);
}

TEST_CASE("article: ack:N lost, A sends the message again, B sees it once and A learns of it") {
    friends t;
    t.next(kind::ack_n, lost);
    t.send("hello");
    REQUIRE(t.run_until_quiet());
    t.require_delivered_once();
    REQUIRE(t.kinds() == "msg:R msg:A msg:N ack:R ack:A ack:N "
                         "msg:R msg:A msg:N ack:R ack:A ack:N");
    REQUIRE(t.b.machine->receiver().duplicates() == 1);
    REQUIRE(t.b.shown.size() == 2);  // and "before"
}

TEST_CASE("article: each of the six frames lost ten times in a row, one after the other") {
    for (kind what :
         {kind::msg_r, kind::msg_a, kind::msg_n, kind::ack_r, kind::ack_a, kind::ack_n}) {
        friends t;
        INFO(name(what));
        t.next(what, lost, 10);
        t.send("hello");
        REQUIRE(t.run_until([&] { return t.a.open() == 0; }));
        REQUIRE(t.run_until_quiet());
        REQUIRE(t.b.inbox == strings{"hello"});
        REQUIRE(t.a.told("hello").ends_with("delivered"));
    }
}

// --- crashes ---------------------------------------------------------------------------------------

TEST_CASE("article: the server crashes before msg:N, A sends again to the next one, B gets it") {
    friends t;
    t.next(kind::msg_n, crashed);
    t.send("hello");
    REQUIRE(t.run_until_quiet());
    t.require_delivered_once();
    REQUIRE(t.crashes == 1);
    REQUIRE(t.b.machine->receiver().duplicates() == 0);
}

TEST_CASE("article: the server crashes with msg:R in its hands, before it has done anything") {
    friends t;
    t.next(kind::msg_r, crashed);
    t.send("hello");
    REQUIRE(t.run_until_quiet());
    t.require_delivered_once();
    REQUIRE(t.crashes == 1);
}

TEST_CASE("article: the server crashes before ack:N, B acknowledges again, and B sees it once") {
    friends t;
    t.next(kind::ack_n, crashed);
    t.send("hello");
    REQUIRE(t.run_until_quiet());
    t.require_delivered_once();
    REQUIRE(t.crashes == 1);
    REQUIRE(t.b.shown.size() == 2);  // and "before"
}

TEST_CASE("article: B crashes before its app has taken the message, and gets it after its return") {
    friends t;
    t.b.app = app::waits;
    t.send("hello");
    REQUIRE(t.run_until([&] { return t.b.waiting.size() == 1; }));
    REQUIRE(t.b.inbox.empty());
    t.b.app = app::accepts;
    SECTION("what its journal holds has survived") {
        t.crash(t.b);
    }
    SECTION("nothing of it has survived") {
        client_options fresh = t.b.options;
        fresh.life.start = 2;
        t.replace(t.b, fresh);
    }
    REQUIRE(t.run_until([&] { return t.a.open() == 0; }));
    REQUIRE(t.run_until_quiet());
    t.require_delivered_once();
}

TEST_CASE(
    "article: B crashes after its app has taken the message and before ack:R, and sees it once") {
    friends t;
    t.next(kind::ack_r, lost);
    t.send("hello");
    REQUIRE(t.run_until([&] { return t.b.inbox.size() == 1; }));
    t.crash(t.b);
    REQUIRE(t.run_until_quiet());
    t.require_delivered_once();
    REQUIRE(t.b.machine->receiver().duplicates() >= 1);
}

// --- resending and de-duplication -------------------------------------------------------------------

TEST_CASE("article: each resend of a message carries the msgid of the first [spec 1.4, 1.6]") {
    friends t;
    t.next(kind::msg_r, lost, 6);
    t.send("hello");
    REQUIRE(t.run_until_quiet());
    t.require_delivered_once();
    const auto requests = t.log.all<msg_request>(t.mark);
    REQUIRE(requests.size() == 7);
    for (std::size_t i = 0; i < requests.size(); ++i) {
        REQUIRE(requests[i].epoch == requests[0].epoch);
        REQUIRE(requests[i].first == 1);
        REQUIRE(requests[i].number == static_cast<sending_number>(requests[0].number + i));
        REQUIRE(requests[i].entries.count() == 1);
        REQUIRE(as_text((*requests[i].entries.begin()).payload) == "hello");
    }
    for (const msg_notify& notice : t.log.all<msg_notify>(t.mark)) {
        REQUIRE(notice.epoch == requests[0].epoch);
        REQUIRE(notice.first == 1);
    }
}

TEST_CASE(
    "article: A waits longer after each resend, and never longer than the cap and its jitter") {
    friends t;
    t.next(kind::msg_r, lost, 30);
    t.send("hello");
    REQUIRE(t.run_until_quiet(1h));
    t.require_delivered_once();
    std::vector<time_point> sent;
    for (std::size_t i = t.mark; i < t.log.size(); ++i) {
        if (t.log[i].what == kind::msg_r) {
            sent.push_back(t.log[i].at);
        }
    }
    REQUIRE(sent.size() == 31);
    for (std::size_t i = 2; i < sent.size(); ++i) {
        const duration wait = sent[i] - sent[i - 1];
        const duration before = sent[i - 1] - sent[i - 2];
        REQUIRE(wait <= 37500ms);
        REQUIRE((wait >= 30s || wait >= before * 3 / 2));
    }
}

TEST_CASE("article: many messages wait in the queue at the same time, each until its own ack:N") {
    friends t;
    t.next(kind::msg_n, lost, 20);  // the first sending of all
    strings all;
    for (int i = 0; i < 20; ++i) {
        all.push_back("hello " + std::to_string(i));
        t.send(all.back());
    }
    REQUIRE(t.a.machine->sender().queued() == 20);
    REQUIRE(t.run_until_quiet());
    REQUIRE(t.b.inbox == all);
    REQUIRE(t.a.all_delivered());
}

TEST_CASE("article: ack:N takes the message out of the wait-ack queue, which is empty in the end") {
    friends t;
    REQUIRE(t.a.machine->sender().queued() == 0);
    t.send("hello");
    REQUIRE(t.a.machine->sender().queued() == 1);
    REQUIRE(t.run_until([&] { return t.a.open() == 0; }));
    REQUIRE(t.a.machine->sender().queued() == 0);
    REQUIRE(t.a.machine->sender().unsettled() == 0);
    REQUIRE(test_access::queue(t.a.machine->sender()).bytes_used() == 0);
    const std::size_t frames = t.count(kind::msg_r);
    t.run_for(10min);
    REQUIRE(t.count(kind::msg_r) == frames);  // and nothing is sent again
}

TEST_CASE(
    "article: B de-duplicates by msgid, however often and however late the message comes again") {
    friends t;
    t.send("hello");
    REQUIRE(t.run_until_quiet());
    const msg_notify first = t.log.all<msg_notify>(t.mark).front();
    std::vector<std::byte> wire(256);
    wire.resize(encode(first, framing("bob"), wire));
    for (int i = 0; i < 100; ++i) {
        REQUIRE(t.b.machine->handle(wire) == refusal::none);
        t.run_for(1h);
    }
    t.require_delivered_once();
    REQUIRE(t.b.machine->receiver().duplicates() == 100);
}

// --- B is away -------------------------------------------------------------------------------------

TEST_CASE("article: B is offline, the server stores the message and sends A an ack:N of its own "
          "[spec 3.7, 5.2]") {
    friends t;
    t.disconnect(t.b);
    t.send("hello");
    REQUIRE(t.run_until_quiet());
    REQUIRE(t.kinds() == "msg:R msg:A ack:N");
    REQUIRE(t.log.all<ack_notify>(t.mark).front().word == ack_word::stored);
    REQUIRE(t.a.told("hello") == "relayed stored");
    REQUIRE(t.mailbox().rows() == 1);
    REQUIRE(t.b.inbox.empty());
    REQUIRE(t.a.machine->sender().queued() == 0);
    REQUIRE(t.a.machine->sender().unsettled() == 1);
}

TEST_CASE("article: B comes back, gets what was stored, and A learns that B has it") {
    friends t;
    t.disconnect(t.b);
    t.send("hello");
    REQUIRE(t.run_until_quiet());
    t.run_for(1h);
    const duration back = t.now();
    t.connect(t.b);
    REQUIRE(t.run_until_quiet());
    REQUIRE(t.now() - back < 100ms);  // at once, not by a repair timer
    REQUIRE(t.b.inbox == strings{"hello"});
    REQUIRE(t.a.told("hello") == "relayed stored delivered");
    REQUIRE(t.mailbox().rows() == 0);
    REQUIRE(t.a.machine->sender().unsettled() == 0);
}

TEST_CASE(
    "article: the ack:N that says stored is lost, A sends again, and the mailbox has it once") {
    friends t;
    t.disconnect(t.b);
    t.next(kind::ack_n, lost, 4);  // of two sendings, of a third, and of the probe in front of that
    t.send("hello");
    REQUIRE(t.run_until_quiet());
    REQUIRE(t.a.told("hello") == "relayed stored");
    REQUIRE(t.mailbox().rows() == 1);
    REQUIRE(t.count(kind::msg_r) == 4);
    t.connect(t.b);
    REQUIRE(t.run_until_quiet());
    REQUIRE(t.b.inbox == strings{"hello"});
    REQUIRE(t.a.told("hello") == "relayed stored delivered");
}

TEST_CASE(
    "article: the server crashes after it has stored and before ack:N, and nothing is doubled") {
    friends t;
    t.disconnect(t.b);
    t.next(kind::ack_n, crashed);
    t.send("hello");
    REQUIRE(t.run_until_quiet());
    REQUIRE(t.crashes == 1);
    REQUIRE(t.mailbox().rows() == 1);
    REQUIRE(t.a.told("hello") == "relayed stored");
    t.connect(t.b);
    REQUIRE(t.run_until_quiet());
    REQUIRE(t.b.inbox == strings{"hello"});
    REQUIRE(t.b.shown.size() == 2);  // and "before"
}

TEST_CASE("article: A has gone for ever, and B gets what was stored") {
    friends t;
    t.disconnect(t.b);
    t.send("hello");
    REQUIRE(t.run_until_quiet());
    t.disconnect(t.a);
    t.connect(t.b);
    REQUIRE(t.run_until_quiet());
    REQUIRE(t.b.inbox == strings{"hello"});
    REQUIRE(t.mailbox().rows() == 0);
}

TEST_CASE("article: A was away when B got what was stored, and learns of it when it is back") {
    friends t;
    t.disconnect(t.b);
    t.send("hello");
    REQUIRE(t.run_until_quiet());
    t.disconnect(t.a);
    t.connect(t.b);
    REQUIRE(t.run_until_quiet());
    REQUIRE(t.a.told("hello") == "relayed stored");
    t.run_for(75s);  // since A has asked last: a minute, and its jitter
    SECTION("while B is online") {}
    SECTION("even when B is away again: the mailbox has kept B's word") {
        t.disconnect(t.b);
    }
    t.connect(t.a);
    REQUIRE(t.run_until([&] { return t.a.open() == 0; }, 1s));
    REQUIRE(t.a.told("hello") == "relayed stored delivered");
}

// --- the server keeps nothing ------------------------------------------------------------------------

TEST_CASE("article: the server is stateless, its memory does not grow with messages [spec 5.8]") {
    friends t;
    const auto exchange = [&t](int messages) {
        for (int i = 0; i < messages; ++i) {
            t.send("one more");
            REQUIRE(t.run_until_quiet());
        }
    };
    exchange(1);
    const std::size_t before = t.relay_allocations;
    exchange(1000);
    REQUIRE(t.relay_allocations == before);
    REQUIRE(t.b.inbox.size() == 1001);
    REQUIRE(t.mailbox().rows() == 0);
    REQUIRE(t.relay().peers() == 2);
}

TEST_CASE(
    "article: the server is stateless, another one for every frame does the same work [spec 5.8]") {
    friends t;
    t.disconnect(t.b);
    t.send("stored");
    REQUIRE(t.run_until_quiet());
    t.connect(t.b);
    t.send("hello");
    for (int i = 1; i < 20; ++i) {
        t.after(i * 35ms, [&t] { t.crash_relay(); });
    }
    REQUIRE(t.run_until_quiet());
    REQUIRE(t.crashes == 19);
    REQUIRE(t.b.inbox == strings{"stored", "hello"});
    REQUIRE(t.a.all_delivered());
}

}  // namespace article_tests
