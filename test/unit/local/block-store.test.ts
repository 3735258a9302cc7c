import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BlockStore } from '../../../appliance/provider/local/prefix/block-store.ts';
import { openSeal } from '../../../appliance/provider/local/prefix/seal.ts';

let root: string;
let nowMs = 0;

beforeEach(() => {
	root = mkdtempSync(join(tmpdir(), 'innerloop-blocks-'));
	nowMs = 20_000 * 86_400_000;
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const folder = () => join(root, 'blocks');

async function opened(parts: { readonly mostBytes?: number; readonly mostBytesADay?: number } = {}): Promise<BlockStore> {
	const seal = openSeal(join(root, 'key'), () => undefined);
	const store = new BlockStore({ folder: folder(), seal, mostBytes: 1e6, mostBytesADay: 1e6, nowMs: () => nowMs, ...parts });
	await store.open();
	return store;
}

const digest = (index: number) => index.toString(16).padStart(32, '0');
const rows = (index: number, bytes = 500) => Buffer.alloc(bytes, `secret-${index} `);

/** A line of blocks, each behind the one before. */
async function fill(store: BlockStore, count: number, first = 0): Promise<void> {
	for (let index = first; index < first + count; index += 1) {
		await store.put('block', digest(index), index === first ? '' : digest(index - 1), rows(index));
		store.setReach(digest(index), ['ada-of-the-team'], index % 2 === 0);
	}
	await store.flush();
}

const blockFiles = () => readdirSync(folder()).filter((name) => name !== 'journal');

test('blocks and windows are there after a restart, with who may find them; no byte of them can be read on disk', async () => {
	const first = await opened();
	await fill(first, 5);
	await first.put('point', digest(4), digest(3), rows(99, 900));
	await first.flush();
	const second = await opened();
	expect(
		[...second.blocks()].map(({ digest: one, depth, senders, isTeam, pointBytes }) => [one, depth, senders, isTeam, pointBytes]),
	).toEqual([0, 1, 2, 3, 4].map((index) => [digest(index), index + 1, ['ada-of-the-team'], index % 2 === 0, index === 4 ? 900 : 0]));
	expect(await second.get('block', digest(3))).toEqual(rows(3));
	expect(await second.get('point', digest(4))).toEqual(rows(99, 900));
	for (const name of readdirSync(folder())) {
		const bytes = readFileSync(join(folder(), name));
		expect(bytes.includes('secret')).toBe(false);
		expect(bytes.includes(digest(3)) || name.includes(digest(3)) || bytes.includes('ada-of-the-team')).toBe(false);
		expect(statSync(join(folder(), name)).mode & 0o077).toBe(0);
	}
	expect(statSync(join(root, 'key')).mode & 0o777).toBe(0o600);
});

test('a block cut or garbled anywhere is dropped with all behind it, never given', async () => {
	for (let round = 0; round < 24; round += 1) {
		rmSync(folder(), { recursive: true, force: true });
		await fill(await opened(), 6);
		const names = blockFiles();
		const name = names[round % names.length] ?? '';
		const path = join(folder(), name);
		const bytes = readFileSync(path);
		const at = (round * 131) % bytes.length;
		if (round % 2 === 0) truncateSync(path, at);
		else writeFileSync(path, bytes.with(at, (bytes[at] ?? 0) ^ (1 << (round % 8))));
		const store = await opened();
		let isBroken = false;
		for (let index = 0; index < 6; index += 1) {
			const found = await store.get('block', digest(index));
			if (found !== undefined) expect(found).toEqual(rows(index));
			expect(isBroken && found !== undefined).toBe(false);
			isBroken ||= found === undefined;
		}
		expect(isBroken).toBe(true);
		expect(store.facts().dropped).toBeGreaterThan(0);
	}
});

test('a journal cut or garbled anywhere leaves a store that works and says what it dropped', async () => {
	await fill(await opened(), 6);
	const journal = readFileSync(join(folder(), 'journal'));
	const files = new Map(blockFiles().map((name) => [name, readFileSync(join(folder(), name))]));
	for (let round = 0; round < 24; round += 1) {
		for (const [name, bytes] of files) writeFileSync(join(folder(), name), bytes);
		const at = Math.floor((journal.length * round) / 24);
		writeFileSync(join(folder(), 'journal'), round % 2 === 0 ? journal.subarray(0, at) : journal.with(at, 0x7e));
		const store = await opened();
		const there = [...store.blocks()];
		for (const { digest: one } of there) expect(await store.get('block', one)).toEqual(rows(Number.parseInt(one, 16)));
		expect(blockFiles()).toHaveLength(there.length);
		if (there.length < 6) expect(store.facts().dropped).toBeGreaterThan(0);
		await fill(store, 6);
		expect(await store.get('block', digest(5))).toEqual(rows(5));
	}
});

test('a lost key starts clean, and says so', async () => {
	await fill(await opened(), 3);
	writeFileSync(join(root, 'key'), 'short');
	const said: string[] = [];
	const seal = openSeal(join(root, 'key'), (message) => said.push(message));
	const store = new BlockStore({ folder: folder(), seal, mostBytes: 1e6, mostBytesADay: 1e6, nowMs: () => nowMs });
	await store.open();
	expect(said).toHaveLength(1);
	expect([...store.blocks()]).toEqual([]);
	expect(blockFiles()).toEqual([]);
	expect(store.facts().dropped).toBeGreaterThan(0);
});

test('a block of another place does not open in this one', async () => {
	await fill(await opened(), 2);
	const [one, other] = blockFiles();
	writeFileSync(join(folder(), one ?? ''), readFileSync(join(folder(), other ?? '')));
	const store = await opened();
	const found = [await store.get('block', digest(0)), await store.get('block', digest(1))];
	expect(found.filter((rowsFound) => rowsFound !== undefined).length).toBeLessThan(2);
});

test('it stays within its bytes: what saves least goes first, from the end of its line', async () => {
	const store = await opened({ mostBytes: 3_000 });
	await fill(store, 3);
	store.use([digest(0), digest(1), digest(2)]);
	await fill(store, 3, 10);
	expect(store.facts().bytes).toBe(3_000);
	await store.put('block', digest(20), '', rows(20));
	expect(store.facts().bytes).toBe(3_000);
	expect(store.has(digest(12), 'block')).toBe(false);
	expect([0, 1, 2].every((index) => store.has(digest(index), 'block'))).toBe(true);
});

test('no more is written in a day than may be, over restarts too, and the next day again', async () => {
	const limits = { mostBytesADay: 1_200 };
	await fill(await opened(limits), 2);
	const store = await opened(limits);
	expect((await store.put('block', digest(2), digest(1), rows(2))).isThere).toBe(false);
	nowMs += 86_400_000;
	expect((await store.put('block', digest(2), digest(1), rows(2))).isThere).toBe(true);
});

test('a block whose line is not there is not written', async () => {
	const store = await opened();
	expect((await store.put('block', digest(7), digest(6), rows(7))).isThere).toBe(false);
	expect(blockFiles()).toEqual([]);
});
