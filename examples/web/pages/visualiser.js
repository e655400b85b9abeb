// SPDX-License-Identifier: BSL-1.0
// The stage of the core, drawn: time runs down, a frame is a line from who sent it to who gets it. Everything shown is asked of the core.
import { Stage } from '../js/stage.js';
import { Scene } from './scene.js';

const REAL_TIME = 1 / 60; // virtual time passes so much slower while frames fly,
const IDLE_TIME = 0.6; // and so while none does
const SETTINGS = ['loss', 'duplicate', 'delay', 'jitter', 'seed'];

const $ = (id) => document.getElementById(id);
const quoted = (text) => `“${text}”`;
const about = (frame) => (frame.count > 1 ? ` ${frame.first}–${frame.first + frame.count - 1}` : frame.count === 1 ? ` ${frame.first}` : '');
const NAMES = { alice: 'Alice', relay: 'the relay', bob: 'Bob' };

/** What the tour says behind the title of each scene. */
const TOUR = [
    'msg:R asks the relay to take a message, msg:A says that it has. msg:N brings it to Bob, and only when his app has stored it he says so: ack:R. ack:N carries that word to Alice, ack:A tells Bob that it was heard.',
    'The message keeps its place in Alice’s wait-ack queue, and its number. No answer, so it goes again, under the same number. The relay has kept nothing, and needs nothing.',
    'Bob has it, and Alice does not know. She asks again; Bob’s dedup window sees that it has ended here already, shows his app nothing, and says what it has once more.',
    'No link to Bob: the relay puts it into the mailbox, and Alice hears “stored”. When Bob is back he asks for his mailbox with sync:R, and only his own word makes it “delivered”.',
    'The relay dies with an acknowledgement in its hands. Another one takes over the mailbox, both log in, and what was not answered is said again.',
];

export class Visualiser {
    now = 0; // microseconds
    #stage;
    #scene;
    #playing = false;
    #last = 0;
    #flights = new Map();
    #scenes = 0;
    #told = new Map(); // what Alice knows of messages that have left her queue
    #got = [];

    static async open() {
        return new Visualiser(await Stage.open(1));
    }

    constructor(stage) {
        this.#stage = stage;
        this.#scene = new Scene($('scene'), (id) => this.lose(id));
        this.#read(new URLSearchParams(location.hash.slice(1)));
        this.#listen();
        this.begin();
        if (location.hash.includes('tour')) this.tour();
    }

    // The film ------------------------------------------------------------------------------------------------------

    begin() {
        this.#stage.begin(Number($('seed').value));
        this.#scene.clear();
        Object.assign(this, { now: 0 });
        this.#flights.clear();
        this.#told.clear();
        this.#got = [];
        this.#scenes = 0;
        $('log').replaceChildren();
        this.#weather();
        this.#see();
    }
    play(on) {
        this.#playing = on;
        $('play').textContent = on ? 'Pause' : 'Play';
        $('play').toggleAttribute('data-on', on);
        if (on) {
            this.#last = performance.now();
            requestAnimationFrame((at) => this.#turn(at));
        }
    }
    /** To the next thing that happens. */
    step() {
        this.play(false);
        const { next } = this.#stage.state();
        if (next >= 0) this.#advance(next, (next - this.now) / 1000);
    }
    tour() {
        $('seed').value = 1;
        for (const id of ['loss', 'duplicate', 'jitter']) $(id).value = 0;
        $('delay').value = 20;
        this.begin();
        this.#stage.playStory();
        this.play(true);
    }
    lose(id) {
        const frame = this.#flights.get(id);
        if (!frame || frame.lost) return;
        frame.lost = 1;
        this.#stage.lose(id);
        this.#scene.doom(id);
    }

    #turn(at) {
        if (!this.#playing) return;
        const passed = Math.min(100, at - this.#last) * 2 ** Number($('speed').value);
        this.#last = at;
        this.#advance(this.now + passed * 1000 * (this.#flights.size > 0 ? REAL_TIME : IDLE_TIME), passed);
        requestAnimationFrame((next) => this.#turn(next));
    }

    /** Idle time ends with the first thing that happens, so that nothing is missed. */
    #advance(until, passed) {
        const { next } = this.#stage.state();
        if (next > this.now && next < until) until = next;
        this.#scene.pass(passed, this.#flights.size > 0, until);
        this.#stage.advance(until);
        this.now = until;
        this.#see();
    }

    // What is seen --------------------------------------------------------------------------------------------------

    #see() {
        for (const one of this.#stage.happenings()) this.#happened(one);
        this.#scene.draw(this.now);
        const state = this.#stage.state();
        $('clock').textContent = `${(this.now / 1e6).toFixed(3)} s`;
        this.#showQueue(state.queue);
        this.#showMailbox(state.mailbox);
        this.#showWindow(state);
        for (const who of ['alice', 'relay', 'bob']) {
            const here = Boolean(state[`${who}_here`]);
            $(who).classList.toggle('gone', !here);
            this.#scene.presence(who, here);
        }
        $('kill').disabled = !state.relay_here;
    }

    #happened(one) {
        const frame = this.#flights.get(one.id);
        switch (one.what) {
            case 'left':
                this.#flights.set(one.id, one);
                this.#scene.fly(one, one.kind + about(one));
                break;
            case 'arrived':
            case 'lost':
            case 'ignored':
                this.#flights.delete(one.id);
                this.#scene.land(one.id, one.what);
                if (one.what === 'lost') this.#say(one, `${frame.kind}${about(frame)} is lost between ${NAMES[frame.from]} and ${NAMES[frame.to]}`);
                break;
            case 'got':
                this.#got.push(one);
                this.#scene.note('bob', `app has ${quoted(one.text)}`, 'good');
                this.#say(one, `Bob’s app has ${quoted(one.text)}`);
                break;
            case 'told':
                this.#told.set(one.seq, one);
                if (one.status !== 'relayed') this.#scene.note('alice', one.status, one.status === 'delivered' ? 'good' : '');
                this.#say(one, `Alice is told: ${quoted(one.text)} is ${one.status}`);
                break;
            case 'away':
            case 'back':
                this.#scene.note(one.who, one.what === 'away' ? 'away' : 'linked', one.what === 'away' ? 'bad' : '');
                this.#say(one, `${NAMES[one.who]} ${one.what === 'away' ? 'has no link' : 'is linked to the relay'}`);
                break;
            case 'relay_dead':
            case 'relay_back':
                this.#scene.note('relay', one.what === 'relay_dead' ? 'dies' : 'a new relay', one.what === 'relay_dead' ? 'bad' : '');
                this.#say(one, one.what === 'relay_dead' ? 'The relay dies' : 'Another relay takes over the mailbox');
                break;
            case 'title':
                this.#showScene(one.text);
                break;
        }
    }

    #say(one, words) {
        const item = document.createElement('li');
        const time = document.createElement('time');
        time.textContent = (one.at / 1e6).toFixed(3);
        item.append(time, words);
        $('log').prepend(item);
        while ($('log').children.length > 60) $('log').lastChild.remove();
    }

    #showScene(title) {
        const words = TOUR[this.#scenes++ % TOUR.length];
        const text = document.createElement('p');
        const strong = document.createElement('strong');
        strong.textContent = `${this.#scenes}. ${title}. `;
        text.append(strong, words);
        const next = document.createElement('button');
        next.textContent = 'Show me';
        next.onclick = () => {
            next.remove();
            this.play(true);
        };
        $('caption').replaceChildren(text, next);
        this.play(false);
        next.focus({ preventScroll: true });
    }

    #rows(list, rows, empty) {
        const items = rows.map((parts) => {
            const item = document.createElement('li');
            for (const [name, content] of parts) {
                const part = typeof content === 'string' ? Object.assign(document.createElement('span'), { textContent: content }) : content;
                if (name) part.className = name;
                item.append(part);
            }
            return item;
        });
        if (items.length === 0) items.push(Object.assign(document.createElement('li'), { className: 'empty', textContent: empty }));
        const text = items.map((item) => item.outerHTML).join('');
        if (list.dataset.shown !== text) {
            list.dataset.shown = text;
            list.replaceChildren(...items);
        }
    }

    #showQueue(queue) {
        const ended = [...this.#told.values()].filter((one) => !queue.some((row) => row.seq === one.seq)).slice(-3);
        const row = (one, state) => [['seq', String(one.seq)], ['words', one.text], [`state ${state}`, state === 'delivered' ? '✓✓ delivered' : state === 'stored' ? '✓ stored' : state]];
        this.#rows(
            $('queue'),
            [
                ...ended.map((one) => row(one, one.status)),
                ...queue.map((one) => [...row(one, one.state), ...(['cancelling', 'ended'].includes(one.state) ? [] : [['', this.#unsend(one)]])]),
            ],
            'Nothing waits for an answer.',
        );
    }
    #unsend(one) {
        const button = Object.assign(document.createElement('button'), { textContent: 'unsend', title: `Take ${quoted(one.text)} back` });
        button.onclick = () => this.act(() => this.#stage.unsend(one.ticket));
        return button;
    }
    #showMailbox(rows) {
        this.#rows($('mailbox'), rows.map((one) => [['seq', String(one.seq)], ['words', one.tombstone ? '† taken back' : one.text]]), 'Empty. The relay itself keeps nothing.');
    }
    #showWindow({ floor, window, duplicates }) {
        const cells = [[['floor', `floor ${floor}`]]];
        for (let seq = Math.max(0, floor - 4); seq < floor; ++seq) cells.push([['cell below', String(seq)]]);
        for (const { seq, fate } of window) cells.push([[`cell ${fate}`, String(seq)]]);
        for (let seq = floor + window.length; seq < floor + Math.max(3, window.length); ++seq) cells.push([['cell', String(seq)]]);
        this.#rows($('window'), cells.slice(0, 18), '');
        const rows = this.#got.slice(-3).map((one) => [['seq', String(one.seq)], ['words', one.text]]);
        if (duplicates > 0) rows.push([['state', `${duplicates} came again, and the app saw none of it`]]);
        this.#rows($('got'), rows, 'His app has got nothing yet.');
    }

    // What a person does --------------------------------------------------------------------------------------------

    /** At this moment of the film. */
    act(what) {
        what();
        this.#see();
        if (!this.#playing) this.play(true);
    }
    write(text) {
        this.act(() => this.#stage.write(text));
    }
    bob() {
        const away = $('away').getAttribute('aria-pressed') === 'false';
        $('away').setAttribute('aria-pressed', String(away));
        $('away').textContent = away ? 'Bob comes back' : 'Bob goes away';
        this.act(() => (away ? this.#stage.bobLeaves() : this.#stage.bobReturns()));
    }
    kill() {
        this.act(() => this.#stage.killRelay());
    }

    #weather() {
        const value = (id) => Number($(id).value);
        this.#stage.set({ loss: value('loss'), duplicate: value('duplicate'), delay: value('delay'), jitter: value('jitter') });
        for (const id of ['loss', 'duplicate', 'delay', 'jitter']) $(id).parentElement.querySelector('output').textContent = $(id).value + $(id).dataset.unit;
    }
    #read(link) {
        for (const name of SETTINGS) if (link.has(name)) $(name).value = link.get(name);
    }
    #link() {
        const link = new URLSearchParams(SETTINGS.map((name) => [name, $(name).value]));
        history.replaceState(null, '', `#${link}`);
        return location.href;
    }

    #listen() {
        $('play').onclick = () => this.play(!this.#playing);
        $('step').onclick = () => this.step();
        $('tour').onclick = () => this.tour();
        $('kill').onclick = () => this.kill();
        $('away').onclick = () => this.bob();
        $('again').onclick = () => this.begin();
        $('seed').onchange = () => this.begin();
        $('link').onclick = async () => {
            const link = this.#link();
            await navigator.clipboard?.writeText(link).catch(() => {});
            $('link').textContent = 'Copied';
        };
        $('write').onsubmit = (event) => {
            event.preventDefault();
            this.write($('text').value);
        };
        for (const id of ['loss', 'duplicate', 'delay', 'jitter']) {
            $(id).oninput = () => {
                this.#weather();
                this.#link();
            };
        }
        const keys = {
            k: () => this.play(!this.#playing),
            '.': () => this.step(),
            s: () => this.write($('text').value),
            b: () => this.bob(),
            r: () => this.kill(),
            x: () => this.lose([...this.#flights.keys()].at(-1)),
        };
        document.addEventListener('keydown', (event) => {
            if (event.target.tagName === 'INPUT' || event.ctrlKey || event.metaKey || event.altKey) return;
            keys[event.key]?.();
        });
    }
}

window.visualiser = await Visualiser.open();

window.Stage = Stage; // to play with in the console, and for the test that compares it with the C++ core
