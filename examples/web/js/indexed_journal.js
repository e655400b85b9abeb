// SPDX-License-Identifier: BSL-1.0
// The journal of a client, and the rows of its app, in IndexedDB: one commit for both. A lock keeps every other tab away for as long as this
// one lives (spec 7.9). A record is kept under its key: its kind and what follows it (spec 7.2).

const READ_VARINT_MAX = 4;

/** The key of a record, whether it is gone, and where the next one begins. (spec 7.1) */
function parse(bytes, at) {
    let length = 0;
    let head = at + 1;
    for (let i = 0; i < READ_VARINT_MAX; ++i) {
        const byte = bytes[head++];
        length |= (byte & 0x7f) << (7 * i);
        if (byte < 0x80) break;
    }
    const kind = bytes[head];
    const named = kind === 2 || kind === 3; // the name of a peer follows
    const size = 1 + (named ? 1 + bytes[head + 1] : kind === 4 ? 8 : 0);
    const key = Array.from(bytes.subarray(head, head + size), (byte) => byte.toString(16).padStart(2, '0')).join('');
    return { key, gone: (bytes[at] & 1) === 1, end: head + length };
}

const done = (request) =>
    new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });

const complete = (transaction) =>
    new Promise((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error ?? new Error('the journal was not written'));
    });

export class IndexedJournal {
    #prefix;
    #database = null;
    #release = () => {};
    #rows = [];

    /** Databases of this app begin with `prefix`. */
    constructor(prefix = 'sixfold') {
        this.#prefix = prefix;
    }

    /** What an earlier life has left: records, rows of the app, and for how long nobody has lived; and the number of this life, above those
     *  of all before, which is durable before anything is said in it. All in one transaction. Fails if another tab has this journal. */
    async open(name) {
        await this.#lock(`${this.#prefix} ${name}`);
        const request = indexedDB.open(`${this.#prefix} ${name}`, 1);
        request.onupgradeneeded = () => {
            request.result.createObjectStore('records');
            request.result.createObjectStore('life');
            request.result.createObjectStore('rows', { keyPath: 'id', autoIncrement: true });
        };
        this.#database = await done(request);
        const life = this.#database.transaction(['records', 'life', 'rows'], 'readwrite', { durability: 'strict' });
        const [records, rows, written, last] = await Promise.all([
            done(life.objectStore('records').getAll()),
            done(life.objectStore('rows').getAll()),
            done(life.objectStore('life').get('written')),
            done(life.objectStore('life').get('start')),
        ]);
        const start = Math.max(Date.now(), (last ?? 0) + 1); // the clock of a device may have been set back
        life.objectStore('life').put(start, 'start');
        await complete(life);
        const all = new Uint8Array(records.reduce((sum, record) => sum + record.length, 0));
        let at = 0;
        for (const record of records) {
            all.set(record, at);
            at += record.length;
        }
        return { records: all, rows, start, away: written === undefined ? 0 : Date.now() - written };
    }

    #lock(name) {
        return new Promise((resolve, reject) => {
            navigator.locks
                .request(name, { ifAvailable: true }, (lock) => {
                    if (!lock) throw new Error(`${name}: open in another tab; one journal is one client's, so close that tab first`);
                    resolve();
                    return new Promise((release) => (this.#release = release));
                })
                .catch(reject);
        });
    }

    /** A row of the app's own, to go with the next commit. With an `id` it takes the place of the row that has it. */
    put(row) {
        this.#rows.push(row);
    }
    get pending() {
        return this.#rows.length > 0;
    }
    /** Records and rows are durable, all of them, or the promise fails. */
    commit(records) {
        const write = this.#database.transaction(['records', 'life', 'rows'], 'readwrite', { durability: 'strict' });
        const store = write.objectStore('records');
        for (const some of records) {
            for (let at = 0; at < some.length; ) {
                const { key, gone, end } = parse(some, at);
                if (gone) store.delete(key);
                else store.put(some.slice(at, end), key);
                at = end;
            }
        }
        for (const row of this.#rows.splice(0)) write.objectStore('rows').put(row);
        write.objectStore('life').put(Date.now(), 'written');
        return complete(write);
    }
    close() {
        this.#database?.close();
        this.#release();
    }
}
