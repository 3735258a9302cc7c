/** Bytes of a token by formula, and the kernel's words on a process. */

import { expect, test } from 'vitest';
import { bytesPerToken } from '../../../bench/kv-memory/cache-bytes.ts';
import { readProcessMemory } from '../../../bench/kv-memory/child-memory.ts';

/** 35 layers, of which 15 have a cache and every fifth sees everything. */
const E2B = {
	layers: 35,
	sharedLayers: 20,
	hasWindow: Array.from({ length: 35 }, (_, layer) => (layer + 1) % 5 !== 0),
	keyValueHeads: 1,
	headSize: 512,
};

test.each([
	['f16', 6_144],
	['q8_0', 3_264],
	['q4_0', 1_728],
	['tq4', 1_608],
])('a token of E2B takes with %s %i bytes', (type, bytes) => {
	expect(bytesPerToken(E2B, type)).toBe(bytes);
});

test('a type that nobody knows is refused by name', () => {
	expect(() => bytesPerToken(E2B, 'q9_9')).toThrow(/q9_9/);
});

test('a process is read in bytes, and one without the figures is an error', () => {
	const status = 'Name:\tnode\nVmHWM:\t  30 kB\nVmRSS:\t  20 kB\nRssAnon:\t 12 kB\nRssFile:\t 7 kB\nRssShmem:\t 1 kB\n';
	expect(readProcessMemory(status)).toEqual({
		rssBytes: 20_480,
		anonBytes: 12_288,
		fileBytes: 7_168,
		sharedBytes: 1_024,
		peakBytes: 30_720,
	});
	expect(() => readProcessMemory('Name:\tnode\n')).toThrow(/VmRSS/);
});
