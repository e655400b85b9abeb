// SPDX-License-Identifier: BSL-1.0
// Chromium for the tests: one for all pages of a test file, with a profile that goes with it.
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';

/** `driver` is the folder that has playwright-core. */
export function browserOf(driver) {
    const { chromium } = createRequire(join(driver, 'x.js'))('playwright-core');
    const profile = mkdtempSync(join(tmpdir(), 'sixfold-web-'));
    let context;
    before(async () => {
        context = await chromium.launchPersistentContext(profile, {
            executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
            args: ['--no-sandbox'],
        });
    });
    after(async () => {
        await context.close();
        rmSync(profile, { recursive: true, force: true });
    });

    /** A new page; what it says of errors fails the test. `first` runs in it before its own scripts do. */
    async function open(address, { viewport, media, first } = {}) {
        const page = await context.newPage();
        page.errors = [];
        page.on('pageerror', (error) => page.errors.push(error.message));
        if (viewport) await page.setViewportSize(viewport);
        if (media) await page.emulateMedia(media);
        if (first) await page.addInitScript(first);
        await page.goto(address);
        return page;
    }
    return { open, scratch: profile };
}
