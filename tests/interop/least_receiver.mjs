// SPDX-License-Identifier: BSL-1.0
// The receiver of the least client (spec 3.16 to 3.27): a window of 64, in order, without limits, echoes, marks and a journal.
// Times are milliseconds.
import { compareKeys, toHex } from './codec.mjs';

const WINDOW = 64n;
const EXCEPTIONS_MAX = 64;
const PEERS_MAX = 1024;
const WAIT = 500;
const WAIT_MAX = 30_000;
const REST = 30_000;
const REST_MAX = 3_600_000;
const PAGE = { rows: 64, bytes: 64 * 1024 };

const backoff = (first, doublings, cap) => Math.min(first * 2 ** Math.min(doublings, 30), cap);

export class LeastReceiver {
    #streams = new Map(); // by name
    #words = []; // `waiting` and `past`, to be said once
    #serial;
    #payloadMax;
    #up = false;
    #sync = { request: null, roundAt: 0, rest: 0, tries: 0, from: null, fresh: false, again: false };

    constructor(random, payloadMax) {
        this.#serial = random(2 ** 16);
        this.#payloadMax = payloadMax;
    }

    linkUp(now) {
        this.#up = true;
        for (const stream of this.#streams.values()) {
            if (stream.owed) Object.assign(stream.owed, { at: -Infinity, tries: 0 });
        }
        Object.assign(this.#sync, { request: null, roundAt: now, rest: 0, tries: 0, from: null, fresh: false, again: false });
    }

    linkDown() {
        this.#up = false;
    }

    // The app's side ------------------------------------------------------------------------------------------------

    /** The next message in order of each sender; what is handed out waits for accept or reject. */
    poll() {
        const messages = [];
        for (const stream of this.#streams.values()) {
            for (let seq = stream.floor; ; ++seq) {
                if (stream.ended.has(seq) || stream.handed.has(seq)) continue;
                const payload = stream.held.get(seq);
                if (payload === undefined) break;
                stream.handed.add(seq);
                messages.push({ from: stream.from, epoch: stream.epoch, seq, payload });
            }
        }
        return messages;
    }

    accept(message) {
        this.#settled(message, null);
    }

    reject(message) {
        this.#settled(message, { rejected: true });
    }

    #settled(message, exception) {
        const stream = this.#streams.get(toHex(message.from));
        if (stream?.epoch !== message.epoch || !stream.handed.has(message.seq)) return;
        this.#end(stream, message.seq, exception);
        this.#owe(stream);
        if (this.#sync.again && !this.#sync.request) this.#sync.roundAt = 0;
    }

    // Frames --------------------------------------------------------------------------------------------------------

    handle(frame, now) {
        if (frame.kind === 'ack:A') this.#answered(frame.serial);
        else if (frame.kind === 'sync:A') this.#pageEnds(frame, now);
        else this.#message(frame, now);
    }

    #message(frame, now) {
        const stream = this.#streamOf(frame.from);
        if (!stream) return; // peers_full
        const probe = (frame.flags & 2) !== 0;
        const drained = (frame.flags & 4) !== 0;
        if (drained) this.#row(frame);
        if (probe) this.#roundBy(now + REST);
        if (frame.epoch < stream.epoch) {
            stream.proven = true;
            this.#words.push({ flags: 2, to: frame.from, epoch: frame.epoch, current: stream.epoch });
            return;
        }
        if (frame.epoch > stream.epoch && !this.#enters(stream, frame, probe || drained, drained)) return;
        if (frame.low !== undefined) this.#raise(stream, frame.low);
        let seq = frame.first;
        for (const entry of frame.entries ?? (probe ? [] : [frame.payload])) this.#take(stream, seq++, entry);
        if (!probe && stream.held.size > 0 && !stream.held.has(stream.floor)) this.#roundBy(now + REST);
        this.#owe(stream);
    }

    /** (spec 3.22, 3.23) Whether B is in the larger epoch of the frame now. */
    #enters(stream, frame, looked, drained) {
        if (looked && frame.flags & 8) {
            if (stream.waited) this.#sync.again = true;
            Object.assign(stream, { epoch: frame.epoch, floor: 0n, horizon: 0n, waited: false });
            for (const part of ['ended', 'exceptions', 'held', 'handed']) stream[part].clear();
            return true;
        }
        if (looked && frame.smallerEpoch === stream.epoch && stream.epoch > 0n) {
            if (stream.ended.has(frame.smallerSeq) || frame.smallerSeq < stream.floor) this.#owe(stream);
            const lowest = [...stream.held.keys()].reduce((a, b) => (b < a ? b : a), frame.smallerSeq);
            this.#raise(stream, lowest);
            this.#sync.again = true;
        }
        stream.waited = true;
        if (!drained) this.#words.push({ flags: 1, to: frame.from, epoch: frame.epoch, number: frame.number });
        return false;
    }

    #take(stream, seq, entry) {
        if (seq < stream.floor || stream.ended.has(seq) || stream.handed.has(seq)) return;
        if (seq >= stream.floor + WINDOW) {
            this.#sync.again = true; // turned away
        } else if (entry === null) {
            this.#end(stream, seq, { rejected: false });
            this.#sync.fresh = true;
        } else if (entry.length > this.#payloadMax) {
            this.#end(stream, seq, { rejected: true });
            this.#sync.fresh = true;
        } else if (!stream.held.has(seq)) {
            stream.held.set(seq, entry.slice());
            this.#sync.fresh = true;
        }
    }

    // The dedup window (spec 3.16, 3.19, 3.20) ----------------------------------------------------------------------

    #streamOf(from) {
        const name = toHex(from);
        if (!this.#streams.has(name)) {
            if (this.#streams.size >= PEERS_MAX) {
                const idle = [...this.#streams].find(([, stream]) => !stream.proven && stream.handed.size === 0);
                if (!idle) return null;
                this.#streams.delete(idle[0]);
            }
            this.#streams.set(name, {
                from: from.slice(), epoch: 0n, floor: 0n, horizon: 0n, ended: new Set(), exceptions: new Map(), held: new Map(),
                handed: new Set(), owed: null, proven: false, waited: false,
            });
        }
        return this.#streams.get(name);
    }

    #end(stream, seq, exception) {
        stream.proven = true;
        stream.held.delete(seq);
        stream.handed.delete(seq);
        stream.ended.add(seq);
        if (exception) stream.exceptions.set(seq, exception);
        if (stream.exceptions.size > EXCEPTIONS_MAX) {
            const lowest = [...stream.exceptions.keys()].reduce((a, b) => (b < a ? b : a));
            stream.exceptions.delete(lowest);
            if (lowest >= stream.horizon) stream.horizon = lowest + 1n;
        }
        this.#advance(stream);
    }

    #raise(stream, low) {
        if (low <= stream.floor) return;
        stream.proven = true;
        stream.floor = low;
        if (low > stream.horizon) stream.horizon = low;
        for (const part of ['ended', 'held', 'handed', 'exceptions']) {
            for (const seq of [...stream[part].keys()]) {
                if (seq < low) stream[part].delete(seq);
            }
        }
        this.#advance(stream);
    }

    #advance(stream) {
        while (stream.ended.delete(stream.floor)) ++stream.floor;
    }

    #stateOf(stream) {
        const bits = (seqs) => {
            const bytes = [];
            for (const seq of seqs) {
                const i = Number(seq - stream.floor);
                while (bytes.length <= i >> 3) bytes.push(0);
                bytes[i >> 3] |= 1 << (i & 7);
            }
            return Uint8Array.from(bytes);
        };
        const exceptions = [...stream.exceptions]
            .filter(([seq]) => seq >= stream.horizon)
            .map(([seq, { rejected }]) => ({ seq, rejected }))
            .sort((a, b) => (a.seq < b.seq ? -1 : 1));
        return {
            floor: stream.floor, limits: null, skip: 0, accepted: bits(stream.ended.keys()), held: bits(stream.held.keys()),
            horizon: stream.horizon, exceptions,
        };
    }

    // Acks (spec 3.25) ----------------------------------------------------------------------------------------------

    #owe(stream) {
        stream.owed = { serial: null, at: -Infinity, tries: 0 };
    }

    #answered(serial) {
        for (const stream of this.#streams.values()) {
            if (stream.owed?.serial === serial) stream.owed = null;
        }
    }

    #nextSerial() {
        const serial = this.#serial;
        this.#serial = (serial + 1) % 2 ** 16;
        return serial;
    }

    // The mailbox (spec 3.26, 3.27) ---------------------------------------------------------------------------------

    #roundBy(at) {
        this.#sync.roundAt = Math.min(this.#sync.roundAt, at);
    }

    #row(frame) {
        const { request } = this.#sync;
        if (request?.serial !== frame.serial) return;
        const count = frame.entries?.length ?? 1;
        request.rows.set(frame.index, { count, end: { peer: frame.from.slice(), epoch: frame.epoch, seq: frame.first + BigInt(count) } });
    }

    #pageEnds(frame, now) {
        const { request } = this.#sync;
        if (request?.serial !== frame.serial) return;
        Object.assign(request, { size: frame.rows, next: frame.key ? { ...frame.key, peer: frame.key.peer.slice() } : null });
        request.askAt = now + WAIT / 4;
    }

    /** How many rows have come without a gap, and the key behind them. */
    #cameOf(request) {
        let rows = 0;
        let from = request.from;
        for (let row; (row = request.rows.get(rows)); from = row.end) rows += row.count;
        return { rows, from };
    }

    #drain(now) {
        const sync = this.#sync;
        if (sync.request) {
            const { request } = sync;
            const { rows, from } = this.#cameOf(request);
            if (request.size !== null && rows >= request.size) {
                sync.request = null;
                sync.tries = 0;
                if (!request.next) return this.#roundOver(now);
                sync.from = request.next;
            } else if (now >= request.askAt) {
                sync.tries = request.rows.size > 0 || request.size !== null ? 0 : sync.tries + 1;
                sync.request = null;
                sync.from = from;
            } else {
                return null;
            }
        } else if (now >= sync.roundAt) {
            Object.assign(sync, { from: null, fresh: false, again: false, tries: 0 });
        } else {
            return null;
        }
        const serial = this.#nextSerial();
        sync.request = { serial, from: sync.from, rows: new Map(), size: null, next: null, askAt: now + backoff(WAIT, sync.tries, WAIT_MAX) };
        return { kind: 'sync:R', flags: sync.from ? 1 : 0, serial, ...PAGE, key: sync.from };
    }

    #roundOver(now) {
        const sync = this.#sync;
        const more = sync.again && sync.fresh; // what was turned away or passed by may have a place now
        sync.rest = sync.fresh ? 0 : sync.rest + 1;
        sync.roundAt = more ? now : now + backoff(REST, Math.max(0, sync.rest - 1), REST_MAX);
        return more ? this.#drain(now) : null;
    }

    deadline() {
        if (!this.#up) return Infinity;
        const { request } = this.#sync;
        let at = this.#sync.roundAt;
        if (request) at = request.size !== null && this.#cameOf(request).rows >= request.size ? -Infinity : request.askAt;
        if (this.#words.length > 0) at = -Infinity;
        for (const { owed } of this.#streams.values()) {
            if (owed) at = Math.min(at, owed.at + backoff(WAIT, owed.tries - 1, WAIT_MAX));
        }
        return at;
    }

    transmit(now) {
        if (!this.#up) return [];
        const frames = this.#words.map((word) => ({ kind: 'ack:R', serial: this.#nextSerial(), ...word }));
        this.#words = [];
        for (const stream of this.#streams.values()) {
            const { owed } = stream;
            if (!owed || now < owed.at + backoff(WAIT, owed.tries - 1, WAIT_MAX)) continue;
            Object.assign(owed, { serial: this.#nextSerial(), at: now, tries: owed.tries + 1 });
            frames.push({
                kind: 'ack:R', flags: 0, to: stream.from, epoch: stream.epoch, serial: owed.serial, state: this.#stateOf(stream),
            });
        }
        const request = this.#drain(now);
        if (request) frames.push(request);
        return frames;
    }
}
