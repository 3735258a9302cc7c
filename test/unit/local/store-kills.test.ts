import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BlockStore } from '../../../appliance/provider/local/prefix/block-store.ts';
import { digestOf, openStore, rowsOf, SESSION_BLOCKS } from './store-writer.ts';

const WRITER = fileURLToPath(new URL('./store-writer.ts', import.meta.url));
const ROUNDS = 12;
const NO_BOUND = 1e9;
/** Each starts a dozen processes. */
const LONG = { timeout: 180_000 };

let folder: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'innerloop-kills-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Starts the writer and kills it with its `atStep`-th word. @returns sessions that it had said were on disk */
async function killWriter(firstSession: number, mostBytes: number, atStep: number): Promise<readonly number[]> {
	const writer = spawn(
		process.execPath,
		['--disable-warning=ExperimentalWarning', WRITER, folder, String(firstSession), String(mostBytes)],
		{
			stdio: ['ignore', 'pipe', 'inherit'],
		},
	);
	const ended = once(writer, 'exit');
	const flushed: number[] = [];
	let steps = 0;
	for await (const line of createInterface({ input: writer.stdout })) {
		steps += 1;
		if (line.startsWith('flushed ')) flushed.push(Number(line.slice('flushed '.length)));
		if (steps === atStep) writer.kill('SIGKILL');
	}
	const [code, signal] = (await ended) as [number | null, string | null];
	expect([code, signal]).toEqual([null, 'SIGKILL']);
	return flushed;
}

/** Every block is as it was written, its line above is whole, and no file lies about that nobody knows. */
async function expectRight(store: BlockStore): Promise<void> {
	const there = [...store.blocks()];
	for (const { digest, above, pointBytes } of there) {
		expect(await store.get('block', digest)).toEqual(rowsOf('block', digest));
		if (pointBytes > 0) expect(await store.get('point', digest)).toEqual(rowsOf('point', digest));
		expect(above === '' || store.has(above, 'block')).toBe(true);
	}
	const points = there.filter(({ pointBytes }) => pointBytes > 0).length;
	expect(readdirSync(join(folder, 'blocks')).filter((name) => name !== 'journal')).toHaveLength(there.length + points);
	expect(store.facts().bytes).toBe(there.reduce((sum, { blockBytes, pointBytes }) => sum + blockBytes + pointBytes, 0));
}

test(
	'killed at any step of writing: what was said to be on disk is there, what was torn is dropped and counted, nothing is wrong',
	LONG,
	async () => {
		const safe = new Set<number>();
		let dropped = 0;
		for (let round = 0; round < ROUNDS; round += 1) {
			// Two words of the opening, then eight a session: another place of it each time.
			for (const session of await killWriter(round * 1_000, NO_BOUND, 3 + 5 * round)) safe.add(session);
			const store = await openStore(folder, NO_BOUND);
			dropped += store.facts().dropped;
			await expectRight(store);
			for (const session of safe) {
				for (let index = 0; index < SESSION_BLOCKS; index += 1) expect(store.has(digestOf(session, index), 'block')).toBe(true);
			}
		}
		expect(safe.size).toBeGreaterThan(ROUNDS);
		expect(dropped).toBeGreaterThan(0);
	},
);

test('killed while it opens, and while it makes room', LONG, async () => {
	const mostBytes = 12 * 6_000;
	for (let round = 0; round < ROUNDS; round += 1) {
		await killWriter(round * 1_000, mostBytes, round % 3 === 0 ? 1 : 10 + 7 * round);
		const store = await openStore(folder, mostBytes);
		await expectRight(store);
		expect(store.facts().bytes).toBeLessThanOrEqual(mostBytes);
	}
});

test('a cut of power: files that never reached the disk, or came to it empty or in part, and a journal without its end', LONG, async () => {
	let dropped = 0;
	for (let round = 0; round < ROUNDS; round += 1) {
		await killWriter(round * 1_000, NO_BOUND, 20 + 3 * round);
		losePower(round);
		const store = await openStore(folder, NO_BOUND);
		dropped += store.facts().dropped;
		// What is damaged inside is found when it is read, and dropped then.
		for (const { digest } of [...store.blocks()]) {
			for (const kind of ['block', 'point'] as const) {
				const rows = await store.get(kind, digest);
				if (rows !== undefined) expect(rows).toEqual(rowsOf(kind, digest));
			}
		}
		await store.flush();
		await expectRight(store);
	}
	expect(dropped).toBeGreaterThan(0);
});

/** Loses every third file or so, each in a way of its own, and an end of the journal. */
function losePower(round: number): void {
	const blocks = join(folder, 'blocks');
	for (const [index, name] of readdirSync(blocks).sort().entries()) {
		const path = join(blocks, name);
		const bytes = readFileSync(path);
		if (name === 'journal') truncateSync(path, Math.max(0, bytes.length - ((round * 97) % 400)));
		else if ((index + round) % 9 === 0) rmSync(path);
		else if ((index + round) % 9 === 3) truncateSync(path, 0);
		else if ((index + round) % 9 === 6) writeFileSync(path, bytes.fill(0, bytes.length >> 1));
	}
}
