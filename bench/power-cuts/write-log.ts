/** A disk's writes in the order in which they were made, and what may be left of them when the power goes. */

import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';

/** Of the log that QEMU's driver blklogwrites and Linux' dm-log-writes keep: Documentation/admin-guide/device-mapper/log-writes.rst. */
const MAGIC = 0x6a736677736872n;
const FLUSH = 1;
const FUA = 2;
const DISCARD = 4;
/** Bytes that a card writes whole. */
const SECTOR = 512;
const HEADER_BYTES = 32;

export interface LoggedWrite {
	/** Where on the disk, bytes. */
	readonly at: number;
	readonly bytes: number;
	readonly isFlush: boolean;
	/** On the medium when it was reported as written. */
	readonly isForced: boolean;
	readonly isDiscard: boolean;
	/** Where its content stands in the log. */
	readonly contentAt: number;
	/** Length of the log with it. */
	readonly logEnd: number;
}

/** @throws where it is no such log */
export function readWriteLog(file: string): LoggedWrite[] {
	const fd = openSync(file, 'r');
	try {
		const head = Buffer.alloc(SECTOR);
		readSync(fd, head, 0, SECTOR, 0);
		if (head.readBigUInt64LE(0) !== MAGIC || head.readUInt32LE(24) !== SECTOR) throw new Error(`${file} is no log of writes`);
		return readEntries(fd, fstatSync(fd).size);
	} finally {
		closeSync(fd);
	}
}

/** The superblock counts entries now and then only, so the length of the file says where the log ends. */
function readEntries(fd: number, size: number): LoggedWrite[] {
	const writes: LoggedWrite[] = [];
	const header = Buffer.alloc(HEADER_BYTES);
	for (let position = SECTOR; position + SECTOR <= size; ) {
		readSync(fd, header, 0, HEADER_BYTES, position);
		const flags = Number(header.readBigUInt64LE(16));
		const bytes = Number(header.readBigUInt64LE(8)) * SECTOR;
		const isDiscard = (flags & DISCARD) !== 0;
		const contentAt = position + SECTOR;
		const logEnd = contentAt + (isDiscard ? 0 : bytes);
		if (logEnd > size) break;
		writes.push({
			at: Number(header.readBigUInt64LE(0)) * SECTOR,
			bytes,
			isFlush: (flags & FLUSH) !== 0,
			isForced: (flags & FUA) !== 0,
			isDiscard,
			contentAt,
			logEnd,
		});
		position = logEnd;
	}
	return writes;
}

/** What became of a write that no flush had confirmed. */
export type Fate = 'kept' | 'lost' | 'torn';

/** Puts logged writes onto a copy of the disk as it was before them. */
export class Replay {
	readonly #log: number;
	readonly #disk: number;

	constructor(log: string, disk: string) {
		this.#log = openSync(log, 'r');
		this.#disk = openSync(disk, 'r+');
	}

	/** @param share of the write that arrives, in whole sectors from its beginning; default all */
	write(write: LoggedWrite, share = 1): void {
		const bytes = Math.floor((write.bytes * share) / SECTOR) * SECTOR;
		if (bytes === 0) return;
		const content = Buffer.alloc(bytes);
		if (!write.isDiscard) readSync(this.#log, content, 0, bytes, write.contentAt);
		writeSync(this.#disk, content, 0, bytes, write.at);
	}

	close(): void {
		closeSync(this.#log);
		closeSync(this.#disk);
	}
}

/** What is on the medium for sure after `count` writes: all that a flush behind them confirmed, and what was forced. */
export function confirmed(
	writes: readonly LoggedWrite[],
	count: number,
): { readonly whole: number; readonly forced: readonly LoggedWrite[] } {
	let whole = count;
	while (whole > 0 && writes[whole - 1]?.isFlush !== true) whole -= 1;
	return { whole, forced: writes.slice(whole, count).filter((write) => write.isForced) };
}

/** Of the rest each is kept, lost or torn by chance: a card reorders what it was not told to order. */
export function fateOf(random: () => number): { readonly fate: Fate; readonly share: number } {
	const toss = random();
	if (toss < 0.5) return { fate: 'kept', share: 1 };
	return toss < 0.75 ? { fate: 'lost', share: 0 } : { fate: 'torn', share: random() };
}
