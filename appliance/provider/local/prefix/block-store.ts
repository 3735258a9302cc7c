/** Blocks of the KV cache on disk: written once each, sealed, bounded in size and in bytes a day, dropped when they are not whole. */

import { mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Seal } from './seal.ts';
import { type EntryKind, type JournalLine, StoreJournal } from './store-journal.ts';
import { leastWorth } from './worth.ts';

const DAY_MS = 86_400_000;

export interface StoreOptions {
	/** One folder for each model, cache format and calibration. */
	readonly folder: string;
	readonly seal: Seal;
	readonly mostBytes: number;
	/** Bytes that may be written in a day of UTC: cards wear out. */
	readonly mostBytesADay: number;
	readonly nowMs: () => number;
}

export interface StoredBlock {
	readonly digest: string;
	/** Digest of the block before; empty for the first. */
	readonly above: string;
	readonly depth: number;
	blockBytes: number;
	/** 0 when no state of sliding windows is kept here. */
	pointBytes: number;
	senders: readonly string[];
	isTeam: boolean;
	uses: number;
	lastUseMs: number;
	stored: number;
}

export interface StoreFacts {
	readonly blocks: number;
	readonly bytes: number;
	readonly writtenToday: number;
	readonly dropped: number;
}

export class BlockStore {
	readonly #options: StoreOptions;
	readonly #journal: StoreJournal;
	readonly #blocks = new Map<string, StoredBlock>();
	#bytes = 0;
	#day = 0;
	#writtenToday = 0;
	#dropped = 0;

	constructor(options: StoreOptions) {
		this.#options = options;
		this.#journal = new StoreJournal(join(options.folder, 'journal'), options.seal);
	}

	/** Reads the journal, drops what is not whole, and leaves a short journal behind. */
	async open(): Promise<void> {
		const { folder } = this.#options;
		await mkdir(folder, { recursive: true, mode: 0o700 });
		const { lines, unreadable } = await this.#journal.read();
		this.#dropped += unreadable;
		for (const line of lines) this.#replay(line);
		await this.#reconcile(new Set(await readdir(folder)));
		await this.#journal.rewrite(this.#summary());
	}

	/** Parents before children. */
	*blocks(): IterableIterator<StoredBlock> {
		yield* [...this.#blocks.values()].filter(({ blockBytes }) => blockBytes > 0).sort((a, b) => a.depth - b.depth);
	}

	has(digest: string, kind: EntryKind): boolean {
		const block = this.#blocks.get(digest);
		return block !== undefined && (kind === 'block' ? block.blockBytes : block.pointBytes) > 0;
	}

	facts(): StoreFacts {
		this.#turnDay();
		return { blocks: this.#blocks.size, bytes: this.#bytes, writtenToday: this.#writtenToday, dropped: this.#dropped };
	}

	/**
	 * Writes one entry, unless it is there, its block's parent is not, or the day's bytes are used up.
	 * @returns digests that had to make room, and whether it is there now
	 */
	async put(
		kind: EntryKind,
		digest: string,
		above: string,
		rows: Buffer,
	): Promise<{ readonly isThere: boolean; readonly evicted: readonly string[] }> {
		if (this.has(digest, kind)) return { isThere: this.#chargeAgain(rows.length), evicted: [] };
		const isRooted = kind === 'block' ? above === '' || this.has(above, 'block') : this.has(digest, 'block');
		if (!isRooted || !this.#mayWrite(rows.length)) return { isThere: false, evicted: [] };
		const evicted = await this.#makeRoom(rows.length, kind === 'block' ? above : digest);
		if (evicted === undefined) return { isThere: false, evicted: [] };
		await this.#writeFile(kind, digest, rows);
		const line = { is: 'put', kind, digest, above, bytes: rows.length, atMs: this.#options.nowMs() } as const;
		this.#journal.add(line);
		this.#replay(line);
		return { isThere: true, evicted };
	}

	/** @returns undefined when it is not there any more, or not as it was written: it is then dropped, with all that stands behind it */
	async get(kind: EntryKind, digest: string): Promise<Buffer | undefined> {
		if (!this.has(digest, kind)) return undefined;
		const sealed = await readFile(this.#path(kind, digest)).catch(() => undefined);
		const rows = sealed === undefined ? undefined : this.#options.seal.open(sealed, `${kind}:${digest}`);
		if (rows === undefined) {
			this.#dropped += 1;
			await this.#drop(kind, digest);
		}
		return rows;
	}

	/** These blocks saved a call from computing them. */
	use(digests: readonly string[]): void {
		const line = { is: 'use', digests, atMs: this.#options.nowMs() } as const;
		this.#journal.add(line);
		this.#replay(line);
	}

	/** Who may find the block. */
	setReach(digest: string, senders: readonly string[], isTeam: boolean): void {
		const block = this.#blocks.get(digest);
		if (block === undefined || (block.senders.length === senders.length && block.isTeam === isTeam)) return;
		const line = { is: 'reach', digest, senders, isTeam } as const;
		this.#journal.add(line);
		this.#replay(line);
	}

	/** Makes what was noted last: after a batch of writes, and before the end. */
	async flush(): Promise<void> {
		await this.#journal.flush();
	}

	#replay(line: JournalLine): void {
		if (line.is === 'put') this.#noteWritten(line);
		else if (line.is === 'drop') this.#noteDropped(line.kind, line.digest);
		else if (line.is === 'day') [this.#day, this.#writtenToday] = [line.day, line.bytes];
		else if (line.is === 'reach') Object.assign(this.#blocks.get(line.digest) ?? {}, { senders: line.senders, isTeam: line.isTeam });
		else {
			for (const digest of line.digests) {
				const block = this.#blocks.get(digest);
				if (block === undefined) continue;
				block.uses += 1;
				block.lastUseMs = line.atMs;
			}
		}
	}

	#noteWritten({ kind, digest, above, bytes, atMs }: Extract<JournalLine, { is: 'put' }>): void {
		const depth = (this.#blocks.get(above)?.depth ?? 0) + 1;
		const block = this.#blocks.get(digest) ?? newBlock(digest, above, depth, atMs);
		// Not zero where a process that was going away wrote it too.
		const before = kind === 'block' ? block.blockBytes : block.pointBytes;
		if (kind === 'block') block.blockBytes = bytes;
		else block.pointBytes = bytes;
		if (!this.#blocks.has(digest)) {
			this.#blocks.set(digest, block);
			const parent = this.#blocks.get(above);
			if (parent !== undefined) parent.stored += 1;
		}
		this.#bytes += bytes - before;
		this.#countDay(Math.floor(atMs / DAY_MS), bytes);
	}

	#noteDropped(kind: EntryKind, digest: string): void {
		const block = this.#blocks.get(digest);
		if (block === undefined) return;
		this.#bytes -= kind === 'block' ? block.blockBytes + block.pointBytes : block.pointBytes;
		block.pointBytes = 0;
		if (kind === 'point') return;
		this.#blocks.delete(digest);
		const parent = this.#blocks.get(block.above);
		if (parent !== undefined) parent.stored -= 1;
	}

	#countDay(day: number, bytes: number): void {
		if (day > this.#day) this.#writtenToday = 0;
		this.#day = Math.max(day, this.#day);
		if (day === this.#day) this.#writtenToday += bytes;
	}

	#turnDay(): void {
		this.#countDay(Math.floor(this.#options.nowMs() / DAY_MS), 0);
	}

	/** A second member's copy costs as much of the day as if it were written: nobody learns from the rest that there was a first. */
	#chargeAgain(bytes: number): boolean {
		const mayWrite = this.#mayWrite(bytes);
		if (mayWrite) this.#writtenToday += bytes;
		return mayWrite;
	}

	#mayWrite(bytes: number): boolean {
		this.#turnDay();
		return this.#writtenToday + bytes <= this.#options.mostBytesADay;
	}

	/** Undefined when even an empty store would not hold it, or only `keep`'s own line is left to evict. */
	async #makeRoom(bytes: number, keep: string): Promise<readonly string[] | undefined> {
		const { mostBytes, nowMs } = this.#options;
		const evicted: string[] = [];
		const kept = this.#lineOf(keep);
		while (this.#bytes + bytes > mostBytes) {
			const victim = leastWorth(this.#blocks.values(), kept, nowMs());
			if (victim === undefined) return undefined;
			evicted.push(victim.digest);
			await this.#drop('block', victim.digest);
		}
		return evicted;
	}

	#lineOf(digest: string): ReadonlySet<string> {
		const line = new Set<string>();
		for (let at: string | undefined = digest; at !== undefined && at !== ''; at = this.#blocks.get(at)?.above) line.add(at);
		return line;
	}

	/** A block takes along what stands behind it: nobody could reach that any more. */
	async #drop(kind: EntryKind, digest: string): Promise<void> {
		const gone = kind === 'point' ? [] : [...this.#blocks.values()].filter(({ above }) => above === digest);
		for (const child of gone) await this.#drop('block', child.digest);
		await unlink(this.#path('point', digest)).catch(() => undefined);
		if (kind === 'block') await unlink(this.#path('block', digest)).catch(() => undefined);
		const line = { is: 'drop', kind, digest } as const;
		this.#journal.add(line);
		this.#replay(line);
	}

	/** Files without a line in the journal go, and lines without a file. */
	async #reconcile(files: ReadonlySet<string>): Promise<void> {
		const known = new Set(['journal']);
		for (const block of [...this.#blocks.values()].sort((a, b) => a.depth - b.depth)) {
			const isWhole = files.has(this.#name('block', block.digest)) && (block.above === '' || this.#blocks.has(block.above));
			if (!isWhole) {
				this.#dropped += 1;
				await this.#drop('block', block.digest);
				continue;
			}
			known.add(this.#name('block', block.digest));
			if (block.pointBytes > 0 && files.has(this.#name('point', block.digest))) known.add(this.#name('point', block.digest));
			else if (block.pointBytes > 0) await this.#drop('point', block.digest);
		}
		for (const file of files) {
			if (known.has(file)) continue;
			this.#dropped += 1;
			await unlink(join(this.#options.folder, file)).catch(() => undefined);
		}
	}

	#summary(): readonly JournalLine[] {
		const lines: JournalLine[] = [];
		for (const { digest, above, blockBytes, pointBytes, lastUseMs, senders, isTeam, uses } of this.blocks()) {
			const put = { is: 'put', digest, above, atMs: lastUseMs } as const;
			lines.push({ ...put, kind: 'block', bytes: blockBytes });
			if (pointBytes > 0) lines.push({ ...put, kind: 'point', bytes: pointBytes });
			lines.push({ is: 'reach', digest, senders, isTeam });
			for (let use = 0; use < Math.min(uses, 8); use += 1) lines.push({ is: 'use', digests: [digest], atMs: lastUseMs });
		}
		// Last, so that it counts in the place of the lines above.
		return [...lines, { is: 'day', day: this.#day, bytes: this.#writtenToday }];
	}

	/** Whole or not at all, also when the power goes: written under another name, brought to the disk, renamed. */
	async #writeFile(kind: EntryKind, digest: string, rows: Buffer): Promise<void> {
		const path = this.#path(kind, digest);
		const draft = `${path}.new`;
		const file = await open(draft, 'w', 0o600);
		try {
			await file.writeFile(this.#options.seal.close(rows, `${kind}:${digest}`));
			await file.sync();
		} finally {
			await file.close();
		}
		await rename(draft, path);
	}

	#name(kind: EntryKind, digest: string): string {
		return `${this.#options.seal.name(`${kind}:${digest}`)}.${kind}`;
	}

	#path(kind: EntryKind, digest: string): string {
		return join(this.#options.folder, this.#name(kind, digest));
	}
}

function newBlock(digest: string, above: string, depth: number, lastUseMs: number): StoredBlock {
	return { digest, above, depth, blockBytes: 0, pointBytes: 0, senders: [], isTeam: false, uses: 0, lastUseMs, stored: 0 };
}
