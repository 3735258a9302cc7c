/** Brings computed prefixes to disk in the background: one at a time, the sure ones first, the rest once their session rests. */

import type { BlockStore } from './block-store.ts';
import type { StateImage } from './state-image.ts';
import { BLOCK_TOKENS } from './token-blocks.ts';

export interface Snapshot {
	/** Whose call computed it. */
	readonly member: string;
	/** Those of one session replace each other. */
	readonly key: string;
	readonly image: StateImage;
	readonly digests: readonly string[];
	/** Rows of sliding windows behind the last block. */
	readonly window: Buffer | undefined;
	/** What many calls begin with is written at once. */
	readonly isHead: boolean;
	/** Lets go of the state's file. */
	readonly close: () => void;
}

export interface SnapshotEvents {
	readonly onStored: (digests: readonly string[], member: string) => void;
	readonly onEvicted: (digests: readonly string[]) => void;
	readonly keepersOf: (digest: string) => { readonly senders: readonly string[]; readonly isTeam: boolean };
	readonly onLog: (message: string) => void;
}

/** What a killed process loses of a long prompt, at most. */
const BLOCKS_A_FLUSH = 16;

/** Each holds a state in memory. */
const MOST_WAITING = 2;

export class SnapshotQueue {
	readonly #store: BlockStore;
	readonly #restMs: number;
	readonly #events: SnapshotEvents;
	#waiting: Snapshot[] = [];
	#timer: NodeJS.Timeout | undefined;
	#writing: Promise<void> = Promise.resolve();

	/** @param restMs how long a session is quiet before its own prefix is written: the next call would replace it */
	constructor(store: BlockStore, restMs: number, events: SnapshotEvents) {
		this.#store = store;
		this.#restMs = restMs;
		this.#events = events;
	}

	add(snapshot: Snapshot): void {
		if (snapshot.isHead) this.#write(snapshot);
		else this.#wait(snapshot);
	}

	#wait(snapshot: Snapshot): void {
		this.#remove(this.#waiting.findIndex(({ key }) => key === snapshot.key));
		if (this.#waiting.length >= MOST_WAITING) this.#write(...this.#waiting.splice(0, 1));
		this.#waiting.push(snapshot);
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#writeWaiting(), this.#restMs);
		this.#timer.unref();
	}

	/** Everything that waits is written now. */
	async flush(): Promise<void> {
		this.#writeWaiting();
		await this.#writing;
	}

	#writeWaiting(): void {
		clearTimeout(this.#timer);
		this.#write(...this.#waiting.splice(0));
	}

	#remove(index: number): void {
		const [gone] = index < 0 ? [] : this.#waiting.splice(index, 1);
		gone?.close();
	}

	#write(...snapshots: readonly Snapshot[]): void {
		for (const snapshot of snapshots) {
			this.#writing = this.#writing
				.then(() => this.#toDisk(snapshot))
				.catch((error: unknown) => this.#events.onLog(`A prefix could not be stored: ${String(error)}`))
				.finally(snapshot.close);
		}
	}

	async #toDisk({ image, digests, window, member }: Snapshot): Promise<void> {
		for (const [index, digest] of digests.entries()) {
			// What another member has stored is put once more, which costs of the day's bytes and writes nothing.
			if (this.#events.keepersOf(digest).senders.includes(member) && this.#store.has(digest, 'block')) continue;
			const rows = image.baseRows(index * BLOCK_TOKENS, (index + 1) * BLOCK_TOKENS);
			const { isThere, evicted } = await this.#store.put('block', digest, digests[index - 1] ?? '', rows);
			this.#events.onEvicted(evicted);
			if (!isThere) break;
			this.#events.onStored(digests.slice(0, index + 1), member);
			const { senders, isTeam } = this.#events.keepersOf(digest);
			this.#store.setReach(digest, senders, isTeam);
			if ((index + 1) % BLOCKS_A_FLUSH === 0) await this.#store.flush();
		}
		const last = digests.at(-1) ?? '';
		if (window !== undefined && this.#store.has(last, 'block')) {
			await this.#store.put('point', last, digests.at(-2) ?? '', window);
		}
		await this.#store.flush();
	}
}
