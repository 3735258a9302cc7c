/** How long the whole plan of a real call takes with the score and the mean on, and without, by length of its prompt. */

import { loadConfig } from '../../appliance/config/load-config.ts';
import { anthropic } from '../../appliance/dialect/anthropic/anthropic.ts';
import type { Call } from '../../appliance/protocol/call.ts';
import type { CallPolicy } from '../../appliance/protocol/learning.ts';
import type { Key } from '../../appliance/protocol/member.ts';
import type { PlanInput } from '../../appliance/protocol/plan.ts';
import { planCall } from '../../appliance/router/plan-call.ts';
import { type BanditState, bandit, NO_ARMS } from '../../appliance/router/policy/bandit.ts';
import { decide, type PolicySettings } from '../../appliance/router/policy/decide.ts';
import { FEATURE_COUNT } from '../../appliance/router/policy/features.ts';
import { PRICE_SCALE, RESTED_PACER } from '../../appliance/router/policy/pacer.ts';
import { EMPTY_GUARD, type GuardState, guard, headroomNanoUsd } from '../../appliance/router/policy/spend-guard.ts';

export interface DecisionTime {
	readonly promptBytes: number;
	/** Median µs of a plan by the rules alone. */
	readonly rulesUs: number;
	/** Median µs with score, mean and its hold. */
	readonly learnedUs: number;
}

const ROUNDS = 2_000;
const RUNNING_CALLS = 64;
const GUARD = { targetNanoUsd: 50_000_000, tolerancePermille: 4, openingCreditNanoUsd: 5_000_000_000_000 };
const KEY: Key = {
	id: 'k',
	memberId: 'm',
	memberName: 'bench',
	isOwner: false,
	allowedTiers: ['local', 'mid', 'frontier'],
	mayForce: false,
	hasCeiling: true,
	treeCeilingNanoUsd: undefined,
	expiresAtMs: undefined,
};

function callOf(promptBytes: number): Call {
	const body = JSON.stringify({
		model: 'claude-sonnet-4-6',
		max_tokens: 8_192,
		tools: [{ name: 'Read', input_schema: { type: 'object' } }],
		messages: [{ role: 'user', content: 'word '.repeat(promptBytes / 5) }],
	});
	const call = anthropic.decodeCall({ path: '/v1/messages', query: '', headers: {}, body: Buffer.from(body) }, (text) => `${text.length}`);
	if (call instanceof Error) throw call;
	return call;
}

function medianUs(task: (round: number) => unknown): number {
	const times = Array.from({ length: ROUNDS }, (_, round) => {
		const began = performance.now();
		task(round);
		return performance.now() - began;
	});
	return 1_000 * (times.toSorted((a, b) => a - b)[ROUNDS >> 1] ?? 0);
}

function policyOf(deployments: PlanInput['deployments']): CallPolicy {
	const settings: PolicySettings = {
		arms: { dimension: FEATURE_COUNT, gamma: 0.997, ridge: 1, maxVarianceFactor: 200 },
		weights: { cost: 0.3, exploration: 0.01, pointsPerMinute: 6, switchPoints: 10, turnsAhead: 8 },
		scale: PRICE_SCALE,
		hasRateCeiling: true,
		chance: 0.02,
	};
	const start = { from: 'guess', quality: 0.9, calls: 50 } as const;
	const add = (state: BanditState, arm: string) => bandit(state, { type: 'added', arm, start, trials: 0 }, settings.arms);
	const state = deployments.reduce((before, { id }) => add(before, id), NO_ARMS);
	return {
		roles: ['outer', 'mid', 'inner'],
		decide: (x, options, random) => decide(state, RESTED_PACER, { x, options, headroomNanoUsd: undefined, random }, settings),
	};
}

export function decisionTimes(): readonly DecisionTime[] {
	const loaded = loadConfig(undefined, { ANTHROPIC_API_KEY: 'none', OPENAI_API_KEY: 'none' });
	if (!loaded.ok) throw new Error('the embedded default is refused');
	const { deployments, routing } = loaded.settings;
	const policy = policyOf(deployments);
	return [1_000, 100_000, 1_000_000].map((promptBytes) => {
		const input: PlanInput = {
			call: callOf(promptBytes),
			key: KEY,
			hints: { role: undefined, tier: undefined, deployment: undefined, tree: undefined },
			settings: routing,
			deployments,
			health: new Map(),
			affinity: undefined,
			allowance: { nanoUsd: 1e12, boundBy: 'tree' },
			nowMs: 0,
			random: 0.5,
		};
		let state: GuardState = EMPTY_GUARD;
		const learned = (round: number) => {
			const nanoUsd = Math.min(1e12, headroomNanoUsd(state, 'p', GUARD));
			const plan = planCall({ ...input, policy, allowance: { nanoUsd, boundBy: 'mean' } });
			if (plan.policy === undefined) throw new Error('the score did not choose');
			const reserve = { type: 'reserve', callId: `${round}`, period: 'p', worstNanoUsd: plan.reservationNanoUsd } as const;
			state = guard(state, reserve, GUARD).state;
			state = guard(state, { type: 'settle', callId: `${round - RUNNING_CALLS}`, costNanoUsd: 1_000 }, GUARD).state;
		};
		return { promptBytes, rulesUs: medianUs(() => planCall(input)), learnedUs: medianUs(learned) };
	});
}
