// SPDX-License-Identifier: BSL-1.0
// Usage: node tests/web/pages.mjs PAGES DRIVER BRIDGE TRACE [SCREENSHOTS]
// The pages of examples/web in Chromium. PAGES is what examples/web/build made, BRIDGE and TRACE are programs, DRIVER is the folder that has
// playwright-core and typescript. With SCREENSHOTS pictures go there, to be looked at.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { browserOf } from './browser.mjs';
import { RelayServer } from './relay_server.mjs';

const [pages, driver, bridge, trace, screenshots] = process.argv.slice(2).map((path) => resolve(path));
const fileOf = (name) => pathToFileURL(join(pages, name)).href;
const SIZE_MAX = 120_000;

const { open, scratch } = browserOf(driver);

/** The visualiser, once the core runs in it: its listeners are set by then, and its settings read from `hash`. */
async function openVisualiser(hash = '', how = {}) {
    const page = await open(fileOf('visualiser.html') + hash, how);
    await page.waitForFunction(() => window.Stage);
    return page;
}

async function picture(page, name) {
    if (!screenshots) return;
    mkdirSync(screenshots, { recursive: true });
    await page.screenshot({ path: join(screenshots, `${name}.png`) });
}

test('each page, and the package, has less than 120 kB when gzipped', () => {
    for (const name of ['visualiser.html', 'chat.html']) {
        const size = gzipSync(readFileSync(join(pages, name)), { level: 9 }).length;
        console.log(`# ${name}: ${size} bytes gzipped`);
        assert.ok(size < SIZE_MAX, `${name}: ${size} bytes`);
    }
});

test('npm pack makes a package that is used as it says', async () => {
    const folder = join(scratch, 'npm');
    mkdirSync(folder);
    const [packed] = JSON.parse(execFileSync('npm', ['pack', '--json', '--pack-destination', folder], { cwd: join(pages, 'package') }));
    const unpacked = join(folder, 'node_modules/sixfold');
    mkdirSync(unpacked, { recursive: true });
    execFileSync('tar', ['xf', join(folder, packed.filename), '--strip-components', '1', '-C', unpacked]);
    copyFileSync(new URL('use.mts', import.meta.url), join(folder, 'use.mts'));
    const compiler = join(driver, 'node_modules/typescript/bin/tsc');
    execFileSync('node', [compiler, '--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', 'use.mts'], { cwd: folder, stdio: 'inherit' });
    const { Client, SixfoldError } = await import(pathToFileURL(join(unpacked, 'sixfold.js')));
    const client = await Client.open({ name: 'alice' });
    const packets = [];
    client.connect({ open: (it) => it.linkUp(), send: (packet) => packets.push(packet), close() {} });
    const ticket = client.send('bob', 'Dinner?');
    assert.ok(client.outstanding(ticket));
    assert.throws(() => client.send('', 'nobody'), SixfoldError);
    await new Promise((soon) => setTimeout(soon, 50));
    assert.ok(Buffer.concat(packets).includes('Dinner?'));
    await client.close();
    await assert.rejects(Client.open({ name: 'x'.repeat(48) }), /1 to 47 bytes/);
});

for (const settings of [
    { seed: 1, loss: 0, duplicate: 0, delay: 20, jitter: 0 },
    { seed: 2, loss: 20, duplicate: 20, delay: 20, jitter: 40 },
    { seed: 3, loss: 40, duplicate: 0, delay: 60, jitter: 0 },
]) {
    test(`the visualiser shows what the C++ core does, happening by happening: ${JSON.stringify(settings)}`, async () => {
        const page = await openVisualiser();
        const shown = await page.evaluate(async (how) => {
            const stage = await window.Stage.open(how.seed);
            stage.set(how);
            stage.playStory();
            stage.advance(30_000_000);
            return [...stage.happenings(), stage.state()].map((one) => JSON.stringify(one));
        }, settings);
        const { seed, loss, duplicate, delay, jitter } = settings;
        const expected = execFileSync(trace, [seed, loss, duplicate, delay, jitter].map(String), { encoding: 'utf8' });
        const lines = expected.split('\n').slice(0, -1).map((line) => JSON.stringify(JSON.parse(line)));
        assert.ok(lines.length > 100);
        assert.deepEqual(shown, lines);
        assert.deepEqual(page.errors, []);
        await page.close();
    });
}

test('the tour tells its five scenes, by keyboard, and all five messages are delivered', async () => {
    const page = await openVisualiser();
    await page.evaluate(() => (document.getElementById('speed').value = 3));
    await page.focus('#tour');
    await page.keyboard.press('Enter');
    for (let scene = 1; scene <= 5; ++scene) {
        await page.waitForFunction((n) => document.querySelector('#caption strong')?.textContent.startsWith(`${n}.`), scene, { timeout: 30_000 });
        await page.waitForTimeout(50);
        await page.keyboard.press('Enter');
        if (scene === 2 || scene === 4) {
            await page.waitForTimeout(1500);
            await picture(page, `tour-${scene}`);
        }
    }
    await page.waitForFunction(() => [...document.querySelectorAll('#log li')].filter((item) => item.textContent.includes('is delivered')).length === 5, null, { timeout: 30_000 });
    await picture(page, 'tour-end');
    assert.equal(await page.locator('#queue .state.delivered').count(), 3);
    assert.deepEqual(page.errors, []);
    await page.close();
});

test('a frame that is clicked is lost; a link carries the settings; the same film again', async () => {
    const page = await openVisualiser('#seed=7&loss=10&duplicate=0&delay=40&jitter=10');
    assert.equal(await page.inputValue('#delay'), '40');
    await page.evaluate(() => {
        document.getElementById('loss').value = 0;
        document.getElementById('loss').dispatchEvent(new Event('input'));
    });
    const film = async (lose) => {
        await page.keyboard.press('s');
        await page.keyboard.press('.'); // from here on it stands still between steps
        await lose();
        for (let step = 0; step < 30; ++step) await page.keyboard.press('.');
        return page.locator('#log').textContent();
    };
    const first = await film(() => page.locator('.frame.flying').last().dispatchEvent('click'));
    assert.match(first, /is lost/);
    await picture(page, 'lost');
    await page.click('#again');
    assert.doesNotMatch(await page.locator('#log').textContent(), /is lost/);
    assert.equal(await film(() => page.keyboard.press('x')), first);
    assert.ok(page.url().includes('loss=0'));
    await page.close();
});

test('a life has a greater number than the one before, though the clock of the device was set back', async () => {
    const starts = [];
    for (const first of [() => {}, () => (Date.now = () => 1e12)]) {
        const page = await open(fileOf('chat.html'), { first });
        await page.fill('#name', 'dora');
        await page.click('#login button');
        await page.waitForSelector('#chat:not([hidden])');
        starts.push(await page.evaluate(() => new Promise((found) => {
            indexedDB.open('sixfold chat dora').onsuccess = ({ target }) => {
                target.result.transaction('life').objectStore('life').get('start').onsuccess = (event) => found(event.target.result);
            };
        })));
        assert.deepEqual(page.errors, []);
        await page.close();
    }
    assert.ok(starts[0] > 1.7e12);
    assert.equal(starts[1], starts[0] + 1);
});

test('a phone and the dark', async () => {
    const page = await openVisualiser('', { viewport: { width: 390, height: 844 }, media: { colorScheme: 'dark' } });
    await page.keyboard.press('s');
    await page.waitForTimeout(1500);
    await picture(page, 'phone-dark');
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    assert.ok(!wide, 'it scrolls sideways');
    await page.close();
});

test('1,000 messages each way between the browser and C++, 20 % lost, reloads, a killed relay: once and in order', async (context) => {
    const count = 1000;
    const relay = await RelayServer.open(pathToFileURL(`${pages}/`), bridge, 20);
    context.after(() => relay.close());
    const page = await open(`http://${relay.origin}/chat.html#lossy`);
    const begun = performance.now();
    await page.fill('#name', 'alice');
    await page.fill('#url', `ws://${relay.origin}`);
    await page.click('#login button');
    await page.waitForSelector('#state.up');

    const second = await open(`http://${relay.origin}/chat.html#lossy`);
    await second.fill('#name', 'alice');
    await second.click('#login button');
    await second.waitForFunction(() => document.getElementById('error').textContent.includes('another tab'));
    await second.close();

    let sent = 0;
    let bobSent = 0;
    const write = async (until) => {
        for (; sent < until; sent += 50) {
            const from = sent;
            await page.evaluate((first) => {
                for (let i = first; i < first + 50; ++i) window.chat.send(['bob'], `a${i}`);
                return window.chat.client.flushed();
            }, from);
            for (const end = bobSent + 50; bobSent < end; ++bobSent) await relay.send(`b${bobSent}`);
            await page.waitForFunction(() => window.chat.client.unfinished < 300, null, { timeout: 60_000 });
            while ([...relay.bobHeard.values()].filter((heard) => !heard.includes('delivered')).length > 300) await page.waitForTimeout(20);
        }
    };
    await write(300);
    await page.reload();
    await page.waitForFunction(() => window.chat?.client);
    await write(600);
    await relay.kill();
    await write(800);
    await page.reload();
    await page.waitForFunction(() => window.chat?.client);
    await write(count);
    const over = (name) => page.waitForFunction(
        ([which, n]) => {
            const rows = [...window.chat.rows.values()];
            return which === 'sent' ? rows.filter((row) => row.status === 'delivered').length === n : rows.filter((row) => row.from).length === n;
        },
        [name, count],
        { timeout: 60_000 },
    );
    await over('sent');
    await over('got');
    const seconds = (performance.now() - begun) / 1000;
    console.log(`# ${2 * count} messages in ${seconds.toFixed(1)} s: ${Math.round((2 * count) / seconds)} a second, over a link that loses 20 %`);
    const expected = (letter) => Array.from({ length: count }, (_, i) => letter + i);
    assert.deepEqual(relay.bobGot, expected('a'));
    const got = await page.evaluate(() => [...window.chat.rows.values()].filter((row) => row.from).map((row) => [row.id, row.text]));
    const seqOf = ([id]) => BigInt(id.split(' ').at(-1));
    assert.deepEqual(got.sort((a, b) => Number(seqOf(a) - seqOf(b))).map(([, text]) => text), expected('b'));
    assert.deepEqual(page.errors, []);
    await page.evaluate(() => { document.getElementById('to').value = 'bob, carol'; });
    await page.click('#offline');
    await page.fill('#text', 'Dinner?');
    await page.click('#write button');
    await page.click('li:last-child .fate button');
    await page.waitForFunction(() => [...window.chat.rows.values()].at(-1).status === 'cancelling');
    await page.click('#offline');
    await page.waitForFunction(() => [...window.chat.rows.values()].at(-2).status === 'cancelled', null, { timeout: 30_000 });
    await picture(page, 'chat');
    await page.close();
});
