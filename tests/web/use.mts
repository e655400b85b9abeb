// SPDX-License-Identifier: BSL-1.0
// What an app does with the package, for the compiler of TypeScript: sixfold.d.ts says all that it needs.
import { Client, IndexedJournal, SixfoldError, WebSocketLink, type Event, type Journal, type Link, type Message, type Row, type Ticket } from 'sixfold';

class Memory implements Journal {
    #rows: Row[] = [];
    #pending = 0;
    async open(_name: string) {
        return { records: new Uint8Array(), rows: this.#rows, away: 0, start: 1 };
    }
    put(row: Row) {
        this.#pending = this.#rows.push(row);
    }
    get pending() {
        return this.#pending > 0;
    }
    async commit(_records: Uint8Array[]) {
        this.#pending = 0;
    }
    close() {}
}

const loose: Link = { open: (client) => client.linkUp({ byteStream: false }), send(packet) { packet.byteLength; }, close() {} };
const link = new WebSocketLink('wss://relay.example/', 'token', { onChange: (state, why) => console.log(state === 'refused' ? why : state), deadAfter: 1000 });

export async function use(journal: Journal = new IndexedJournal('app')): Promise<void> {
    const client = await Client.open({
        name: 'alice',
        journal,
        restore: (rows) => rows.map((row) => row.id),
        eventRow: (event: Event) => (event.status === 'delivered' ? { id: String(event.ticket), at: event.seq } : null),
    });
    client.connect(Math.random() < 2 ? link : loose);
    const ticket: Ticket = client.send('bob', 'Dinner?', { expiresAfter: 60_000, row: (name) => ({ id: `sent ${name}` }) });
    const open: boolean = client.outstanding(ticket) && client.cancel(ticket);
    for await (const { status, reason } of client.events) {
        const over: 'refused' | 'delivered' | null = status === 'refused' || status === 'delivered' ? status : null;
        if (over && reason === 'over_quota') break;
    }
    for await (const message of client.messages) {
        const got: Message = message;
        client.accept(got, { id: `${got.from} ${got.epoch} ${got.seq}`, text: got.text, bytes: got.payload }) || client.reject(got);
    }
    try {
        await client.flushed();
    } catch (error) {
        if (!(error instanceof SixfoldError)) throw error;
    }
    // @ts-expect-error: a ticket is no number
    client.cancel(1);
    // @ts-expect-error: there is no such status
    ({ status: 'lost' }) satisfies Partial<Event>;
    console.log(open, client.unfinished);
    await client.close();
}

void use(new Memory());
