// SPDX-License-Identifier: BSL-1.0
// Usage: sixfold_relay_load PROTOCOL PORT PAIRS IN_FLIGHT SECONDS
// Pairs of peers, of whom one writes 64 bytes to the other, who answers, so many at a time, over a server of this PROTOCOL: tcp, tls, ws,
// wss or udp (sixfold over these), copy, nats, or mqtt (with QoS 1). PORT1,PORT2: of each pair one is there, and one here. `idle`: so many
// connections of sixfold that do nothing. Says how many exchanges have ended, and, of sixfold with one in flight, the medians of the times
// in microseconds until a message has arrived, and until its sender knows so.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sixfold/ext/asio.hpp>
#include <sixfold/ext/asio_tls.hpp>
#include <sixfold/ext/asio_websocket.hpp>

namespace {

using sixfold::net::ip::tcp;

constexpr std::size_t message_size = 64;
std::uint64_t exchanges = 0;
std::vector<std::int64_t> arrived;  // microseconds from when the latest of its pair was written
std::vector<std::int64_t> known;    // likewise, until its sender knows that it has arrived

struct options {
    std::string protocol;
    std::string port;
    std::string other_port;  // of those who are written to
    int pairs = 1;
    int in_flight = 1;
    int seconds = 1;
};

// --- sixfold ---------------------------------------------------------------------------------------------------------

struct sixfold_pair {
    sixfold_pair(sixfold::net::io_context& io, const options& o, int number)
        : receiver("b" + std::to_string(number)),
          a(io.get_executor(), client("a" + std::to_string(number), o, o.port)),
          b(io.get_executor(), client(receiver, o, o.other_port)) {
        a.on_event = [this](const sixfold::event& news) {
            if (news.what == sixfold::status::delivered) {
                ++exchanges;
                known.push_back(since_written());
                write();
            }
        };
        b.on_message = [this](const sixfold::message&) {
            arrived.push_back(since_written());
        };
        a.on_link = [this, o](const sixfold::asio_link_news& news) {
            for (int i = 0; news.up && !begun && i < o.in_flight; ++i) {
                write();
            }
            begun = begun || news.up;
        };
        b.on_link = [this](const sixfold::asio_link_news& news) {
            if (news.up && !a.running()) a.start();
        };
        b.start();
    }
    static sixfold::asio_client_options
    client(const std::string& name, const options& o, const std::string& port) {
        sixfold::asio_client_options made{.self = name, .relay = dialer(o.protocol, port)};
        made.sender.peers_max = made.receiver.peers_max = 4;
        made.sender.window = made.receiver.window = 256;
        return made;
    }
    static sixfold::asio_dialer dialer(const std::string& protocol, const std::string& port) {
        const std::string host = "127.0.0.1";
        if (protocol == "udp") return sixfold::over_udp(host, port);
        if (protocol == "ws") return sixfold::over_websocket(host, port);
        if (protocol == "tcp") return sixfold::over_tcp(host, port);
        const auto anybody =
            std::make_shared<sixfold::net::ssl::context>(sixfold::net::ssl::context::tls_client);
        return protocol == "tls" ? sixfold::over_tls(host, port, anybody)
                                 : sixfold::over_secure_websocket(host, port, "/", anybody);
    }
    [[nodiscard]] std::int64_t since_written() const {
        const auto time = std::chrono::steady_clock::now() - written;
        return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
    }
    void write() {
        written = std::chrono::steady_clock::now();
        (void)a.send(receiver, sixfold::bytes(text));
    }

    std::string receiver;
    std::chrono::steady_clock::time_point written{};
    std::vector<std::byte> text = std::vector<std::byte>(message_size);
    sixfold::asio_client a;
    sixfold::asio_client b;
    bool begun = false;
};

// --- a plain connection, for the others ------------------------------------------------------------------------------

struct connection {
    using on_data = std::function<std::size_t(std::string_view)>;  // how much of it was used

    connection(sixfold::net::io_context& io, const std::string& port, on_data data)
        : socket(io), take(std::move(data)) {
        socket.connect({sixfold::net::ip::address_v4::loopback(),
                        static_cast<std::uint16_t>(std::stoi(port))});
        socket.set_option(tcp::no_delay(true));
        read();
    }
    void read() {
        input.resize(held + (1 << 16));
        socket.async_read_some(sixfold::net::buffer(input.data() + held, input.size() - held),
                               [this](sixfold::net_error failed, std::size_t size) {
                                   if (failed) return;
                                   held += size;
                                   const std::size_t used = take({input.data(), held});
                                   input.erase(0, used);
                                   held -= used;
                                   write();
                                   read();
                               });
    }
    void put(std::string_view data) { waiting += data; }
    void write() {
        if (!leaving.empty() || waiting.empty()) return;
        leaving.swap(waiting);
        sixfold::net::async_write(socket, sixfold::net::buffer(leaving),
                                  [this](sixfold::net_error failed, std::size_t) {
                                      leaving.clear();
                                      if (!failed) write();
                                  });
    }

    tcp::socket socket;
    on_data take;
    std::string input;
    std::size_t held = 0;
    std::string waiting;
    std::string leaving;
};

struct copied_pair {
    copied_pair(sixfold::net::io_context& io, const options& o, int number)
        : a(io, o.port, [this](std::string_view data) { return answer(a, data, true); }),
          b(io, o.port, [this](std::string_view data) { return answer(b, data, false); }) {
        const std::string name = std::to_string(number) + "\n";
        b.put(name);
        b.write();
        a.put(name + std::string(message_size * static_cast<std::size_t>(o.in_flight), 'x'));
        a.write();
    }
    std::size_t answer(connection& from, std::string_view data, bool counts) {
        const std::size_t count = data.size() / message_size;
        exchanges += counts ? count : 0;
        from.put(data.substr(0, count * message_size));
        return count * message_size;
    }
    connection a;
    connection b;
};

struct nats_pair {
    nats_pair(sixfold::net::io_context& io, const options& o, int number)
        : request("svc" + std::to_string(number)), inbox("inbox" + std::to_string(number)),
          a(io, o.port, [this](std::string_view data) { return read(a, data); }),
          b(io, o.port, [this](std::string_view data) { return read(b, data); }) {
        const std::string hello = "CONNECT {\"verbose\":false,\"pedantic\":false}\r\n";
        b.put(hello + "SUB " + request + " 1\r\nPING\r\n");
        a.put(hello + "SUB " + inbox + " 1\r\n");
        a.write();
        b.write();
        left = o.in_flight;
    }
    void ask() {
        a.put("PUB " + request + " " + inbox + " 64\r\n" + std::string(message_size, 'x') + "\r\n");
    }
    std::size_t read(connection& from, std::string_view data) {
        std::size_t used = 0;
        for (;;) {
            const std::string_view rest = data.substr(used);
            const auto end = rest.find("\r\n");
            if (end == std::string_view::npos) return used;
            if (rest.starts_with("MSG ")) {
                if (rest.size() < end + 2 + message_size + 2) return used;
                used += end + 2 + message_size + 2;
                &from == &a ? answered()
                            : from.put("PUB " + inbox + " 64\r\n" + std::string(message_size, 'x') +
                                       "\r\n");
                continue;
            }
            if (rest.starts_with("PING")) from.put("PONG\r\n");
            if (rest.starts_with("PONG")) begin();
            used += end + 2;
        }
    }
    void begin() {  // the other end listens
        for (; left > 0; --left)
            ask();
        a.write();
    }
    void answered() {
        ++exchanges;
        ask();
    }
    std::string request;
    std::string inbox;
    connection a;
    connection b;
    int left = 0;
};

/// MQTT 3.1.1. Both subscribe to a topic of their own, which has their name; all with QoS 1.
struct mqtt_pair {
    mqtt_pair(sixfold::net::io_context& io, const options& o, int number)
        : own("a" + std::to_string(number)), other("b" + std::to_string(number)), left(o.in_flight),
          a(io, o.port, [this](std::string_view data) { return read(a, data); }),
          b(io, o.port, [this](std::string_view data) { return read(b, data); }) {
        log_in(b, other);
        log_in(a, own);
    }
    static std::string packet(int kind, const std::string& content) {
        return std::string{static_cast<char>(kind), static_cast<char>(content.size())} + content;
    }
    static std::string counted(const std::string& text) {
        return std::string{'\0', static_cast<char>(text.size())} + text;
    }
    static void log_in(connection& guest, const std::string& name) {
        using namespace std::string_literals;
        guest.put(packet(0x10, counted("MQTT") + "\4\2\0\0"s + counted(name)));
        guest.put(packet(0x82, "\0\1"s + counted(name) + "\1"s));
        guest.write();
    }
    void publish(connection& from, const std::string& topic) {
        id = static_cast<std::uint16_t>(id % 65'535 + 1);
        const std::string number{static_cast<char>(id >> 8), static_cast<char>(id & 255)};
        from.put(packet(0x32, counted(topic) + number + std::string(message_size, 'x')));
    }
    std::size_t read(connection& from, std::string_view data) {
        std::size_t used = 0;
        for (;;) {
            const std::string_view rest = data.substr(used);
            const std::size_t size =
                rest.size() < 2 ? 2 : 2 + std::size_t{static_cast<unsigned char>(rest[1])};
            if (rest.size() < size) return used;
            used += size;
            const int kind = static_cast<unsigned char>(rest[0]) >> 4;
            if (kind == 3) {  // with a topic, a number, and the message
                const auto name = std::size_t{static_cast<unsigned char>(rest[3])};
                from.put(packet(0x40, std::string(rest.substr(4 + name, 2))));
                &from == &a ? answered() : publish(b, own);
            }
            if (kind == 9 && ++listening == 2) {
                for (; left > 0; --left)
                    publish(a, other);
                a.write();
            }
        }
    }
    void answered() {
        ++exchanges;
        publish(a, other);
    }
    std::string own;
    std::string other;
    int left;
    int listening = 0;
    std::uint16_t id = 0;
    connection a;
    connection b;
};

std::int64_t median(std::vector<std::int64_t>& times) {
    const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
    std::nth_element(times.begin(), middle, times.end());
    return *middle;
}

template <class Pair>
void run(const options& o) {
    sixfold::net::io_context io(1);
    std::vector<std::unique_ptr<Pair>> pairs;
    for (int i = 0; i < o.pairs; ++i) {
        pairs.push_back(std::make_unique<Pair>(io, o, i));
    }
    io.run_for(std::chrono::seconds(o.seconds));
    std::printf("%llu\n", static_cast<unsigned long long>(exchanges));
    if (!known.empty() && o.in_flight == 1) {
        std::printf("%lld\n%lld\n", static_cast<long long>(median(arrived)),
                    static_cast<long long>(median(known)));
    }
    std::fflush(stdout);
    std::_Exit(0);  // who is still connected is of no interest
}

/// Connections that have logged in, and hold still until they are killed.
void hold_still(const options& o) {
    sixfold::net::io_context io(1);
    std::vector<tcp::socket> all;
    for (int i = 0; i < o.pairs; ++i) {
        tcp::socket& each = all.emplace_back(io);
        each.connect({sixfold::net::ip::address_v4::loopback(),
                      static_cast<std::uint16_t>(std::stoi(o.port))});
        sixfold::net::write(each, sixfold::net::buffer("login idle" + std::to_string(i) + "\n"));
        std::string answer;
        sixfold::net::read_until(each, sixfold::net::dynamic_buffer(answer), '\n');
    }
    std::printf("%d\n", o.pairs);
    std::fflush(stdout);
    io.run_for(std::chrono::seconds(o.seconds));
    sixfold::net::steady_timer wait(io, std::chrono::seconds(o.seconds));
    wait.wait();
    std::_Exit(0);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 6) {
        std::fputs("sixfold_relay_load: say PROTOCOL PORT PAIRS IN_FLIGHT SECONDS\n", stderr);
        return 2;
    }
    const std::string ports = argv[2];
    const auto comma = ports.find(',');
    const options o{argv[1],
                    ports.substr(0, comma),
                    ports.substr(comma == std::string::npos ? 0 : comma + 1),
                    std::atoi(argv[3]),
                    std::atoi(argv[4]),
                    std::atoi(argv[5])};
    if (o.protocol == "copy") {
        run<copied_pair>(o);
    } else if (o.protocol == "nats") {
        run<nats_pair>(o);
    } else if (o.protocol == "mqtt") {
        run<mqtt_pair>(o);
    } else if (o.protocol == "idle") {
        hold_still(o);
    } else {
        run<sixfold_pair>(o);
    }
}
