import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Deployment, DeploymentHealth } from '../../../appliance/protocol/deployment.ts';
import type { PlanInput } from '../../../appliance/protocol/plan.ts';
import { ROLES, TIERS } from '../../../appliance/protocol/words.ts';
import { planCall } from '../../../appliance/router/plan-call.ts';
import { priceUsage } from '../../../appliance/router/price-usage.ts';
import { affinity, call, deployment, health, input, price, rates } from './make-input.ts';

const MODELS = ['claude-opus-4-7', 'claude-sonnet-4-6', 'claude-haiku-4-5', 'gpt-5.5', 'house-blend', 'local', 'fast', 'innerloop-inner'];
const TOOLS = ['Read', 'Grep', 'Edit', 'Bash', 'get_weather'];
const option = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const seldom = <T>(arbitrary: fc.Arbitrary<T>) => mostly<T | undefined>(undefined, arbitrary);
/** The usual value four times out of five: obstacles that all come at once leave nothing to look at. */
const mostly = <T>(usual: T, arbitrary: fc.Arbitrary<T>) =>
	fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary });

const prices = fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 150 })).chain(([inputUsd, outputUsd]) => {
	const base = price(inputUsd, outputUsd);
	const step = { ...price(inputUsd * 2, outputUsd * 2), aboveTokens: 5_000 };
	return fc.constantFrom(base, { ...base, longContext: step });
});

const cloud = fc.record({
	model: fc.constantFrom(...MODELS.slice(0, 5)),
	tier: fc.constantFrom(...TIERS),
	order: fc.nat(2),
	contextTokens: mostly(1_000_000, fc.constantFrom(4_000, 20_000, 200_000)),
	maxOutputTokens: fc.constantFrom(500, 4_096, 128_000),
	price: fc.option(prices, { freq: 10 }),
	modalities: mostly<Deployment['modalities']>(['text', 'image'], fc.constant(['text'])),
	dialects: mostly<Deployment['dialects']>(
		['anthropic', 'chat-completions'],
		fc.constantFrom(['anthropic' as const], ['chat-completions' as const]),
	),
	allowedTools: mostly<readonly string[] | undefined>(undefined, fc.subarray(TOOLS)),
});

const deployments = fc
	.array(cloud, { maxLength: 6 })
	.map((parts) => parts.map((part, index) => deployment({ id: index === 0 && part.tier === 'local' ? 'local' : `d${index}`, ...part })));

const calls = fc
	.record({
		model: fc.constantFrom(...MODELS),
		outputCapTokens: option(fc.constantFrom(0, 1, 64, 4_096, 128_000)),
		modalities: mostly<PlanInput['call']['modalities']>(
			['text'],
			fc.constantFrom(['text' as const, 'image' as const], ['text' as const, 'document' as const]),
		),
		operation: fc.constantFrom('generate' as const, 'generate' as const, 'count-tokens' as const),
		unboundedFields: mostly<string[]>([], fc.constant(['n'])),
		dialect: fc.constantFrom('anthropic' as const, 'chat-completions' as const),
	})
	.chain((part) =>
		fc
			.record({
				bodyBytes: mostly(9_000, fc.nat(2_000_000)),
				toolNames: fc.subarray(TOOLS),
				purpose: option(fc.constantFrom('safety-classifier' as const, 'title' as const, 'compaction' as const, 'plan' as const)),
				isSubagent: fc.boolean(),
				requestClass: option(fc.constantFrom('main' as const, 'auxiliary' as const, 'subagent' as const)),
				sessionId: option(fc.constant('s1')),
			})
			.map(({ bodyBytes, ...signals }) => call({ ...part, signals, size: { bodyBytes } })),
	);

const healths = (ids: readonly string[]) =>
	fc
		.array(
			fc.record({
				isUp: mostly(true, fc.constant(false)),
				cooldownUntilMs: mostly(0, fc.constant(1_060_000)),
				rates: fc.constantFrom(undefined, undefined, rates(10, 2), rates(4_000, 400)),
			}),
			{ minLength: ids.length, maxLength: ids.length },
		)
		.map((states) => new Map<string, DeploymentHealth>(ids.map((id, index) => [id, health({ isUp: true, ...states[index] })])));

const inputs = fc
	.tuple(deployments, calls)
	.chain(([list, one]) =>
		fc.record({
			call: fc.constant(one),
			deployments: fc.constant(list),
			health: healths(list.map(({ id }) => id)),
			key: fc.record({
				allowedTiers: mostly([...TIERS], fc.subarray([...TIERS], { minLength: 1 })),
				mayForce: fc.boolean(),
				hasCeiling: fc.boolean(),
			}),
			hints: fc.record({
				role: seldom(fc.constantFrom(...ROLES)),
				tier: seldom(fc.constantFrom(...TIERS)),
				deployment: seldom(fc.constantFrom('local', 'd1', 'd2', 'nowhere')),
				tree: option(fc.string()),
			}),
			affinity: option(
				fc
					.record({
						deployment: fc.constantFrom('d0', 'd1', 'd2', 'local'),
						bodyBytes: fc.integer({ min: 1, max: 500_000 }),
						isSamePrefix: fc.boolean(),
						lastUsedMs: fc.constantFrom(100, 999_000),
						usualOutputTokens: option(fc.integer({ min: 1, max: 50_000 })),
					})
					.map((part) => affinity({ ...part, promptTokens: Math.ceil(part.bodyBytes / 3) })),
			),
			allowance: fc.record({
				nanoUsd: fc.integer({ min: 0, max: 20_000_000_000 }),
				boundBy: fc.constantFrom('tree' as const, 'team-day' as const),
			}),
			random: fc.double({ min: 0, max: 0.999, noNaN: true }),
			settings: fc.constantFrom({}, { aliases: { fast: { tier: 'local' as const } } }),
		}),
	)
	.map((part) => input(part));

const RUNS = { numRuns: 1_000 };
const byId = (one: PlanInput, id: string) => one.deployments.find((known) => known.id === id);

describe('every plan', () => {
	it('has candidates, or a problem, or the estimate of a count, and never two of them', () => {
		fc.assert(
			fc.property(inputs, (one) => {
				const { candidates, problem, estimatedInputTokens } = planCall(one);
				const said = [candidates.length > 0, problem !== undefined, estimatedInputTokens !== undefined];
				expect(said.filter(Boolean)).toHaveLength(1);
				if (estimatedInputTokens !== undefined) expect(one.call.operation).toBe('count-tokens');
			}),
			RUNS,
		);
	});

	it('reserves within the allowance, and for every candidate', () => {
		fc.assert(
			fc.property(inputs, (one) => {
				const { candidates, reservationNanoUsd } = planCall(one);
				expect(Number.isSafeInteger(reservationNanoUsd)).toBe(true);
				expect(reservationNanoUsd).toBeLessThanOrEqual(one.allowance.nanoUsd);
				expect(reservationNanoUsd).toBe(candidates.reduce((sum, { worstCostNanoUsd }) => sum + worstCostNanoUsd, 0));
			}),
			RUNS,
		);
	});

	it('bounds what each candidate can bill for a byte a token and all of its cap', () => {
		fc.assert(
			fc.property(inputs, (one) => {
				if (one.call.operation === 'count-tokens' || !one.key.hasCeiling || one.affinity !== undefined) return;
				for (const { deployment: id, outputCapTokens, worstCostNanoUsd } of planCall(one).candidates) {
					const target = byId(one, id);
					if (target === undefined) throw new Error('a candidate that is not configured');
					const usage = {
						inputTokens: 0,
						cacheReadTokens: 0,
						cacheWriteTokens: one.call.size.bodyBytes,
						cacheWrite1hTokens: 0,
						outputTokens: outputCapTokens ?? one.call.outputCapTokens ?? target.maxOutputTokens,
					};
					expect(priceUsage(usage, target, 0).costNanoUsd).toBeLessThanOrEqual(worstCostNanoUsd);
				}
			}),
			RUNS,
		);
	});

	it('takes no deployment that key, dialect, health, price, modality, tools or model forbid', () => {
		fc.assert(
			fc.property(inputs, (one) => {
				for (const { deployment: id, outputCapTokens } of planCall(one).candidates) {
					const target = byId(one, id);
					if (target === undefined) throw new Error('a candidate that is not configured');
					expect(one.key.allowedTiers).toContain(target.tier);
					const isCrossing = !target.dialects.includes(one.call.dialect);
					const mustNotCross = one.call.operation === 'count-tokens' || one.call.signals.serverToolTypes.length > 0;
					expect(isCrossing && mustNotCross).toBe(false);
					expect(one.health.get(id)?.isUp).toBe(true);
					expect(one.health.get(id)?.cooldownUntilMs).toBeLessThanOrEqual(one.nowMs);
					expect(target.modalities).toEqual(expect.arrayContaining([...one.call.modalities]));
					if (one.call.operation === 'count-tokens') continue;
					expect(target.price === null && one.key.hasCeiling).toBe(false);
					const { toolNames } = one.call.signals;
					if (target.allowedTools !== undefined && toolNames.length > 0) {
						expect(toolNames.some((name) => target.allowedTools?.includes(name))).toBe(true);
					}
					if (outputCapTokens !== undefined) {
						expect(outputCapTokens).toBeLessThanOrEqual(target.maxOutputTokens);
						expect(outputCapTokens).toBeLessThanOrEqual(one.call.outputCapTokens ?? Number.MAX_SAFE_INTEGER);
						expect(outputCapTokens).toBeGreaterThanOrEqual(Math.min(1_024, target.maxOutputTokens, one.call.outputCapTokens ?? 1_024));
					}
				}
			}),
			RUNS,
		);
	});

	it('says of every deployment that is out why it is, and of every call why its role', () => {
		fc.assert(
			fc.property(inputs, (one) => {
				const { rejected, candidates, reasons, problem } = planCall(one);
				for (const { reasons: why } of rejected) expect(why.length).toBeGreaterThan(0);
				const both = rejected.filter(({ deployment: id }) => candidates.some((candidate) => candidate.deployment === id));
				expect(both).toEqual([]);
				expect(reasons.length).toBeGreaterThan(0);
				expect([...rejected.flatMap((entry) => entry.reasons), ...reasons].every(({ code }) => /^[a-z][a-z0-9-]*$/.test(code))).toBe(true);
				if (problem !== undefined) expect(problem.message).not.toBe('');
			}),
			RUNS,
		);
	});

	it('never sends the safety classifier below the model it asked for, whatever header and alias say', () => {
		const dearness = { local: 0, mid: 1, frontier: 2 };
		let seen = 0;
		fc.assert(
			fc.property(inputs, (some) => {
				const one = { ...some, call: { ...some.call, signals: { ...some.call.signals, purpose: 'safety-classifier' as const } } };
				const asked = one.deployments.find(
					({ model, id, tier }) => tier !== 'local' && (model === one.call.model || id === one.call.model),
				);
				for (const { deployment: id } of planCall(one).candidates) {
					seen += 1;
					const target = byId(one, id);
					expect(target?.tier).not.toBe('local');
					if (target === undefined || target.model === one.call.model || target.id === one.call.model) continue;
					if (asked === undefined) expect(target.tier).toBe('frontier');
					else expect(dearness[target.tier]).toBeGreaterThanOrEqual(dearness[asked.tier]);
				}
			}),
			RUNS,
		);
		expect(seen).toBeGreaterThan(100);
	});

	it('is the same for the same input', () => {
		fc.assert(
			fc.property(inputs, (one) => {
				expect(planCall(one)).toEqual(planCall(one));
			}),
			{ numRuns: 300 },
		);
	});
});
