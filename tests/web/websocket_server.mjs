// SPDX-License-Identifier: BSL-1.0
// As much of WebSocket (RFC 6455) as a test needs: text and binary messages in one piece, and the end.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';

const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;

class Socket {
    onmessage = () => {};
    onclose = () => {};
    #socket;
    #buffer = Buffer.alloc(0);

    constructor(socket, head) {
        this.#socket = socket;
        socket.on('data', (data) => this.#take(data));
        socket.on('close', () => this.onclose());
        socket.on('error', () => {});
        if (head.length > 0) this.#take(head);
    }
    send(data) {
        this.#frame(typeof data === 'string' ? TEXT : BINARY, Buffer.from(data));
    }
    close() {
        this.#socket.destroy();
    }

    #frame(kind, payload) {
        const long = payload.length > 125;
        const head = Buffer.alloc(long ? 4 : 2);
        head[0] = 0x80 | kind;
        head[1] = long ? 126 : payload.length;
        if (long) head.writeUInt16BE(payload.length, 2);
        this.#socket.write(Buffer.concat([head, payload]));
    }
    #take(data) {
        this.#buffer = Buffer.concat([this.#buffer, data]);
        for (;;) {
            const long = (this.#buffer[1] & 0x7f) === 126;
            const start = (long ? 4 : 2) + 4; // what browsers send is masked
            if (this.#buffer.length < start) return;
            const size = long ? this.#buffer.readUInt16BE(2) : this.#buffer[1] & 0x7f;
            if (this.#buffer.length < start + size) return;
            const mask = this.#buffer.subarray(start - 4, start);
            const payload = Buffer.from(this.#buffer.subarray(start, start + size)).map((byte, i) => byte ^ mask[i & 3]);
            const kind = this.#buffer[0] & 15;
            this.#buffer = this.#buffer.subarray(start + size);
            if (kind === CLOSE) this.#socket.end();
            else if (kind === PING) this.#frame(PING + 1, payload);
            else this.onmessage(kind === TEXT ? payload.toString() : new Uint8Array(payload));
        }
    }
}

/** Serves the files of a folder, and calls `connected` with each new socket. */
export function serve(folder, connected) {
    const server = createServer((request, response) => {
        try {
            const name = new URL(request.url, 'http://x').pathname.slice(1);
            response.setHeader('content-type', name.endsWith('.html') ? 'text/html' : 'text/javascript');
            response.end(readFileSync(new URL(name, folder)));
        } catch {
            response.statusCode = 404;
            response.end();
        }
    });
    server.on('upgrade', (request, socket, head) => {
        const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + MAGIC).digest('base64');
        socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
        connected(new Socket(socket, head));
    });
    return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}
