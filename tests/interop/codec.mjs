// SPDX-License-Identifier: BSL-1.0
// The eight frames of sixfold, wire version 2, from the specification alone (include/sixfold/README.md, sections 2 and 4).
// Epochs, seqs and bounds are BigInts, all other numbers are Numbers; names and payloads are Uint8Arrays.

export const SEQ_END = 1n << 62n; // a bound is at most this, a seq is below

/** Why bytes are no frame: one of the reasons of (spec 2.11). */
export class Refusal extends Error {
    constructor(reason) {
        super(`refused: ${reason}`);
        this.reason = reason;
    }
}

const demand = (condition, reason) => {
    if (!condition) throw new Refusal(reason);
};

// Bytes, in and out ------------------------------------------------------------------------------------------------

class Reader {
    constructor(bytes, at = 0, end = bytes.length) {
        Object.assign(this, { bytes, at, end });
    }
    get left() {
        return this.end - this.at;
    }
    byte() {
        demand(this.left > 0, 'truncated');
        return this.bytes[this.at++];
    }
    take(size) {
        demand(size <= this.left, 'truncated');
        return this.bytes.subarray(this.at, (this.at += size));
    }
    fixed(size) {
        return this.take(size).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
    }
    varint(width) { // (spec 2.3)
        let value = 0n;
        for (let shift = 0; ; shift += 7) {
            const byte = this.byte();
            const bits = byte & 0x7f;
            demand(shift < width && bits < 2 ** Math.max(0, width - shift), 'not_canonical');
            value |= BigInt(bits) << BigInt(shift);
            if (byte < 0x80) {
                demand(byte !== 0 || shift === 0, 'not_canonical');
                return value;
            }
        }
    }
}

class Writer {
    bytes = [];
    byte(value) {
        this.bytes.push(value);
    }
    put(bytes) {
        for (const byte of bytes) this.bytes.push(byte);
    }
    fixed(value, size) {
        for (let i = 0n; i < size; ++i) this.bytes.push(Number((value >> (8n * i)) & 0xffn));
    }
    varint(value) {
        for (value = BigInt(value); value >= 0x80n; value >>= 7n) this.bytes.push(Number(value & 0x7fn) | 0x80);
        this.bytes.push(Number(value));
    }
}

// Types of fields --------------------------------------------------------------------------------------------------

const varint = (width, check = () => {}) => ({
    read(reader, frame) {
        const value = reader.varint(width);
        check(value, frame);
        return width > 32 ? value : Number(value);
    },
    write: (writer, value) => writer.varint(value),
});
const fixed16 = { read: (reader) => Number(reader.fixed(2)), write: (writer, value) => writer.fixed(BigInt(value), 2) };
const number = fixed16;
const serial = fixed16;
const seq = varint(64, (value) => demand(value < SEQ_END, 'seq_range'));
const bound = varint(64, (value) => demand(value <= SEQ_END, 'seq_range'));

const peer = {
    read(reader) {
        const size = reader.byte();
        demand(size >= 1 && size <= 47, 'peer_name');
        return reader.take(size);
    },
    write(writer, name) {
        writer.byte(name.length);
        writer.put(name);
    },
};

const anEpoch = (check = () => {}) => ({
    read(reader, frame) {
        const value = reader.fixed(8);
        demand(value !== 0n, 'epoch');
        check(value, frame);
        return value;
    },
    write: (writer, value) => writer.fixed(value, 8),
});
const epoch = anEpoch();
const larger = anEpoch((value, frame) => demand(value > frame.epoch, 'epoch'));
const smaller = anEpoch((value, frame) => demand(value < frame.epoch, 'epoch'));

const payload = { read: (reader) => reader.take(reader.left), write: (writer, bytes) => writer.put(bytes) };

const RUN_MAX = 64;
const RUN_BYTES_MAX = 1024;

/** (spec 2.8) An entry is a payload, or null: a tombstone. */
const entries = {
    read(reader, frame) {
        demand(reader.left > 0 && reader.left <= RUN_BYTES_MAX, 'run');
        const run = [];
        while (reader.left > 0) {
            demand(run.length < RUN_MAX, 'run');
            const size = Number(reader.varint(28));
            run.push(size === 0 ? null : reader.take(size - 1));
        }
        demand(run.length > 1 || run[0] === null, 'run');
        demand(frame.first + BigInt(run.length) <= SEQ_END, 'seq_range');
        demand(frame.kind !== 'msg:R' || !(frame.flags & 4) || !run.includes(null), 'run');
        return run;
    },
    write(writer, run) {
        for (const entry of run) {
            writer.varint(entry === null ? 0 : entry.length + 1);
            if (entry !== null) writer.put(entry);
        }
    },
};

const count = {
    read(reader) {
        const value = reader.byte();
        demand(value < RUN_MAX, 'run');
        return value + 1;
    },
    write: (writer, value) => writer.byte(value - 1),
};

const reason = {
    read(reader) {
        const value = reader.byte();
        demand(value >= 1 && value <= 4, 'flags');
        return value;
    },
    write: (writer, value) => writer.byte(value),
};

const key = {
    read: (reader) => ({ peer: peer.read(reader), epoch: epoch.read(reader), seq: bound.read(reader) }),
    write(writer, value) {
        peer.write(writer, value.peer);
        epoch.write(writer, value.epoch);
        bound.write(writer, value.seq);
    },
};
const laterKey = {
    ...key,
    read(reader, frame) {
        const value = key.read(reader);
        demand(!frame.key || compareKeys(frame.key, value) < 0, 'seq_range');
        return value;
    },
};

export function compareBytes(a, b) {
    for (let i = 0; i < Math.min(a.length, b.length); ++i) {
        if (a[i] !== b[i]) return a[i] - b[i];
    }
    return a.length - b.length;
}

export function compareKeys(a, b) {
    const order = (x, y) => (x < y ? -1 : x > y ? 1 : 0);
    return compareBytes(a.peer, b.peer) || order(a.epoch, b.epoch) || order(a.seq, b.seq);
}

/** (spec 2.10) missing: the bits, lowest byte first; empty where none is flagged. */
const echo = (withMissing) => ({
    read(reader) {
        const value = { number: number.read(reader), missing: new Uint8Array() };
        if (withMissing) value.missing = bits(reader, 8);
        return value;
    },
    write(writer, value) {
        number.write(writer, value.number);
        if (withMissing) {
            writer.byte(value.missing.length);
            writer.put(value.missing);
        }
    },
});

function bits(reader, sizeMax, none = 'ack_state') {
    const size = reader.byte();
    demand(size > 0, none);
    demand(size <= sizeMax, 'ack_state');
    const bytes = reader.take(size);
    demand(bytes[size - 1] !== 0, 'not_canonical');
    return bytes;
}

const bitAt = (bytes, i) => i >= 0n && i < 8n * BigInt(bytes.length) && ((bytes[Number(i >> 3n)] >> Number(i & 7n)) & 1) === 1;

// The ack state (spec 2.9) -----------------------------------------------------------------------------------------

const PART = { limits: 1, accepted: 2, held: 4, exceptions: 8, skip: 16 };

function within(value, low, high) {
    demand(value >= low && value <= high, 'ack_state');
    return value;
}

function readBits(reader, state) {
    const bytes = bits(reader, 64, 'not_canonical');
    const top = 8 * (state.skip + bytes.length) - Math.clz32(bytes[bytes.length - 1]) + 24;
    demand(state.floor + BigInt(top) <= SEQ_END, 'seq_range');
    return bytes;
}

function readExceptions(reader, state) {
    state.horizon = bound.read(reader);
    const first = state.floor + 8n * BigInt(state.skip);
    const top = 8 * state.accepted.length - Math.clz32(state.accepted.at(-1) ?? 0) + 24;
    const end = state.accepted.length > 0 ? first + BigInt(top) : state.floor;
    demand(state.horizon <= end, 'ack_state');
    const size = within(reader.byte(), 0, 64);
    demand(state.horizon !== 0n || size !== 0, 'not_canonical');
    let next = state.horizon;
    for (let i = 0; i < size; ++i) {
        const word = reader.varint(64);
        const at = next + (word >> 1n);
        demand(at < state.floor || bitAt(state.accepted, at - first), 'ack_state');
        state.exceptions.push({ seq: at, rejected: (word & 1n) === 1n });
        next = at + 1n;
    }
}

const ackState = {
    read(reader) {
        const none = new Uint8Array();
        const state = { floor: bound.read(reader), limits: null, skip: 0, accepted: none, held: none, horizon: 0n, exceptions: [] };
        if (reader.left === 0) return state;
        const parts = reader.byte();
        demand(parts !== 0, 'not_canonical');
        demand(parts < 32, 'flags');
        if (parts & PART.limits) {
            state.limits = {
                room: within(Number(reader.varint(32)), 1, 2 ** 20),
                exceptions: within(Number(reader.varint(32)), 1, 64),
                payloadMax: Number(reader.varint(28)),
            };
        }
        if (parts & PART.skip) {
            state.skip = Number(reader.varint(32));
            demand(state.skip !== 0, 'not_canonical');
            within(state.skip, 1, 2 ** 17 - 1);
        }
        if (parts & PART.accepted) {
            state.accepted = readBits(reader, state);
            demand(state.skip > 0 || !(state.accepted[0] & 1), 'ack_state');
        }
        if (parts & PART.held) {
            state.held = readBits(reader, state);
            demand(!state.held.some((byte, i) => byte & (state.accepted[i] ?? 0)), 'ack_state');
        }
        demand(state.skip === 0 || state.accepted[0] > 0 || state.held[0] > 0, 'not_canonical');
        if (parts & PART.exceptions) readExceptions(reader, state);
        return state;
    },
    write(writer, state) {
        bound.write(writer, state.floor);
        const withExceptions = state.horizon > 0n || state.exceptions.length > 0;
        const parts =
            (state.limits ? PART.limits : 0) | (state.accepted.length ? PART.accepted : 0) | (state.held.length ? PART.held : 0) |
            (withExceptions ? PART.exceptions : 0) | (state.skip ? PART.skip : 0);
        if (parts) writer.byte(parts);
        if (state.limits) {
            writer.varint(state.limits.room);
            writer.varint(state.limits.exceptions);
            writer.varint(state.limits.payloadMax);
        }
        if (state.skip) writer.varint(state.skip);
        for (const bytes of [state.accepted, state.held]) {
            if (bytes.length) {
                writer.byte(bytes.length);
                writer.put(bytes);
            }
        }
        if (withExceptions) {
            bound.write(writer, state.horizon);
            writer.byte(state.exceptions.length);
            let next = state.horizon;
            for (const exception of state.exceptions) {
                writer.varint(((exception.seq - next) << 1n) | (exception.rejected ? 1n : 0n));
                next = exception.seq + 1n;
            }
        }
    },
};

export const decodeAckState = (bytes) => ackState.read(new Reader(bytes));

/** What an ack state says of a seq: 'forgotten', 'tombstoned', 'rejected', 'accepted', 'held', 'open' or 'left out'. */
export function stateOf(state, at) {
    const i = at - state.floor - 8n * BigInt(state.skip);
    if (at < state.floor || bitAt(state.accepted, i)) {
        if (at < state.horizon) return 'forgotten';
        const exception = state.exceptions.find((one) => one.seq === at);
        return exception ? (exception.rejected ? 'rejected' : 'tombstoned') : 'accepted';
    }
    if (bitAt(state.held, i)) return 'held';
    return at < state.floor + 8n * BigInt(state.skip) + 512n ? 'open' : 'left out';
}

/** One above the highest seq of which the state says that it is here. */
export function endOf(state) {
    const top = (bytes) => (bytes.length ? BigInt(8 * (state.skip + bytes.length) - Math.clz32(bytes.at(-1)) + 24) : 0n);
    return state.floor + (top(state.accepted) > top(state.held) ? top(state.accepted) : top(state.held));
}

// The frames (spec 4) ----------------------------------------------------------------------------------------------

const KINDS = [, 'msg:R', 'msg:A', 'msg:N', 'ack:R', 'ack:A', 'ack:N', 'sync:R', 'sync:A'];

const FLAGS = {
    'msg:R': [0x00, 0x01, 0x02, 0x04, 0x05, 0x08, 0x09, 0x10, 0x11, 0x18, 0x19],
    'msg:A': [0x00, 0x01, 0x02],
    'msg:N': [0x00, 0x01, 0x04, 0x05, 0x0c, 0x0d, 0x02, 0x0a],
    'ack:R': [0x00, 0x04, 0x0c, 0x14, 0x1c, 0x01, 0x02],
    'ack:A': [0x00],
    'ack:N': [0x00, 0x08, 0x18, 0x28, 0x38, 0x01, 0x02, 0x03, 0x04, 0x0c, 0x14, 0x1c, 0x44, 0x4c, 0x54, 0x5c],
    'sync:R': [0x00, 0x01, 0x02, 0x03],
    'sync:A': [0x00, 0x01],
};

const lag = varint(64, (value, frame) => demand(value <= frame.first, 'seq_range'));
const left = varint(64);
const low = varint(64, (value, frame) => {
    demand(value <= SEQ_END, 'seq_range');
    demand(frame.first === undefined || value <= frame.first, 'seq_range');
});
const positive = varint(32, (value) => demand(value !== 0n, 'seq_range'));
const form = (flags) => (flags & 3 ? ['entries', entries] : ['payload', payload]);
const unclean = (flags) => (flags & 8 ? [] : [['smallerEpoch', smaller], ['smallerSeq', seq]]);

/** What the body of a frame of this kind and with these flags has, as [name, type]; a fault of a field may ask those before it. */
const BODIES = {
    'msg:R': (flags) =>
        flags === 2
            ? [['to', peer], ['epoch', epoch], ['number', number], ['base', bound]]
            : [['to', peer], ['epoch', epoch], ['number', number], ['first', seq], ['lag', lag], ...(flags & 16 ? [['left', left]] : []), form(flags)],
    'msg:A': (flags) => [
        ['to', peer], ...(flags ? [['epoch', epoch]] : []), ['number', number],
        ...(flags === 2 ? [['reason', reason], ['payloadMax', { ...varint(28), when: (frame) => frame.reason === 4 }]] : []),
    ],
    'msg:N': (flags) => {
        if (flags & 2) return [['from', peer], ['epoch', epoch], ['number', number], ['low', low], ...unclean(flags)];
        if (flags & 4) {
            return [['from', peer], ['epoch', epoch], ['serial', serial], ['index', varint(32)], ['first', seq], ['low', low], ...unclean(flags), form(flags & 1)];
        }
        return [['from', peer], ['epoch', epoch], ['number', number], ['first', seq], form(flags)];
    },
    'ack:R': (flags) => [['to', peer], ['epoch', epoch], ['serial', serial], ...word(flags & 3, flags)],
    'ack:A': () => [['serial', serial]],
    'ack:N': (flags) => {
        const stream = [['from', peer], ['epoch', epoch]];
        if ((flags & 7) === 3) return [...stream, ['number', number], ['first', seq], ['count', count]];
        if ((flags & 7) === 4) return [...stream, ['number', number], ['low', bound], ...(flags & 64 ? [['state', ackState]] : [])];
        return [...stream, ...word(flags & 7, flags >> 1)];
    },
    'sync:R': (flags) => [
        ['serial', serial], ['rows', positive], ['bytes', positive],
        ...(flags & 1 ? [['key', key]] : []), ...(flags & 2 ? [['until', laterKey]] : []),
    ],
    'sync:A': (flags) => [['serial', serial], ['rows', varint(32)], ...(flags ? [['key', key]] : [])],
};

function word(which, flags) {
    if (which === 1) return [['number', number]];
    if (which === 2) return [['current', larger]];
    return [...(flags & 4 ? [['echo', echo(flags & 8)]] : []), ['state', ackState]];
}

// Frames and packets (spec 2.2, 2.4, 2.5, 2.11, 2.12) --------------------------------------------------------------

const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
    for (let bit = 0; bit < 8; ++bit) byte = byte & 1 ? (byte >>> 1) ^ 0x82f63b78 : byte >>> 1;
    return byte;
});

export function crc32c(...parts) {
    let crc = ~0;
    for (const part of parts) {
        for (const byte of part) crc = CRC[(crc ^ byte) & 0xff] ^ (crc >>> 8);
    }
    return ~crc >>> 0;
}

/**
 * The frame at the beginning of a packet, and its size. `name` is that of the client at the end of the link, whose bytes the
 * checksum covers, or null where the link is not checked. Throws a Refusal.
 */
export function decodeFirst(packet, name) {
    const reader = openFrame(packet);
    return { frame: readFrame(packet, reader, name), size: reader.end };
}

/** The frame that these bytes are, neither cut nor with anything behind it. */
export function decodeOne(bytes, name) {
    const reader = openFrame(bytes);
    demand(reader.end === bytes.length, 'trailing');
    return readFrame(bytes, reader, name);
}

/** At the beginning of the body; its end is that of the frame. */
function openFrame(packet) {
    demand(packet.length >= 3, 'truncated');
    demand(packet[0] >> 4 === 2, 'version');
    demand(KINDS[packet[0] & 15] !== undefined, 'kind');
    const reader = new Reader(packet, 2);
    const length = Number(reader.varint(28));
    demand(length <= reader.left, 'truncated');
    reader.end = reader.at + length;
    return reader;
}

function readFrame(packet, { at, end }, name) {
    if (name) {
        demand(end - at >= 4, 'truncated');
        end -= 4;
        const expected = crc32c([name.length], name, packet.subarray(0, end));
        demand(BigInt(expected) === new Reader(packet, end).fixed(4), 'checksum');
    }
    const reader = new Reader(packet, at, end);
    const kind = KINDS[packet[0] & 15];
    const flags = packet[1];
    demand(FLAGS[kind].includes(flags), 'flags');
    const frame = { kind, flags };
    for (const [field, type] of BODIES[kind](flags)) {
        if (!type.when || type.when(frame)) frame[field] = type.read(reader, frame);
    }
    demand(reader.left === 0, 'trailing');
    return frame;
}

/** All frames of a packet, up to the first that cannot be decoded (spec 2.12). */
export function decodePacket(packet, name) {
    const frames = [];
    try {
        for (let at = 0; at < packet.length; ) {
            const { frame, size } = decodeFirst(packet.subarray(at), name);
            frames.push(frame);
            at += size;
        }
    } catch (error) {
        if (!(error instanceof Refusal)) throw error;
    }
    return frames;
}

export function encode(frame, name) {
    const body = new Writer();
    for (const [field, type] of BODIES[frame.kind](frame.flags)) {
        if (!type.when || type.when(frame)) type.write(body, frame[field]);
    }
    const writer = new Writer();
    writer.byte((2 << 4) | KINDS.indexOf(frame.kind));
    writer.byte(frame.flags);
    writer.varint(body.bytes.length + (name ? 4 : 0));
    writer.put(body.bytes);
    if (name) writer.fixed(BigInt(crc32c([name.length], name, writer.bytes)), 4);
    return Uint8Array.from(writer.bytes);
}

export const fromHex = (text) => Uint8Array.from(text.match(/[0-9a-f]{2}/gi) ?? [], (byte) => parseInt(byte, 16));
export const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
