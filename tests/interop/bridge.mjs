// SPDX-License-Identifier: BSL-1.0
// Talks to bridge.cpp: a line there, the lines that come of it back. Questions of one moment travel together.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export class Bridge {
    #process;
    #asked = []; // [resolve, reject, answers so far]
    #lines = [];

    constructor(program, seed) {
        this.#process = spawn(program, [String(seed)], { stdio: ['pipe', 'pipe', 'inherit'] });
        createInterface({ input: this.#process.stdout }).on('line', (line) => this.#hear(line.split(' ')));
        this.#process.on('exit', (code) => {
            if (code !== 0) this.#asked.forEach(({ reject }) => reject(new Error(`the bridge has ended: ${code}`)));
        });
    }

    /** The answers as lists of words, and when bob has something to do next. */
    ask(time, ...words) {
        if (this.#lines.length === 0) queueMicrotask(() => this.#process.stdin.write(this.#lines.splice(0).join('')));
        this.#lines.push(`${time} ${words.join(' ')}\n`);
        return new Promise((resolve, reject) => this.#asked.push({ resolve, reject, answers: [] }));
    }

    #hear(words) {
        if (words[0] !== 'next') return this.#asked[0].answers.push(words);
        const { resolve, answers } = this.#asked.shift();
        resolve({ answers, next: words[1] === 'never' ? Infinity : Number(words[1]) });
    }

    end() {
        this.#process.stdin.end();
    }
}
