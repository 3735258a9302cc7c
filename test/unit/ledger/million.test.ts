/** The first of the million (`npm run bench:million`): random call trees against upstreams that bill the most they may. */

import { expect, it } from 'vitest';
import { playTrees } from '../../../bench/million/world.ts';

const TREES = 20_000;
const MINUTE_MS = 60_000;

it(
	`bills no tree, member or team above its ceiling in ${TREES} random call trees, whatever crashes, is cut or set back`,
	() => {
		const { trees, paid, untold, crashes, clockJumps, ratios, faults } = playTrees(TREES, 1_000_000);
		expect(faults).toEqual([]);
		for (const { worst, broken } of Object.values(ratios)) {
			expect(broken).toBe(0);
			expect(worst).toBeLessThanOrEqual(1);
			// Upstreams that never come near a ceiling would prove nothing.
			expect(worst).toBeGreaterThan(0.999);
		}
		expect({
			trees,
			hasPaid: paid > TREES / 2,
			hasUntold: untold > 1_000,
			hasCrashes: crashes > 1_000,
			hasJumps: clockJumps > 500,
		}).toEqual({
			trees: TREES,
			hasPaid: true,
			hasUntold: true,
			hasCrashes: true,
			hasJumps: true,
		});
	},
	5 * MINUTE_MS,
);
