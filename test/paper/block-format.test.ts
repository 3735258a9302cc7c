/** What the engine's blocks lose, beside the plain codes of the paper at nearly the same bits. */

import { beforeAll, expect, test } from 'vitest';
import type { BlockShape, Turboquant } from '../../native/bindings/index.ts';
import { ADDON_BUILD_TIMEOUT_MS, dot, meanSquaredError, normals, openBuiltTurboquant } from '../support/turboquant.ts';

let tq: Turboquant;

beforeAll(async () => {
	tq = await openBuiltTurboquant();
}, ADDON_BUILD_TIMEOUT_MS);

const shape = (bits: number, block = 256, blocks = 1): BlockShape => ({ bits, block, blocks });

/** Error of a normal coordinate with a 4-bit scale index per 32, as computed for the design (.0259 and .0062), and with int8 tables. */
const ERRORS = [
	{ bits: 3, error: 0.0259, bitsPerCoordinate: 3.1875 },
	{ bits: 4, error: 0.0062, bitsPerCoordinate: 4.1875 },
	{ bits: 5, error: 0.00159, bitsPerCoordinate: 5.1875 },
	{ bits: 6, error: 0.00046, bitsPerCoordinate: 6.1875 },
];

test.each(ERRORS)('tq$bits: mean squared error under $error at $bitsPerCoordinate bits', ({ bits, error, bitsPerCoordinate }) => {
	const rows = normals(256 * 2_000, bits);
	const measured = meanSquaredError(rows, tq.reconstruct(shape(bits), tq.encode(shape(bits), rows)));
	expect(measured).toBeLessThan(error);
	expect(measured).toBeGreaterThan(error * 0.9);
	expect((tq.rowBytes(shape(bits)) * 8) / 256).toBe(bitsPerCoordinate);
	// The small scale is worth it: plain codes of the same width lose a quarter more at least.
	expect(tq.codebook(bits).distortion).toBeGreaterThan(measured * 1.25);
});

test('smaller blocks cost the bits that the layout says', () => {
	const bitsOf = (block: number): number => (tq.rowBytes(shape(4, block)) * 8) / block;
	expect([bitsOf(64), bitsOf(128), bitsOf(256)]).toEqual([4.375, 4.25, 4.1875]);
});

test('a stored block means the same bytes everywhere', () => {
	const rows = normals(128, 3);
	const bytes = tq.encode(shape(4, 128), rows);
	// Laid down once: if it changes, every stored cache is void.
	expect(Buffer.from(bytes).toString('hex')).toMatchInlineSnapshot(
		`"5d3c7044ee7c119b246ab13d36c63b5dd459e6e5566476d4d4aa737806a764af918d653c857e4be454768784b54f68e93b9b67198b6bd225a069c97b9855aad281c278b6"`,
	);
});

test('scores and sums are those of the reconstructed rows, within what the 8-bit query and weights may miss', () => {
	const [tokens, heads, row] = [100, 8, 512];
	for (const bits of [3, 4, 5, 6]) {
		const form = shape(bits, 256, 2);
		const encoded = tq.encode(form, normals(tokens * row, bits));
		const seen = tq.reconstruct(form, encoded);
		const queries = normals(heads * row, 77);
		const weights = Float32Array.from(normals(heads * tokens, 78), Math.abs);
		const scores = tq.scores(form, encoded, queries);
		const sums = tq.accumulate(form, encoded, weights, heads);
		for (let head = 0; head < heads; head += 1) {
			const query = queries.slice(head * row, (head + 1) * row);
			const misses: number[] = [];
			for (let token = 0; token < tokens; token += 1) {
				misses.push((scores[head * tokens + token] ?? Number.NaN) - dot(query, seen.slice(token * row, (token + 1) * row)));
			}
			// A step of the query is its largest value / 127, so an element misses by step/√12, and a score by √row times that.
			const step = query.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127;
			expect(Math.sqrt(misses.reduce((sum, miss) => sum + miss * miss, 0) / tokens)).toBeLessThan(1.4 * step * Math.sqrt(row / 12));
			const wanted = new Float32Array(row);
			for (let token = 0; token < tokens; token += 1) {
				for (let i = 0; i < row; i += 1) {
					wanted[i] = (wanted[i] ?? 0) + (weights[head * tokens + token] ?? 0) * (seen[token * row + i] ?? Number.NaN);
				}
			}
			const got = sums.slice(head * row, (head + 1) * row);
			const weightStep = weights.reduce((most, value) => Math.max(most, value), 0) / 255;
			expect(Math.sqrt(meanSquaredError(wanted, got))).toBeLessThan(1.3 * weightStep * Math.sqrt(tokens / 12));
		}
	}
});
