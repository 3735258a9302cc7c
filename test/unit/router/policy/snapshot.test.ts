/** What was learned and spent comes back from JSON as it was. */

import { describe, expect, it } from 'vitest';
import { bandit, NO_ARMS } from '../../../../appliance/router/policy/bandit.ts';
import { RESTED_PACER } from '../../../../appliance/router/policy/pacer.ts';
import { fromSnapshot, type PolicySnapshot, type PolicyState, takeSnapshot } from '../../../../appliance/router/policy/snapshot.ts';
import { EMPTY_GUARD, guard } from '../../../../appliance/router/policy/spend-guard.ts';

const ARMS = { dimension: 3, gamma: 0.99, ridge: 1, maxVarianceFactor: 200 };
const GUARD = { targetNanoUsd: 10, tolerancePermille: 4, openingCreditNanoUsd: 100 };

function learned(): PolicyState {
	let state = bandit(NO_ARMS, { type: 'added', arm: 'a', start: { from: 'guess', quality: 0.8, calls: 10 }, trials: 3 }, ARMS);
	for (let i = 0; i < 50; i++) {
		state = bandit(state, { type: 'chosen', arm: 'a' }, ARMS);
		const x = Float64Array.of(Math.sin(i), Math.cos(i), 1);
		state = bandit(state, { type: 'rewarded', arm: 'a', x, reward: (i % 3) / 2, weight: 1 }, ARMS);
	}
	const spent = guard(EMPTY_GUARD, { type: 'reserve', callId: 'c', period: 'p', worstNanoUsd: 50 }, GUARD).state;
	return { bandit: state, pacer: { ...RESTED_PACER, lambda: 0.25 }, guard: spent };
}

describe('a snapshot', () => {
	it('comes back through JSON to the same bits, but for the rounding of an inverse made anew', () => {
		const before = learned();
		const json = JSON.parse(JSON.stringify(takeSnapshot(before, 'static-1'))) as PolicySnapshot;
		const after = fromSnapshot(json, 'static-1', ARMS);
		const [was, is] = [before, after].map((state) => state.bandit.arms.get('a'));
		expect(is?.precision).toEqual(was?.precision);
		expect(is?.moment).toEqual(was?.moment);
		for (const [index, value] of (was?.weights ?? []).entries()) expect(is?.weights[index]).toBeCloseTo(value, 9);
		expect({ ...after, bandit: { ...after.bandit, arms: 0 } }).toEqual({ ...before, bandit: { ...before.bandit, arms: 0 } });
	});

	it('keeps the money and drops what was learned on other features', () => {
		const after = fromSnapshot(takeSnapshot(learned(), 'static-1'), 'embedding-1', ARMS);
		expect(after.bandit.arms.size).toBe(0);
		expect(after.guard.holds.get('c')?.worstNanoUsd).toBe(50);
		expect(after.pacer.lambda).toBe(0.25);
	});

	it('refuses an arm of another size', () => {
		expect(() => fromSnapshot(takeSnapshot(learned(), 's'), 's', { ...ARMS, dimension: 4 })).toThrow(/3 features/);
	});
});
