/** Records a box at work and cuts its power at random moments, again and again. */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tinyGemma4 } from '../../test/support/gguf-gemma4.ts';
import { mulberry32 } from '../../test/support/mulberry32.ts';
import { recordWork, type Work } from './record-work.ts';
import { openRecordedDisk } from './recorded-disk.ts';
import { CutDisk, type Survival, survive, tailsLeft } from './survive.ts';
import { readWriteLog } from './write-log.ts';

export interface PowerCutOptions {
	readonly cuts: number;
	/** The same number, the same choices; what is recorded differs from run to run. */
	readonly seed: number;
	/** Of each of the two runs of the service that are recorded. */
	readonly seconds: number;
	readonly lanes: number;
	/** After so many cuts the local model is asked too, which costs a start of the engine. */
	readonly engineEvery: number;
	readonly onCut: (survival: Survival, number: number) => void;
}

export interface PowerCutReport {
	readonly work: Work;
	readonly writes: number;
	readonly writtenBytes: number;
	readonly survivals: readonly Survival[];
}

export async function cutPower({ cuts, seed, seconds, lanes, engineEvery, onCut }: PowerCutOptions): Promise<PowerCutReport> {
	// Not in memory: the disks are hundreds of megabytes.
	const folder = mkdtempSync(join(tmpdir(), 'innerloop-cuts-'));
	try {
		const disk = await openRecordedDisk(folder);
		let work: Work;
		try {
			work = await recordWork({ disk, model: await tinyGemma4(), seconds, lanes });
			const tails = tailsLeft(disk.folder);
			if (tails.length > 0) throw new Error(`of the recording, memory still holds ${tails.join(', ')}`);
		} finally {
			await disk.close();
		}
		const writes = readWriteLog(disk.log);
		const random = mulberry32(seed);
		const counts = Array.from({ length: cuts }, () => 1 + Math.floor(random() * writes.length)).sort((a, b) => a - b);
		const medium = new CutDisk(disk.base, disk.log, writes, folder);
		const states = join(folder, 'states');
		mkdirSync(states);
		const survivals: Survival[] = [];
		for (const [number, count] of counts.entries()) {
			const image = join(states, `${number}.img`);
			const look = { logEnd: writes[count - 1]?.logEnd ?? 0, hasEngine: number % engineEvery === 0 };
			const left = medium.cut({ count, random }, image);
			const survival = { count, ...left, ...(await survive(image, work, look)) };
			survivals.push(survival);
			onCut(survival, number);
		}
		const writtenBytes = writes.reduce((sum, { bytes }) => sum + bytes, 0);
		return { work, writes: writes.length, writtenBytes, survivals };
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}
