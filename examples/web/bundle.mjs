// SPDX-License-Identifier: BSL-1.0
// Usage: node bundle.mjs OUTPUT, which has client.wasm and stage.wasm
// Makes each page one file, its modules behind one another and the core in them, so that it works from file://, too; and OUTPUT/package, for
// `npm pack`. A module has no default export, each name is exported where it is declared, and no two modules declare the same.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const here = dirname(fileURLToPath(import.meta.url));
const output = resolve(process.argv[2]);

/** The core as a module of JavaScript. */
function coreModule(name) {
    const packed = gzipSync(readFileSync(join(output, `${name}.wasm`)), { level: 9 });
    return `// SPDX-License-Identifier: BSL-1.0\nexport const ${name}Module = '${packed.toString('base64')}';\n`;
}

function textOf(path) {
    const core = path.match(/(client|stage)_module\.js$/);
    return core ? coreModule(core[1]) : readFileSync(path, 'utf8');
}

const IMPORT = /^import [^;]*? from '(\.[^']+)';\n/gm;

/** The module and all that it imports, each once, behind what it needs. */
function modules(path, seen = new Set()) {
    if (seen.has(path)) return '';
    seen.add(path);
    const text = textOf(path);
    const needed = [...text.matchAll(IMPORT)].map(([, name]) => modules(resolve(dirname(path), name), seen));
    return needed.join('') + text.replace(IMPORT, '').replace(/^export /gm, '');
}

function page(name) {
    const folder = join(here, 'pages');
    const html = readFileSync(join(folder, `${name}.html`), 'utf8')
        .replace(/<link rel="stylesheet" href="([^"]+)">/g, (_, css) => `<style>\n${readFileSync(join(folder, css), 'utf8')}</style>`)
        .replace(/<script type="module" src="([^"]+)"><\/script>/g, (_, js) => `<script type="module">\n${modules(join(folder, js))}</script>`);
    writeFileSync(join(output, `${name}.html`), html);
    console.log(`${relative(process.cwd(), join(output, `${name}.html`))}: ${html.length} bytes, ${gzipSync(html, { level: 9 }).length} gzipped`);
}

function npmPackage() {
    const to = join(output, 'package');
    mkdirSync(to, { recursive: true });
    for (const name of ['sixfold.js', 'sixfold.d.ts', 'websocket_link.js', 'indexed_journal.js', 'wasm.js']) {
        copyFileSync(join(here, 'js', name), join(to, name));
    }
    for (const name of ['package.json', 'README.md']) copyFileSync(join(here, name), join(to, name));
    copyFileSync(join(here, '../../LICENSE'), join(to, 'LICENSE'));
    writeFileSync(join(to, 'client_module.js'), coreModule('client'));
    const whole = modules(join(here, 'js/sixfold.js'));
    console.log(`the client, with its core: ${whole.length} bytes, ${gzipSync(whole, { level: 9 }).length} gzipped`);
}

npmPackage();
page('visualiser');
page('chat');
