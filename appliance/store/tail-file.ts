/** The journal's end in memory that outlives the process: a killed service's last entries, which no commit had reached. */

import { randomUUID } from 'node:crypto';
import {
	closeSync,
	constants,
	existsSync,
	ftruncateSync,
	lstatSync,
	openSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
	writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { LedgerEntry } from '../router/budget/ledger-records.ts';

/** Where the kernel keeps files in memory: a write there never waits for a disk. */
const MEMORY_DIRECTORY = '/dev/shm';

/** Two files take turns; one is emptied when all of it is committed and the other has grown to this. */
const TURN_BYTES = 262_144;

/** A line that no dispatch takes along reaches the kernel after this time at the latest. */
const BEHIND_MS = 10;

const CREATE = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW;

/** What the database notes about the running process: enough to tell whether its tail can be believed. */
export interface RunMark {
	/** Path of the tail without its turn's number; null when there is none. */
	readonly tail: string | null;
	/** The kernel's id of this boot: memory does not survive another one. */
	readonly bootId: string | null;
}

interface Turn {
	readonly path: string;
	readonly fd: number;
	bytes: number;
	lastSeq: number;
}

export class TailFile {
	readonly mark: RunMark;
	readonly #onFailure: (error: unknown) => void;
	#turns: [Turn, Turn] | undefined;
	#owner: string | undefined;
	#text = '';
	#textSeq = 0;
	#timer: NodeJS.Timeout | undefined;

	/** Makes the two files in memory, or beside `file` where the system has no such place. */
	constructor(file: string, onFailure: (error: unknown) => void, directory = placeFor(file)) {
		this.#onFailure = onFailure;
		const path = join(directory, `innerloop-${randomUUID()}.tail`);
		this.#try(() => {
			removeOrphans(directory);
			this.#turns = [newTurn(`${path}.0`), newTurn(`${path}.1`)];
			writeFileSync(`${path}.owner`, file, { mode: 0o600, flag: 'wx' });
			this.#owner = `${path}.owner`;
		});
		this.mark = { tail: this.#turns === undefined ? null : path, bootId: readBootId() };
	}

	/** Takes a line; a kill before the next `flush` loses it, which comes by itself in a moment. */
	write(seq: number, line: string): void {
		this.#text += `${line}\n`;
		this.#textSeq = seq;
		this.#timer ??= setTimeout(() => this.#flushBehind(), BEHIND_MS);
	}

	#flushBehind(): void {
		this.#timer = undefined;
		this.flush();
	}

	/** Returns when the kernel has every line: from then on the process may die. */
	flush(): void {
		const text = this.#text;
		const turn = this.#turns?.[0];
		this.#text = '';
		if (turn === undefined || text === '') return;
		this.#try(() => {
			const written = writeSync(turn.fd, text);
			if (written !== Buffer.byteLength(text)) throw new Error(`only ${written} bytes of the journal's end were taken`);
			turn.bytes += written;
			turn.lastSeq = this.#textSeq;
		});
	}

	/** Everything up to `seq` is in the database now. */
	committed(seq: number): void {
		if (this.#turns === undefined) return;
		const [writing, resting] = this.#turns;
		if (writing.bytes < TURN_BYTES || resting.lastSeq > seq) return;
		this.#try(() => {
			ftruncateSync(resting.fd, 0);
			resting.bytes = 0;
			this.#turns = [resting, writing];
		});
	}

	/** Takes the files away: at a clean stop, or because they are no longer whole. */
	remove(): void {
		const turns = this.#turns;
		this.#turns = undefined;
		clearTimeout(this.#timer);
		if (turns === undefined) return;
		for (const turn of turns) {
			closeSync(turn.fd);
			rmSync(turn.path, { force: true });
		}
		if (this.#owner !== undefined) rmSync(this.#owner, { force: true });
	}

	#try(action: () => void): void {
		try {
			action();
		} catch (error) {
			this.remove();
			this.#onFailure(error);
		}
	}
}

/**
 * The entries behind `seq` that a dead process left; undefined when some may be missing: another boot, no files,
 * somebody else's files, or a gap.
 */
export function readTail(mark: RunMark, seq: number): readonly LedgerEntry[] | undefined {
	if (mark.tail === null || mark.bootId === null || mark.bootId !== readBootId()) return undefined;
	try {
		const entries = [...readTurn(`${mark.tail}.0`), ...readTurn(`${mark.tail}.1`)].filter((entry) => entry.seq > seq);
		entries.sort((a, b) => a.seq - b.seq);
		return entries.every((entry, index) => entry.seq === seq + 1 + index) ? entries : undefined;
	} catch {
		return undefined;
	}
}

export function removeTail(mark: RunMark): void {
	if (mark.tail === null) return;
	for (const part of ['.0', '.1', '.owner']) rmSync(mark.tail + part, { force: true });
}

/** A killed service whose data directory was then deleted left memory that nobody will ask for. */
function removeOrphans(directory: string): void {
	const owners = readdirSync(directory).filter((name) => name.startsWith('innerloop-') && name.endsWith('.tail.owner'));
	for (const name of owners) {
		const path = join(directory, name);
		const facts = lstatSync(path, { throwIfNoEntry: false });
		if (facts?.isFile() !== true || facts.uid !== process.getuid?.() || existsSync(readFileSync(path, 'utf8'))) continue;
		removeTail({ tail: path.slice(0, -'.owner'.length), bootId: null });
	}
}

function readTurn(path: string): LedgerEntry[] {
	const facts = lstatSync(path);
	if (!facts.isFile() || facts.uid !== process.getuid?.()) throw new Error(`${path} is not this user's file`);
	const lines = readFileSync(path, 'utf8').split('\n');
	if (lines.pop() !== '') throw new Error(`${path} ends inside a line`);
	return lines.map((line) => JSON.parse(line) as LedgerEntry);
}

function newTurn(path: string): Turn {
	return { path, fd: openSync(path, CREATE, 0o600), bytes: 0, lastSeq: 0 };
}

function readBootId(): string | null {
	try {
		return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
	} catch {
		return null;
	}
}

function placeFor(file: string): string {
	const isThere = statSync(MEMORY_DIRECTORY, { throwIfNoEntry: false })?.isDirectory() === true;
	return isThere ? MEMORY_DIRECTORY : dirname(file);
}
