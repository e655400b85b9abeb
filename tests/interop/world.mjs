// SPDX-License-Identifier: BSL-1.0
// Alice, the least client in JavaScript, and bob and the relay of the C++ library, in virtual time, on a network that loses, doubles
// and overtakes. The same seed is the same run.
import { Bridge } from './bridge.mjs';
import { fromHex, toHex } from './codec.mjs';
import { LeastClient } from './least_client.mjs';

const STEP = 5; // what arrives within as many milliseconds arrives at once

const text = (bytes) => new TextDecoder().decode(bytes);
const bytes = (string) => new TextEncoder().encode(string);

/** Whole numbers below n, of a small generator that is good enough for faults. */
export function randomOf(seed) {
    let state = seed >>> 0;
    return (n) => {
        state = (state + 0x6d2b79f5) >>> 0;
        let x = Math.imul(state ^ (state >>> 15), state | 1);
        x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
        return (((x ^ (x >>> 14)) >>> 0) / 2 ** 32) * n | 0;
    };
}

export class World {
    now = 0;
    frames = 0; // packets that were put into the network
    aliceGot = [];
    bobGot = [];
    aliceHeard = new Map(); // what she was told of each of her messages, by its text
    bobHeard = new Map();
    #bridge;
    #random;
    #faults;
    #alice;
    #tickets = new Map();
    #agenda = [];
    #order = 0;
    #bobNext = Infinity;
    #linked = { alice: 0, bob: 0 }; // the number of the present link, 0: none
    #links = 0;

    constructor(program, seed, faults) {
        this.#bridge = new Bridge(program, seed);
        this.#random = randomOf(seed);
        this.#faults = faults;
        this.#alice = new LeastClient({ self: bytes('alice'), start: 1n, random: randomOf(~seed) });
    }

    // What a test does ----------------------------------------------------------------------------------------------

    at(time, what) {
        this.#agenda.push({ time, order: ++this.#order, what });
    }
    async up(name) {
        this.#linked[name] = ++this.#links;
        await this.#tell('up', name);
        if (name === 'alice') this.#alice.linkUp(this.now);
    }
    async down(name) {
        this.#linked[name] = 0;
        await this.#tell('down', name);
        if (name === 'alice') this.#alice.linkDown();
    }
    async replaceRelay() {
        await this.#tell('replace');
        for (const name of ['alice', 'bob']) {
            await this.down(name);
            await this.up(name);
        }
    }
    aliceSends(what, options) {
        const ticket = this.#alice.send(bytes('bob'), bytes(what), this.now, options);
        this.#tickets.set(ticket, what);
        this.aliceHeard.set(what, []);
    }
    aliceCancels(what) {
        for (const [ticket, name] of this.#tickets) {
            if (name === what) this.#alice.cancel(ticket);
        }
    }
    async bobSends(what) {
        this.bobHeard.set(what, []);
        await this.#tell('send', toHex(bytes(what)), what);
    }
    async bobCancels(what) {
        await this.#tell('cancel', what);
    }
    end() {
        this.#bridge.end();
    }

    /** Until nothing is planned or under way and `over` says so; no longer than `patience`. */
    async run(over, patience) {
        for (;;) {
            await this.#turn();
            if (over() && this.#agenda.length === 0) return true;
            const next = Math.min(...this.#agenda.map((one) => one.time), this.#alice.deadline(), this.#bobNext);
            this.now = Math.max(this.now, Math.ceil(next));
            if (this.now > patience) return false;
            const due = this.#agenda.filter((one) => one.time <= this.now).sort((a, b) => a.time - b.time || a.order - b.order);
            this.#agenda = this.#agenda.filter((one) => one.time > this.now);
            await Promise.all(due.map((one) => one.what()));
            if (this.#bobNext <= this.now) await this.#tell('wait');
        }
    }

    // Packets -------------------------------------------------------------------------------------------------------

    async #turn() {
        for (const message of this.#alice.pollMessages()) {
            const what = text(message.payload);
            this.aliceGot.push(what);
            if (what.startsWith('!')) this.#alice.reject(message);
            else this.#alice.accept(message);
        }
        for (const packet of this.#alice.transmit(this.now)) this.#carry('alice', () => this.#tell('relay', 'alice', toHex(packet)));
        for (const event of this.#alice.pollEvents()) this.aliceHeard.get(this.#tickets.get(event.ticket)).push(event.what);
    }

    async #tell(...words) {
        const { answers, next } = await this.#bridge.ask(this.now, ...words);
        this.#bobNext = next;
        for (const [word, first, second] of answers) {
            if (word === 'from') this.#carry('bob', () => this.#tell('relay', 'bob', first));
            else if (word === 'to' && first === 'bob') this.#carry('bob', () => this.#tell('bob', second));
            else if (word === 'to') this.#carry('alice', () => this.#alice.handle(fromHex(second), this.now));
            else if (word === 'message') this.bobGot.push(text(fromHex(first)));
            else if (word === 'event') this.bobHeard.get(first).push(second);
        }
    }

    /** Over the hop of `name`: what arrives does so on the link on which it left. */
    #carry(name, arrive) {
        ++this.frames;
        const link = this.#linked[name];
        const happens = (percent) => this.#random(100) < percent;
        for (let copies = happens(this.#faults.duplicate) ? 2 : 1; copies > 0; --copies) {
            if (happens(this.#faults.loss)) continue;
            const late = happens(this.#faults.reorder) ? 20 + this.#random(80) : 0;
            const at = STEP * Math.ceil((this.now + 20 + this.#random(10) + late) / STEP);
            this.at(at, () => (this.#linked[name] === link && link ? arrive() : undefined));
        }
    }
}
