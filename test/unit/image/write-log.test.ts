/** What a power cut leaves of a disk: confirmed writes always, others by chance. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CutDisk } from '../../../bench/power-cuts/survive.ts';
import { readWriteLog } from '../../../bench/power-cuts/write-log.ts';

const SECTOR = 512;
const FLUSH = 1;
const FUA = 2;

interface Entry {
	readonly sector: number;
	readonly text: string;
	readonly flags?: number;
}

/** In the format that the kernel documents for dm-log-writes. */
function logOf(entries: readonly Entry[]): Buffer {
	const head = Buffer.alloc(SECTOR);
	head.writeBigUInt64LE(0x6a736677736872n, 0);
	head.writeBigUInt64LE(1n, 8);
	head.writeUInt32LE(SECTOR, 24);
	const parts = entries.flatMap(({ sector, text, flags = 0 }) => {
		const header = Buffer.alloc(SECTOR);
		const sectors = text === '' ? 0 : text.length;
		header.writeBigUInt64LE(BigInt(sector), 0);
		header.writeBigUInt64LE(BigInt(sectors), 8);
		header.writeBigUInt64LE(BigInt(flags), 16);
		return [header, ...[...text].map((letter) => Buffer.alloc(SECTOR, letter))];
	});
	return Buffer.concat([head, ...parts]);
}

describe('a disk of 8 sectors', () => {
	let folder: string;
	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), 'innerloop-log-'));
		writeFileSync(join(folder, 'base'), Buffer.alloc(8 * SECTOR, '.'));
	});
	afterEach(() => rmSync(folder, { recursive: true, force: true }));

	/** One letter a sector. */
	function left(entries: readonly Entry[], count: number, random: () => number): string {
		writeFileSync(join(folder, 'log'), logOf(entries));
		const writes = readWriteLog(join(folder, 'log'));
		expect(writes).toHaveLength(entries.length);
		const disk = new CutDisk(join(folder, 'base'), join(folder, 'log'), writes, folder);
		disk.cut({ count, random }, join(folder, 'left'));
		const bytes = readFileSync(join(folder, 'left'));
		return Array.from({ length: 8 }, (_, sector) => String.fromCharCode(bytes[sector * SECTOR] ?? 0)).join('');
	}

	const entries: readonly Entry[] = [
		{ sector: 0, text: 'aa' },
		{ sector: 0, text: '', flags: FLUSH },
		{ sector: 2, text: 'bbbb' },
		{ sector: 6, text: 'c', flags: FUA },
		{ sector: 7, text: 'd' },
	];

	it('keeps what a flush confirmed and what was forced, whatever else is lost', () => {
		expect(left(entries, 5, () => 0.6)).toBe('aa....c.');
	});

	it('keeps everything where the chance is kind, and nothing from behind the cut', () => {
		expect(left(entries, 5, () => 0)).toBe('aabbbbcd');
		expect(left(entries, 3, () => 0)).toBe('aabbbb..');
	});

	it('tears a write at a sector', () => {
		const tosses = [0.9, 0.5, 0.6];
		expect(left(entries, 5, () => tosses.shift() ?? 0)).toBe('aabb..c.');
	});

	it('may lose what no flush confirmed yet', () => {
		expect(left(entries, 1, () => 0.6)).toBe('........');
	});

	it('takes no other file for a log', () => {
		expect(() => readWriteLog(join(folder, 'base'))).toThrow('no log of writes');
	});
});
