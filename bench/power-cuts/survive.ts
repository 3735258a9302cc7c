/** One power cut: the disk as it may have been left, checked as a boot checks it, and the real service started on it. */

import { spawnSync } from 'node:child_process';
import { constants, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import type { SpendDaysReport } from '../../appliance/protocol/admin.ts';
import { answers } from '../../test/support/child-program.ts';
import { programPath } from '../../test/support/debian-programs.ts';
import { startService } from '../../test/support/start-service.ts';
import { callBox, localAsk, type Work } from './record-work.ts';
import { run } from './recorded-disk.ts';
import { confirmed, fateOf, type LoggedWrite, Replay } from './write-log.ts';

/** `WatchdogSec` of the unit. */
export const WATCHDOG_MS = 60_000;
/** On a machine with other work a start may take longer than on a Pi that has nothing else to do. */
const PATIENCE_MS = 5 * WATCHDOG_MS;
const NEW_KEY = /\bil_[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/;
const DROPPED = /Prefixes on disk: (\d+) blocks, \d+ bytes(?:; (\d+) were not whole)?/;

export interface Cut {
	/** Writes that were made before it. */
	readonly count: number;
	readonly random: () => number;
}

export interface Survival {
	readonly count: number;
	/** Writes that no flush had confirmed. */
	readonly atStake: number;
	/** Of them, lost or torn. */
	readonly damaged: number;
	readonly billedNanoUsd: number;
	readonly settledNanoUsd: number;
	readonly healthyMs: number;
	readonly blocks: number;
	readonly droppedBlocks: number;
	/** What should not be; empty where the box survived. */
	readonly faults: readonly string[];
}

/** Cuts one after another, in the order of the log: what is confirmed is put on once. */
export class CutDisk {
	readonly #writes: readonly LoggedWrite[];
	readonly #log: string;
	readonly #durable: string;
	#done = 0;

	constructor(base: string, log: string, writes: readonly LoggedWrite[], folder: string) {
		this.#writes = writes;
		this.#log = log;
		this.#durable = join(folder, 'durable.img');
		copyFileSync(base, this.#durable, constants.COPYFILE_FICLONE);
	}

	/** Writes what the cut leaves to `target`. */
	cut({ count, random }: Cut, target: string): { readonly atStake: number; readonly damaged: number } {
		const { whole, forced } = confirmed(this.#writes, count);
		if (whole < this.#done) throw new Error('cuts come in the order of the log');
		const durable = new Replay(this.#log, this.#durable);
		for (const write of this.#writes.slice(this.#done, whole)) durable.write(write);
		durable.close();
		this.#done = whole;
		run('cp', '--sparse=always', this.#durable, target);
		const left = new Replay(this.#log, target);
		let damaged = 0;
		for (const write of this.#writes.slice(whole, count)) {
			const { fate, share } = forced.includes(write) ? { fate: 'kept', share: 1 } : fateOf(random);
			if (fate !== 'kept') damaged += 1;
			left.write(write, share);
		}
		left.close();
		return { atStake: count - whole, damaged };
	}
}

export interface Look {
	/** Length of the log at the cut. */
	readonly logEnd: number;
	/** Whether the local model is started too and asked what it was asked before: its prefixes are then read. */
	readonly hasEngine: boolean;
}

export async function survive(image: string, work: Work, look: Look): Promise<Omit<Survival, 'count' | 'atStake' | 'damaged'>> {
	const faults: string[] = [];
	const billedNanoUsd = work.moments.findLast(({ loggedBytes }) => loggedBytes <= look.logEnd)?.billedNanoUsd ?? 0;
	// What the boot does with a partition that was not unmounted; 1 says that it mended what it is made to mend.
	const check = spawnSync(programPath('e2fsck'), ['-p', image], { encoding: 'utf8' });
	if ((check.status ?? 8) > 1) faults.push(`e2fsck: ${check.stdout.trim()}`);
	const folder = `${image}.mounted`;
	mkdirSync(folder, { recursive: true });
	run('mount', '-o', 'loop,noatime', image, folder);
	try {
		const seen = await serveOn(folder, work, look, faults);
		if (seen.settledNanoUsd < billedNanoUsd) faults.push(`the ledger has ${seen.settledNanoUsd} of a bill of ${billedNanoUsd}`);
		if (seen.settledNanoUsd > work.ceilingNanoUsd) faults.push('the ledger is above the ceiling');
		faults.push(...booksOf(folder, seen.settledNanoUsd));
		return { ...seen, billedNanoUsd, faults };
	} catch (error) {
		faults.push(error instanceof Error ? error.message : String(error));
		return { billedNanoUsd, settledNanoUsd: 0, healthyMs: Number.POSITIVE_INFINITY, blocks: 0, droppedBlocks: 0, faults };
	} finally {
		run('umount', folder);
		rmSync(folder, { recursive: true });
		rmSync(image);
	}
}

async function serveOn(folder: string, work: Work, { logEnd, hasEngine }: Look, faults: string[]) {
	const { env } = work;
	const config = { ...work.config, local: { ...work.config.local, isEnabled: hasEngine } };
	const startMs = performance.now();
	const service = await startService({ config, env, dataDir: folder, key: work.key, readyTimeoutMs: PATIENCE_MS, readyPath: '/healthz' });
	try {
		const healthyMs = performance.now() - startMs;
		const output = service.program.output();
		const fresh = NEW_KEY.exec(output)?.[0];
		if (fresh !== undefined && logEnd >= work.keyShownAt) faults.push('the key that was shown is forgotten');
		const key = fresh ?? work.key;
		if (hasEngine) await untilReady(service.url);
		const text = hasEngine ? await callBox(service, key, localAsk()) : work.localText;
		if (text !== work.localText) faults.push(`the local model said ${JSON.stringify(text)}, not ${JSON.stringify(work.localText)}`);
		const reply = await fetch(`${service.url}/innerloop/v1/spend/days?days=3`, { headers: { authorization: `Bearer ${key}` } });
		const { days } = (await reply.json()) as SpendDaysReport;
		const settledNanoUsd = days.filter(({ scope }) => scope === 'team').reduce((sum, day) => sum + day.settledNanoUsd, 0);
		const [, blocks = '0', dropped = '0'] = DROPPED.exec(service.program.output()) ?? [];
		return { healthyMs, settledNanoUsd, blocks: Number(blocks), droppedBlocks: Number(dropped) };
	} finally {
		await service.stop();
	}
}

/** Who asks needs no key: the one that was shown may not have reached the disk. */
async function untilReady(url: string): Promise<void> {
	for (const endMs = performance.now() + PATIENCE_MS; !(await answers(`${url}/readyz`)); await delay(50))
		if (performance.now() > endMs) throw new Error('the local model did not come up');
}

/** The database by SQLite's own check, and the three accounts of the same money. */
function booksOf(folder: string, settledNanoUsd: number): string[] {
	const file = readdirSync(folder).find((name) => /^innerloop\.(db|sqlite)$/.test(name));
	if (file === undefined) return ['there is no database'];
	const db = new DatabaseSync(join(folder, file), { readOnly: true });
	try {
		const one = (sql: string) => Object.values(db.prepare(sql).get() ?? {})[0];
		const faults: string[] = [];
		if (one('PRAGMA integrity_check') !== 'ok') faults.push('SQLite finds the database damaged');
		const sums = { settlements: one('SELECT sum(cost_nano_usd) FROM settlements'), trees: one('SELECT sum(spent_nano_usd) FROM trees') };
		for (const [table, sum] of Object.entries(sums))
			if (Number(sum ?? 0) !== settledNanoUsd) faults.push(`${table} sum up to ${String(sum)}, the team's days to ${settledNanoUsd}`);
		if (one('SELECT count(*) FROM reservations') !== 0) faults.push('money is still held');
		return faults;
	} finally {
		db.close();
	}
}

/** The end of the journal in memory would not survive a power cut: none may be left of the recording. */
export function tailsLeft(database: string): readonly string[] {
	const owners = readdirSync('/dev/shm').filter((name) => name.startsWith('innerloop-') && name.endsWith('.owner'));
	return owners.filter((name) => readFileSync(join('/dev/shm', name), 'utf8').startsWith(database));
}
