/** The service's side of the journal: hands lines to the thread in batches, and tells who waits when they are safe. */

import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { Problem } from '../protocol/problem.ts';
import type { CallRow, FromJournal, JournalStart, Query, ToJournal } from './journal-messages.ts';

/**
 * Lines that nobody waits for are gathered this long: fewer wake-ups of the thread, fewer commits, and what begins and
 * ends within one batch leaves no trace in the tables. A kill loses none of the ledger's: see tail-file.ts.
 */
const GATHER_MS = 50;

/** Half a young generation of a thread: nobody waits for its collector, and the room serves the service's own thread better. */
const THREAD_YOUNG_MB = 4;

export interface JournalCounts {
	/** Lines handed in and not yet committed. */
	readonly waitingLines: number;
	readonly commits: number;
	readonly syncedCommits: number;
	/** Why the disk takes nothing at the moment; undefined when it does. */
	readonly failure: string | undefined;
}

interface Waiter {
	readonly ticket: number;
	readonly resolve: () => void;
	readonly reject: (problem: Problem) => void;
	/** Called when the line is on the platter, also after a rejection. */
	readonly synced: (() => void) | undefined;
}

interface Asked {
	readonly resolve: (rows: readonly unknown[]) => void;
	readonly reject: (problem: Problem) => void;
}

export interface OpenJournal {
	readonly journal: Journal;
	readonly start: JournalStart;
}

/** Starts the thread; rejects with a Problem where the database cannot be used. */
export function openJournal(file: string, onFailure: (message: string) => void): Promise<OpenJournal> {
	// Counts for threads that begin from now on; a flag at the start of the program would win over a thread's own limit.
	setFlagsFromString(`--max-semi-space-size=${THREAD_YOUNG_MB}`);
	const worker = new Worker(new URL('./journal-worker.ts', import.meta.url), { workerData: { file }, name: 'journal' });
	return new Promise((resolve, reject) => {
		const fail = (error: unknown): void => reject(Problem.from(error));
		const end = (): void => reject(new Problem('internal', 'The journal ended before it began.'));
		worker.once('error', fail);
		worker.once('exit', end);
		worker.once('message', (message: FromJournal) => {
			worker.off('error', fail);
			worker.off('exit', end);
			if (message.kind === 'ready') {
				resolve({ journal: new Journal(worker, onFailure), start: message });
				return;
			}
			void worker.terminate();
			reject(new Problem('internal', message.kind === 'refused' ? message.message : `unexpected ${message.kind}`));
		});
	});
}

export class Journal {
	readonly #worker: Worker;
	readonly #onFailure: (message: string) => void;
	#lines: string[] = [];
	#calls: string[] = [];
	#ticket = 0;
	#committedTicket = 0;
	#commits = 0;
	#syncedCommits = 0;
	#failure: string | undefined;
	#timer: NodeJS.Timeout | undefined;
	#isFlushQueued = false;
	#waiters: Waiter[] = [];
	#nextQuery = 1;
	readonly #asked = new Map<number, Asked>();
	#closed: PromiseWithResolvers<boolean> | undefined;
	/** Told when lines go to the thread, and the latest ledger entry that a commit reached. */
	listener: { flushing(): void; committed(ledgerSeq: number): void } | undefined;

	constructor(worker: Worker, onFailure: (message: string) => void) {
		this.#worker = worker;
		this.#onFailure = onFailure;
		worker.on('message', (message: FromJournal) => this.#hear(message));
		worker.on('error', (error) => this.#die(`The journal's thread failed: ${error.message}`));
		worker.on('exit', () => this.#die("The journal's thread ended."));
	}

	get isClosed(): boolean {
		return this.#closed !== undefined;
	}

	get counts(): JournalCounts {
		return {
			waitingLines: this.#ticket - this.#committedTicket,
			commits: this.#commits,
			syncedCommits: this.#syncedCommits,
			failure: this.#failure,
		};
	}

	/** Written behind: nobody waits. `line` is the JSON of a JournalLine. After `close` it is dropped. */
	append(line: string): void {
		if (this.#closed !== undefined) return;
		this.#lines.push(line);
		this.#gather();
	}

	/** A past call, written behind as well; the texts are JSON. */
	appendCall({ callId, atMs, decision, outcome }: CallRow): void {
		if (this.#closed !== undefined) return;
		this.#calls.push(`${callId}\t${atMs}\t${decision}\t${outcome}`);
		this.#gather();
	}

	#gather(): void {
		this.#ticket += 1;
		this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS);
	}

	/**
	 * Resolves when the line is on the platter; rejects with a Problem when the disk refuses it now. The line is kept
	 * and tried again: `synced` is called when it is safe after all.
	 */
	appendDurable(line: string, synced?: () => void): Promise<void> {
		if (this.#closed !== undefined) return Promise.reject(stopped());
		this.#lines.push(line);
		this.#ticket += 1;
		const ticket = this.#ticket;
		if (!this.#isFlushQueued) {
			this.#isFlushQueued = true;
			queueMicrotask(() => this.#flush());
		}
		return new Promise((resolve, reject) => this.#waiters.push({ ticket, resolve, reject, synced }));
	}

	/** Asks the database; sees all that was appended before. */
	query(query: Query): Promise<readonly unknown[]> {
		if (this.#closed !== undefined) return Promise.reject(stopped());
		this.#flush();
		const id = this.#nextQuery++;
		this.#post({ kind: 'query', id, query });
		return new Promise((resolve, reject) => this.#asked.set(id, { resolve, reject }));
	}

	/** Writes what is left, closes the database and ends the thread. False when the disk refused some of it to the end. */
	close(): Promise<boolean> {
		if (this.#closed !== undefined) return this.#closed.promise;
		this.#flush();
		this.#closed = Promise.withResolvers();
		this.#post({ kind: 'close' });
		return this.#closed.promise;
	}

	#flush(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		this.#isFlushQueued = false;
		if (this.#lines.length + this.#calls.length === 0) return;
		this.listener?.flushing();
		const lines = `[${this.#lines.join(',')}]`;
		const calls = this.#calls.join('\n');
		this.#lines = [];
		this.#calls = [];
		this.#post({ kind: 'write', ticket: this.#ticket, lines, calls });
	}

	#post(message: ToJournal): void {
		this.#worker.postMessage(message);
	}

	#hear(message: FromJournal): void {
		switch (message.kind) {
			case 'committed':
				this.#committed(message.ticket, message.syncedTicket, message);
				return;
			case 'failing':
				this.#failed(message.message);
				return;
			case 'answer':
				this.#asked.get(message.id)?.resolve(message.rows);
				this.#asked.delete(message.id);
				return;
			case 'query-failed':
				this.#asked.get(message.id)?.reject(new Problem('internal', message.message));
				this.#asked.delete(message.id);
				return;
			case 'closed':
				this.#closed?.resolve(message.isComplete);
		}
	}

	#committed(
		ticket: number,
		syncedTicket: number,
		counts: { readonly commits: number; readonly syncedCommits: number; readonly ledgerSeq: number },
	): void {
		this.#failure = undefined;
		this.#committedTicket = ticket;
		this.#commits = counts.commits;
		this.#syncedCommits = counts.syncedCommits;
		this.listener?.committed(counts.ledgerSeq);
		const isSafe = (waiter: Waiter): boolean => waiter.ticket <= syncedTicket;
		const safe = this.#waiters.filter(isSafe);
		this.#waiters = this.#waiters.filter((waiter) => !isSafe(waiter));
		for (const waiter of safe) {
			waiter.synced?.();
			waiter.resolve();
		}
	}

	#failed(message: string): void {
		if (this.#failure === undefined) this.#onFailure(message);
		this.#failure = message;
		for (const waiter of this.#waiters) waiter.reject(new Problem('internal', message, { isRetryable: true, retryAfterSeconds: 5 }));
	}

	#die(message: string): void {
		this.#closed?.resolve(false);
		if (this.#closed !== undefined) return;
		this.#failed(message);
		for (const asked of this.#asked.values()) asked.reject(new Problem('internal', message));
		this.#asked.clear();
	}
}

function stopped(): Problem {
	return new Problem('shutting-down', 'The box is stopping: nothing more is written down.', { isRetryable: true, retryAfterSeconds: 5 });
}
