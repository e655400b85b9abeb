// SPDX-License-Identifier: BSL-1.0
#include "udp_listener.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <sys/socket.h>

#include <sixfold/ext/asio_login.hpp>
#include <sixfold/ext/asio_udp.hpp>
#include "failure.hpp"

namespace relay_program {

namespace {

using clock = std::chrono::steady_clock;
using net::ip::udp;
using sixfold::bytes;

constexpr std::size_t at_once = 64;  // datagrams a call
// of the largest that is taken: no client sends more than 1,200 bytes
constexpr std::size_t datagram_size = 2048;

}  // namespace

/// One address. Frames are put together until a datagram is full.
class udp_listener::link final : public sixfold::asio_link {
  public:
    link(udp_listener& owner,
         address at,
         std::string_view login,
         const sixfold::asio_link_limits& limits)
        : asio_link(limits), owner_(owner), at_(std::move(at)), login_(login) {}

    [[nodiscard]] sixfold::transport kind() const noexcept override {
        return sixfold::transport::datagrams;
    }
    [[nodiscard]] std::size_t packet_size() const noexcept override {
        return sixfold::udp_packet_size;
    }

    void say(std::string_view line) override {
        answer_ = line;
        repeat_answer();
    }
    void repeat_answer() { owner_.put(at_, sixfold::as_bytes(answer_)); }
    [[nodiscard]] bool has_answered(std::string_view login) const { return login == login_; }
    void hear(on_line /*line*/) override {}  // the first datagram has said it
    void send(bytes frame) override {
        if (!admit(frame)) {
            return;
        }
        if (waiting_.size() + frame.size() > sixfold::udp_packet_size) {
            flush();
        }
        waiting_.insert(waiting_.end(), frame.begin(), frame.end());
    }
    void flush() override {
        if (!waiting_.empty()) {
            took(waiting_.size());
            owner_.put(at_, waiting_);
            waiting_.clear();
        }
    }
    void finish() override {
        flush();
        close("finished");
    }

    /// Something came from there.
    void hear_of_it(clock::time_point now) { heard_ = now; }
    [[nodiscard]] bool is_silent(clock::time_point now) const {
        return now - heard_ >= limits().dead_after;
    }
    /// A packet that is refused is as good as lost.
    void take(bytes packet) { (void)hand_over(packet); }
    void rest() { tell_rest(); }

  protected:
    void begin() override {}
    /// Whoever is there in spite of all logs in again.
    void shut() override {
        const auto found = owner_.links_.find(at_);
        if (found != owner_.links_.end() && found->second.get() == this) {
            owner_.links_.erase(found);
            owner_.put(at_, sixfold::as_bytes(sixfold::udp_who));
        }
    }
    [[nodiscard]] std::size_t queued() const noexcept override { return waiting_.size(); }

  private:
    udp_listener& owner_;
    address at_;
    std::string login_;
    std::string answer_;
    std::vector<std::byte> waiting_;
    clock::time_point heard_ = clock::now();
};

udp_listener::udp_listener(worker& owner, const endpoint& where, common& shared)
    : owner_(owner), shared_(shared), socket_(owner.io()), minute_(owner.io()) {
    sixfold::net_error failed;
    const address at(net::ip::make_address(where.host), where.port);
    socket_.open(at.protocol());
    const int yes = 1;
    (void)::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
    socket_.set_option(net::socket_base::receive_buffer_size(1 << 22),
                       failed);  // what it gets is enough
    socket_.bind(at, failed);
    if (failed) {
        throw usage_error("--udp " + where.host + ":" + std::to_string(where.port) + ": " +
                          failed.message());
    }
    socket_.non_blocking(true);
}

std::string udp_listener::words() const {
    const auto at = socket_.local_endpoint();
    const std::string host = at.address().to_string();
    return "udp " + (at.address().is_v6() ? "[" + host + "]" : host) + ":" +
           std::to_string(at.port());
}

void udp_listener::start() {
    owner_.at_end_of_turn([this] { write_all(); });
    read();
    look_for_silent_ones();
}

void udp_listener::read() {
    socket_.async_wait(udp::socket::wait_read, [this](sixfold::net_error failed) {
        if (!failed) {
            read_all();
        }
    });
}

void udp_listener::read_all() {
    static thread_local std::array<std::array<std::byte, datagram_size>, at_once> data;
    std::array<address, at_once> from;
    std::array<iovec, at_once> pieces{};
    std::array<mmsghdr, at_once> heads{};
    for (std::size_t i = 0; i < at_once; ++i) {
        pieces[i] = {data[i].data(), data[i].size()};
        heads[i].msg_hdr.msg_name = from[i].data();
        heads[i].msg_hdr.msg_namelen = static_cast<socklen_t>(from[i].capacity());
        heads[i].msg_hdr.msg_iov = &pieces[i];
        heads[i].msg_hdr.msg_iovlen = 1;
    }
    const int count =
        ::recvmmsg(socket_.native_handle(), heads.data(), at_once, MSG_DONTWAIT, nullptr);
    for (std::size_t i = 0; count > 0 && i < static_cast<std::size_t>(count); ++i) {
        from[i].resize(heads[i].msg_hdr.msg_namelen);
        take(from[i], bytes(data[i]).first(heads[i].msg_len));
    }
    for (const auto& each : std::exchange(rested_, {})) {
        each->rest();
    }
    write_all();
    read();
}

/// A login begins with a small letter, which no frame does.
void udp_listener::take(const address& from, bytes datagram) {
    if (!datagram.empty() && sixfold::as_text(datagram.first(1)) >= "a") {
        return admit(from, sixfold::as_text(datagram));
    }
    const auto known = links_.find(from);
    if (known == links_.end()) {
        return datagram.empty() ? void() : put(from, sixfold::as_bytes(sixfold::udp_who));
    }
    const auto held = known->second;
    held->hear_of_it(clock::now());
    if (datagram.empty()) {
        return put(from, {});  // he asks whether we are there
    }
    held->take(datagram);
    if (rested_.empty() || rested_.back() != held) {
        rested_.push_back(held);
    }
}

/// A login that is repeated, because its answer was lost, is answered again. One that is refused, which anybody can send in
/// another's name, changes nothing.
void udp_listener::admit(const address& from, std::string_view line) {
    const auto known = links_.find(from);
    if (known != links_.end() && known->second->has_answered(line)) {
        return known->second->repeat_answer();
    }
    const auto fresh = std::make_shared<link>(*this, from, line, shared_.limits);
    if (!owner_.admit(fresh, carrier::udp, line)) {
        return;
    }
    const auto former = std::exchange(links_[from], fresh);
    if (former) {
        former->close("its address has logged in anew");
    }
}

void udp_listener::put(const address& to, bytes datagram) {
    leaving_.push_back({to, {datagram.begin(), datagram.end()}});
}

/// What the socket does not take is lost, as anything may be.
void udp_listener::write_all() {
    for (std::size_t at = 0; at < leaving_.size(); at += at_once) {
        const std::size_t count = (std::min)(at_once, leaving_.size() - at);
        std::array<iovec, at_once> pieces{};
        std::array<mmsghdr, at_once> heads{};
        for (std::size_t i = 0; i < count; ++i) {
            auto& [to, data] = leaving_[at + i];
            pieces[i] = {data.data(), data.size()};
            heads[i].msg_hdr.msg_name = to.data();
            heads[i].msg_hdr.msg_namelen = static_cast<socklen_t>(to.size());
            heads[i].msg_hdr.msg_iov = &pieces[i];
            heads[i].msg_hdr.msg_iovlen = 1;
        }
        (void)::sendmmsg(socket_.native_handle(), heads.data(), static_cast<unsigned>(count),
                         MSG_DONTWAIT);
    }
    leaving_.clear();
}

/// Nothing else says that somebody on UDP has gone.
void udp_listener::look_for_silent_ones() {
    const auto now = clock::now();
    std::vector<std::shared_ptr<link>> silent;
    for (const auto& [at, each] : links_) {
        if (each->is_silent(now)) {
            silent.push_back(each);
        }
    }
    for (const auto& each : silent) {
        each->close("nothing was heard for too long");
    }
    write_all();
    minute_.expires_after((std::max)(sixfold::duration(std::chrono::milliseconds(200)),
                                     shared_.limits.dead_after / 10));
    minute_.async_wait([this](sixfold::net_error cancelled) {
        if (!cancelled) {
            look_for_silent_ones();
        }
    });
}

}  // namespace relay_program
