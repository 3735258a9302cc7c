/** TurboQuant's own claim (arXiv 2504.19874, theorem 1): the distortion of codes on rotated unit vectors is Lloyd–Max's on the sphere. */

import { beforeAll, describe, expect, test } from 'vitest';
import type { Turboquant } from '../../native/bindings/index.ts';
import { ADDON_BUILD_TIMEOUT_MS, meanSquaredError, openBuiltTurboquant, unitVectors } from '../support/turboquant.ts';

let tq: Turboquant;

beforeAll(async () => {
	tq = await openBuiltTurboquant();
}, ADDON_BUILD_TIMEOUT_MS);

/** Positive centroids for a normal coordinate, and its distortion (Max 1960, table I; TurboQuant, section 3). */
const NORMAL = [
	{ bits: 1, centroids: [0.7979], distortion: 0.3634 },
	{ bits: 2, centroids: [0.4528, 1.5104], distortion: 0.1175 },
	{ bits: 3, centroids: [0.245, 0.756, 1.3439, 2.1519], distortion: 0.03454 },
	{ bits: 4, centroids: [0.1284, 0.388, 0.6568, 0.9423, 1.2562, 1.618, 2.069, 2.7326], distortion: 0.009497 },
];

test.each(NORMAL)('the codebook of $bits bits is the published one to four digits', ({ bits, centroids, distortion }) => {
	const book = tq.codebook(bits);
	const half = [...book.centroids].slice(book.centroids.length / 2);
	for (const [index, centroid] of centroids.entries()) expect(half[index]).toBeCloseTo(centroid, 3.7);
	expect(book.distortion / distortion).toBeCloseTo(1, 2.9);
	expect([...book.centroids].map((value) => -value).reverse()).toEqual([...book.centroids]);
});

/** Distortion of one coordinate, times the dimension, at d = 128, 256, 512. */
const SPHERE = [
	{ bits: 1, distortions: [0.3609, 0.3621, 0.3628] },
	{ bits: 2, distortions: [0.116, 0.1167, 0.1171] },
	{ bits: 3, distortions: [0.034, 0.0343, 0.0344] },
	{ bits: 4, distortions: [0.0093, 0.0094, 0.0095] },
];

/** Enough for a standard error of half a percent. */
const COORDINATES = 262_144;

describe.each(['signed-hadamard', 'haar'] as const)('with the %s rotation', (rotation) => {
	for (const { bits, distortions } of SPHERE) {
		for (const [at, headDim] of [128, 256, 512].entries()) {
			test(`${bits} bits at d = ${headDim} miss by what the sphere's codebook says, within 2 %`, () => {
				const published = distortions[at] ?? Number.NaN;
				const vectors = unitVectors(COORDINATES / headDim, headDim, 11 * bits + at);
				const codec = tq.openPublishedCodec({ headDim, bits, rotation });
				const missed = meanSquaredError(vectors, codec.reconstruct(codec.encode(vectors))) * headDim;
				codec.close();
				// The table is rounded to four places.
				expect(tq.codebook(bits, headDim).distortion).toBeCloseTo(published, 3.9);
				expect(Math.abs(missed / tq.codebook(bits, headDim).distortion - 1)).toBeLessThan(0.02);
			});
		}
	}
});

test('five and six bits stay under the bound (√3π/2)·4^−b and above 4^−b', () => {
	for (const bits of [1, 2, 3, 4, 5, 6]) {
		const { distortion } = tq.codebook(bits, 512);
		expect(distortion).toBeLessThan(((Math.sqrt(3) * Math.PI) / 2) * 4 ** -bits);
		expect(distortion).toBeGreaterThan(4 ** -bits);
	}
});
