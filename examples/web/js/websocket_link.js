// SPDX-License-Identifier: BSL-1.0
// A link over a WebSocket to examples/relay: a message of text logs in and is answered `welcome NAME`, and then each binary message is a packet.

const FIRST_WAIT = 500; // milliseconds; doubled up to
const WAIT_MAX = 30_000;
const QUEUE_MAX = 1 << 20; // bytes that wait in the socket; what does not fit is sent again later
const DEAD_AFTER = 30_000; // milliseconds without an answer: a relay answers everything that it is sent

export class WebSocketLink {
    #url;
    #token;
    #over;
    #client = null;
    #socket = null;
    #tries = 0;
    #timer = 0;
    #patience = 0;
    #deadAfter;
    #onChange;

    /** `token` is what the relay's login asks for; `onChange` is told 'connecting', 'up', 'down' or 'refused', and why. */
    constructor(url, token, { onChange = () => {}, byteStream = true, deadAfter = DEAD_AFTER } = {}) {
        this.#url = url;
        this.#token = token;
        this.#over = { byteStream };
        this.#deadAfter = deadAfter;
        this.#onChange = onChange;
    }

    open(client) {
        this.#client = client;
        this.#dial();
        globalThis.addEventListener?.('online', this.#now);
    }
    send(packet) {
        if (this.#socket?.readyState === 1 && this.#socket.bufferedAmount < QUEUE_MAX) {
            this.#socket.send(packet);
            this.#expectAnswer(this.#socket);
        }
    }
    /** For good. */
    close() {
        this.#client = null;
        clearTimeout(this.#timer);
        clearTimeout(this.#patience);
        globalThis.removeEventListener?.('online', this.#now);
        this.#socket?.close();
    }

    #now = () => {
        if (!this.#socket) {
            clearTimeout(this.#timer);
            this.#dial();
        }
    };
    #dial() {
        if (!this.#client) return;
        this.#onChange('connecting');
        const socket = new WebSocket(this.#url);
        this.#socket = socket;
        socket.binaryType = 'arraybuffer';
        socket.onopen = () => socket.send(`login ${this.#token}`);
        socket.onmessage = ({ data }) => this.#heard(socket, data);
        socket.onclose = () => this.#gone(socket);
        this.#expectAnswer(socket);
    }
    /** Nobody tells a browser that the other end of a socket is gone, and it cannot ask. */
    #expectAnswer(socket) {
        this.#patience ||= setTimeout(() => {
            socket.close();
            this.#gone(socket);
        }, this.#deadAfter);
    }
    #answered() {
        clearTimeout(this.#patience);
        this.#patience = 0;
    }
    #heard(socket, data) {
        if (socket !== this.#socket || !this.#client) return;
        this.#answered();
        if (typeof data !== 'string') {
            if (this.#client.handle(new Uint8Array(data))) socket.close();
        } else if (data.startsWith('welcome')) {
            this.#tries = 0;
            this.#client.linkUp(this.#over);
            this.#onChange('up');
        } else {
            this.#onChange('refused', data);
            socket.close();
        }
    }
    #gone(socket) {
        if (socket !== this.#socket) return;
        this.#socket = null;
        this.#answered();
        if (!this.#client) return;
        this.#client.linkDown();
        this.#onChange('down');
        const wait = Math.min(WAIT_MAX, FIRST_WAIT * 2 ** Math.min(this.#tries++, 10));
        this.#timer = setTimeout(() => this.#dial(), wait * (0.75 + Math.random() / 2)); // or all come back at once
    }
}
