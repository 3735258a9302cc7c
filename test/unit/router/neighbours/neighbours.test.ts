/** What past calls say about a new one, and when they say nothing. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type NeighbourSettings, Neighbours } from '../../../../appliance/router/neighbours/neighbours.ts';

const SETTINGS: NeighbourSettings = {
	dimension: 2,
	capacity: 8,
	neighbours: 3,
	temperature: 0.05,
	leastLikeness: 0.5,
	sameLikeness: 0.9999,
};
const at = (degrees: number) => [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
const table = (over: Partial<NeighbourSettings> = {}) => new Neighbours({ ...SETTINGS, ...over });

describe('neighbours', () => {
	it('say what the near ones came to, the nearest loudest, each deployment for itself', () => {
		const past = table();
		past.add({ deployment: 'local', vector: at(0), reward: 1 });
		past.add({ deployment: 'local', vector: at(30), reward: 0 });
		past.add({ deployment: 'mid', vector: at(30), reward: 0.8 });
		past.add({ deployment: 'local', vector: at(170), reward: 0 });
		const [w0, w30] = [1, Math.exp((Math.cos((29 * Math.PI) / 180) - Math.cos(Math.PI / 180)) / 0.05)];
		const found = past.estimate(at(1));
		expect(found.get('local')?.mean).toBeCloseTo(w0 / (w0 + w30), 5);
		expect(found.get('mid')).toMatchObject({ mean: expect.closeTo(0.8, 9), rows: 1 });
		expect(found.get('mid')?.variance).toBeGreaterThan(found.get('local')?.variance ?? 1);
	});

	it('say nothing of a call that is far from all, of another dimension, or without length', () => {
		const past = table();
		past.add({ deployment: 'local', vector: at(0), reward: 1 });
		expect(past.estimate(at(90)).size).toBe(0);
		expect(past.estimate([1, 0, 0]).size).toBe(0);
		expect(past.estimate([0, 0]).size).toBe(0);
		past.add({ deployment: 'local', vector: [0, 0], reward: 1 });
		past.add({ deployment: 'local', vector: at(50), reward: Number.NaN });
		expect(past.size).toBe(1);
	});

	it('of the same call share a row, whatever its length, and its outcomes are averaged', () => {
		const past = table();
		past.add({ deployment: 'local', vector: at(10), reward: 1 });
		past.add({ deployment: 'local', vector: at(10).map((value) => 7 * value), reward: 0 });
		expect(past.size).toBe(1);
		expect(past.estimate(at(10)).get('local')?.mean).toBeCloseTo(0.5, 6);
	});

	it('take in a new model by its rows alone', () => {
		const past = table();
		for (let angle = 0; angle < 40; angle += 10) past.add({ deployment: 'old', vector: at(angle), reward: 0.5 });
		expect(past.estimate(at(20)).has('new')).toBe(false);
		past.add({ deployment: 'new', vector: at(20), reward: 0.9 });
		expect(past.estimate(at(20)).get('new')?.mean).toBeCloseTo(0.9, 6);
	});

	it('never outgrow their table, and agree with a search by hand', () => {
		fc.assert(
			fc.property(
				fc.array(fc.tuple(fc.integer({ min: 0, max: 359 }), fc.constantFrom(0, 0.5, 1)), { minLength: 1, maxLength: 40 }),
				(examples) => {
					const past = table({ sameLikeness: 2, leastLikeness: -1 });
					for (const [angle, reward] of examples) past.add({ deployment: 'a', vector: at(angle), reward });
					expect(past.size).toBe(Math.min(8, examples.length));
					const kept = examples.slice(-8).map(([angle, reward]) => ({ likeness: Math.cos((angle * Math.PI) / 180), reward }));
					const near = kept.toSorted((a, b) => b.likeness - a.likeness).slice(0, 3);
					// Equals may be taken in any order: then the hand has no single answer.
					if (new Set(kept.map(({ likeness }) => likeness.toFixed(5))).size < kept.length) return;
					const weights = near.map(({ likeness }) => Math.exp((likeness - (near[0]?.likeness ?? 0)) / 0.05));
					const mean = near.reduce((sum, { reward }, i) => sum + reward * (weights[i] ?? 0), 0) / weights.reduce((sum, w) => sum + w, 0);
					expect(past.estimate(at(0)).get('a')?.mean).toBeCloseTo(mean, 4);
				},
			),
			{ numRuns: 60 },
		);
	});
});
