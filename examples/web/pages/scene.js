// SPDX-License-Identifier: BSL-1.0
// Three lifelines and the frames between them, in SVG. Knows where things are, and not what they mean.

const SVG = 'http://www.w3.org/2000/svg';
const TOP = 46; // below the names
const FLYING_SPEED = 0.055; // pixels a millisecond of the film while frames fly
const IDLE_SPEED = 0.012;
const BREAK = 60_000; // microseconds without a frame that are worth a word

function make(parent, name, attributes = {}, text) {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    parent.append(element);
    return element;
}

export class Scene {
    #svg;
    #paper; // what scrolls
    #lines = {};
    #names = {};
    #frames = new Map();
    #y = 0; // how far the film is, in pixels
    #idleSince = null;
    #lastNote = {};
    #lose;

    /** `lose` is told the id of a frame that somebody clicks. */
    constructor(svg, lose) {
        this.#svg = svg;
        this.#lose = lose;
        for (const who of ['alice', 'relay', 'bob']) {
            this.#lines[who] = make(svg, 'line', { class: 'lifeline', y1: TOP });
            this.#names[who] = make(svg, 'text', { class: 'host', y: 22 }, { alice: 'Alice', relay: 'relay', bob: 'Bob' }[who]);
        }
        make(make(svg, 'clipPath', { id: 'below' }), 'rect', { x: 0, y: TOP - 4, width: 4000, height: 2000 });
        this.#paper = make(make(svg, 'g', { 'clip-path': 'url(#below)' }), 'g');
        new ResizeObserver(() => this.#place()).observe(svg);
        this.#place();
    }

    clear() {
        this.#paper.replaceChildren();
        this.#frames.clear();
        this.#y = 0;
        this.#idleSince = null;
        this.#lastNote = {};
        this.#scroll();
    }

    /** So many milliseconds of the film pass, until this virtual time. */
    pass(milliseconds, flying, until) {
        if (!flying && this.#idleSince === null) this.#idleSince = { at: until, y: this.#y };
        const room = flying ? Infinity : this.#idleSince.y + 34 - this.#y;
        this.#y += Math.max(0, Math.min(room, milliseconds * (flying ? FLYING_SPEED : IDLE_SPEED)));
        this.#scroll();
    }

    presence(who, here) {
        this.#lines[who].classList.toggle('gone', !here);
        this.#names[who].classList.toggle('gone', !here);
    }

    // Frames --------------------------------------------------------------------------------------------------------

    fly(frame, label) {
        this.#endIdle(frame.at);
        const [family, kind] = frame.kind.split(':');
        const group = make(this.#paper, 'g', { class: `frame flying ${family} ${kind}`, tabindex: 0, role: 'button', 'aria-label': `${label}, from ${frame.from} to ${frame.to}: lose it` });
        const trail = make(group, 'line', { class: 'trail' });
        const head = make(group, 'g');
        const width = 7.4 * label.length + 16;
        make(head, 'rect', { class: 'pill', x: -width / 2, y: -11, width, height: 22, rx: 11 });
        make(head, 'text', { y: 4 }, label);
        group.onclick = () => this.#lose(frame.id);
        group.onkeydown = (event) => {
            if (event.key === 'Enter' || event.key === ' ') {
                event.preventDefault();
                this.#lose(frame.id);
            }
        };
        const beside = [...this.#frames.values()].filter((one) => one.from === frame.from && one.to === frame.to && one.y0 === this.#y);
        for (const one of beside) one.lanes = beside.length + 1;
        this.#frames.set(frame.id, { ...frame, group, trail, head, width, lane: beside.length, lanes: beside.length + 1, y0: this.#y, y1: null, end: null });
        if (frame.lost) this.doom(frame.id);
    }
    /** It will not arrive. */
    doom(id) {
        const frame = this.#frames.get(id);
        frame.doomed = true;
        frame.group.classList.add('gone');
    }
    land(id, how) {
        const frame = this.#frames.get(id);
        Object.assign(frame, { y1: this.#y, end: how });
        frame.group.classList.remove('flying');
        frame.group.removeAttribute('tabindex');
        frame.group.removeAttribute('role');
        this.#shape(frame, 1);
        if (how !== 'arrived') {
            frame.group.classList.add('gone');
            const { x, y } = this.#endOf(frame);
            for (const d of [1, -1]) make(frame.group, 'line', { class: 'cross', x1: x - 6, y1: y - 6 * d, x2: x + 6, y2: y + 6 * d });
        }
    }
    note(who, words, kind) {
        const side = { alice: -1, relay: 0, bob: 1 }[who];
        const wide = this.#width > 700;
        const last = this.#lastNote[who] ?? -Infinity;
        const y = Math.max(this.#y + 4, last + 15);
        this.#lastNote[who] = y;
        const anchor = side === 0 ? 'middle' : side < 0 === wide ? 'end' : 'start';
        const x = this.#x(who) + (wide ? 14 : -14) * side;
        make(this.#paper, 'text', { class: `note ${kind}`, x, y: y + (side === 0 ? 14 : 4), style: `text-anchor:${anchor}` }, words);
    }

    /** All that is under way, at this time. */
    draw(now) {
        for (const frame of this.#frames.values()) {
            if (frame.end === null) this.#shape(frame, Math.min(1, (now - frame.at) / Math.max(1, frame.arrives - frame.at)));
        }
        for (const [id, frame] of this.#frames) {
            if (frame.end !== null && this.#y - frame.y1 > 700) {
                frame.group.remove();
                this.#frames.delete(id);
            }
        }
        while (this.#paper.children.length > 400) this.#paper.firstChild.remove();
    }

    #endOf(frame) {
        const share = frame.end === 'lost' || frame.doomed ? 0.62 : 1;
        const from = this.#x(frame.from);
        const to = this.#x(frame.to);
        return { x: from + (to - from) * share, y: frame.y0 + ((frame.y1 ?? this.#y) - frame.y0) * share };
    }
    #shape(frame, done) {
        const from = this.#x(frame.from);
        const to = this.#x(frame.to);
        const doomed = frame.doomed || frame.end === 'lost';
        const share = doomed ? Math.min(done, 0.62) : done;
        const x = from + (to - from) * share;
        const y = frame.y0 + ((frame.y1 ?? this.#y) - frame.y0) * (doomed && done > 0.62 ? 0.62 / done : 1);
        const lines = { x1: from, y1: frame.y0, x2: x, y2: y };
        for (const [key, value] of Object.entries(lines)) frame.trail.setAttribute(key, value);
        // The words lead the line while it flies, and rest in its middle when it has landed.
        // Those that left together keep apart.
        const back = frame.end === null ? (frame.lane * (frame.width + 4)) / Math.abs(to - from) : share * (1 - (frame.lane + 1) / (frame.lanes + 1));
        const middle = { x: x - (to - from) * Math.min(back, share), y: y - ((y - frame.y0) * Math.min(back, share)) / Math.max(share, 0.01) };
        const low = Math.min(from, to) + frame.width / 2 + 4;
        const high = Math.max(from, to) - frame.width / 2 - 4;
        frame.head.setAttribute('transform', `translate(${Math.min(high, Math.max(low, middle.x))} ${middle.y})`);
    }

    // Where things are ----------------------------------------------------------------------------------------------

    #endIdle(now) {
        const idle = this.#idleSince;
        this.#idleSince = null;
        if (!idle || now - idle.at < BREAK) return;
        this.#y = Math.max(this.#y, idle.y + 30);
        make(this.#paper, 'text', { class: 'note', x: (this.#x('alice') + this.#x('relay')) / 2, y: (idle.y + this.#y) / 2 + 4 }, `${((now - idle.at) / 1e6).toFixed(1)} s`);
        this.#scroll();
    }
    get #width() {
        return this.#svg.clientWidth || 1000;
    }
    #x(who) {
        const margin = this.#width > 700 ? 170 : 34;
        return margin + { alice: 0, relay: 0.5, bob: 1 }[who] * (this.#width - 2 * margin);
    }
    #place() {
        for (const who of ['alice', 'relay', 'bob']) {
            const x = this.#x(who);
            for (const [key, value] of [['x1', x], ['x2', x], ['y2', this.#svg.clientHeight]]) this.#lines[who].setAttribute(key, value);
            this.#names[who].setAttribute('x', x);
        }
        for (const frame of this.#frames.values()) this.#shape(frame, 1);
        this.#scroll();
    }
    #scroll() {
        const height = this.#svg.clientHeight || 380;
        this.#paper.setAttribute('transform', `translate(0 ${TOP + 14 - Math.max(0, this.#y - (height - TOP - 56))})`);
    }
}
