import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { balance, type Equal } from '../../../appliance/router/balance.ts';
import { planCall } from '../../../appliance/router/plan-call.ts';
import { affinity, call, deployment, health, input, price } from './make-input.ts';

const named = (name: string, part: Partial<Equal> = {}) => ({ name, weight: 1, runningCalls: 0, firstTokenMs: undefined, ...part });
const order = (list: readonly { name: string }[]) => list.map(({ name }) => name).join('');

/** Shares of the first place over evenly spread random numbers. */
function shares(equals: readonly ReturnType<typeof named>[], by: 'weight' | 'latency' | 'least-busy'): Record<string, number> {
	const counts: Record<string, number> = {};
	for (let i = 0; i < 1_000; i++) {
		const [first] = balance(equals, by, i / 1_000);
		if (first !== undefined) counts[first.name] = (counts[first.name] ?? 0) + 1;
	}
	return counts;
}

describe('balance', () => {
	it('shares by weight', () => {
		expect(shares([named('a', { weight: 3 }), named('b', { weight: 1 }), named('c', { weight: 0 })], 'weight')).toEqual({ a: 750, b: 250 });
	});

	it('keeps everybody, once, and puts weight 0 last', () => {
		const weights = fc.array(fc.nat(5), { minLength: 1, maxLength: 8 });
		fc.assert(
			fc.property(
				weights,
				fc.double({ min: 0, max: 0.999, noNaN: true }),
				fc.constantFrom('cost' as const, 'weight' as const, 'least-busy' as const, 'latency' as const),
				(list, random, by) => {
					const equals = list.map((weight, index) => named(String(index), { weight }));
					const result = balance(equals, by, random);
					expect(result.map(({ name }) => name).toSorted()).toEqual(equals.map(({ name }) => name).toSorted());
					expect(balance(equals, by, random)).toEqual(result);
					const firstIdle = result.findIndex(({ weight }) => weight === 0);
					if (by !== 'latency' && firstIdle >= 0) expect(result.slice(firstIdle).every(({ weight }) => weight === 0)).toBe(true);
				},
			),
		);
	});

	it('takes the least busy for its weight', () => {
		const list = [named('a', { runningCalls: 3, weight: 4 }), named('b', { runningCalls: 1 }), named('c', { runningCalls: 2 })];
		expect(order(balance(list, 'least-busy', 0.4))).toBe('abc');
	});

	it('takes the soonest to answer, those within a tenth by weight', () => {
		const list = [named('a', { firstTokenMs: 900 }), named('b', { firstTokenMs: 205 }), named('c', { firstTokenMs: 200 })];
		const counts = shares(list, 'latency');
		expect(counts.a).toBeUndefined();
		expect(counts.b).toBeGreaterThan(400);
		expect(counts.c).toBeGreaterThan(400);
	});

	it('asks who was not measured lately, by one call at a time', () => {
		const fast = named('a', { firstTokenMs: 100 });
		expect(order(balance([fast, named('b')], 'latency', 0))).toBe('ba');
		expect(order(balance([fast, named('b', { runningCalls: 1 })], 'latency', 0))).toBe('ab');
	});
});

describe('deployments of equal order', () => {
	const twin = (id: string, part = {}) => deployment({ id, model: 'any', tier: 'frontier', ...part });
	const TWINS = [twin('x', { weight: 9 }), twin('y')];
	const outer = (part = {}) => call({ model: 'any', signals: { sessionId: 's', toolNames: ['Edit'] }, ...part });
	const traffic = (runningCalls: number, firstTokenMs?: number) =>
		health({ traffic: { runningCalls, countsTokens: false, firstTokenMs: () => firstTokenMs, refusal: () => undefined } });
	const headOf = (part: Parameters<typeof input>[0]) =>
		planCall(input({ deployments: TWINS, call: outer(), ...part })).candidates[0]?.deployment;

	it('share by weight unless the operator says otherwise', () => {
		const heads = Array.from({ length: 100 }, (_, index) => headOf({ random: index / 100 }));
		expect(heads.filter((id) => id === 'x').length).toBe(90);
	});

	it('go by load or latency where the operator says so, for single tiers too', () => {
		const states = new Map([
			['x', traffic(50, 100)],
			['y', traffic(2, 900)],
		]);
		expect(headOf({ health: states, settings: { balance: { frontier: 'least-busy' } } })).toBe('y');
		expect(headOf({ health: states, settings: { balance: { frontier: 'latency' } } })).toBe('x');
		expect(headOf({ health: states, settings: { balance: { mid: 'least-busy' } }, random: 0.5 })).toBe('x');
	});

	it('are told apart by cost only where balance is by cost', () => {
		const cheap = twin('y', { price: price(1, 5) });
		const list = [twin('x', { weight: 99 }), cheap];
		expect(headOf({ deployments: list, random: 0.5 })).toBe('y');
		expect(headOf({ deployments: list, random: 0.5, settings: { balance: { frontier: 'weight' } } })).toBe('x');
	});

	it.each(['cost', 'weight', 'least-busy', 'latency'] as const)('never move a session from its prompt cache: %s', (by) => {
		const states = new Map([
			['x', traffic(0, 10)],
			['y', traffic(99, 9_000)],
		]);
		for (const unpriced of [false, true]) {
			const deployments = TWINS.map((one) => (unpriced ? { ...one, price: null } : one));
			const plan = planCall(
				input({
					deployments,
					call: outer(),
					health: states,
					affinity: affinity({ deployment: 'y' }),
					key: { hasCeiling: false },
					settings: { balance: { frontier: by } },
				}),
			);
			expect(plan.candidates[0]?.deployment).toBe('y');
			expect(plan.reasons.map(({ code }) => code)).toContain('keeps-cache');
		}
	});

	it('say how the first was taken', () => {
		const plan = planCall(input({ deployments: TWINS, call: outer(), settings: { balance: { frontier: 'latency' } } }));
		expect(plan.reasons).toContainEqual(expect.objectContaining({ step: 'choose', code: 'balanced-latency' }));
	});
});

describe('the places of a chain', () => {
	const list = (...parts: readonly object[]) =>
		parts.map((part, index) => deployment({ id: `d${index}`, tier: 'frontier', order: index, ...part }));
	const chain = (part: Parameters<typeof input>[0]) =>
		planCall(input({ allowance: { nanoUsd: 900_000_000_000, boundBy: 'tree' }, ...part })).candidates.map(({ deployment: id }) => id);
	const asked = (bodyBytes: number) => call({ model: 'any', signals: { toolNames: ['Edit'] }, size: { bodyBytes } });

	it('include a larger window where the bound says that the prompt may not fit, and else not', () => {
		const deployments = list({}, {}, {}, { contextTokens: 1_000_000 });
		expect(chain({ deployments, call: asked(300_000) })).toEqual(['d0', 'd1', 'd3']);
		expect(chain({ deployments, call: asked(30_000) })).toEqual(['d0', 'd1', 'd2']);
	});

	it('include the one that takes refused content, where the operator named it', () => {
		const deployments = list({}, {}, {}, {});
		expect(chain({ deployments, call: asked(3_000), settings: { contentPolicyFallbacks: ['d3'] } })).toEqual(['d0', 'd1', 'd3']);
	});

	it('keep the model that was asked for before all others', () => {
		const deployments = list({}, {}, { contextTokens: 1_000_000 }, { tier: 'mid', model: 'any' });
		const settings = { contentPolicyFallbacks: ['d1'] };
		expect(chain({ deployments, call: asked(300_000), settings })).toContain('d3');
	});
});
