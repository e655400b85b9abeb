// SPDX-License-Identifier: BSL-1.0
// A module of WebAssembly whose only ties to the world are the bytes of its exchange. It asks for nothing but memory.

const bytesOf = (base64) => Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));

/** Text and bytes as bytes. */
export const toBytes = (what) => (typeof what === 'string' ? new TextEncoder().encode(what) : what);

/** An instance of the module, given gzipped and as base64: it is in one file with the page. */
export async function instantiate(base64) {
    const packed = new Blob([bytesOf(base64)]).stream().pipeThrough(new DecompressionStream('gzip'));
    const module = await WebAssembly.compile(await new Response(packed).arrayBuffer());
    const fail = (code) => {
        throw new Error(`the core has ended, ${code}: out of memory, or a bug`);
    };
    const { exports } = await WebAssembly.instantiate(module, {
        env: { emscripten_notify_memory_growth() {} },
        wasi_snapshot_preview1: { proc_exit: fail },
    });
    exports._initialize?.();
    return new Exchange(exports);
}

/** Calls into an instance, and the bytes that go with them. */
export class Exchange {
    constructor(exports) {
        this.calls = exports;
    }
    /** Puts these behind each other where the next call looks for them. */
    put(...parts) {
        const size = parts.reduce((sum, part) => sum + part.length, 0);
        let at = this.calls.reserve(size) >>> 0;
        for (const part of parts) {
            new Uint8Array(this.calls.memory.buffer, at, part.length).set(part);
            at += part.length;
        }
    }
    /** A copy of what the last call has left there. */
    take(size) {
        return new Uint8Array(this.calls.memory.buffer, this.calls.reserve(0) >>> 0, size >>> 0).slice();
    }
    text(size) {
        return new TextDecoder().decode(this.take(size));
    }
}
