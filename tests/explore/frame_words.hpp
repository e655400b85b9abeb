// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_EXPLORE_FRAME_WORDS_HPP
#define SIXFOLD_TESTS_EXPLORE_FRAME_WORDS_HPP

#include <string>
#include <variant>

#include <sixfold/sixfold.hpp>

namespace explore {

using namespace sixfold;

/// A frame, for a reader: "ack:N state e1 floor 0 +1".
///
/// `e1` is the first epoch, by its start number. Of an ack state: `+` accepted, `?` held, `-` tombstoned, `x` rejected.
class frame_words {
  public:
    [[nodiscard]] static std::string of(const frame& what) {
        return std::visit([](const auto& f) { return frame_words().say(f); }, what);
    }

    [[nodiscard]] static std::string name_of(const msgid& id) {
        return frame_words().name(id.epoch, id.seq).text_;
    }

  private:
    frame_words& word(std::string_view text) {
        text_ += text_.empty() || text.empty() ? "" : " ";
        text_ += text;
        return *this;
    }
    frame_words& number(std::string_view text, std::uint64_t n) {
        word(text);
        text_ += std::to_string(n);
        return *this;
    }
    frame_words& stream(epoch e) {
        return number("e", static_cast<std::uint64_t>(e) >> epoch_random_bits);
    }
    frame_words& name(epoch e, seq at) { return stream(e).number("#", at); }
    frame_words& entries(seq first, const run& what) {
        if (what.empty()) {
            return word("probe");
        }
        for (const run_entry& each : what) {
            word(each.tombstone ? "tombstone" : "").number("#", first++);
        }
        return *this;
    }
    frame_words& smaller(const msgid& row) {
        if (row.epoch != epoch::none) {
            word("smaller").name(row.epoch, row.seq);
        }
        return *this;
    }
    frame_words& state(bytes encoded) {
        ack_state s;
        if (encoded.empty() || ack_state::decode(encoded, s) != refusal::none) {
            return *this;
        }
        number("floor ", s.floor());
        s.for_each_accepted([&](seq at) { number("+", at); });
        s.for_each_held([&](seq at) { number("?", at); });
        if (s.limits()) {
            number("room ", s.limits()->room);
        }
        if (s.horizon() != 0) {
            number("horizon ", s.horizon());
        }
        for (const exception e : s.exceptions()) {
            number(e.how == fate::rejected ? "x" : "-", e.seq);
        }
        return *this;
    }

    std::string say(const msg_request& f) {
        word("msg:R").stream(f.epoch).entries(f.first, f.entries).number("base ", f.base);
        return word(f.keep ? "keep" : "").text_;
    }
    std::string say(const msg_answer& f) {
        word("msg:A");
        return f.word == msg_word::taken ? text_ : word(to_string(f.word)).stream(f.epoch).text_;
    }
    std::string say(const msg_notify& f) {
        word("msg:N").stream(f.epoch).entries(f.first, f.entries).word(f.drained ? "drained" : "");
        if (f.looked()) {
            number("low ", f.low).smaller(f.smaller);
        }
        return text_;
    }
    std::string say(const ack_request& f) {
        return word("ack:R").word(to_string(f.word)).stream(f.epoch).state(f.state).text_;
    }
    std::string say(const ack_answer&) { return word("ack:A").text_; }
    std::string say(const ack_notify& f) {
        word("ack:N").word(to_string(f.word)).stream(f.epoch);
        for (unsigned i = 0; f.word == ack_word::stored && i < f.count; ++i) {
            number("#", f.first + i);
        }
        if (f.word == ack_word::ended) {
            number("below ", f.low).word(f.away ? "away" : "");
        }
        return state(f.state).text_;
    }
    std::string say(const sync_request&) { return word("sync:R").text_; }
    std::string say(const sync_answer&) { return word("sync:A").text_; }

    std::string text_;
};

}  // namespace explore

#endif
