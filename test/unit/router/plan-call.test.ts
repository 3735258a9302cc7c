import { describe, expect, it } from 'vitest';
import { planCall } from '../../../appliance/router/plan-call.ts';
import {
	affinity,
	call,
	claudeCode,
	deployment,
	HAIKU,
	health,
	input,
	LOCAL,
	OPUS,
	price,
	rates,
	SONNET,
	subagent,
	TEAM,
	USD,
} from './make-input.ts';

type Part = Parameters<typeof input>[0];
const plan = (part: Part) => planCall(input(part));
const ids = (part: Part) => plan(part).candidates.map((candidate) => candidate.deployment);
const first = (part: Part) => ids(part)[0];
const faultsOf = (part: Part, id: string) =>
	plan(part)
		.rejected.find((rejected) => rejected.deployment === id)
		?.reasons.map(({ code }) => code);
const codes = (part: Part) => plan(part).reasons.map(({ code }) => code);

describe('the order of tiers', () => {
	it('sends the main loop to the frontier, implementation to the middle, search to the box', () => {
		expect(first({ call: claudeCode() })).toBe('claude-opus-4-7');
		expect(first({ call: subagent({ signals: { toolNames: ['Read', 'Edit'] } }) })).toBe('claude-sonnet-4-6');
		expect(first({ call: subagent() })).toBe('local');
	});

	it('takes the cheapest of the middle for inner calls that the box cannot answer', () => {
		const part: Part = { call: subagent(), deployments: [OPUS, SONNET, HAIKU] };
		expect(first(part)).toBe('claude-haiku-4-5');
		expect(codes(part)).toContain('cheapest-of-tier');
	});

	it('never goes dearer than what was asked for, except as a fallback', () => {
		expect(ids({ call: claudeCode({ model: 'claude-sonnet-4-6' }) })[0]).toBe('claude-sonnet-4-6');
		expect(first({ call: claudeCode({ model: 'claude-haiku-4-5-20251001' }) })).toBe('claude-haiku-4-5');
		expect(first({ call: claudeCode({ model: 'claude-sonnet-4-6' }), deployments: [OPUS, LOCAL] })).toBe('claude-opus-4-7');
	});

	it('prefers the named model within its tier over the configured order', () => {
		const newer = deployment({ id: 'claude-opus-5-5', tier: 'frontier', order: 5 });
		expect(first({ call: claudeCode({ model: 'claude-opus-5-5' }), deployments: [...TEAM, newer] })).toBe('claude-opus-5-5');
		expect(first({ call: claudeCode({ model: 'claude-opus-7' }), deployments: [...TEAM, newer] })).toBe('claude-opus-4-7');
	});

	it('shares load between equals by the random number', () => {
		const twins = ['a', 'b', 'c'].map((id) => deployment({ id, tier: 'frontier' }));
		const firsts = [0, 0.34, 0.67, 0.99].map((random) => first({ call: claudeCode(), deployments: twins, random }));
		expect(firsts).toEqual(['a', 'b', 'c', 'c']);
	});

	it('lets the box take everything when it is alone', () => {
		expect(ids({ call: claudeCode(), deployments: [LOCAL] })).toEqual(['local']);
	});
});

describe('eligibility', () => {
	it.each<[string, string, Part]>([
		['tier-not-allowed', 'claude-opus-4-7', { key: { allowedTiers: ['mid', 'local'] } }],
		['other-dialect', 'claude-opus-4-7', { call: call({ dialect: 'chat-completions', operation: 'count-tokens' }) }],
		['loss-server-tools', 'claude-opus-4-7', { call: call({ dialect: 'chat-completions', signals: { serverToolTypes: ['web_search'] } }) }],
		['not-up', 'claude-opus-4-7', { health: new Map([['claude-opus-4-7', health({ isUp: false, detail: 'set ANTHROPIC_API_KEY' })]]) }],
		['cooling-down', 'claude-opus-4-7', { health: new Map([['claude-opus-4-7', health({ cooldownUntilMs: 1_000_001 })]]) }],
		['modality-not-taken', 'local', { call: call({ modalities: ['text', 'image'] }) }],
		['price-unknown', 'claude-opus-4-7', { deployments: [{ ...OPUS, price: null }, LOCAL] }],
		['window-too-small', 'claude-haiku-4-5', { call: call({ size: { bodyBytes: 590_000 } }) }],
		['input-too-long', 'claude-opus-4-7', { deployments: [{ ...OPUS, maxInputTokens: 1_000 }, LOCAL] }],
		['server-tools', 'local', { call: call({ signals: { serverToolTypes: ['web_search_20250305'] } }) }],
		['no-allowed-tool', 'local', { call: call({ signals: { toolNames: ['Edit', 'Bash'] } }) }],
		['forced-tool-not-allowed', 'local', { call: call({ signals: { toolNames: ['Read', 'Edit'], toolChoice: { name: 'Edit' } } }) }],
		['asks-for-safety-check', 'local', { call: call({ signals: { hasSafeguards: true } }) }],
		['tier-not-for-role', 'claude-opus-4-7', { hints: { role: undefined, tier: 'mid', deployment: undefined, tree: undefined } }],
		['another-is-forced', 'local', { hints: { role: undefined, tier: undefined, deployment: 'claude-opus-4-7', tree: undefined } }],
		[
			'feature-not-taken',
			'claude-opus-4-7',
			{
				call: call({ model: 'claude-opus-5-5', signals: { features: ['sampling'] } }),
				deployments: [{ ...OPUS, lacks: ['sampling'] }, SONNET],
			},
		],
	])('%s keeps %s out', (code, id, part) => {
		expect(faultsOf(part, id)).toContain(code);
		expect(faultsOf({ call: call() }, id)).toBeUndefined();
	});

	it('estimates a count only where the dialect alone keeps the counting from it', () => {
		const count = call({ dialect: 'chat-completions', operation: 'count-tokens' });
		const estimated = (part: Part) => plan({ call: count, deployments: [OPUS], ...part }).estimatedInputTokens;
		expect(estimated({})).toBeGreaterThan(0);
		expect(estimated({ health: new Map([['claude-opus-4-7', health({ isUp: false, detail: 'no key' })]]) })).toBeUndefined();
		expect(estimated({ key: { allowedTiers: ['local'] } })).toBeUndefined();
		expect(estimated({ call: call({ operation: 'count-tokens' }), key: { allowedTiers: ['local'] } })).toBeUndefined();
	});

	it.each([
		[
			'a tool it may not call',
			call({ signals: { toolNames: ['Edit'] } }),
			/^No deployment can take this call\. local: None .* No cloud model is configured: set/,
		],
		[
			'a prompt too long for it',
			call({ size: { bodyBytes: 90_000 } }),
			/^prompt is too long: .* > 8192 maximum\. No cloud model is configured: set/,
		],
	])('says what would help a box that is alone before %s', (_, one, message) => {
		expect(plan({ call: one, deployments: [LOCAL] }).problem?.message).toMatch(message);
		expect(plan({ call: one, deployments: [LOCAL, { ...HAIKU, price: null, contextTokens: 100 }] }).problem?.message).not.toMatch(
			/No cloud/,
		);
	});

	it('lets the box answer without a safety check only by the operator’s word', () => {
		const part: Part = { call: call({ signals: { hasSafeguards: true } }) };
		expect(faultsOf({ ...part, settings: { mayDowngradeSafetyClassifier: true } }, 'local')).toBeUndefined();
	});

	it('holds no model to features that a call uses which was made for it', () => {
		const one = call({ signals: { features: ['sampling'] } });
		expect(first({ call: one, deployments: [{ ...OPUS, lacks: ['sampling'] }] })).toBe('claude-opus-4-7');
	});

	it('counts the output cap of the caller against a cloud window, and lowers it for the box', () => {
		const part: Part = { call: subagent({ size: { bodyBytes: 12_000 } }) };
		const plan1 = plan(part);
		expect(plan1.candidates[0]).toMatchObject({ deployment: 'local', outputCapTokens: 8_192 - 4_000 });
		expect(codes(part)).toContain('output-cap-fits-model');
		expect(faultsOf({ call: subagent({ size: { bodyBytes: 22_000 } }) }, 'local')).toContain('window-too-small');
		expect(
			faultsOf(
				{ call: claudeCode({ size: { bodyBytes: 300_000 } }), deployments: [HAIKU, { ...SONNET, contextTokens: 150_000 }] },
				'claude-sonnet-4-6',
			),
		).toEqual(['window-too-small']);
	});

	it('lowers the cap to what each candidate can write', () => {
		const { candidates } = plan({
			call: claudeCode({ model: 'claude-sonnet-4-6' }),
			deployments: [SONNET, HAIKU],
			allowance: { nanoUsd: 0, boundBy: 'none' },
		});
		expect(candidates.map(({ outputCapTokens }) => outputCapTokens)).toEqual([undefined, 64_000]);
	});

	it('leaves room behind the thinking that was asked for, and none where the box does not think', () => {
		const one = call({ outputCapTokens: 32_000, thinkingBudgetTokens: 20_000 });
		const { candidates } = plan({ call: one, deployments: [OPUS], allowance: { nanoUsd: 600_000_000, boundBy: 'tree' } });
		expect(candidates[0]?.outputCapTokens ?? 32_000).toBeGreaterThan(20_000);
		expect(plan({ call: one, deployments: [OPUS], allowance: { nanoUsd: 400_000_000, boundBy: 'tree' } }).problem?.code).toBe(
			'budget-exhausted',
		);
		expect(faultsOf({ call: one }, 'local')).toBeUndefined();
	});

	it('puts a cap in where none was written, under a ceiling', () => {
		const uncapped = call({ outputCapTokens: undefined });
		expect(plan({ call: uncapped, deployments: [OPUS] }).outputCapTokens).toBe(128_000);
		expect(plan({ call: uncapped, deployments: [OPUS], key: { hasCeiling: false } }).outputCapTokens).toBeUndefined();
	});

	it('takes a call with tool_choice none to the box, whatever tools it offers', () => {
		expect(faultsOf({ call: call({ signals: { toolNames: ['Edit'], toolChoice: 'none' } }) }, 'local')).toBeUndefined();
	});

	it('uses the measured bytes a token', () => {
		const part: Part = {
			call: subagent({ size: { bodyBytes: 22_000 } }),
			health: new Map([['local', health({ rates: { ...rates(5_000, 500), bytesPerToken: 4 } })]]),
		};
		expect(first(part)).toBe('local');
	});
});

describe('deadlines', () => {
	const slow: Part = { call: subagent(), health: new Map([['local', health({ rates: rates(20, 6) })]]) };

	it('sends what the box would answer too late to the cheapest of the cloud', () => {
		expect(first(slow)).toBe('claude-haiku-4-5');
		expect(faultsOf(slow, 'local')).toEqual(['too-slow']);
	});

	it('takes a late answer where there is no other', () => {
		expect(ids({ ...slow, deployments: [LOCAL] })).toEqual(['local']);
		expect(codes({ ...slow, deployments: [LOCAL] })).toContain('too-slow-but-only');
	});

	it('counts the queue, and not what is cached', () => {
		const part: Part = { call: subagent({ size: { bodyBytes: 5_100 } }), health: new Map([['local', health({ rates: rates(100, 10) })]]) };
		expect(plan(part).candidates[0]?.expectedMs).toBe(17_000 + 30_000);
		const held = affinity({ deployment: 'local', promptTokens: 1_700, bodyBytes: 5_000 });
		expect(plan({ ...part, affinity: held }).candidates[0]?.expectedMs).toBe(340 + 30_000);
		expect(plan({ ...part, health: new Map([['local', health({ rates: rates(100, 10, 20_000) })]]) }).candidates[0]?.deployment).not.toBe(
			'local',
		);
	});
});

describe('stickiness', () => {
	const warm = affinity({ promptTokens: 100_000, bodyBytes: 300_000 });
	const long = { size: { bodyBytes: 303_000 } };

	it('keeps a session on the deployment that holds its prompt', () => {
		// Compaction is mid work, but its prompt lies in the frontier's cache: Opus to Sonnet would pay back in 18 turns.
		const part: Part = { call: claudeCode({ ...long, signals: { requestClass: 'compaction' } }), affinity: warm };
		expect(first(part)).toBe('claude-opus-4-7');
		expect(codes(part)).toContain('stays-with-cache');
		expect(plan(part).reasons.find(({ code }) => code === 'stays-with-cache')?.text).toContain('18 turns');
	});

	it('moves where the move pays back soon', () => {
		const part: Part = {
			call: claudeCode({ ...long, signals: { requestClass: 'compaction' } }),
			affinity: warm,
			deployments: [OPUS, HAIKU],
		};
		expect(first(part)).toBe('claude-haiku-4-5');
		expect(plan(part).reasons.find(({ code }) => code === 'pays-back')?.text).toContain('3 turns');
	});

	it('moves freely when the cache is cold or of another prompt', () => {
		const part: Part = { call: claudeCode({ ...long, signals: { requestClass: 'compaction' } }) };
		expect(first({ ...part, affinity: { ...warm, lastUsedMs: 700_000 } })).toBe('claude-sonnet-4-6');
		expect(first({ ...part, affinity: { ...warm, isSamePrefix: false } })).toBe('claude-sonnet-4-6');
	});

	it('brings a session back that fell to a weaker tier', () => {
		const part: Part = { call: claudeCode(long), affinity: { ...warm, deployment: 'claude-sonnet-4-6' } };
		expect(first(part)).toBe('claude-opus-4-7');
		expect(codes(part)).toContain('back-to-tier');
	});

	it('makes the cached prompt cheap in the expected cost', () => {
		const [held] = plan({ call: claudeCode(long), affinity: warm }).candidates;
		const [cold] = plan({ call: claudeCode(long) }).candidates;
		// 100,000 cached at $0.5 and 1,000 new at $6.25 a million, 1,500 out at $25; cold all 101,000 at $6.25.
		expect(held?.expectedCostNanoUsd).toBe(50_000_000 + 6_250_000 + 37_500_000);
		expect(cold?.expectedCostNanoUsd).toBe(631_250_000 + 37_500_000);
	});
});

describe('fallbacks', () => {
	it('follow the order, and end with the model that was asked for', () => {
		const others = [1, 2, 3].map((order) => deployment({ id: `mid-${order}`, order }));
		const part: Part = {
			call: subagent({ model: 'claude-opus-4-7', signals: { toolNames: ['Edit', 'Read'] } }),
			deployments: [OPUS, ...others],
		};
		expect(ids(part)).toEqual(['mid-1', 'mid-2', 'claude-opus-4-7']);
	});

	it('go from the box to the cloud, never from the cloud to the box', () => {
		expect(ids({ call: subagent() })).toEqual(['local', 'claude-haiku-4-5', 'claude-sonnet-4-6', 'claude-opus-4-7']);
		expect(ids({ call: claudeCode() })).not.toContain('local');
	});

	it('are all reserved for', () => {
		const { candidates, reservationNanoUsd } = plan({ call: claudeCode() });
		expect(candidates.length).toBeGreaterThan(1);
		expect(reservationNanoUsd).toBe(candidates.reduce((sum, { worstCostNanoUsd }) => sum + worstCostNanoUsd, 0));
	});
});

describe('demands', () => {
	const hint = (part: object) => ({ role: undefined, tier: undefined, deployment: undefined, tree: undefined, ...part });

	it('reserves repetitions at the price of the dearest candidate, as many as the allowance holds', () => {
		const repeating = (reservedRepeats: number, usd: number) =>
			plan({
				call: claudeCode({ outputCapTokens: 4_096 }),
				settings: { reservedRepeats },
				allowance: { nanoUsd: usd * USD, boundBy: 'tree' },
			});
		const { candidates, ...none } = repeating(0, 50);
		const dearest = Math.max(...candidates.map(({ worstCostNanoUsd }) => worstCostNanoUsd));
		expect(none.billableTries).toBe(candidates.length);
		expect(repeating(2, 50)).toMatchObject({
			billableTries: candidates.length + 2,
			reservationNanoUsd: none.reservationNanoUsd + 2 * dearest,
		});
		const tight = (2 * (none.reservationNanoUsd + dearest)) / USD;
		expect(repeating(2, tight)).toMatchObject({ billableTries: candidates.length + 1 });
		expect(repeating(2, tight).reservationNanoUsd).toBeLessThanOrEqual((tight * USD) / 2);
	});

	it('force role, tier or deployment where the key allows it', () => {
		expect(plan({ hints: hint({ role: 'inner' }) })).toMatchObject({ role: 'inner', candidates: [{ deployment: 'local' }, {}, {}, {}] });
		expect(first({ hints: hint({ tier: 'mid' }) })).toBe('claude-sonnet-4-6');
		expect(ids({ hints: hint({ deployment: 'claude-haiku-4-5' }) })).toEqual(['claude-haiku-4-5']);
	});

	it('are passed over where it does not, and the reason says so', () => {
		const part: Part = { hints: hint({ deployment: 'local' }), key: { mayForce: false } };
		expect(first(part)).toBe('claude-opus-4-7');
		expect(codes(part)).toContain('force-not-allowed');
	});

	it('are refused outside the tiers of the key', () => {
		expect(plan({ hints: hint({ tier: 'frontier' }), key: { allowedTiers: ['local'] } }).problem?.code).toBe('forbidden');
		expect(plan({ hints: hint({ deployment: 'claude-opus-4-7' }), key: { allowedTiers: ['local'] } }).problem?.code).toBe('forbidden');
	});

	it('are refused for a deployment that there is not', () => {
		expect(plan({ hints: hint({ deployment: 'nowhere' }) }).problem?.message).toContain('claude-opus-4-7, claude-sonnet-4-6');
	});

	it('come from aliases too: configured, built in, or the name of the box', () => {
		expect(first({ call: call({ model: 'fast' }), settings: { aliases: { fast: { deployment: 'claude-haiku-4-5' } } } })).toBe(
			'claude-haiku-4-5',
		);
		expect(first({ call: call({ model: 'claude-innerloop-mid' }) })).toBe('claude-sonnet-4-6');
		expect(ids({ call: call({ model: 'local' }) })).toEqual(['local']);
		expect(ids({ call: call({ model: 'smollm2-135m-instruct' }) })).toEqual(['local']);
		expect(plan({ call: call({ model: 'constructor' }) }).problem).toBeUndefined();
	});

	it('yield to a header', () => {
		const aliases = { fast: { deployment: 'claude-haiku-4-5' } };
		expect(first({ call: call({ model: 'fast' }), settings: { aliases }, hints: hint({ deployment: 'claude-sonnet-4-6' }) })).toBe(
			'claude-sonnet-4-6',
		);
	});
});

describe('the safety classifier', () => {
	const classifier = (model: string) =>
		claudeCode({ model, outputCapTokens: 64, signals: { purpose: 'safety-classifier', toolNames: [] } });

	it('goes to the model that was asked for, else a dearer one, and never to the box', () => {
		expect(ids({ call: classifier('claude-sonnet-4-6') })).toEqual(['claude-sonnet-4-6', 'claude-opus-4-7']);
		expect(ids({ call: classifier('claude-sonnet-4-6'), deployments: [OPUS, HAIKU, LOCAL] })).toEqual(['claude-opus-4-7']);
		expect(ids({ call: classifier('claude-haiku-4-5') })[0]).toBe('claude-haiku-4-5');
		expect(ids({ call: classifier('claude-sonnet-77') })).toEqual(['claude-opus-4-7']);
	});

	it('is refused rather than downgraded', () => {
		const alone = plan({ call: classifier('claude-opus-4-7'), deployments: [SONNET, HAIKU, LOCAL] });
		expect(alone.problem?.code).toBe('no-eligible-deployment');
		expect(plan({ call: classifier('claude-opus-4-7'), allowance: { nanoUsd: 10, boundBy: 'tree' } }).problem?.code).toBe(
			'budget-exhausted',
		);
	});

	it('takes no orders', () => {
		const part: Part = {
			call: classifier('claude-opus-4-7'),
			hints: { role: 'inner', tier: 'local', deployment: 'local', tree: undefined },
		};
		expect(ids(part)).toEqual(['claude-opus-4-7']);
		expect(codes(part)).toContain('classifier-not-forced');
	});

	it('is an ordinary call when the operator says so', () => {
		expect(first({ call: classifier('claude-opus-4-7'), settings: { mayDowngradeSafetyClassifier: true } })).toBe('local');
	});
});

describe('a short allowance', () => {
	const left = (usd: number): Part => ({ call: claudeCode(), allowance: { nanoUsd: usd * USD, boundBy: 'tree' } });

	it('leaves caps alone while there is plenty', () => {
		expect(plan(left(50)).candidates[0]?.outputCapTokens).toBeUndefined();
	});

	it('first gives up the room above a comfortable answer, so that calls can run side by side', () => {
		// A third of $3, less 7,500 input tokens at $6.25 a million, buys 38,125 tokens at $25.
		expect(plan(left(3)).candidates[0]).toMatchObject({ outputCapTokens: 38_125, worstCostNanoUsd: USD });
		expect(plan(left(1)).candidates[0]).toMatchObject({ outputCapTokens: 16_384 });
	});

	it('then the fallbacks, their length first', () => {
		const { candidates } = plan(left(3));
		expect(candidates.map(({ deployment, outputCapTokens }) => [deployment, outputCapTokens])).toEqual([
			['claude-opus-4-7', 38_125],
			['claude-sonnet-4-6', 16_384],
			['claude-haiku-4-5', 16_384],
		]);
		expect(ids(left(1.2))).toEqual(['claude-opus-4-7', 'claude-haiku-4-5']);
		expect(ids(left(0.6))).toEqual(['claude-opus-4-7']);
	});

	it('then lowers the answer, down to the useful', () => {
		const { candidates, reservationNanoUsd } = plan(left(0.1));
		expect(candidates.map((candidate) => candidate.deployment)).toEqual(['claude-opus-4-7']);
		expect(candidates[0]?.outputCapTokens).toBeGreaterThanOrEqual(1_024);
		expect(reservationNanoUsd).toBeLessThanOrEqual(0.1 * USD);
		expect(codes(left(0.1))).toContain('output-cap-lowered');
	});

	it('then drops the tier, then goes to the box', () => {
		expect(first(left(0.06))).toBe('claude-sonnet-4-6');
		expect(codes(left(0.06))).toContain('over-budget');
		expect(first(left(0.001))).toBe('local');
	});

	it('then refuses, and says what is left, what was spent and what is needed', () => {
		const { problem, candidates } = plan({
			call: claudeCode(),
			deployments: [OPUS, SONNET],
			allowance: { nanoUsd: 0.01 * USD, boundBy: 'member-day', ceilingNanoUsd: 5 * USD, spentNanoUsd: 4.99 * USD },
		});
		expect(candidates).toEqual([]);
		expect(problem?.code).toBe('budget-exhausted');
		expect(problem?.message).toContain('at least $0.0435 has to be reserved');
		expect(problem?.message).toContain("$0.0100 of $5.0000 is left of the member's day ($4.9900 is spent or reserved)");
	});

	it('never asks for less than the caller wants itself', () => {
		const tiny = call({ outputCapTokens: 10 });
		expect(plan({ call: tiny, allowance: { nanoUsd: 0.05 * USD, boundBy: 'tree' } }).candidates[0]?.outputCapTokens).toBeUndefined();
	});
});

describe('a price beyond reason', () => {
	const absurd = { ...OPUS, price: price(1_000_000, 1_000_000) };
	const big = call({ size: { bodyBytes: 2_900_000 }, outputCapTokens: 1 });

	it('fits no ceiling, and without one reserves no more than the ledger takes', () => {
		expect(plan({ call: big, deployments: [absurd], allowance: { nanoUsd: 1e15, boundBy: 'tree' } }).problem?.code).toBe(
			'budget-exhausted',
		);
		const open = plan({ call: big, deployments: [absurd], allowance: { nanoUsd: 1e15, boundBy: 'none' }, key: { hasCeiling: false } });
		expect(open.reservationNanoUsd).toBe(1e15);
	});
});

describe('refusals', () => {
	it('name the fields whose cost has no bound, under a ceiling only', () => {
		const odd = call({ unboundedFields: ['n', 'service_tier'] });
		expect(plan({ call: odd }).problem).toMatchObject({ code: 'cost-not-bounded', message: expect.stringContaining('n, service_tier') });
		expect(plan({ call: odd, key: { hasCeiling: false } }).problem).toBeUndefined();
	});

	it('say prompt is too long, as clients expect it', () => {
		const { problem } = plan({ call: claudeCode({ size: { bodyBytes: 3_100_000 } }) });
		expect(problem?.code).toBe('context-window-exceeded');
		expect(problem?.message).toMatch(/^prompt is too long: about 103333\d tokens and an output cap of 128000 > 1000000 maximum$/);
	});

	it('say when to come back', () => {
		const resting = new Map([['claude-opus-4-7', health({ cooldownUntilMs: 1_004_200 })]]);
		const { problem } = plan({ call: claudeCode(), deployments: [OPUS], health: resting });
		expect(problem).toMatchObject({ code: 'no-eligible-deployment', isRetryable: true, retryAfterSeconds: 5 });
	});

	it('say which key to set', () => {
		const missing = new Map([['claude-opus-4-7', health({ isUp: false, detail: 'set ANTHROPIC_API_KEY' })]]);
		const { problem } = plan({ call: claudeCode(), deployments: [OPUS], health: missing });
		expect(problem).toMatchObject({
			code: 'no-eligible-deployment',
			isRetryable: false,
			message: expect.stringContaining('set ANTHROPIC_API_KEY'),
		});
		expect(plan({ deployments: [] }).problem?.message).toContain('ANTHROPIC_API_KEY');
	});
});

describe('counting tokens', () => {
	it('costs nothing and minds neither window nor tools', () => {
		const count = claudeCode({ operation: 'count-tokens', size: { bodyBytes: 9_000_000 }, unboundedFields: ['x'] });
		const found = plan({ call: count, allowance: { nanoUsd: 0, boundBy: 'tree' } });
		expect(found.candidates[0]).toMatchObject({ deployment: 'claude-opus-4-7', worstCostNanoUsd: 0, expectedCostNanoUsd: 0 });
		expect(found.reservationNanoUsd).toBe(0);
	});
});

describe('counting for a model', () => {
	it.each(['claude-opus-4-7', 'claude-sonnet-4-6', 'claude-haiku-4-5'])('asks %s, whatever class the client gives the count', (model) => {
		const count = claudeCode({ operation: 'count-tokens', model, signals: { requestClass: 'auxiliary', toolNames: [] } });
		expect(first({ call: count })).toBe(model);
		expect(codes({ call: count })).toContain('count-for-asked-model');
		expect(first({ call: count, deployments: [LOCAL] })).toBe('local');
	});
});

describe('prices with a step', () => {
	it('reserve at the dearer rate once the bound reaches it', () => {
		const base = price(1, 5);
		const stepped = { ...OPUS, price: { ...base, longContext: { ...price(2, 10), aboveTokens: 10_000 } } };
		const worst = (bodyBytes: number) =>
			plan({ call: call({ size: { bodyBytes }, outputCapTokens: 1_000 }), deployments: [stepped] }).reservationNanoUsd;
		expect(worst(10_000)).toBe(10_000 * 1_250 + 1_000 * 5_000);
		expect(worst(10_001)).toBe(10_001 * 2_500 + 1_000 * 10_000);
	});
});

describe('the model name innerloop', () => {
	it('demands nothing: each call of a session goes by its own role', () => {
		expect(first({ call: claudeCode({ model: 'innerloop' }) })).toBe('claude-opus-4-7');
		expect(first({ call: subagent({ model: 'innerloop' }) })).toBe('local');
		expect(codes({ call: subagent({ model: 'innerloop' }) })).not.toContain('forced');
		expect(codes({ call: subagent({ model: 'innerloop-outer' }) })).toContain('forced');
	});
});
