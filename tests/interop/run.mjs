// SPDX-License-Identifier: BSL-1.0
// Usage: node tests/interop/run.mjs BRIDGE
// Another implementation, from the specification alone, and the library: the same bytes, the same refusals, and every message once and in
// order between them, on a network that does its worst. BRIDGE is the program of bridge.cpp.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { Bridge } from './bridge.mjs';
import { Refusal, crc32c, decodeAckState, decodeOne, encode, fromHex, stateOf, toHex } from './codec.mjs';
import { World, randomOf } from './world.mjs';

const far = Boolean(process.env.SIXFOLD_ALL); // how far to go
const program = process.argv[2];
if (!program) {
    console.error('run.mjs: which bridge? Build the target interop_bridge and name it');
    process.exit(2);
}
const file = (name) => readFileSync(new URL(name, import.meta.url), 'utf8');
const vectors = JSON.parse(file('vectors.json'));
const page = file('../../include/sixfold/README.md');

const nameOf = (link) => (link === null ? null : new TextEncoder().encode(link));

function verdict(bytes, name) {
    try {
        decodeOne(bytes, name);
        return 'none';
    } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        return error.reason;
    }
}

/** As vectors.json has the fields of a frame. */
function plain(value, name = '') {
    if (typeof value === 'bigint') {
        if (/epoch|current/i.test(name)) return `0x${value.toString(16).padStart(16, '0')}`;
        return value < 2n ** 53n ? Number(value) : `0x${value.toString(16)}`;
    }
    if (value instanceof Uint8Array) return toHex(value);
    if (Array.isArray(value)) return value.map((each) => plain(each));
    if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each, key)]));
    return value;
}

test('vectors.json has the hexadecimal examples of the specification, and no others', () => {
    const shown = new Set();
    let above = ''; // the line above, if it was an example
    for (const line of page.split('\n')) {
        const [, label, hex] = line.match(/^ {4}(|    |"[^|]*" +|[\w^]+ {4,})((?:[0-9A-F]{2} +)+[0-9A-F]{2}|0[05])$/) ?? [];
        const goes_on = hex && label === '    ' && above.length >= 3 * 40 - 1; // behind a full line
        if (goes_on) shown.delete(above);
        above = hex ? (goes_on ? `${above} ` : '') + hex.replace(/ +/g, ' ') : '';
        if (above) shown.add(above);
    }
    const kept = Object.entries(vectors).flatMap(([group, all]) => (Array.isArray(all) && group !== 'refused' ? all.map((one) => one.hex) : []));
    assert.deepEqual([...shown].sort(), kept.sort());
});

test('vectors.json: each frame has these fields, and these fields are this frame', () => {
    for (const { name, link, hex, fields } of vectors.frames) {
        const frame = decodeOne(fromHex(hex), nameOf(link));
        assert.deepEqual(plain(frame), fields, name);
        assert.equal(toHex(encode(frame, nameOf(link))), toHex(fromHex(hex)), name);
    }
});

test('vectors.json: what an ack state says of each seq', () => {
    for (const { hex, says } of vectors.ack_states) {
        const state = decodeAckState(fromHex(hex));
        for (const [seq, word] of Object.entries(says)) assert.equal(stateOf(state, BigInt(seq)), word, `${hex}: ${seq}`);
    }
});

test('vectors.json: records and logs end with their checksum', () => {
    const whole = [...vectors.journal, vectors.log[0], vectors.log[1]];
    for (const { name, hex } of whole) {
        const bytes = fromHex(hex);
        const expected = new DataView(bytes.buffer).getUint32(bytes.length - 4, true);
        assert.equal(crc32c(bytes.subarray(0, -4)), expected, name);
    }
});

test('the library refuses what this codec refuses, for the same reason', async (context) => {
    const bridge = new Bridge(program, 1);
    context.after(() => bridge.end());
    const told = async (all, link) => (await bridge.ask(0, 'decode', link ?? '-', ...all.map(toHex))).answers[0].slice(1);
    const refused = vectors.refused.map(({ hex }) => fromHex(hex));
    const expected = vectors.refused.map(({ reason }) => reason);
    assert.deepEqual(refused.map((bytes) => verdict(bytes, null)), expected);
    assert.deepEqual(await told(refused, null), expected);
    for (const { hex, link } of vectors.frames) assert.deepEqual(await told([fromHex(hex)], link), ['none'], hex);

    const random = randomOf(1);
    const reasons = new Set();
    for (let round = 0; round < (far ? 80 : 8); ++round) {
        const frames = Array.from({ length: 500 }, () => damaged(random));
        const its = await told(frames, null);
        frames.forEach((bytes, i) => assert.equal(verdict(bytes, null), its[i], toHex(bytes)));
        for (const reason of its) reasons.add(reason);
    }
    assert.equal(reasons.size, 12, [...reasons].join(' ')); // none, and every reason that bytes without a checksum can have
});

/** A frame of the vectors, not checked, with some bytes changed, and mostly the length that it has then. */
function damaged(random) {
    const { hex, link } = vectors.frames[random(vectors.frames.length)];
    const bytes = [...encode(decodeOne(fromHex(hex), nameOf(link)), null)];
    for (let changes = 1 + random(2); changes > 0; --changes) {
        const at = random(bytes.length);
        const how = random(3);
        const value = [0, 1, 0x80, 0xff, 0x40, bytes[at] ^ (1 << random(8))][random(6)];
        if (how === 0) bytes[at] = value;
        else bytes.splice(at, how - 1, ...(how === 1 ? [value] : []));
    }
    if (bytes.length >= 3 && random(4) > 0) bytes[2] = bytes.length - 3;
    return Uint8Array.from(bytes);
}

const FINAL = ['delivered', 'rejected', 'cancelled', 'expired', 'refused', 'ended'];
const ended = (heard) => [...heard.values()].every((events) => FINAL.includes(events.at(-1)));
const seeds = Array.from({ length: far ? 10 : 2 }, (_, i) => i + 1);
const bad = { loss: 20, duplicate: 20, reorder: 20 };

async function inWorld(seed, faults, play) {
    const world = new World(program, seed, faults);
    try {
        await world.up('alice');
        await world.up('bob');
        await play(world);
    } finally {
        world.end();
    }
}

for (const seed of seeds) {
    test(`both ways, messages each, bob away for a while, the relay replaced: once and in order (seed ${seed})`, () =>
        inWorld(seed, bad, async (world) => {
            const count = far ? 250 : 100;
            for (let i = 0; i < count; ++i) {
                world.at(10 * i, () => world.aliceSends(`a${i}`));
                world.at(10 * i, () => world.bobSends(`b${i}`));
            }
            world.at(500, () => world.down('bob'));
            world.at(1700, () => world.up('bob'));
            world.at(2100, () => world.replaceRelay());
            world.at(2400, () => world.down('alice'));
            world.at(3000, () => world.up('alice'));
            const all = () => world.aliceHeard.size === count && world.bobHeard.size === count;
            assert.ok(await world.run(() => all() && ended(world.aliceHeard) && ended(world.bobHeard), 600_000), 'it never ends');
            const expected = (letter) => Array.from({ length: count }, (_, i) => letter + i);
            assert.deepEqual(world.bobGot, expected('a'));
            assert.deepEqual(world.aliceGot, expected('b'));
            for (const heard of [world.aliceHeard, world.bobHeard]) {
                for (const [what, events] of heard) assert.equal(events.at(-1), 'delivered', `${what}: ${events}`);
            }
        }));
}

for (const seed of seeds) {
    test(`taken back, rejected, too late, not to be stored: each hears the truth (seed ${seed})`, () =>
        inWorld(seed, bad, async (world) => {
            const random = randomOf(seed);
            const count = far ? 120 : 60;
            for (let i = 0; i < count; ++i) {
                const at = 15 * i;
                const letter = random(8) === 0 ? '!' : '';
                const how = { store: random(6) > 0, expiresAfter: random(6) === 0 ? 100 + random(2000) : undefined };
                world.at(at, () => world.aliceSends(`${letter}a${i}`, how));
                world.at(at, () => world.bobSends(`${letter}b${i}`));
                if (random(4) === 0) world.at(at + random(600), () => world.aliceCancels(`${letter}a${i}`));
                if (random(4) === 0) world.at(at + random(600), () => world.bobCancels(`${letter}b${i}`));
            }
            for (const [at, name] of [[300, 'bob'], [900, 'alice'], [1500, 'bob']]) {
                world.at(at, () => world.down(name));
                world.at(at + 400, () => world.up(name));
            }
            const all = () => world.aliceHeard.size === count && world.bobHeard.size === count;
            assert.ok(await world.run(() => all() && ended(world.aliceHeard) && ended(world.bobHeard), 3_600_000), 'it never ends');
            const ends = new Set();
            for (const [heard, got] of [[world.aliceHeard, world.bobGot], [world.bobHeard, world.aliceGot]]) {
                assert.deepEqual(got, [...heard.keys()].filter((what) => got.includes(what)), 'once, and in order');
                for (const [what, events] of heard) {
                    const end = events.at(-1);
                    ends.add(end);
                    assert.equal(['delivered', 'rejected'].includes(end), got.includes(what), `${what}: ${events}`);
                    assert.equal(end === 'rejected', what.startsWith('!') && got.includes(what), `${what}: ${events}`);
                }
            }
            assert.deepEqual([...ends].sort(), ['cancelled', 'delivered', 'expired', 'rejected']);
        }));
}

test('when all has ended both fall silent: an hour costs looks and probes only', () =>
    inWorld(1, { loss: 0, duplicate: 0, reorder: 0 }, async (world) => {
        world.aliceSends('a');
        await world.bobSends('b');
        assert.ok(await world.run(() => ended(world.aliceHeard) && ended(world.bobHeard), 60_000));
        const before = world.frames;
        await world.run(() => false, world.now + 3_600_000);
        assert.ok(world.frames - before < 80, `${world.frames - before} packets in an hour`);
    }));
