/** The power is cut at random moments of a box at work; the long form is `npm run bench:power-cuts`. */

import { describe, expect, it } from 'vitest';
import { cutPower } from '../../bench/power-cuts/cut-power.ts';
import { whyNotRecorded } from '../../bench/power-cuts/recorded-disk.ts';

const CUTS = 8;
const reason = whyNotRecorded();
if (reason !== undefined) console.error(`NOT TESTED: power cuts of a file system: ${reason}.`);

describe('a box whose power is cut', () => {
	it.skipIf(reason !== undefined)(
		`is healthy again after each of ${CUTS} cuts, and its ledger covers the bill`,
		{ timeout: 600_000 },
		async () => {
			const faults: string[] = [];
			const { work, survivals, writes } = await cutPower({
				cuts: CUTS,
				seed: 8,
				seconds: 2,
				lanes: 3,
				engineEvery: 4,
				onCut: (survival) => faults.push(...survival.faults.map((fault) => `after write ${survival.count}: ${fault}`)),
			});
			expect(faults).toEqual([]);
			expect(survivals).toHaveLength(CUTS);
			// That something was at stake: money was spent, prefixes were written, and writes waited for a flush.
			expect(work.cloudCalls).toBeGreaterThan(0);
			expect(work.moments.at(-1)?.billedNanoUsd).toBeGreaterThan(0);
			expect(work.localCalls).toBeGreaterThan(0);
			expect(writes).toBeGreaterThan(50);
			expect(survivals.some(({ atStake }) => atStake > 0)).toBe(true);
		},
	);
});
