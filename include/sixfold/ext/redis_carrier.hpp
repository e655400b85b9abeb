// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_REDIS_CARRIER_HPP
#define SIXFOLD_EXT_REDIS_CARRIER_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <hiredis/hiredis.h>
#include <poll.h>

#include "sixfold/error.hpp"
#include "sixfold/ext/redis_line.hpp"
#include "sixfold/time.hpp"
#include "sixfold/types.hpp"

namespace sixfold::inline v0 {

/// Where Redis is, and how much is kept for it.
struct redis_options {
    /// A name, an address, or the path of a socket, which begins with '/'.
    std::string host = "127.0.0.1";
    int port = 6379;                  ///< 1 to 65535; of a path it does not count
    std::string password{};           ///< empty: none is asked for
    std::string prefix = "sixfold:";  ///< of the channels: relays with the same one know each other
    /// Bytes that wait for Redis; more is dropped, as these are hints.
    std::size_t unsent_max = std::size_t{1} << 20;
    /// A connection that is silent for so long counts as dead. It is asked each half of that time.
    duration silence_max = std::chrono::seconds(5);
    duration retry_delay = std::chrono::milliseconds(500);  ///< from a failure to the next attempt
};

/// What other relays say of a peer.
enum class redis_word : std::uint8_t {
    carried,     ///< this is for the link that it has here, with a checksum (spec 5.9)
    superseded,  ///< it has a link here, and a newer one elsewhere
    elsewhere,   ///< it has a link at another relay: somebody took what was carried to it
    nowhere,     ///< that is not so, or nobody knows: nobody took what was carried to it
};

/// One such word.
struct redis_news {
    peer who{};                             ///< of whom
    redis_word what = redis_word::carried;  ///< what
    std::string frame{};                    ///< if it is one
};

/// What was carried, and what was not.
struct redis_counts {
    std::uint64_t carried = 0;     ///< frames that went out
    std::uint64_t arrived = 0;     ///< frames that came in
    std::uint64_t dropped = 0;     ///< frames for which there was no connection, or no room
    std::uint64_t superseded = 0;  ///< links that are newer elsewhere
    std::uint64_t lost = 0;        ///< connections that failed
};

/// Carries frames to peers whose links are at other relays, over Redis pub/sub: a channel for each peer. (spec 5.9) And ends an older
/// link when its peer logs in elsewhere. (spec 1.3)
///
///     for (const auto frame : out.frames()) {
///         frame.link != link_id::none ? network.send(frame.link, frame.bytes) : carrier.carry(frame.to, frame.bytes);
///     }
///     poll(carrier.waits_for(), carrier.next_deadline());      // with all else that the loop waits for
///     carrier.run();
///     while (const auto news = carrier.poll_news()) {
///         const link_id link = relay.link_of(news->who);
///         switch (news->what) {
///         case redis_word::carried: network.send(link, as_bytes(news->frame)); break;
///         case redis_word::superseded: network.close(link); break;
///         case redis_word::elsewhere: (void)relay.link_up(new_number(), news->who); break;   // if it has none; it leads away
///         case redis_word::nowhere: relay.link_down(link); break;                           // if it leads away
///         }
///     }
///
/// The last two cases may be left out. With them messages to a peer elsewhere are not stored first, and arrive sooner by one commit.
/// Each answer of Redis says whether anybody has received the frame; when a peer leaves, all relays are told in a channel of its own.
///
/// Everything that it carries is a hint: while Redis is away, messages come out of the mailbox, which takes longer, and none is lost.
/// It reconnects by itself, and never waits. It does not use the mailbox's database, whose NOTIFY holds one lock of the whole server
/// while a transaction that has used it commits.
///
/// Redis gives the messages of a channel to all subscribers in one order. A relay announces each link in the channel of its peer, to
/// which it has subscribed before; a link is the older one if another announcement comes after its own. If an announcement was lost,
/// or two were repeated when Redis came back, the wrong link may end; its client comes again, and has the newest link then.
class redis_carrier {
  public:
    /// Begins to connect, without waiting. Error: option. `node` is a random number, different for each carrier; the clock must
    /// outlive it.
    [[nodiscard]] static result<redis_carrier>
    create(const redis_options& options, std::uint64_t node, clock_ref clock) {
        if (options.host.empty()) {
            return error{errc::option, "redis.host: must be a name, an address or a path"};
        }
        if (options.port < 1 || options.port > 65535) {
            return error{errc::option, "redis.port: must be 1 to 65535"};
        }
        if (options.silence_max <= duration() || options.retry_delay <= duration()) {
            return error{errc::option, "redis.silence_max, redis.retry_delay: must be above zero"};
        }
        redis_carrier made(options, node, clock);
        made.run();
        return made;
    }

    /// This peer has a link here, from now on or again: the carrier subscribes to its frames, and an older link elsewhere ends.
    void link_up(const peer& name) {
        here& link = links_[name];
        link.login = ++logins_;
        link.seen = false;
        elsewhere_.erase(name);
        if (link.listens) {
            announce(name, link);
        } else {
            hears_.line.send({"SUBSCRIBE", channel_of(name)});
        }
    }
    /// This peer has no link here any more.
    void link_down(const peer& name) {
        if (links_.erase(name) != 0) {
            hears_.line.send({"UNSUBSCRIBE", channel_of(name)});
        }
    }
    /// Carries a frame that a relay has put out for a peer without a link there. While Redis is away, or more than `unsent_max` bytes
    /// wait for it, the frame is dropped and counted. While Redis is away, `poll_news` also says that the peer is nowhere: once for
    /// all frames to that peer since the last call, so that these words need at most one place for each peer.
    void carry(const peer& to, bytes wire) {
        const bool room = wire.size() <= options_.unsent_max &&
                          says_.line.unsent() <= options_.unsent_max - wire.size();
        if (says_.line.lost() || !room) {
            ++counts_.dropped;
            return says_.line.lost() ? nowhere(to) : void();
        }
        std::string message = "F";
        message += as_text(wire);
        say({"PUBLISH", channel_of(to), message}, to);
        ++counts_.carried;
    }

    /// Writes, reads, connects and asks, as far as that is due: when what it waits for has happened, at its deadline, and behind `carry`
    /// and `link_up`, which send nothing by themselves. Extra calls do nothing.
    void run() {
        now_ = (std::max)(now_, clock_.now());
        keep(says_);
        keep(hears_);
        hears_.line.exchange([&](const redisReply& reply) {
            hear(hears_, reply);
            take(reply);
        });
        says_.line.exchange([&](const redisReply& reply) {
            hear(says_, reply);
            take_answer(reply);
        });
    }
    /// The next that came in; none: call it again behind `run`. Of the words on where a peer is, only the last one waits for this call.
    [[nodiscard]] std::optional<redis_news> poll_news() {
        if (!news_.empty()) {
            redis_news next = std::move(news_.front());
            news_.pop_front();
            return next;
        }
        if (whereabouts_.empty()) {
            return std::nullopt;
        }
        const auto next = whereabouts_.extract(whereabouts_.begin());
        return redis_news{next.key(), next.mapped()};
    }
    /// What to wait for; -1: nothing.
    [[nodiscard]] std::array<pollfd, 2> waits_for() const noexcept {
        return {says_.line.waits_for(), hears_.line.waits_for()};
    }
    /// When `run` has something to do, whatever happens.
    [[nodiscard]] time_point next_deadline() const noexcept {
        return (std::min)(deadline_of(says_), deadline_of(hears_));
    }

    /// Whether both connections answer.
    [[nodiscard]] bool connected() const noexcept { return says_.answers && hears_.answers; }
    /// What went wrong last; empty: nothing ever.
    [[nodiscard]] const std::string& last_error() const noexcept { return last_error_; }
    /// Since it was made.
    [[nodiscard]] const redis_counts& counts() const noexcept { return counts_; }

  private:
    // peers; messages to others are stored first
    static constexpr std::size_t elsewhere_max = 65536;

    /// A peer that is linked here.
    struct here {
        std::uint64_t login = 0;  ///< of this link, among all of this carrier
        bool listens = false;     ///< Redis has confirmed it
        bool seen = false;        ///< the word that it is here has come back
    };
    /// A connection, and what is due with it.
    struct connection {
        detail::redis_line line{};
        time_point next_attempt{};  // if it is lost
        time_point heard{};         // something, last
        time_point asked{};         // whether it lives, last
        bool was_begun = false;     // and not given up since
        bool answers = false;
    };

    redis_carrier(const redis_options& options, std::uint64_t node, clock_ref clock)
        : options_(options), node_(node), clock_(clock) {}

    [[nodiscard]] std::string channel_of(const peer& name) const {
        return options_.prefix + std::string(name.name());
    }
    /// How the word of each link of this relay begins. Put together so that g++ 12 sees no overflow where there is none.
    [[nodiscard]] std::string login_here() const {
        std::string out(1, 'L');
        out += std::to_string(node_);
        out += ':';
        return out;
    }
    /// Which link it is, of all relays.
    [[nodiscard]] std::string login_of(const here& link) const {
        return login_here() += std::to_string(link.login);
    }
    void announce(const peer& name, const here& link) {
        say({"PUBLISH", channel_of(name), login_of(link)});
    }
    /// Sends a command. Its answer says whether anybody listens for `about`; not a valid name: it says nothing of that.
    void say(std::initializer_list<std::string_view> words, const peer& about = {}) {
        says_.line.send(words);
        if (!says_.line.lost()) {
            asked_.push_back(about);
        }
    }

    // --- connections --------------------------------------------------------------------------------------

    [[nodiscard]] time_point deadline_of(const connection& which) const noexcept {
        return which.line.lost() ? which.next_attempt
                                 : (std::min)(later(which.asked, options_.silence_max / 2),
                                              later(which.heard, options_.silence_max));
    }
    /// It is there, or made anew, and asked whether it lives.
    void keep(connection& which) {
        if (!which.line.lost() && now_ >= later(which.heard, options_.silence_max)) {
            lose(which, "Redis is silent");
        }
        if (which.line.lost() && which.was_begun) {
            lose(which, which.line.why());
        }
        if (which.line.lost()) {
            if (now_ >= which.next_attempt) {
                begin(which);
            }
        } else if (now_ >= later(which.asked, options_.silence_max / 2)) {
            command(which, {"PING"});
            which.asked = now_;
        }
    }
    void command(connection& which, std::initializer_list<std::string_view> words) {
        &which == &says_ ? say(words) : which.line.send(words);
    }
    /// Whom nobody can tell of, or reach, is nowhere.
    void lose(connection& which, const std::string& why) {
        last_error_ = why;
        ++counts_.lost;
        which = {.next_attempt = later(now_, options_.retry_delay)};
        for (const peer& each : std::exchange(elsewhere_, {})) {
            whereabouts_[each] = redis_word::nowhere;
        }
    }
    void begin(connection& which) {
        which.line = detail::redis_line(options_.host, options_.port);
        which.heard = which.asked = now_;
        which.was_begun = true;
        if (&which == &says_) {
            asked_.clear();
        }
        if (!options_.password.empty()) {
            command(which, {"AUTH", options_.password});
        }
        command(which, {"PING"});
        if (&which == &hears_) {
            which.line.send({"SUBSCRIBE", options_.prefix});  // who leaves
        }
        for (auto& [name, link] : links_) {
            if (&which == &hears_) {
                link.listens = link.seen = false;
                hears_.line.send({"SUBSCRIBE", channel_of(name)});
            } else if (link.listens && !link.seen) {
                announce(name, link);
            }
        }
    }

    // --- what comes in ------------------------------------------------------------------------------------

    void hear(connection& which, const redisReply& reply) {
        which.heard = now_;
        which.answers = reply.type != REDIS_REPLY_ERROR;
        if (!which.answers) {
            last_error_ = std::string(detail::text_of(reply));
        }
    }
    /// Each answer belongs to the oldest command that has none; a number says how many have listened.
    void take_answer(const redisReply& reply) {
        if (asked_.empty()) {
            return;
        }
        const peer about = std::move(asked_.front());
        asked_.pop_front();
        if (reply.type == REDIS_REPLY_INTEGER && about.valid()) {
            reply.integer > 0 ? learn(about) : nowhere(about);
        }
    }
    void learn(const peer& who) {
        if (links_.contains(who) || !elsewhere_.insert(who).second) {
            return;
        }
        whereabouts_[who] = redis_word::elsewhere;
        if (elsewhere_.size() > elsewhere_max) {  // another one makes place
            const auto next = elsewhere_.upper_bound(who);
            forget(peer(next == elsewhere_.end() ? *elsewhere_.begin() : *next));
        }
    }
    void forget(const peer& who) {
        if (elsewhere_.contains(who)) {
            nowhere(who);
        }
    }
    /// Said each time: the app may have heard that he is elsewhere after he had come here and gone.
    void nowhere(const peer& who) {
        elsewhere_.erase(who);
        if (!links_.contains(who)) {
            whereabouts_[who] = redis_word::nowhere;
        }
    }
    /// [message, channel, what] and [subscribe or unsubscribe, channel, how many]; all else only shows that Redis is there. Who has
    /// left is told when nobody listens for him any more: whoever was told otherwise meanwhile hears it.
    void take(const redisReply& reply) {
        if (reply.type != REDIS_REPLY_ARRAY || reply.elements != 3) {
            return;
        }
        const std::string_view channel = detail::text_of(*reply.element[1]);
        if (!channel.starts_with(options_.prefix)) {
            return;
        }
        const std::string_view kind = detail::text_of(*reply.element[0]);
        const std::string_view message = detail::text_of(*reply.element[2]);
        const peer name(channel.substr(options_.prefix.size()));
        const auto at = links_.find(name);
        if (at == links_.end()) {
            if (channel == options_.prefix) {
                forget(peer(message));
            } else if (kind == "unsubscribe") {
                say({"PUBLISH", options_.prefix, name.name()});
            }
        } else if (kind == "subscribe") {
            at->second.listens = true;
            announce(name, at->second);
        } else if (kind == "message") {
            take(at->first, at->second, message);
        }
    }
    void take(const peer& to, here& link, std::string_view message) {
        if (message.starts_with('F')) {
            ++counts_.arrived;
            news_.push_back({to, redis_word::carried, std::string(message.substr(1))});
        } else if (message == login_of(link)) {
            link.seen = true;
        } else if (link.seen && !message.starts_with(login_here())) {
            ++counts_.superseded;
            news_.push_back({to, redis_word::superseded});
        }
    }

    redis_options options_;
    std::uint64_t node_;
    clock_ref clock_;
    time_point now_{};
    connection says_;   // publishes
    connection hears_;  // has subscribed, and can say nothing else
    std::map<peer, here> links_;
    std::uint64_t logins_ = 0;
    std::set<peer> elsewhere_;     // whom others have said to have
    std::deque<peer> asked_;       // of each command that has no answer yet: of whom it tells
    std::deque<redis_news> news_;  // carried and superseded
    std::map<peer, redis_word> whereabouts_;  // elsewhere and nowhere: the last word on each peer
    redis_counts counts_;
    std::string last_error_;
};

}  // namespace sixfold::inline v0

#endif
