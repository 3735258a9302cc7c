import { describe, expect, it } from 'vitest';
import type { Allowance } from '../../../appliance/protocol/plan.ts';
import { Problem } from '../../../appliance/protocol/problem.ts';
import { planCall } from '../../../appliance/router/plan-call.ts';
import { claudeCode, deployment, health, input, LOCAL, OPUS, rates, subagent } from './make-input.ts';

const problem = new Problem('clock-not-set', 'The clock was never set.');
const allowance: Allowance = { nanoUsd: 0, boundBy: 'clock', problem };

describe('while the clock cannot be believed', () => {
	it('the box answers what it can', () => {
		const up = new Map([[LOCAL.id, health({ rates: rates(500, 50) })]]);
		const plan = planCall(input({ call: subagent(), allowance, health: up }));
		expect(plan.candidates.map(({ deployment: id }) => id)).toEqual(['local']);
		expect(plan.reservationNanoUsd).toBe(0);
	});

	it.each([true, false])('a cloud call is refused with the reason, whatever its price (ceiling: %s)', (hasCeiling) => {
		const unpriced = deployment({ id: 'unpriced', price: null });
		const plan = planCall(input({ call: claudeCode(), deployments: [OPUS, unpriced], allowance, key: { hasCeiling } }));
		expect(plan.problem).toBe(problem);
		expect(plan.reasons.map(({ code }) => code)).toContain('clock-not-set');
	});

	it('tokens are counted, since that costs nothing', () => {
		expect(planCall(input({ call: claudeCode({ operation: 'count-tokens' }), allowance })).problem).toBeUndefined();
	});
});
