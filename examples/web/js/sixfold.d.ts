// SPDX-License-Identifier: BSL-1.0
/** What Alice learns of a message; the last six are final. README.md of sixfold says what is true of each, and what to show. */
export type Status = 'relayed' | 'stored' | 'expiring' | 'delivered' | 'rejected' | 'cancelled' | 'expired' | 'ended' | 'refused';
export type Reason = 'none' | 'unknown_peer' | 'not_allowed' | 'over_quota' | 'too_large';

/** Names a message that was sent. Good in all lives of a client with a journal. */
export type Ticket = bigint;

export interface Event {
    ticket: Ticket;
    to: string;
    status: Status;
    /** Why it is refused, or `expiring` because of that. */
    reason: Reason;
    epoch: bigint;
    seq: bigint;
}

export interface Message {
    from: string;
    payload: Uint8Array;
    /** The payload as UTF-8. */
    readonly text: string;
    epoch: bigint;
    seq: bigint;
    place: number;
}

/** A row of the app's own, kept in the same commit as the records of the client. With an `id` it replaces the row that has it. */
export type Row = Record<string, unknown> & { id?: number | string };

/** What an earlier life has left. */
export interface Kept {
    records: Uint8Array;
    rows: Row[];
    /** Milliseconds since it wrote last. */
    away: number;
    /** The number of the life that begins: greater than those of all before it, and durable. */
    start: number;
}

/** Where a client keeps what must outlive it. */
export interface Journal {
    /** Fails if another life has it. */
    open(name: string): Promise<Kept>;
    put(row: Row): void;
    readonly pending: boolean;
    /** Records and rows are durable, all of them, or the promise fails; then the client fails, too, and a new one goes on from what is there. */
    commit(records: Uint8Array[]): Promise<void>;
    close(): void;
}

/** A way to a relay. It calls linkUp, handle and linkDown of the client. */
export interface Link {
    open(client: Client): void;
    /** What cannot be sent now may be dropped: it is sent again. */
    send(packet: Uint8Array): void;
    close(): void;
}

/** A refusal: the queue is full, a name is too long, another tab has the journal. The message says which. */
export class SixfoldError extends Error {}

/** One installation of an app. Each must have a name of its own, 1 to 47 bytes of UTF-8. */
export class Client {
    /** Without a journal it lives in memory only: what was not sent or stored is lost with the page. `start` is the number of this life, which
     *  has to grow from life to life: without it, the one that the journal has given, or the milliseconds since 1970. */
    static open(options: {
        name: string;
        journal?: Journal | null;
        start?: number;
        /** Milliseconds that do not go back. */
        clock?: () => number;
        /** Is given the rows of the app, in the order of their ids, before anything happens. */
        restore?: (rows: Row[]) => void;
        /** A row to keep in the commit that lets the client forget the event: what the app knows of a message outlives it. Must not call the client. */
        eventRow?: (event: Event) => Row | null;
    }): Promise<Client>;

    /** Takes a message to send until it has ended; throws a SixfoldError if it cannot. `row` is asked for a row to keep in the same commit; times are milliseconds. */
    send(to: string, payload: string | Uint8Array, options?: { expiresAfter?: number; store?: boolean; row?: ((ticket: Ticket) => Row) | null }): Ticket;
    /** Takes a message back, if it is not too late; an event says how it ended. Whether it was still open. */
    cancel(ticket: Ticket): boolean;
    /** All to this peer ends. */
    forget(to: string): boolean;
    outstanding(ticket: Ticket): boolean;

    /** The app has it: `row` and the word are one commit, and only then its sender hears `delivered`. */
    accept(message: Message, row?: Row | null): boolean;
    /** The app will never take it. */
    reject(message: Message): boolean;

    /** What happens to messages that were sent; one reader. */
    readonly events: AsyncIterableIterator<Event>;
    /** What others send, in order; one reader. A message that is neither accepted nor rejected comes again in the next life. */
    readonly messages: AsyncIterableIterator<Message>;
    /** Comes when everything that was sent, accepted, ... so far is durable: `send` itself returns before. Fails if the client has failed. */
    flushed(): Promise<void>;
    /** How many messages have not ended. */
    readonly unfinished: number;

    connect(link: Link): void;
    /** For links: the relay knows who we are. Over a byte stream nothing is lost while the link is. */
    linkUp(how?: { checked?: boolean; byteStream?: boolean }): void;
    linkDown(): void;
    /** A packet has come. Whether the link must end. */
    handle(packet: Uint8Array): boolean;

    /** Ends this life: link, journal and iterators. */
    close(): Promise<void>;
}

/** The journal and the rows of the app in IndexedDB, one database for each name. A Web Lock keeps other tabs away. */
export class IndexedJournal implements Journal {
    constructor(prefix?: string);
    open(name: string): Promise<Kept>;
    put(row: Row): void;
    readonly pending: boolean;
    commit(records: Uint8Array[]): Promise<void>;
    close(): void;
}

/** A WebSocket to examples/relay, dialled again and again, ever more patiently up to half a minute. It is given up, and dialled anew, when a packet
 *  has no answer for `deadAfter` milliseconds, 30,000 without it; a client that has nothing to say looks for messages now and then. */
export class WebSocketLink implements Link {
    constructor(url: string, token: string, options?: { onChange?: (state: 'connecting' | 'up' | 'down' | 'refused', why?: string) => void; byteStream?: boolean; deadAfter?: number });
    open(client: Client): void;
    send(packet: Uint8Array): void;
    close(): void;
}
