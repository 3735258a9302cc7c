import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../appliance/config/load-config.ts';
import type { Deployment } from '../../../appliance/protocol/deployment.ts';
import { conversationsOf } from '../../../appliance/router/savings/recorded-traffic.ts';
import { recordedCostNanoUsd, underCeiling } from '../../../bench/savings/ceiling.ts';
import { RECORDED, recordedSession } from '../../../bench/savings/recorded-session.ts';

const loaded = loadConfig(undefined, { ANTHROPIC_API_KEY: 'none' });
if (!loaded.ok) throw new Error('the embedded configuration is refused');
const { deployments, routing } = loaded.settings;

/** The catalogue's deployments, Opus 4.7 first: fallbacks are reserved for as well. */
function team(): [Deployment, ...Deployment[]] {
	const opus = deployments.find(({ id }) => id === 'claude-opus-4-7');
	if (opus === undefined) throw new Error('the catalogue has no Opus 4.7');
	return [opus, ...deployments.filter((one) => one !== opus)];
}

const cost = recordedCostNanoUsd(team()[0]);
const under = (share: number) => underCeiling(Math.ceil(share * cost), team(), routing);

describe('the recorded session of 176 calls, through planner and ledger', () => {
	it('is admitted as a whole, no cap touched, under 1.5 times its real cost', () => {
		const { calls, admitted, untouched, settledNanoUsd, isBounded } = under(1.5);
		expect(calls).toBe(176);
		expect(admitted / calls).toBeGreaterThanOrEqual(0.995);
		expect(untouched).toBe(admitted);
		expect(settledNanoUsd).toBe(cost);
		expect(isBounded).toBe(true);
	});

	it.each([1, 0.5, 0.1])('stays within a ceiling of %f times its cost', (share) => {
		const { calls, admitted, settledNanoUsd, isBounded } = under(share);
		expect(settledNanoUsd).toBeLessThanOrEqual(Math.ceil(share * cost));
		expect(isBounded).toBe(true);
		expect(admitted).toBeGreaterThan(0);
		expect(admitted).toBeLessThan(calls);
	});

	it('loses no call where it is told apart by conversation', () => {
		const grouped = conversationsOf(RECORDED).flatMap(({ calls }) => calls);
		expect(grouped.toSorted((a, b) => a - b)).toEqual(RECORDED.map((_, index) => index));
		const { calls } = recordedSession();
		expect(calls.map(({ promptTokens }) => promptTokens)).toEqual(
			RECORDED.map(({ newInputTokens, cacheReadTokens, cacheWriteTokens }) => newInputTokens + cacheReadTokens + cacheWriteTokens),
		);
		expect(calls.filter(({ isSubagent }) => isSubagent).length).toBeGreaterThan(10);
	});
});
