// SPDX-License-Identifier: BSL-1.0
// The least client of sixfold, written from the specification alone, to copy into another language. It does what
// include/sixfold/README.md calls *the least client*, and runs of many entries. Times are milliseconds of any clock that does not run
// back; `random(n)` is a whole number below n; `start` is a BigInt that grows from life to life, as milliseconds since 1970 do.
import { decodePacket, encode } from './codec.mjs';
import { LeastReceiver } from './least_receiver.mjs';
import { LeastSender } from './least_sender.mjs';

export class LeastClient {
    #name;
    #checked;
    #packetMax;
    #sender;
    #receiver;

    constructor({ self, start, random, checked = true, packetMax = 1200, payloadMax = 1024 }) {
        this.#name = self;
        this.#checked = checked;
        this.#packetMax = packetMax;
        this.#sender = new LeastSender(start, random);
        this.#receiver = new LeastReceiver(random, payloadMax);
    }

    send(to, payload, now, options) {
        return this.#sender.send(to, payload, now, options);
    }
    cancel(ticket) {
        this.#sender.cancel(ticket);
    }
    forget(to) {
        this.#sender.forget(to);
    }
    accept(message) {
        this.#receiver.accept(message);
    }
    reject(message) {
        this.#receiver.reject(message);
    }
    linkUp(now) {
        this.#sender.linkUp();
        this.#receiver.linkUp(now);
    }
    linkDown() {
        this.#sender.linkDown();
        this.#receiver.linkDown();
    }

    handle(packet, now) {
        for (const frame of decodePacket(packet, this.#checked ? this.#name : null)) {
            if (['msg:A', 'ack:N'].includes(frame.kind)) this.#sender.handle(frame, now);
            else if (['msg:N', 'ack:A', 'sync:A'].includes(frame.kind)) this.#receiver.handle(frame, now);
        }
    }

    pollMessages() {
        return this.#receiver.poll();
    }
    pollEvents() {
        return this.#sender.events.splice(0);
    }

    /** The packets that are to leave now. */
    transmit(now) {
        const packets = [];
        let packet = [];
        for (const frame of [...this.#sender.transmit(now), ...this.#receiver.transmit(now)]) {
            const bytes = encode(frame, this.#checked ? this.#name : null);
            if (packet.length > 0 && packet.length + bytes.length > this.#packetMax) {
                packets.push(Uint8Array.from(packet));
                packet = [];
            }
            packet.push(...bytes);
        }
        if (packet.length > 0) packets.push(Uint8Array.from(packet));
        return packets;
    }

    /** When transmit has something to say next, if nothing comes before. */
    deadline() {
        return Math.min(this.#sender.deadline(), this.#receiver.deadline());
    }
}
