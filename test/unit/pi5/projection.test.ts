/** The projection against what others published: constants fixed on one result have to give the others within 15 %. */

import { expect, test } from 'vitest';
import { projectDecode, projectPrefill } from '../../../bench/pi5/projection.ts';
import { E2B_Q4_K_M, PI5_CONSTANTS, PUBLISHED, PUBLISHED_DEPTH, type PublishedResult } from '../../../bench/pi5/published.ts';

const TOLERANCE = 0.15;
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function deviation({ kind, workload, tokensPerSecond }: PublishedResult): number {
	const projected = kind === 'decode' ? projectDecode(workload, PI5_CONSTANTS) : projectPrefill(workload, PI5_CONSTANTS, 512);
	return projected / mean(tokensPerSecond) - 1;
}

const named = PUBLISHED.map((result) => ({ ...result, name: `${result.kind} of ${result.what}` }));

test('the result that fixes the constants comes out as it was published', () => {
	expect(projectDecode(E2B_Q4_K_M, PI5_CONSTANTS)).toBeCloseTo(6.44);
	expect(projectPrefill(E2B_Q4_K_M, PI5_CONSTANTS, 512)).toBeCloseTo(31.98);
	expect(PI5_CONSTANTS.bandwidthShare).toBeLessThan(1);
});

test.each(named.filter((result) => result.isMissedBecause === undefined))('$name is given within 15 %', (result) => {
	expect(Math.abs(deviation(result))).toBeLessThan(TOLERANCE);
});

test('at least five others are given, in several sizes and by another runtime', () => {
	const given = PUBLISHED.filter((result) => result.isMissedBecause === undefined);
	expect(given.length).toBeGreaterThanOrEqual(5);
	expect(given.some(({ what }) => what.includes('ik_llama'))).toBe(true);
	expect(PUBLISHED.every(({ source, tokensPerSecond }) => source !== '' && tokensPerSecond.length > 0)).toBe(true);
});

test.each(named.filter((result) => result.isMissedBecause !== undefined))('$name is missed, as its reason says', (result) => {
	// One that has come within reach is to lose its reason.
	expect(Math.abs(deviation(result))).toBeGreaterThan(TOLERANCE);
});

test('a longer prompt slows prefill down by as much as was published', () => {
	const { workload, tokensPerSecond } = PUBLISHED_DEPTH;
	const projected = projectPrefill(workload, PI5_CONSTANTS, 4_096) / projectPrefill(workload, PI5_CONSTANTS, 512);
	expect(Math.abs(projected / (tokensPerSecond[4096] / tokensPerSecond[512]) - 1)).toBeLessThan(TOLERANCE);
});

test('a cache costs its bytes or its cycles, whichever takes longer', () => {
	const base = { ...E2B_Q4_K_M, cacheElements: 3_072 };
	const f16 = { ...base, cacheType: 'f16', cacheBytes: 6_144 };
	const tq4 = { ...base, cacheType: 'tq4', cacheBytes: 1_608 };
	const at = (workload: typeof f16) => projectDecode(workload, PI5_CONSTANTS, 32_768);
	expect(at(f16)).toBeCloseTo(1 / (1 / 6.44 + (6_144 * 32_768) / (PI5_CONSTANTS.bandwidthShare * 11.6e9)), 5);
	expect(at(tq4)).toBeGreaterThan(at(f16));
	const slow = { ...base, cacheType: 'tq5', cacheBytes: 1 };
	expect(1 / at(slow) - 1 / projectDecode(base, PI5_CONSTANTS)).toBeCloseTo((3_072 * 32_768 * 0.69) / (4 * 2.4e9), 8);
});
