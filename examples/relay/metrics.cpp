// SPDX-License-Identifier: BSL-1.0
#include "metrics.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include <sixfold/words.hpp>

namespace relay_program {

namespace {

// By the lower four bits of the first byte of a frame.
constexpr std::array<std::string_view, 9> kinds{"",      "msg_r", "msg_a",  "msg_n", "ack_r",
                                                "ack_a", "ack_n", "sync_r", "sync_a"};

class page {
  public:
    void about(std::string_view name, std::string_view type, std::string_view help) {
        name_ = "sixfold_relay_" + std::string(name);
        text_ += "# HELP " + name_ + " " + std::string(help) + "\n# TYPE " + name_ + " " +
                 std::string(type) + "\n";
    }
    template <class Number>
    void value(Number value, std::string_view labels = {}, std::string_view suffix = {}) {
        std::array<char, 64> digits{};
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
        text_.append(name_).append(suffix);
        if (!labels.empty()) {
            text_.append(1, '{').append(labels).append(1, '}');
        }
        text_ += ' ';
        text_.append(digits.data(), end);
        text_ += "\n";
    }
    template <class Number>
    void one(std::string_view name, std::string_view type, std::string_view help, Number number) {
        about(name, type, help);
        value(number);
    }
    [[nodiscard]] std::string take() { return std::move(text_); }

  private:
    std::string name_;
    std::string text_;
};

std::string label(std::string_view name, std::string_view value) {
    return std::string(name) + "=\"" + std::string(value) + "\"";
}

template <class Part>
std::uint64_t sum(const std::vector<worker_metrics>& workers, Part part) {
    std::uint64_t all = 0;
    for (const worker_metrics& each : workers) {
        all += part(each);
    }
    return all;
}

void put_links(page& out, const std::vector<worker_metrics>& workers) {
    out.about("links", "gauge", "Peers that have a link here, by what carries it.");
    for (std::size_t i = 0; i < carrier_names.size(); ++i) {
        out.value(sum(workers, [&](const auto& each) { return each.links[i]; }),
                  label("over", carrier_names[i]));
    }
    const auto total = [&](std::string_view name, std::string_view help, auto part) {
        out.one(name, "counter", help, sum(workers, part));
    };
    total("logins_total", "Logins that were taken.", [](const auto& each) { return each.logins; });
    total("logins_refused_total", "Logins that were not.",
          [](const auto& each) { return each.logins_refused; });
    out.about("links_ended_total", "counter", "Links that the relay has ended.");
    out.value(sum(workers, [](const auto& each) { return each.ended_slow; }), label("why", "slow"));
    out.value(sum(workers, [](const auto& each) { return each.ended_instead; }),
              label("why", "newer_link"));
}

void put_frames(page& out, const std::vector<worker_metrics>& workers) {
    const auto table = [&](std::string_view name, std::string_view help, auto part) {
        out.about(name, "counter", help);
        for (std::size_t kind = 1; kind < kinds.size(); ++kind) {
            out.value(sum(workers, [&](const auto& each) { return part(each)[kind]; }),
                      label("kind", kinds[kind]));
        }
    };
    table("frames_in_total", "Frames that came, by kind.",
          [](const auto& each) { return each.frames_in; });
    table("frames_out_total", "Frames that were put out, by kind.",
          [](const auto& each) { return each.frames_out; });
    out.about("refusals_total", "counter", "Frames that were refused, by reason.");
    for (std::size_t i = 1; i < sixfold::refusal_kinds; ++i) {
        const auto why = static_cast<sixfold::refusal>(i);
        out.value(sum(workers, [&](const auto& each) { return each.refusals[why]; }),
                  label("why", sixfold::to_string(why)));
    }
}

void put_loops(page& out, const std::vector<worker_metrics>& workers) {
    out.one("socket_queue_bytes", "gauge", "Bytes that wait for all sockets.",
            sum(workers, [](const auto& each) { return each.queued; }));
    out.about("socket_queue_largest_bytes", "gauge", "Bytes that wait for one socket, the most.");
    std::uint64_t largest = 0;
    for (const worker_metrics& each : workers) {
        largest = (std::max)(largest, each.queued_largest);
    }
    out.value(largest);
    out.one("socket_queue_dropped_total", "counter",
            "Frames for which the queue of a socket had no room.",
            sum(workers, [](const auto& each) { return each.dropped; }));
    out.about("event_loop_lag_seconds", "gauge",
              "How late an event loop was, the most since it was last asked.");
    for (std::size_t i = 0; i < workers.size(); ++i) {
        out.value(workers[i].lag_seconds_max, label("worker", std::to_string(i)));
    }
}

void put_mailbox(page& out, const mailbox_metrics& mailbox) {
    out.one("mailbox_rows", "gauge", "Rows that wait in the mailbox.", mailbox.usage.rows);
    out.one("mailbox_bytes", "gauge", "Bytes of their payloads.", mailbox.usage.bytes);
    out.about("mailbox_requests_total", "counter", "What was asked of the mailbox.");
    out.value(mailbox.puts, label("what", "put"));
    out.value(mailbox.looks, label("what", "look"));
    out.value(mailbox.erases, label("what", "erase"));
    out.value(mailbox.pages, label("what", "page"));
    out.one("mailbox_not_done_total", "counter",
            "Of these, what it could not do: it was full, or has failed.", mailbox.not_done);
    out.one("mailbox_overflow_total", "counter", "What it was not even asked, as too much waited.",
            mailbox.overflow);
    out.one("mailbox_expired_rows_total", "counter", "Rows that were too old.", mailbox.expired);
    out.about("mailbox_commit_seconds", "histogram",
              "How long a commit takes, of all that has come together.");
    for (std::size_t i = 0; i < mailbox.bounds.size(); ++i) {
        std::array<char, 32> bound{};
        const auto end =
            std::to_chars(bound.data(), bound.data() + bound.size(), mailbox.bounds[i]).ptr;
        out.value(mailbox.commits_within[i],
                  label("le", std::string_view(bound.data(),
                                               static_cast<std::size_t>(end - bound.data()))),
                  "_bucket");
    }
    out.value(mailbox.commits, label("le", "+Inf"), "_bucket");
    out.value(mailbox.commit_seconds, {}, "_sum");
    out.value(mailbox.commits, {}, "_count");
}

}  // namespace

std::string prometheus_text(const std::vector<worker_metrics>& workers,
                            const mailbox_metrics& mailbox) {
    page out;
    put_links(out, workers);
    put_frames(out, workers);
    put_loops(out, workers);
    put_mailbox(out, mailbox);
    return out.take();
}

}  // namespace relay_program
