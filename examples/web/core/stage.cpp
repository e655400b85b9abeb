// SPDX-License-Identifier: BSL-1.0
// The stage, as JavaScript sees it; js/stage.js is its other side, and the only caller.
#include "stage.hpp"

#include "exported.hpp"

namespace {

using web::io;

std::uint32_t text(const std::string& words) {
    io.begin();
    io.put(sixfold::as_bytes(words));
    return io.size();
}

}  // namespace

SIXFOLD_EXPORTED(reserve) std::byte* reserve(std::uint32_t size) {
    return io.reserve(size);
}
SIXFOLD_EXPORTED(open_stage) web::stage* open_stage(std::uint64_t seed) {
    return new web::stage(seed);
}
SIXFOLD_EXPORTED(close_stage) void close_stage(web::stage* stage) {
    delete stage;
}
SIXFOLD_EXPORTED(set_weather)
void set_weather(web::stage* stage,
                 std::uint32_t loss,
                 std::uint32_t duplicate,
                 std::uint32_t delay,
                 std::uint32_t jitter) {
    stage->set({.loss = loss, .duplicate = duplicate, .delay = delay, .jitter = jitter});
}
SIXFOLD_EXPORTED(write_message) bool write_message(web::stage* stage, std::uint32_t size) {
    return stage->write(sixfold::as_text(io.part(0, size)));
}
SIXFOLD_EXPORTED(unsend) void unsend(web::stage* stage, std::uint64_t ticket) {
    stage->unsend(ticket);
}
SIXFOLD_EXPORTED(bob_leaves) void bob_leaves(web::stage* stage) {
    stage->bob_leaves();
}
SIXFOLD_EXPORTED(bob_returns) void bob_returns(web::stage* stage) {
    stage->bob_returns();
}
SIXFOLD_EXPORTED(kill_relay) void kill_relay(web::stage* stage) {
    stage->kill_relay();
}
SIXFOLD_EXPORTED(lose) void lose(web::stage* stage, std::uint64_t id) {
    stage->lose(id);
}
SIXFOLD_EXPORTED(play_story) void play_story(web::stage* stage) {
    stage->play_story();
}
/// Until so many microseconds.
SIXFOLD_EXPORTED(advance) void advance(web::stage* stage, std::int64_t until) {
    stage->advance(sixfold::time_point(std::chrono::microseconds(until)));
}
SIXFOLD_EXPORTED(happenings) std::uint32_t happenings(web::stage* stage) {
    return text(stage->happenings());
}
SIXFOLD_EXPORTED(stage_state) std::uint32_t stage_state(web::stage* stage) {
    return text(stage->state());
}
