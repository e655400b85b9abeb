// SPDX-License-Identifier: BSL-1.0
// The stage of core/stage.hpp: Alice, the relay and Bob on a virtual clock. Times are microseconds of it.
import { instantiate, toBytes } from './wasm.js';
import { stageModule } from './stage_module.js';

export class Stage {
    #core;
    #stage;

    static async open(seed) {
        return new Stage(await instantiate(stageModule), seed);
    }
    constructor(core, seed) {
        this.#core = core;
        this.#stage = core.calls.open_stage(BigInt.asUintN(64, BigInt(seed)));
    }
    /** Another film, from its beginning. */
    begin(seed) {
        this.#core.calls.close_stage(this.#stage);
        this.#stage = this.#core.calls.open_stage(BigInt.asUintN(64, BigInt(seed)));
    }
    set({ loss, duplicate, delay, jitter }) {
        this.#core.calls.set_weather(this.#stage, loss, duplicate, delay, jitter);
    }
    write(text) {
        const bytes = toBytes(text);
        this.#core.put(bytes);
        return Boolean(this.#core.calls.write_message(this.#stage, bytes.length));
    }
    unsend(ticket) {
        this.#core.calls.unsend(this.#stage, BigInt(ticket));
    }
    bobLeaves() {
        this.#core.calls.bob_leaves(this.#stage);
    }
    bobReturns() {
        this.#core.calls.bob_returns(this.#stage);
    }
    killRelay() {
        this.#core.calls.kill_relay(this.#stage);
    }
    lose(id) {
        this.#core.calls.lose(this.#stage, BigInt(id));
    }
    playStory() {
        this.#core.calls.play_story(this.#stage);
    }
    advance(until) {
        this.#core.calls.advance(this.#stage, BigInt(Math.floor(until)));
    }
    /** What has happened since the last call: objects, in order. */
    happenings() {
        const lines = this.#core.text(this.#core.calls.happenings(this.#stage));
        return lines.split('\n').slice(0, -1).map((line) => JSON.parse(line));
    }
    state() {
        return JSON.parse(this.#core.text(this.#core.calls.stage_state(this.#stage)));
    }
}
