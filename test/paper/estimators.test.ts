/** Inner products: bias and error of each scale and of the QJL residual (arXiv 2504.19874 theorem 2, 2406.03482, EDEN 2108.08842). */

import { beforeAll, expect, test } from 'vitest';
import type { PublishedSpec, Turboquant } from '../../native/bindings/index.ts';
import { ADDON_BUILD_TIMEOUT_MS, dot, openBuiltTurboquant, unitVectors } from '../support/turboquant.ts';

const HEAD_DIM = 512;
const RHO = 0.7;

let tq: Turboquant;

beforeAll(async () => {
	tq = await openBuiltTurboquant();
}, ADDON_BUILD_TIMEOUT_MS);

/** Unit keys, and for each a unit query at ⟨q, k⟩ = RHO. */
function alignedPairs(count: number, seed: number): { keys: Float32Array; queries: Float32Array } {
	const keys = unitVectors(count, HEAD_DIM, seed);
	const queries = unitVectors(count, HEAD_DIM, seed + 1);
	for (let at = 0; at < keys.length; at += HEAD_DIM) {
		const key = keys.subarray(at, at + HEAD_DIM);
		const query = queries.subarray(at, at + HEAD_DIM);
		const along = dot(key, query);
		const across = Math.sqrt(1 - along * along);
		for (const [i, value] of query.entries()) {
			const k = key[i] ?? Number.NaN;
			query[i] = RHO * k + Math.sqrt(1 - RHO * RHO) * ((value - along * k) / across);
		}
	}
	return { keys, queries };
}

/** d·E[err²] and E[err]/ρ over fresh rotations: a fixed one would show its own luck. */
function measure(spec: Omit<PublishedSpec, 'headDim'>, { seeds, pairs }: { seeds: number; pairs: number }) {
	let squares = 0;
	let sum = 0;
	for (let seed = 1; seed <= seeds; seed += 1) {
		const codec = tq.openPublishedCodec({ headDim: HEAD_DIM, seed, ...spec });
		const { keys, queries } = alignedPairs(pairs, 1_000 * seed);
		const encoded = codec.encode(keys);
		for (let pair = 0; pair < pairs; pair += 1) {
			const one = encoded.subarray(pair * codec.vectorBytes, (pair + 1) * codec.vectorBytes);
			const query = queries.slice(pair * HEAD_DIM, (pair + 1) * HEAD_DIM);
			const error = (codec.scores(query, one)[0] ?? Number.NaN) - RHO;
			squares += error * error;
			sum += error;
		}
		codec.close();
	}
	const count = seeds * pairs;
	return { error: (HEAD_DIM * squares) / count, bias: sum / count / RHO };
}

const MANY = { seeds: 10, pairs: 200 };

/** d·E[err²] and relative bias at d = 512, ρ = .7, as computed for the design. */
const SCALES = [
	{ bits: 2, scale: 'norm', error: 3.55, bias: -0.117 },
	{ bits: 2, scale: 'corrected', error: 0.98, bias: -0.06 },
	{ bits: 2, scale: 'eden', error: 0.073, bias: 0 },
	{ bits: 3, scale: 'norm', error: 0.35, bias: -0.034 },
	{ bits: 3, scale: 'corrected', error: 0.095, bias: -0.017 },
	{ bits: 3, scale: 'eden', error: 0.018, bias: 0 },
	{ bits: 4, scale: 'norm', error: 0.04, bias: -0.0095 },
	{ bits: 4, scale: 'corrected', error: 0.011, bias: -0.0048 },
	{ bits: 4, scale: 'eden', error: 0.0048, bias: 0 },
] as const;

test.each(SCALES)('$bits bits with the scale $scale: error $error, bias $bias', ({ bits, scale, error, bias }) => {
	const measured = measure({ bits, scale }, MANY);
	// 2,000 pairs: the mean square has a standard error of 3 %; figures are rounded to two digits.
	expect(Math.abs(measured.error / error - 1)).toBeLessThan(0.12);
	expect(Math.abs(measured.bias - bias)).toBeLessThan(0.002 + 0.02 * Math.abs(bias));
});

/** The inner-product form spends one of its bits on the residual. */
const RESIDUALS = [
	{ total: 2, residual: 'gaussian', error: 0.49 },
	{ total: 2, residual: 'orthogonal', error: 0.176 },
	{ total: 3, residual: 'gaussian', error: 0.172 },
	{ total: 3, residual: 'orthogonal', error: 0.064 },
	{ total: 4, residual: 'gaussian', error: 0.053 },
	{ total: 4, residual: 'orthogonal', error: 0.018 },
] as const;

test.each(RESIDUALS)('$total bits, one of them QJL with a $residual sketch: no bias, error $error', ({ total, residual, error }) => {
	const measured = measure({ bits: total - 1, residual }, residual === 'gaussian' ? { seeds: 5, pairs: 200 } : MANY);
	expect(Math.abs(measured.error / error - 1)).toBeLessThan(0.15);
	expect(Math.abs(measured.bias)).toBeLessThan(0.003);
});

test('the variance of the Gaussian sketch is (π/2)·D(b−1)/d, for a query of no relation to the key', () => {
	for (const bits of [1, 2, 3]) {
		const keys = unitVectors(400, HEAD_DIM, 5 + bits);
		const query = unitVectors(1, HEAD_DIM, 99);
		const codec = tq.openPublishedCodec({ headDim: HEAD_DIM, bits, residual: 'gaussian', seed: bits });
		const scores = codec.scores(query, codec.encode(keys));
		codec.close();
		let squares = 0;
		for (const [i, score] of scores.entries()) squares += (score - dot(query, keys.slice(i * HEAD_DIM, (i + 1) * HEAD_DIM))) ** 2;
		const predicted = (Math.PI / 2) * tq.codebook(bits, HEAD_DIM).distortion;
		// 400 keys and one sketch.
		expect(Math.abs(((squares / scores.length) * HEAD_DIM) / predicted - 1)).toBeLessThan(0.2);
	}
});
