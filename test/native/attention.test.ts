/** What our patches do inside llama.cpp, in the real build: attention equals the reference, and balance changes no prediction. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openKvTools, type RunKvTool } from '../../bench/lib/kv-tools.ts';
import { tinyGemma4 } from '../support/gguf-gemma4.ts';

/** The build, where own-build.test.ts or the preparation has not made it yet. */
const BUILD_TIMEOUT_MS = 40 * 60_000;

const folder = mkdtempSync(join(tmpdir(), 'innerloop-attention-'));
let run: RunKvTool;

beforeAll(async () => {
	run = await openKvTools();
}, BUILD_TIMEOUT_MS);

afterAll(() => {
	rmSync(folder, { recursive: true, force: true });
});

/** Energy of the difference over that of the result: halves and bytes leave up to 4e-5; llama.cpp's own tests allow 5e-4. */
const LARGEST_ERROR = 1e-4;

test('grouped attention equals ggml’s reference for every way of reading a cache, on any number of threads', async () => {
	const results = await run('attention_lab', ['check']);
	expect(results.length).toBe(39);
	expect(results.filter(({ error, sameOnThreads }) => !(Number(error) < LARGEST_ERROR) || sameOnThreads !== true)).toEqual([]);
	// Floats are summed in another order: an error of nothing at all would mean that the reference was compared with itself.
	expect(results.every(({ error }) => Number(error) > 0)).toBe(true);
});

test('balanced keys change what is cached, and no prediction, layers that share a cache included', async () => {
	const text = join(folder, 'text.txt');
	writeFileSync(text, 'The quick brown fox jumps over the lazy dog, and reads the user model in order. '.repeat(40));
	const results = await run('kv_quality', [await tinyGemma4(), text, '256', '2', '1', 'q4_0-', 'q4_0-+', 'f16+']);
	const [plain, balanced, exact] = results.map(({ meanKld }) => Number(meanKld));
	expect(exact).toBeLessThan(1e-6);
	expect(plain).toBeGreaterThan(1e-3);
	expect(Math.abs((balanced ?? 0) - (plain ?? 0))).toBeGreaterThan(1e-5);
});

test('the codec’s types hold a cache, and each bit of theirs brings predictions nearer to f16’s', async () => {
	const text = join(folder, 'types.txt');
	writeFileSync(text, 'The quick brown fox jumps over the lazy dog, and reads the user model in order. '.repeat(40));
	const results = await run('kv_quality', [await tinyGemma4(), text, '256', '2', '1', 'tq3', 'tq4', 'tq5', 'tq6', 'tq6/tq3', 'q8_0']);
	const [tq3 = 0, tq4 = 0, tq5 = 0, tq6 = 0, mixed = 0, q8 = 0] = results.map(({ meanKld }) => Number(meanKld));
	expect([tq4 / tq3, tq5 / tq4, tq6 / tq5, q8 / tq6].map((ratio) => ratio < 0.8)).toEqual([true, true, true, true]);
	// Keys of six bits with values of three lie between.
	expect([tq6 < mixed, mixed < tq3]).toEqual([true, true]);
});
