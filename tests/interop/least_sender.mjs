// SPDX-License-Identifier: BSL-1.0
// The sender of the least client (spec 3.1 to 3.15), without estimates, loss detection, pacing and a journal: what is on its
// way has a timer, and nothing else sends it again. Times are milliseconds.
import { SEQ_END, endOf, stateOf, toHex } from './codec.mjs';

const WINDOW = 64;
const RUN_MAX = 64;
const RUN_BYTES_MAX = 1024;
const WAIT = 500;
const WAIT_MAX = 30_000;
const PROBE_MAX = 60_000;
const REST = 60_000;
const REST_MAX = 3_600_000;
const REMEMBERED = 1024; // sendings of a stream
const SEQ_BITS_OF_START = 20n;
const START_MAX = (1n << 44n) - 1n;

const REFUSED = [, 'unknown_peer', 'not_allowed', 'over_quota', 'too_large'];
const isTombstone = (message) => ['cancelling', 'expiring', 'refusing'].includes(message.state);
const backoff = (first, doublings, cap) => Math.min(first * 2 ** Math.min(doublings, 30), cap);

export class LeastSender {
    events = []; // {ticket, what, reason}
    #streams = new Map(); // by name
    #byTicket = new Map();
    #start;
    #left = 0n; // the largest start number that was ever left
    #random;
    #ticket = 0;
    #up = false;
    #h = 0; // time-outs of the relay on this link

    constructor(start, random) {
        this.#start = start;
        this.#random = random;
    }

    send(to, payload, now, { store = true, expiresAfter = Infinity } = {}) {
        const stream = this.#streamOf(to);
        if (payload.length > stream.payloadMax) return null;
        const message = { ticket: ++this.#ticket, payload, store, deadline: now + expiresAfter };
        this.#byTicket.set(message.ticket, { stream, message });
        this.#append(stream, message);
        return message.ticket;
    }

    cancel(ticket) {
        const found = this.#byTicket.get(ticket);
        if (found && !isTombstone(found.message)) this.#takeBack(found.message, 'cancelling');
    }

    /** (spec 3.14) */
    forget(to) {
        const stream = this.#streams.get(toHex(to));
        if (stream) this.#giveUp(stream, null);
    }

    linkUp() {
        this.#up = true;
        this.#h = 0;
        for (const stream of this.#streams.values()) {
            Object.assign(stream, { met: false, floor: null, waiting: false, w: 0, p: 0, n: 0, run: null });
            for (const message of stream.messages.values()) {
                if (message.sent && message.state !== 'stored' && !message.buried) message.transit = 'due';
            }
            stream.probeDue = this.#unfinished(stream).length > 0;
        }
    }

    linkDown() {
        this.#up = false;
    }

    // What is said of a stream --------------------------------------------------------------------------------------

    handle(frame, now) {
        const stream = this.#streams.get(toHex(frame.kind === 'msg:A' ? frame.to : frame.from));
        if (!stream || (frame.epoch !== undefined && frame.epoch !== stream.epoch)) return; // unknown_stream
        const sending = stream.sendings.get(frame.number);
        if (frame.kind === 'msg:A') this.#answered(stream, frame, sending);
        else if ((frame.flags & 7) === 0) this.#state(stream, frame, now);
        else if ((frame.flags & 7) === 1) this.#waiting(stream, now);
        else if ((frame.flags & 7) === 2) this.#begin(stream, frame.current, now);
        else if ((frame.flags & 7) === 3) this.#stored(stream, frame, sending);
        else this.#ended(stream, frame, sending);
    }

    #answered(stream, frame, sending) {
        if (!sending) return;
        this.#h = 0;
        if (stream.run === sending) sending.taken = true;
        const messages = sending.messages.filter((message) => stream.messages.get(message.seq) === message);
        if (frame.flags === 0) {
            for (const message of messages) {
                if (message.state === 'sent') this.#become(message, 'relayed');
            }
        } else if (frame.flags === 1) {
            for (const message of messages) {
                if (!message.store && !isTombstone(message)) this.#takeBack(message, 'expiring');
            }
            this.#away(stream);
        } else if (frame.reason < 4) {
            this.#giveUp(stream, REFUSED[frame.reason]);
        } else {
            stream.payloadMax = Math.min(stream.payloadMax, frame.payloadMax);
            for (const message of messages) {
                if (!isTombstone(message) && message.payload?.length > frame.payloadMax) this.#takeBack(message, 'refusing');
                else if (message.transit === 'out') message.transit = 'due';
            }
        }
    }

    #stored(stream, frame, sending) {
        if (sending) this.#h = 0;
        for (let seq = frame.first; seq < frame.first + BigInt(frame.count); ++seq) {
            const message = stream.messages.get(seq);
            if (!message?.sent) continue;
            if (isTombstone(message)) {
                if (message.transit !== 'due' && message.number === frame.number) message.buried = true;
            } else if (message.state !== 'stored') {
                message.payload = null;
                this.#become(message, 'stored');
            }
        }
        if (sending && !sending.keep) this.#away(stream);
    }

    #ended(stream, frame, sending) {
        if (sending) this.#h = 0;
        if (frame.state && endOf(frame.state) <= stream.sentEnd) this.#settle(stream, frame.state);
        if (frame.flags & 0x10) { // given up (spec 3.11)
            for (const message of [...stream.messages.values()]) {
                const resting = message.state === 'stored' || message.buried;
                if (message.seq >= frame.low || !resting) break;
                this.#end(stream, message, 'ended');
            }
        }
        if (frame.flags & 8 && sending) this.#away(stream);
    }

    #waiting(stream, now) {
        stream.waiting = true;
        if (now >= stream.probeAt + WAIT) stream.probeDue = true;
    }

    #state(stream, frame, now) {
        const { state } = frame;
        if (endOf(state) > stream.sentEnd) return this.#begin(stream, stream.epoch, now); // never_sent (spec 3.12)
        if (stream.floor !== null && state.floor > stream.floor) stream.n = 0;
        if (endOf(state) > stream.best) Object.assign(stream, { p: 0, best: endOf(state) });
        if (frame.echo) this.#h = 0;
        Object.assign(stream, { met: true, floor: state.floor, waiting: false, wordAt: now, w: 0 });
        if (state.limits) {
            stream.room = BigInt(state.limits.room);
            stream.exceptions = state.limits.exceptions;
        }
        if (this.#settle(stream, state)) Object.assign(stream, { p: 0, m: 0 });
        const answersProbe = frame.echo && stream.sendings.get(frame.echo.number)?.probe;
        for (const message of stream.messages.values()) {
            const said = stateOf(state, message.seq);
            if (said === 'held' && !isTombstone(message) && message.transit === 'out') message.transit = 'there';
            if (said === 'open' && message.transit === 'there') message.transit = 'out'; // turned away: by the timer
            if (said === 'open' && message.buried && answersProbe && message.seq < state.floor + stream.room) {
                Object.assign(message, { buried: false, transit: 'due' }); // (spec 3.7)
            }
        }
    }

    /** (spec 3.8) Whether anything has ended. */
    #settle(stream, state) {
        let any = false;
        for (const message of [...stream.messages.values()]) {
            const end = {
                accepted: 'delivered',
                rejected: 'rejected',
                forgotten: 'ended',
                tombstoned: { cancelling: 'cancelled', refusing: 'refused' }[message.state] ?? 'expired',
            }[stateOf(state, message.seq)];
            if (end) {
                this.#end(stream, message, end, end === 'refused' ? 'too_large' : undefined);
                any = true;
            }
        }
        return any;
    }

    #away(stream) {
        stream.met = false;
        for (const message of stream.messages.values()) {
            if (message.transit === 'there') message.transit = 'due';
        }
    }

    // Messages ------------------------------------------------------------------------------------------------------

    #become(message, state) {
        message.state = state;
        this.events.push({ ticket: message.ticket, what: state });
    }

    #takeBack(message, state) { // (spec 3.13)
        Object.assign(message, { state, payload: null, transit: 'due', deadline: Infinity });
        if (state !== 'cancelling') this.events.push({ ticket: message.ticket, what: 'expiring' });
    }

    #end(stream, message, what, reason) {
        stream.messages.delete(message.seq);
        this.#byTicket.delete(message.ticket);
        this.events.push({ ticket: message.ticket, what, reason });
    }

    #giveUp(stream, reason) {
        const end = reason ? 'refused' : 'ended';
        for (const message of [...stream.messages.values()]) {
            if (message.state === 'stored') this.#end(stream, message, 'ended');
            else if (message.sent || message.everSent) this.#end(stream, message, end, reason);
            else if (isTombstone(message)) this.#end(stream, message, message.state === 'cancelling' ? 'cancelled' : 'expired');
            else this.#end(stream, message, reason ? 'refused' : 'cancelled', reason);
        }
        const start = stream.epoch >> SEQ_BITS_OF_START;
        if (start > this.#left) this.#left = start;
        this.#streams.delete(toHex(stream.to));
    }

    // Streams and epochs --------------------------------------------------------------------------------------------

    #streamOf(to) {
        const name = toHex(to);
        if (!this.#streams.has(name)) {
            this.#streams.set(name, {
                to, number: this.#random(2 ** 16), payloadMax: Infinity, m: 0, begunAt: -Infinity, ...this.#fresh(this.#mint(0n)),
            });
        }
        return this.#streams.get(name);
    }

    #fresh(epoch) {
        return {
            epoch, next: 0n, sentEnd: 0n, messages: new Map(), sendings: new Map(), run: null, sentAt: -Infinity, best: 0n,
            met: false, floor: null, room: 64n, exceptions: 64, waiting: false, wordAt: -Infinity,
            w: 0, p: 0, n: 0, probeDue: true, probeAt: -Infinity,
        };
    }

    /** (spec 3.1) An epoch above all that were left and above another one, or 0 if there is none. */
    #mint(above) {
        const above_start = above >> SEQ_BITS_OF_START;
        let start = this.#start;
        if (start <= this.#left && this.#left > 0n) start = this.#left + 1n;
        if (above > 0n && start <= above_start) start = above_start + 1n;
        return start > START_MAX ? 0n : (start << SEQ_BITS_OF_START) | BigInt(this.#random(2 ** 20));
    }

    /** (spec 3.12) */
    #begin(stream, told, now) {
        if (now < stream.begunAt + backoff(WAIT, stream.m, PROBE_MAX)) return; // too_soon
        const epoch = this.#mint(told > stream.epoch ? told : stream.epoch);
        if (epoch === 0n) return;
        const start = stream.epoch >> SEQ_BITS_OF_START;
        if (start > this.#left) this.#left = start;
        const messages = [...stream.messages.values()];
        for (const message of messages) {
            if (isTombstone(message) || message.state === 'stored') this.#end(stream, message, 'ended');
        }
        Object.assign(stream, { begunAt: now, m: stream.m + 1, ...this.#fresh(epoch) });
        for (const message of messages) {
            if (this.#byTicket.has(message.ticket)) this.#append(stream, { ...message, everSent: message.sent || message.everSent });
        }
    }

    #append(stream, message) {
        Object.assign(message, { seq: stream.next++, state: 'queued', transit: 'due', sent: false, buried: false, number: null });
        stream.messages.set(message.seq, message);
        this.#byTicket.set(message.ticket, { stream, message });
    }

    #unfinished(stream) {
        return [...stream.messages.values()].filter((message) => message.state !== 'stored' && !message.buried);
    }

    #base(stream) {
        for (const message of stream.messages.values()) {
            if (message.state !== 'stored') return message.seq;
        }
        return stream.next;
    }

    #limit(stream) { // (spec 3.9)
        const taken_back = [...stream.messages.values()].some(isTombstone);
        const limit = this.#base(stream) + BigInt(taken_back ? Math.min(WINDOW, stream.exceptions) : WINDOW);
        const told = stream.floor === null ? limit : stream.floor + stream.room;
        return this.#isMet(stream) && told < limit ? told : limit;
    }

    #isMet(stream) {
        return stream.met && stream.w < 2;
    }

    #isShut(stream) {
        return stream.sentEnd < stream.next && stream.sentEnd >= this.#limit(stream);
    }

    // Time (spec 3.6, 3.10) -----------------------------------------------------------------------------------------

    deadline() {
        let at = Infinity;
        for (const stream of this.#streams.values()) {
            for (const message of stream.messages.values()) at = Math.min(at, message.deadline);
            if (this.#up) at = Math.min(at, this.#timer(stream).at, this.#probeTime(stream));
        }
        return at;
    }

    #timer(stream) {
        const unfinished = this.#unfinished(stream);
        const out = unfinished.filter((message) => message.sent && message.transit === 'out');
        if (out.length > 0) {
            const tries = stream.run?.taken ? stream.w : this.#h;
            return { at: stream.sentAt + backoff(WAIT, tries, WAIT_MAX), out };
        }
        if (unfinished.some((message) => message.transit === 'due' && message.sent)) return { at: Infinity, out };
        if (unfinished.some((message) => message.sent) || this.#isShut(stream)) {
            return { at: stream.sentAt + backoff(WAIT, stream.p, PROBE_MAX), out };
        }
        return { at: Infinity, out };
    }

    #probeTime(stream) {
        if (stream.waiting || (stream.floor !== null && stream.floor < this.#base(stream))) {
            return Math.max(stream.probeAt, stream.wordAt) + backoff(WAIT, stream.n, PROBE_MAX);
        }
        const resting = [...stream.messages.values()].some((message) => message.state === 'stored' || message.buried);
        return resting ? stream.probeAt + backoff(REST, stream.n, REST_MAX) : Infinity;
    }

    #tick(stream, now) {
        for (const message of stream.messages.values()) {
            if (now >= message.deadline) this.#takeBack(message, 'expiring');
        }
        if (!this.#up) return;
        const timer = this.#timer(stream);
        if (now >= timer.at) {
            if (timer.out.length > 0) {
                if (stream.run?.taken) ++stream.w;
                else ++this.#h;
                this.#lowest(timer.out);
            } else {
                ++stream.p;
                ++stream.w;
                stream.probeDue = true;
                if (stream.w > 2) this.#lowest(this.#unfinished(stream).filter((message) => message.sent));
            }
            if (!this.#isMet(stream)) stream.probeDue = true;
        }
        if (now >= this.#probeTime(stream)) {
            stream.probeDue = true;
            ++stream.n;
        }
    }

    /** The first of them, and what follows without a gap, goes out again as one run. */
    #lowest(messages) {
        for (let i = 0; i < messages.length && messages[i].seq === messages[0].seq + BigInt(i); ++i) messages[i].transit = 'due';
    }

    // Frames --------------------------------------------------------------------------------------------------------

    transmit(now) {
        const frames = [];
        for (const stream of this.#streams.values()) {
            this.#tick(stream, now);
            if (!this.#up) continue;
            const limit = this.#limit(stream);
            const due = [...stream.messages.values()].filter(
                (message) => message.transit === 'due' && message.state !== 'stored' && !message.buried && (message.sent || message.seq < limit),
            );
            if (stream.probeDue && (due.length > 0 || stream.messages.size > 0)) frames.push(this.#probe(stream, now));
            while (due.length > 0) frames.push(this.#run(stream, due, now));
        }
        return frames;
    }

    #sending(stream, now, sending) {
        const number = stream.number;
        stream.number = (number + 1) % 2 ** 16;
        stream.sendings.set(number, sending);
        if (stream.sendings.size > REMEMBERED) stream.sendings.delete(stream.sendings.keys().next().value);
        stream.sentAt = now;
        return number;
    }

    #probe(stream, now) {
        stream.probeDue = false;
        stream.probeAt = now;
        const number = this.#sending(stream, now, { probe: true, messages: [] });
        return { kind: 'msg:R', flags: 2, to: stream.to, epoch: stream.epoch, number, base: this.#base(stream) };
    }

    /** Takes from the front of `due` what fits into one run. */
    #run(stream, due, now) {
        const first = due[0];
        const run = [];
        let bytes = 0;
        const timed = (message) => message.deadline !== Infinity;
        const storable = (message) => message.store || isTombstone(message);
        while (due.length > 0 && run.length < RUN_MAX) {
            const next = due[0];
            bytes += (next.payload?.length ?? 0) + 3;
            if (run.length > 0) {
                const follows = next.seq === first.seq + BigInt(run.length) && storable(next) === storable(first);
                if (!follows || timed(next) || timed(first) || bytes > RUN_BYTES_MAX) break;
            }
            run.push(due.shift());
        }
        const keep = storable(first) && stream.w >= 2;
        const number = this.#sending(stream, now, { messages: run, keep, taken: false });
        stream.run = stream.sendings.get(number);
        const left = Math.ceil(first.deadline - now);
        for (const message of run) {
            Object.assign(message, { transit: 'out', sent: true, number });
            if (message.state === 'queued') message.state = 'sent';
            if (message.seq >= stream.sentEnd) stream.sentEnd = message.seq + 1n;
        }
        const single = run.length === 1 && !isTombstone(first);
        return {
            kind: 'msg:R',
            flags: (single ? 0 : 1) | (storable(first) ? 0 : 4) | (keep ? 8 : 0) | (storable(first) && timed(first) ? 16 : 0),
            to: stream.to,
            epoch: stream.epoch,
            number,
            first: first.seq,
            lag: first.seq - this.#base(stream),
            left: BigInt(timed(first) ? left : 0),
            ...(single ? { payload: first.payload } : { entries: run.map((message) => (isTombstone(message) ? null : message.payload)) }),
        };
    }
}
