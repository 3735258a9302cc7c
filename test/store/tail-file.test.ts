/** The journal's end in memory: believed only when it is whole, of this boot, and ours. */

import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunMark, readTail, removeTail, TailFile } from '../../appliance/store/tail-file.ts';

let directory: string;
let tail: TailFile;
let failures: unknown[];

beforeEach(() => {
	failures = [];
	directory = mkdtempSync(join(tmpdir(), 'innerloop-tail-'));
	// A tail whose database is not there is anybody's to remove.
	writeFileSync(join(directory, 'innerloop.sqlite'), '');
	tail = new TailFile(join(directory, 'innerloop.sqlite'), (error) => failures.push(error));
});
afterEach(() => {
	tail.remove();
	removeTail(tail.mark);
	rmSync(directory, { recursive: true });
});

const lineOf = (seq: number, pad = 0): string => JSON.stringify({ seq, atMs: 1, isSync: false, changes: [], pad: 'x'.repeat(pad) });

function write(from: number, to: number, pad = 0): void {
	for (let seq = from; seq <= to; seq += 1) tail.write(seq, lineOf(seq, pad));
	tail.flush();
}

const seqsBehind = (seq: number, mark: RunMark = tail.mark): number[] | undefined => readTail(mark, seq)?.map((entry) => entry.seq);

describe('the tail', () => {
	it('gives back what was flushed and not committed, in order', () => {
		write(1, 5);
		tail.write(6, lineOf(6));
		expect(seqsBehind(2)).toEqual([3, 4, 5]);
		expect(seqsBehind(5)).toEqual([]);
	});

	it('stays small: a file is emptied once all of it is committed', () => {
		for (let round = 0; round < 40; round += 1) {
			write(round * 100 + 1, round * 100 + 100, 1_000);
			tail.committed(round * 100 + 50);
		}
		expect(seqsBehind(3_950)).toHaveLength(50);
		const bytes = ['.0', '.1'].map((turn) => readFileSync(`${tail.mark.tail}${turn}`).length);
		expect(Math.max(...bytes)).toBeLessThan(500_000);
	});

	it('is not believed with a gap, a cut line, a missing file, of another boot or behind a link', () => {
		write(4, 6);
		expect(seqsBehind(1)).toBeUndefined();
		expect(seqsBehind(3)).toEqual([4, 5, 6]);
		expect(seqsBehind(3, { ...tail.mark, bootId: 'another' })).toBeUndefined();
		const first = `${tail.mark.tail}.0`;
		const bytes = readFileSync(first);
		truncateSync(first, bytes.length - 3);
		expect(seqsBehind(3)).toBeUndefined();
		rmSync(first);
		expect(seqsBehind(3)).toBeUndefined();
		writeFileSync(join(directory, 'elsewhere'), bytes);
		symlinkSync(join(directory, 'elsewhere'), first);
		expect(seqsBehind(3)).toBeUndefined();
	});

	it('of a data directory that is gone is removed by the next one; of one that is there, it stays', () => {
		const file = join(directory, 'innerloop.sqlite');
		const makeTail = (of: string): TailFile => new TailFile(of, (error) => failures.push(error), directory);
		const kept = makeTail(file);
		const orphan = makeTail(join(directory, 'gone', 'innerloop.sqlite'));
		const last = makeTail(file);
		const partsOf = ({ mark }: TailFile): boolean[] => ['.0', '.1', '.owner'].map((part) => existsSync(mark.tail + part));
		expect([kept, orphan, last].map(partsOf)).toEqual([
			[true, true, true],
			[false, false, false],
			[true, true, true],
		]);
		expect(failures).toEqual([]);
		for (const one of [kept, orphan, last]) one.remove();
		expect(partsOf(last)).toEqual([false, false, false]);
	});

	it('takes its files away when it can no longer write, so that nobody believes them', () => {
		write(1, 2);
		const broken = new TailFile(join(directory, 'gone', 'innerloop.sqlite'), (error) => failures.push(error), join(directory, 'gone'));
		expect(broken.mark.tail).toBeNull();
		expect(failures).toHaveLength(1);
		tail.remove();
		expect(existsSync(`${tail.mark.tail}.0`)).toBe(false);
		expect(seqsBehind(0)).toBeUndefined();
	});
});
