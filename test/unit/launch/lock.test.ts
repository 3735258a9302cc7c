import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withLock } from '../../../scripts/launch/lock.mjs';

const LOCK_MODULE = fileURLToPath(new URL('../../../scripts/launch/lock.mjs', import.meta.url));

/** Appends `in` and `out` around its stay in the lock. */
const CONTENDER = `
import { appendFileSync } from 'node:fs';
import { withLock } from '${LOCK_MODULE}';
const [lock, log] = process.argv.slice(2);
await withLock(lock, () => appendFileSync(log, 'wait\\n'), async () => {
	appendFileSync(log, 'in\\n');
	await new Promise((resolve) => setTimeout(resolve, 30));
	appendFileSync(log, 'out\\n');
});
`;

let folder: string;
let lock: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'innerloop-lock-'));
	lock = join(folder, 'deep/er/install.lock');
	writeFileSync(join(folder, 'contender.mjs'), CONTENDER);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function contend(log: string): Promise<number | null> {
	const child = spawn(process.execPath, [join(folder, 'contender.mjs'), lock, log], { stdio: 'inherit' });
	return new Promise((resolve) => child.once('close', resolve));
}

function expectNoOverlap(log: string, count: number): void {
	const words = readFileSync(log, 'utf8')
		.split('\n')
		.filter((word) => word === 'in' || word === 'out');
	expect(words).toEqual(Array.from({ length: count }, () => ['in', 'out']).flat());
}

describe('a lock between processes', () => {
	test('is given back after the work, and after a failure', async () => {
		const answer = await withLock(
			lock,
			() => undefined,
			async () => existsSync(lock),
		);
		expect(answer).toBe(true);
		expect(existsSync(lock)).toBe(false);
		await expect(
			withLock(
				lock,
				() => undefined,
				async () => await Promise.reject(new Error('broken')),
			),
		).rejects.toThrow('broken');
		expect(existsSync(lock)).toBe(false);
	});

	test('lets one in at a time, and tells the others once that they wait', async () => {
		const log = join(folder, 'log');
		expect(await Promise.all(Array.from({ length: 4 }, () => contend(log)))).toEqual([0, 0, 0, 0]);
		expectNoOverlap(log, 4);
		expect(readFileSync(log, 'utf8').match(/wait/g)?.length ?? 0).toBeLessThanOrEqual(3);
	});

	test('of a dead process is taken over, by one of many', async () => {
		mkdirSync(join(folder, 'deep/er'), { recursive: true });
		const dead = spawn(process.execPath, ['-e', '0']);
		await new Promise((resolve) => dead.once('close', resolve));
		writeFileSync(lock, JSON.stringify({ pid: dead.pid, startedAt: '1' }));
		const log = join(folder, 'log');
		expect(await Promise.all(Array.from({ length: 4 }, () => contend(log)))).toEqual([0, 0, 0, 0]);
		expectNoOverlap(log, 4);
	});

	test('of a process whose number went to another one is taken over', async () => {
		mkdirSync(join(folder, 'deep/er'), { recursive: true });
		writeFileSync(lock, JSON.stringify({ pid: process.pid, startedAt: '1' }));
		expect(
			await withLock(
				lock,
				() => undefined,
				async () => 'in',
			),
		).toBe('in');
	});

	test('that was only half written is taken over once it is old', async () => {
		mkdirSync(join(folder, 'deep/er'), { recursive: true });
		writeFileSync(lock, '{"pid":');
		const old = new Date(Date.now() - 60_000);
		utimesSync(lock, old, old);
		expect(
			await withLock(
				lock,
				() => undefined,
				async () => 'in',
			),
		).toBe('in');
	});

	test('of a live process is waited for', async () => {
		const events: string[] = [];
		const first = withLock(
			lock,
			() => undefined,
			async () => {
				await sleep(50);
				events.push('first');
			},
		);
		await sleep(5);
		await withLock(
			lock,
			({ pid }) => events.push(`waits for ${pid === process.pid}`),
			async () => {
				events.push('second');
			},
		);
		await first;
		expect(events).toEqual(['waits for true', 'first', 'second']);
	});
});
