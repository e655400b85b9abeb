// SPDX-License-Identifier: BSL-1.0
// A chat: what is shown is in the rows of the journal, each in one commit with the records that it goes with. So a reload changes nothing.
import { Client, IndexedJournal, WebSocketLink } from '../js/sixfold.js';

const $ = (id) => document.getElementById(id);
const LINK = { connecting: 'connecting …', up: 'online', down: 'no connection', refused: 'refused', offline: 'offline' };

/** What a person is shown of each status; the words of the README. */
const SHOWN = {
    queued: '◷',
    relayed: '◷',
    stored: '✓ stored',
    expiring: 'taking back …',
    cancelling: 'taking back …',
    delivered: '✓✓ delivered',
    rejected: 'not accepted',
    cancelled: 'taken back',
    expired: 'too late',
    refused: 'refused',
    ended: 'may have arrived',
};
const OVER = ['cancelled', 'expired', 'rejected', 'refused'];
const FINAL = [...OVER, 'delivered', 'ended'];

export class Chat {
    rows = new Map(); // by id: {id, at, from or to, group, text, status, ticket}
    client;
    #link = null;
    #url;
    #drawing = 0;

    async open(name, url) {
        this.#url = url;
        this.name = name;
        this.client = await Client.open({
            name,
            journal: new IndexedJournal('sixfold chat'),
            restore: (rows) => rows.forEach((row) => this.#keep(row)),
            eventRow: (event) => this.#heard(event),
        });
        this.#draw();
        this.#listen();
        this.online();
    }

    online() {
        this.#link = new WebSocketLink(this.#url, this.name, { onChange: (state, why) => this.#show(state, why), byteStream: !location.hash.includes('lossy') });
        this.client.connect(this.#link);
    }
    offline() {
        this.#link.close();
        this.client.linkDown();
        this.#show('offline');
    }

    /** To each of these: a group is the app's. */
    send(names, text) {
        const group = `${Date.now()} ${Math.random()}`;
        for (const to of names) {
            const row = (ticket) => this.#keep({ id: `sent ${ticket}`, at: Date.now(), to, group, text, status: 'queued', ticket: String(ticket) });
            this.client.send(to, text, { row });
        }
        this.#draw();
    }
    unsend(group) {
        for (const row of this.rows.values()) {
            if (row.group === group && !FINAL.includes(row.status) && this.client.cancel(BigInt(row.ticket))) row.status = 'cancelling';
        }
        this.#draw();
    }

    #keep(row) {
        this.rows.set(row.id, row);
        return row;
    }
    #heard(event) {
        const row = this.rows.get(`sent ${event.ticket}`);
        return row ? this.#keep({ ...row, status: event.status }) : null;
    }
    async #listen() {
        (async () => {
            for await (const event of this.client.events) this.#draw(event);
        })();
        for await (const message of this.client.messages) {
            const id = `got ${message.from} ${message.epoch} ${message.seq}`;
            this.client.accept(message, this.#keep({ id, at: Date.now(), from: message.from, text: message.text }));
            this.#draw();
        }
    }

    // What is seen --------------------------------------------------------------------------------------------------

    #show(state, why) {
        $('state').className = state;
        $('state').textContent = why ?? LINK[state];
        $('offline').setAttribute('aria-pressed', String(state === 'offline'));
        $('offline').textContent = state === 'offline' ? 'Go online' : 'Go offline';
    }
    #draw() {
        if (this.#drawing) return;
        this.#drawing = requestAnimationFrame(() => {
            this.#drawing = 0;
            const groups = new Map();
            for (const row of [...this.rows.values()].sort((a, b) => a.at - b.at).slice(-200)) {
                const key = row.group ?? row.id;
                groups.set(key, [...(groups.get(key) ?? []), row]);
            }
            $('messages').replaceChildren(...[...groups.values()].map((group) => this.#bubble(group)));
            $('messages').scrollTop = $('messages').scrollHeight;
        });
    }
    #bubble(group) {
        const [row] = group;
        const item = document.createElement('li');
        const part = (name, text, parent = item) => parent.appendChild(Object.assign(document.createElement('span'), { className: name, textContent: text }));
        part('who', row.from ?? `to ${group.map((one) => one.to).join(', ')}`);
        part('words', row.text);
        if (row.to) {
            item.classList.add('mine');
            item.classList.toggle('over', group.every((one) => OVER.includes(one.status)));
            const fate = part('fate', '');
            if (group.some((one) => !FINAL.includes(one.status) && one.status !== 'cancelling')) {
                const button = Object.assign(document.createElement('button'), { textContent: 'unsend' });
                button.onclick = () => this.unsend(row.group);
                fate.append(button);
            }
            for (const one of group) part(`ticks ${one.status}`, group.length > 1 ? `${one.to} ${SHOWN[one.status]}` : SHOWN[one.status], fate);
        }
        return item;
    }
}

$('login').onsubmit = async (event) => {
    event.preventDefault();
    const chat = new Chat();
    try {
        await chat.open($('name').value, $('url').value);
    } catch (error) {
        $('error').textContent = error.message;
        return;
    }
    window.chat = chat;
    sessionStorage.setItem('sixfold chat', JSON.stringify([$('name').value, $('url').value]));
    $('self').textContent = chat.name;
    $('login').hidden = true;
    $('chat').hidden = false;
    $('offline').onclick = () => ($('offline').getAttribute('aria-pressed') === 'true' ? chat.online() : chat.offline());
    $('write').onsubmit = (submit) => {
        submit.preventDefault();
        const names = $('to').value.split(',').map((name) => name.trim()).filter(Boolean);
        if (names.length > 0 && $('text').value) {
            chat.send(names, $('text').value);
            $('text').value = '';
        }
    };
};

const last = JSON.parse(sessionStorage.getItem('sixfold chat') ?? 'null');
if (last) {
    [$('name').value, $('url').value] = last;
    $('login').requestSubmit();
}
