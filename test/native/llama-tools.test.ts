/** Programs of llama.cpp's own with the codec's types: its test of operations, its perplexity tool and its server. */

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LlamaTool, obtainLlamaTools } from '../../native/build/llama-tools.ts';
import { tinyGemma4 } from '../support/gguf-gemma4.ts';
import { startLlamaServer } from '../support/llama-server.ts';
import { smallModel } from '../support/local-engine.ts';
import { nativeCache } from '../support/turboquant.ts';

const BUILD_TIMEOUT_MS = 40 * 60_000;
const RUN_TIMEOUT_MS = 15 * 60_000;

const folder = mkdtempSync(join(tmpdir(), 'innerloop-llama-tools-'));
let fileOf: (tool: LlamaTool) => string;

beforeAll(async () => {
	const { signal } = new AbortController();
	fileOf = await obtainLlamaTools({ folder: nativeCache(), onProgress: () => undefined, signal });
}, BUILD_TIMEOUT_MS);

afterAll(() => {
	rmSync(folder, { recursive: true, force: true });
});

async function run(tool: LlamaTool, args: readonly string[]): Promise<string> {
	const { stdout, stderr } = await promisify(execFile)(fileOf(tool), args, { maxBuffer: 64 * 1024 * 1024 });
	return `${stdout}${stderr}`;
}

/** Of every width, size of block and kind one: all of them together take minutes, and pass as well. */
const SOME = 'tq3_128 tq4 tq5_64 tq6 tqs40'.split(' ');
const ALL = [...SOME, ...'tq3 tq5 tq4_128 tq5_128 tq6_128 tq3_64 tq4_64 tq6_64 tqs35 tqs45 tqs50 tqs60'.split(' ')];

/** Decoding goes through the kernels that never unpack, prefill through those that do. */
test.each([
	{ operation: 'FLASH_ATTN_EXT', types: SOME, least: 150 },
	{ operation: 'SET_ROWS', types: ALL, least: 34 },
	{ operation: 'CPY', types: ALL, least: 51 },
])(
	'$operation of the codec’s types equals llama.cpp’s reference',
	async ({ operation, types, least }) => {
		const out = await run('test-backend-ops', ['test', '-b', 'CPU', '-o', operation, '-p', `=(${types.join('|')})[,)]`]);
		const [, passed, all] = /(\d+)\/(\d+) tests passed/.exec(out) ?? [];
		expect(Number(all)).toBeGreaterThanOrEqual(least);
		expect(passed).toBe(all);
		expect(out).not.toContain('not supported');
		for (const type of types) expect(out).toMatch(new RegExp(`=${type}[,)]`));
	},
	RUN_TIMEOUT_MS,
);

/** Perplexity of a text with a cache of these types, and what was logged. */
async function perplexity(model: string, keys: string, values: string): Promise<{ readonly value: number; readonly log: string }> {
	const text = join(folder, 'text.txt');
	writeFileSync(text, 'The quick brown fox jumps over the lazy dog, and reads the user model in order. '.repeat(60));
	const cache = ['--cache-type-k', keys, '--cache-type-v', values, '-fa', 'on'];
	const sizes = ['-c', '256', '-b', '512', '--chunks', '2', '-t', '1', '-lv', '5'];
	const log = await run('llama-perplexity', ['-m', model, '-f', text, ...sizes, ...cache]);
	return { value: Number(/Final estimate: PPL = ([\d.]+)/.exec(log)?.[1]), log };
}

test(
	'the perplexity tool takes the types by name, with blocks that fit the heads of the model',
	async () => {
		const small = smallModel();
		const exact = await perplexity(small, 'f16', 'f16');
		const coded = await perplexity(small, 'tq6', 'tq5');
		// Heads of 64: the smaller blocks, which no one has to ask for.
		expect(coded.log).toMatch(/K \(tq6_64\).*V \(tq5_64\)/);
		expect(Math.abs(coded.value / exact.value - 1)).toBeLessThan(0.1);
		// Segments are of heads of 256: plain blocks of at least as many bits.
		expect((await perplexity(small, 'tqs45', 'tq4')).log).toMatch(/K \(tq5_64\).*V \(tq4_64\)/);
		const large = await perplexity(await tinyGemma4(), 'tqs50', 'tq4');
		expect(large.log).toMatch(/K \(tqs50\).*V \(tq4\)/);
		expect(large.value).toBeGreaterThan(1);
	},
	RUN_TIMEOUT_MS,
);

test(
	'the server answers over HTTP, and goes on from the state of a slot that it saved and read again',
	async () => {
		const args = ['--cache-type-k', 'tq5', '--cache-type-v', 'tq4', '-fa', 'on', '--slot-save-path', folder];
		const server = await startLlamaServer(fileOf('llama-server'), smallModel(), args);
		try {
			const prompt = `${'In the year 1912 a ship left the harbour with its crew and its cargo. '.repeat(8)}The ship`;
			const first = await server.complete(prompt);
			expect(first.content.length).toBeGreaterThan(0);
			expect(first.timings.cache_n).toBe(0);
			const saved = await server.slot('save', 'slot.bin');
			await server.slot('erase');
			const fresh = await server.complete(prompt);
			expect([fresh.content, fresh.timings.cache_n]).toEqual([first.content, 0]);
			await server.slot('erase');
			const restored = await server.slot('restore', 'slot.bin');
			expect(restored.n_restored).toBe(saved.n_saved);
			const again = await server.complete(prompt);
			expect(again.content).toBe(first.content);
			expect(again.timings.cache_n).toBeGreaterThan(100);
		} finally {
			await server.stop();
		}
	},
	RUN_TIMEOUT_MS,
);
