// SPDX-License-Identifier: BSL-1.0
// A relay with its mailbox and a client, `bob`, for somebody else's client to talk to: on lines, in the time that the lines say.
// A line is TIME WORD ...; bytes are hexadecimal, and times are milliseconds. What comes of a line follows it, and then `next TIME`:
// bob has something to do then. tests/interop/README.md lists the words.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <sixfold/memory_mailbox.hpp>
#include <sixfold/sixfold.hpp>
#include <sixfold/wire/codec.hpp>

namespace {

using buffer = std::vector<std::byte>;

buffer from_hex(const std::string& text) {
    buffer bytes;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        unsigned value = 0;
        std::from_chars(text.data() + i, text.data() + i + 2, value, 16);
        bytes.push_back(static_cast<std::byte>(value));
    }
    return bytes;
}

std::string to_hex(sixfold::bytes bytes) {
    std::string text;
    for (const std::byte each : bytes) {
        constexpr const char* digits = "0123456789abcdef";
        text += digits[std::to_integer<unsigned>(each) >> 4U];
        text += digits[std::to_integer<unsigned>(each) & 15U];
    }
    return text;
}

class bridge {
  public:
    explicit bridge(std::uint64_t seed)
        : bob_(sixfold::client::create(clock_, {.self = "bob", .life = {.start = 1, .seed = seed}})
                   .value()),
          buffer_(bob_.packet_size_min()) {}

    bridge(const bridge&) = delete;  // bob keeps the address of the clock
    bridge& operator=(const bridge&) = delete;

    void take(const std::string& line) {
        std::istringstream words(line);
        std::int64_t time = 0;
        std::string word;
        std::string name;
        std::string hex;
        words >> time >> word >> name >> hex;
        clock_.set(sixfold::time_point(std::chrono::milliseconds(time)));
        if (word == "up") {
            link_up(name);
        } else if (word == "down") {
            link_down(name);
        } else if (word == "relay") {  // a packet of `name` has come to the relay
            relayed(name, from_hex(hex));
        } else if (word == "bob") {  // one has come to bob
            bob_.handle(from_hex(name));
        } else if (word == "send") {
            send(from_hex(name), hex);
        } else if (word == "cancel") {
            bob_.cancel(tickets_[name]);
        } else if (word == "replace") {  // by a relay that knows nobody, on the same mailbox
            relay_ = sixfold::relay::create({}).value();
        } else if (word == "decode") {
            std::cout << "decoded " << decode(name, hex);
            while (words >> hex) {
                std::cout << ' ' << decode(name, hex);
            }
            std::cout << '\n';
        }
        turn();
    }

  private:
    void link_up(const std::string& name) {
        links_[name] = sixfold::link_id{++last_link_};
        (void)relay_.link_up(links_[name], sixfold::peer(name)).has_value();
        if (name == "bob") {
            bob_.link_up();
        }
    }

    void link_down(const std::string& name) {
        relay_.link_down(links_[name]);
        if (name == "bob") {
            bob_.link_down();
        }
    }

    void relayed(const std::string& name, const buffer& packet) {
        relay_.handle(links_[name], packet, out_);
        while (const auto request = out_.next_request()) {
            relay_.complete(*request, mailbox_.execute(*request), out_);
        }
        for (const auto frame : out_.frames()) {
            if (frame.link != sixfold::link_id::none) {
                std::cout << "to " << sixfold::as_text(frame.to.bytes()) << ' '
                          << to_hex(frame.bytes) << '\n';
            }
        }
        out_.clear();
    }

    void send(const buffer& payload, const std::string& id) {
        if (const auto ticket = bob_.send("alice", payload)) {
            tickets_[id] = *ticket;
            std::cout << "sent " << id << '\n';
        }
    }

    /// What the codec of the library says of the bytes on a link of `name`, `-` if that is not checked.
    static std::string_view decode(const std::string& name, const std::string& hex) {
        const auto wire = name == "-"
                              ? sixfold::framing(sixfold::peer("-"), sixfold::checksum::off)
                              : sixfold::framing(sixfold::peer(name), sixfold::checksum::on);
        sixfold::frame frame;
        return sixfold::to_string(sixfold::decode(from_hex(hex), wire, frame));
    }

    void turn() {
        while (const auto message = bob_.poll_message()) {
            std::cout << "message " << to_hex(message->payload) << '\n';
            const bool taken = message->payload.empty() || message->payload[0] != std::byte{'!'};
            taken ? bob_.accept(*message) : bob_.reject(*message);
        }
        while (const auto event = bob_.poll_event()) {
            const auto same = [&](const auto& each) {
                return each.second == event->id;
            };
            const auto id = std::find_if(tickets_.begin(), tickets_.end(), same);
            std::cout << "event " << id->first << ' ' << sixfold::to_string(event->what) << '\n';
        }
        while (const auto packet = bob_.poll_transmit(buffer_)) {
            std::cout << "from " << to_hex(*packet) << '\n';
        }
        const auto next = bob_.next_deadline();
        std::cout << "next ";
        if (next == sixfold::never) {
            std::cout << "never";
        } else {
            std::cout
                << std::chrono::ceil<std::chrono::milliseconds>(next.time_since_epoch()).count();
        }
        std::cout << '\n';
        if (std::cin.rdbuf()->in_avail() <= 0) {  // nobody has asked more yet
            std::cout.flush();
        }
    }

    sixfold::manual_clock clock_;
    sixfold::relay relay_ = sixfold::relay::create({}).value();
    sixfold::memory_mailbox mailbox_ = sixfold::memory_mailbox::create().value();
    sixfold::client bob_;
    sixfold::reactions out_;
    buffer buffer_;
    std::map<std::string, sixfold::link_id> links_;
    std::map<std::string, sixfold::ticket> tickets_;
    std::uint64_t last_link_ = 0;
};

}  // namespace

int main(int count, char** arguments) {
    std::ios::sync_with_stdio(false);
    bridge world(count > 1 ? std::strtoull(arguments[1], nullptr, 10) : 1);
    for (std::string line; std::getline(std::cin, line);) {
        world.take(line);
    }
}
