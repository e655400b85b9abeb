// SPDX-License-Identifier: BSL-1.0
// A relay and bob, of C++, behind a WebSocket that loses messages: the bridge of tests/interop in real time.
import { Bridge } from '../interop/bridge.mjs';
import { fromHex, toHex } from '../interop/codec.mjs';
import { randomOf } from '../interop/world.mjs';
import { serve } from './websocket_server.mjs';

export class RelayServer {
    bobGot = [];
    bobHeard = new Map();
    #bridge;
    #random = randomOf(1);
    #loss;
    #socket = null;
    #server;
    #timer;
    #last = 0;
    #closed = false;

    static async open(folder, program, loss) {
        const it = new RelayServer();
        it.#loss = loss;
        it.#bridge = new Bridge(program, 1);
        it.#server = await serve(folder, (socket) => it.#connected(socket));
        await it.#tell('up', 'bob');
        return it;
    }
    get origin() {
        return `127.0.0.1:${this.#server.address().port}`;
    }
    send(text) {
        this.bobHeard.set(text, []);
        return this.#tell('send', toHex(Buffer.from(text)), text);
    }
    /** It dies with all its links, and another one is there. */
    async kill() {
        this.#socket?.close();
        await this.#tell('replace');
        await this.#tell('down', 'bob');
        await this.#tell('up', 'bob');
    }
    close() {
        this.#closed = true;
        clearTimeout(this.#timer);
        this.#socket?.close();
        this.#bridge.end();
        this.#server.closeAllConnections();
        this.#server.close();
    }

    #connected(socket) {
        socket.onmessage = (data) => {
            if (typeof data === 'string') {
                this.#socket = socket;
                this.#tell('up', 'alice').then(() => socket.send(data.replace('login', 'welcome')));
            } else if (this.#socket === socket && !this.#isLost()) {
                this.#tell('relay', 'alice', toHex(data));
            }
        };
        socket.onclose = () => {
            if (this.#socket === socket) {
                this.#socket = null;
                this.#tell('down', 'alice');
            }
        };
    }
    #isLost() {
        return this.#random(100) < this.#loss;
    }

    async #tell(...words) {
        if (this.#closed) return;
        this.#last = Math.max(this.#last, Math.floor(performance.now()));
        const { answers, next } = await this.#bridge.ask(this.#last, ...words);
        for (const [word, first, second] of answers) {
            if (word === 'from') this.#tell('relay', 'bob', first);
            else if (word === 'to' && first === 'bob') this.#tell('bob', second);
            else if (word === 'to' && !this.#isLost()) this.#socket?.send(fromHex(second));
            else if (word === 'message') this.bobGot.push(Buffer.from(first, 'hex').toString());
            else if (word === 'event') this.bobHeard.get(first).push(second);
        }
        clearTimeout(this.#timer);
        if (next < Infinity && !this.#closed) this.#timer = setTimeout(() => this.#tell('wait'), Math.max(1, next - performance.now()));
    }
}
