// SPDX-License-Identifier: BSL-1.0
// A client of sixfold for browsers and node: the core, a clock, chance, a journal and a link around it. sixfold.d.ts says what each call
// promises.
import { clientModule } from './client_module.js';
import { IndexedJournal } from './indexed_journal.js';
import { instantiate, toBytes } from './wasm.js';
import { WebSocketLink } from './websocket_link.js';

const STATUS = ['none', 'relayed', 'stored', 'expiring', 'delivered', 'rejected', 'cancelled', 'expired', 'ended', 'refused'];
const REASONS = ['none', 'unknown_peer', 'not_allowed', 'over_quota', 'too_large'];
const NEVER = (1n << 63n) - 1n;
const TIMER_MAX = 60_000; // a sleeping device's timers are late: look now and then

const nanoseconds = (milliseconds) => (milliseconds === Infinity ? NEVER : BigInt(Math.round(milliseconds * 1e6)));

export class SixfoldError extends Error {
    name = 'SixfoldError';
}

/** What is pushed comes out of it as an async iterator, once. */
class Channel {
    #waiting = [];
    #takers = [];
    #closed = false;

    push(value) {
        const taker = this.#takers.shift();
        if (taker) taker({ value, done: false });
        else this.#waiting.push(value);
    }
    close() {
        this.#closed = true;
        for (const taker of this.#takers.splice(0)) taker({ value: undefined, done: true });
    }
    next() {
        if (this.#waiting.length > 0) return Promise.resolve({ value: this.#waiting.shift(), done: false });
        if (this.#closed) return Promise.resolve({ value: undefined, done: true });
        return new Promise((resolve) => this.#takers.push(resolve));
    }
    [Symbol.asyncIterator]() {
        return this;
    }
}

export class Client {
    events = new Channel();
    messages = new Channel();
    #core;
    #client;
    #journal;
    #clock;
    #eventRow;
    #link = null;
    #timer = 0;
    #turning = null;
    #again = false;
    #closed = false;
    #failed = null;

    static async open({ name, journal = null, start = null, clock = () => performance.now(), restore = () => {}, eventRow = () => null }) {
        const core = await instantiate(clientModule);
        const self = toBytes(name);
        const kept = journal ? await journal.open(name) : { records: new Uint8Array(), rows: [], away: 0, start: Date.now() };
        restore(kept.rows);
        core.put(self, kept.records);
        const [seed] = crypto.getRandomValues(new BigUint64Array(1));
        const client = core.calls.open_client(
            nanoseconds(clock()), self.length, kept.records.length, BigInt(start ?? kept.start), seed, nanoseconds(Math.max(0, kept.away)), journal !== null,
        );
        if (client === 0) {
            journal?.close();
            throw new SixfoldError(core.text(core.calls.failure()));
        }
        return new Client(core, client, journal, { clock, eventRow });
    }

    constructor(core, client, journal, { clock, eventRow }) {
        this.#clock = clock;
        this.#eventRow = eventRow;
        this.#core = core;
        this.#client = client;
        this.#journal = journal;
        this.#soon();
    }

    send(to, payload, { expiresAfter = Infinity, store = true, row = null } = {}) {
        const peer = toBytes(to);
        const bytes = toBytes(payload);
        this.#tick();
        this.#core.put(peer, bytes);
        const ticket = this.#core.calls.send(this.#client, peer.length, bytes.length, nanoseconds(expiresAfter), store);
        if (ticket === 0n) throw new SixfoldError(this.#core.text(this.#core.calls.failure()));
        const name = BigInt.asUintN(64, ticket);
        if (row) this.#journal?.put(row(name));
        this.#soon();
        return name;
    }
    cancel(ticket) {
        return this.#act(() => this.#core.calls.cancel(this.#client, ticket));
    }
    forget(to) {
        const peer = toBytes(to);
        return this.#act(() => {
            this.#core.put(peer);
            return this.#core.calls.forget(this.#client, peer.length);
        });
    }
    outstanding(ticket) {
        return Boolean(this.#core.calls.outstanding(this.#client, ticket));
    }
    accept(message, row = null) {
        return this.#settle(message, true, row);
    }
    reject(message) {
        return this.#settle(message, false, null);
    }
    /** Until everything that was said so far is durable. */
    async flushed() {
        do await this.#turning;
        while (this.#turning);
        if (this.#failed) throw this.#failed;
    }
    /** What waits for an answer, or for its end. */
    get unfinished() {
        return this.#core.calls.queued(this.#client);
    }

    /** A link: {linked(client), send(packet), close()}; see WebSocketLink. */
    connect(link) {
        this.#link = link;
        link.open(this);
    }
    linkUp({ checked = true, byteStream = true } = {}) {
        this.#act(() => this.#core.calls.link_up(this.#client, checked, byteStream));
    }
    linkDown() {
        this.#act(() => this.#core.calls.link_down(this.#client));
    }
    /** Whether the link cannot go on. */
    handle(packet) {
        return this.#act(() => {
            this.#core.put(packet);
            return this.#core.calls.handle(this.#client, packet.length);
        });
    }

    async close() {
        this.#closed = true;
        clearTimeout(this.#timer);
        await this.#turning;
        this.#link?.close();
        this.#journal?.close();
        this.#core.calls.close_client(this.#client);
        this.events.close();
        this.messages.close();
    }

    // Inside --------------------------------------------------------------------------------------------------------

    #tick() {
        if (this.#closed) throw new SixfoldError('the client is closed');
        if (this.#failed) throw this.#failed;
        this.#core.calls.set_time(this.#client, nanoseconds(this.#clock()));
    }
    #act(what) {
        this.#tick();
        const result = Boolean(what());
        this.#soon();
        return result;
    }
    #settle(message, accepted, row) {
        const from = toBytes(message.from);
        return this.#act(() => {
            this.#core.put(from);
            const open = this.#core.calls.settle(this.#client, from.length, message.epoch, message.seq, message.place, accepted);
            if (open && row) this.#journal?.put(row);
            return open;
        });
    }

    /** A turn, when all that has come by now was taken. */
    #soon() {
        if (this.#turning) {
            this.#again = true;
            return;
        }
        this.#turning = Promise.resolve()
            .then(() => this.#turn())
            .catch((error) => this.#fail(error))
            .finally(() => {
                this.#turning = null;
                if (this.#again && !this.#closed && !this.#failed) {
                    this.#again = false;
                    this.#soon();
                }
            });
    }

    /** Records first, then what depends on them: nothing leaves before its record is durable. */
    async #turn() {
        if (this.#closed) return;
        this.#tick();
        this.#poll();
        if (this.#journal) {
            const records = [];
            for (let size; (size = this.#core.calls.poll_journal(this.#client)) !== 0; ) records.push(this.#core.take(size));
            if (records.length > 0 || this.#journal.pending) {
                const mark = [this.#core.calls.written_received(this.#client), this.#core.calls.written_sent(this.#client)];
                await this.#journal.commit(records);
                if (this.#closed) return;
                this.#tick();
                this.#core.calls.durable(this.#client, ...mark);
            }
        }
        this.#poll();
        for (let size; (size = this.#core.calls.poll_transmit(this.#client)) !== 0; ) this.#link?.send(this.#core.take(size));
        this.#sleep();
    }
    #poll() {
        for (let size; (size = this.#core.calls.poll_event(this.#client)) !== 0; ) {
            const event = this.#event(this.#core.take(size));
            const row = this.#eventRow(event);
            if (row) this.#journal?.put(row);
            this.events.push(event);
        }
        for (let size; (size = this.#core.calls.poll_message(this.#client)) !== 0; ) this.messages.push(this.#message(this.#core.take(size)));
    }
    #sleep() {
        clearTimeout(this.#timer);
        const next = this.#core.calls.next_deadline(this.#client);
        if (next === NEVER && !this.#link) return;
        const wait = next === NEVER ? TIMER_MAX : Number(next) / 1e6 - this.#clock();
        this.#timer = setTimeout(() => this.#soon(), Math.min(TIMER_MAX, Math.max(0, Math.ceil(wait))));
    }
    #fail(error) {
        this.#failed = error;
        this.#link?.close();
        this.events.close();
        this.messages.close();
    }

    #event(bytes) {
        const view = new DataView(bytes.buffer);
        return {
            ticket: view.getBigUint64(0, true),
            epoch: view.getBigUint64(8, true),
            seq: view.getBigUint64(16, true),
            status: STATUS[bytes[24]],
            reason: REASONS[bytes[25]],
            to: new TextDecoder().decode(bytes.subarray(26)),
        };
    }
    #message(bytes) {
        const view = new DataView(bytes.buffer);
        const from = bytes.subarray(21, 21 + bytes[20]);
        return {
            epoch: view.getBigUint64(0, true),
            seq: view.getBigUint64(8, true),
            place: view.getUint32(16, true),
            from: new TextDecoder().decode(from),
            payload: bytes.slice(21 + bytes[20]),
            get text() {
                return new TextDecoder().decode(this.payload);
            },
        };
    }
}

export { IndexedJournal, WebSocketLink };
