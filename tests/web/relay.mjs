// SPDX-License-Identifier: BSL-1.0
// Usage: node tests/web/relay.mjs PAGES DRIVER PROGRAMS
// The chat page of examples/web in Chromium, over sixfold_relay and with sixfold_chat, which are in the folder PROGRAMS. The page lives sixty
// times as fast as the world around it, so that an hour of a bad network takes a minute: with the variable SIXFOLD_ALL, else ten minutes of it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer, connect } from 'node:net';
import { createInterface } from 'node:readline';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { randomOf } from '../interop/world.mjs';
import { browserOf } from './browser.mjs';

const [pages, driver, programs] = process.argv.slice(2).map((path) => resolve(path));
const { open, scratch } = browserOf(driver);
const TROUBLES = process.env.SIXFOLD_ALL ? 122 : 20; // two a minute of the page; the last is a silence, of which nobody is told
const LINE_EACH = 100; // milliseconds
const LINES_MIN = 20; // each way
const PATIENCE = 90_000;

/** A program of ours, whose lines are gathered. */
class Program {
    lines = [];
    #process;

    constructor(...command) {
        this.#process = spawn(command[0], command.slice(1), { cwd: scratch, stdio: ['pipe', 'pipe', 'pipe'] });
        for (const stream of [this.#process.stdout, this.#process.stderr]) createInterface({ input: stream }).on('line', (line) => this.lines.push(line));
    }
    say(line) {
        this.#process.stdin.write(`${line}\n`);
    }
    async until(words) {
        const end = performance.now() + PATIENCE;
        for (;;) {
            const found = this.lines.map((line) => line.match(words)).find(Boolean);
            if (found) return found;
            assert.ok(performance.now() < end, `never said ${words}: ${this.lines.slice(-5).join(', ')}`);
            await wait(20);
        }
    }
    kill() {
        const ended = new Promise((gone) => this.#process.on('exit', gone));
        this.#process.kill('SIGKILL');
        return ended;
    }
}

/** The way from the browser to the relay: it breaks, says nothing any more, or is not there. */
class Network {
    counts = { broken: 0, silent: 0, away: 0 };
    #pairs = new Set();
    #away = false;
    #server;
    #port;

    static async open(port) {
        const it = new Network();
        it.#port = port;
        it.#server = createServer((near) => it.#join(near));
        await new Promise((ready) => it.#server.listen(0, '127.0.0.1', ready));
        return it;
    }
    get url() {
        return `ws://127.0.0.1:${this.#server.address().port}`;
    }
    #join(near) {
        near.on('error', () => {});
        if (this.#away) return near.destroy();
        const far = connect(this.#port, '127.0.0.1');
        far.on('error', () => {});
        const pair = [near, far];
        this.#pairs.add(pair);
        const end = () => {
            this.#pairs.delete(pair);
            pair.forEach((each) => each.destroy());
        };
        for (const [from, to] of [pair, [far, near]]) {
            from.on('data', (data) => pair.silent || to.write(data)); // what is swallowed is gone: nothing is sent behind it
            from.on('close', end);
        }
    }
    breakAll() {
        ++this.counts.broken;
        for (const pair of this.#pairs) pair.forEach((each) => each.destroy());
    }
    /** Those that are there say nothing any more, to neither end, for good. */
    silence() {
        ++this.counts.silent;
        for (const pair of this.#pairs) pair.silent = true;
    }
    async away(milliseconds) {
        ++this.counts.away;
        this.#away = true;
        this.breakAll();
        await wait(milliseconds);
        this.#away = false;
    }
    close() {
        this.breakAll();
        this.#server.close();
    }
}

/** Runs in the page, before all else. */
function liveSixtyTimesAsFast() {
    const later = window.setTimeout.bind(window);
    const now = performance.now.bind(performance);
    window.setTimeout = (what, milliseconds, ...rest) => later(what, milliseconds / 60, ...rest);
    performance.now = () => now() * 60;
}

test(`the network is bad ${TROUBLES} times between the chat in the browser and sixfold_relay, which is killed, too: each line once, in order, and known`, async (context) => {
    let relayPorts = ['127.0.0.1:0', '127.0.0.1:0'];
    const startRelay = async () => {
        const relay = new Program(join(programs, 'sixfold_relay'), '--ws', relayPorts[0], '--tcp', relayPorts[1], '--login', 'none', '--mailbox', 'mailbox.db');
        await relay.until(/ready/);
        relayPorts = await Promise.all([/ws (127\.0\.0\.1:\d+)/, /tcp (127\.0\.0\.1:\d+)/].map(async (words) => (await relay.until(words))[1]));
        return relay;
    };
    let relay = await startRelay();
    const network = await Network.open(relayPorts[0].split(':')[1]);
    const bob = new Program(join(programs, 'sixfold_chat'), 'client', '--name', 'bob', '--to', 'alice', '--database', 'bob.db', '--relay', `tcp://${relayPorts[1]}`);
    context.after(async () => {
        network.close();
        await Promise.all([relay.kill(), bob.kill()]);
    });
    const page = await open(pathToFileURL(join(pages, 'chat.html')).href, { first: liveSixtyTimesAsFast });
    await page.fill('#name', 'alice');
    await page.fill('#url', network.url);
    await page.click('#login button');
    await page.waitForSelector('#state.up');

    let happening = true;
    let count = 0;
    const begun = performance.now();
    const trouble = async () => {
        const random = randomOf(7);
        for (let times = 0; times < TROUBLES || count < LINES_MIN || times % 3 !== 2; ++times) {
            await wait(200 + random(600));
            if (times % 3 === 0) network.breakAll();
            else if (times % 3 === 1) network.silence();
            else await network.away(random(600));
            if (times === 5) {
                await relay.kill();
                relay = await startRelay();
            }
            if (times === 9) {
                await page.reload();
                await page.waitForFunction(() => window.chat?.client);
            }
        }
        happening = false;
    };
    const write = async () => {
        for (; happening; await wait(LINE_EACH)) {
            // A reload takes away what was not kept yet: only what is kept counts as written.
            const kept = await page.evaluate((n) => window.chat?.client && (window.chat.send(['bob'], `a${n}`), window.chat.client.flushed().then(() => true)), count).catch(() => false);
            if (kept) bob.say(`b${count++}`);
        }
    };
    await Promise.all([trouble(), write()]);
    const rows = () => page.evaluate(() => [...window.chat.rows.values()]);
    await page.waitForFunction((n) => {
        const all = [...window.chat.rows.values()];
        return all.filter((row) => row.from).length === n && all.every((row) => row.from || row.status === 'delivered');
    }, count, { timeout: PATIENCE });
    console.log(`# ${2 * count} lines in ${((performance.now() - begun) / 1000).toFixed(0)} s; ${JSON.stringify(network.counts)}`);

    const texts = (wanted) => wanted.map((row) => row.text);
    const sorted = (wanted, key) => wanted.sort((one, other) => Number(key(one) - key(other)));
    const all = await rows();
    const written = texts(sorted(all.filter((row) => row.to), (row) => row.at));
    const heard = texts(sorted(all.filter((row) => row.from), (row) => BigInt(row.id.split(' ').at(-1))));
    const ofBob = bob.lines.filter((line) => line.startsWith('alice: ')).map((line) => line.slice('alice: '.length));
    const numbers = Array.from({ length: count }, (_, i) => i);
    assert.deepEqual(heard, numbers.map((n) => `b${n}`));
    assert.deepEqual(ofBob, written);
    assert.deepEqual([...new Set(written)], numbers.map((n) => `a${n}`)); // the line at a reload may have been typed again
    await bob.until(new RegExp(`^${count} delivered$`));
    assert.deepEqual(page.errors, []);
    await page.close();
});
