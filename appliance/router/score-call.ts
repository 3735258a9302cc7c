/** Orders eligible deployments by the one score, where the operator wants that, and says what it was made of. */

import type { Reason } from '../protocol/decision.ts';
import type { Deployment, Price } from '../protocol/deployment.ts';
import type { CallPolicy, PolicyNote, ScoredOption, ScoreLine } from '../protocol/learning.ts';
import { type Case, healthOf } from './case.ts';
import type { Scored } from './choose.ts';
import { expectedMs, expectTokens, paybackTurns } from './expect.ts';
import { FEATURES, featuresOf } from './policy/features.ts';

export interface ScoredOrder {
	readonly ranked: readonly Scored[];
	readonly reasons: readonly Reason[];
	readonly note: PolicyNote;
}

/** The policy for this call; undefined where rules order it: its role is not learned for, or somebody demanded a place. */
export function policyOf({ input, role, demand, isProtected, experiment }: Case): CallPolicy | undefined {
	const { policy, call } = input;
	if (experiment?.arm === 'control') return undefined;
	if (policy === undefined || !policy.roles.includes(role) || isProtected || call.operation !== 'generate') return undefined;
	return demand.deployment === undefined && demand.tier === undefined ? policy : undefined;
}

const USD_PER_PICO_PER_THOUSAND = 1e-12 * 1_000;
const USD_PER_NANO = 1e-9;

const listRate = (price: Price | null): number =>
	price === null ? 0 : ((price.inputPicoUsd + price.outputPicoUsd) / 2) * USD_PER_PICO_PER_THOUSAND;

function optionOf(one: Case, { deployment, expectedCostNanoUsd }: Scored): ScoredOption {
	const { cachedTokens, newTokens, outputTokens } = expectTokens(one, deployment);
	const thousands = (cachedTokens + newTokens + outputTokens) / 1_000;
	return {
		arm: deployment.id,
		usdPerThousandTokens: thousands === 0 ? 0 : (expectedCostNanoUsd * USD_PER_NANO) / thousands,
		listUsdPerThousandTokens: deployment.isOwnLogin === true ? 0 : listRate(deployment.price),
		// Money is fitted after the order, by the ledger's allowance and the mean's: see budget/fit.ts.
		worstNanoUsd: 0,
		expectedMs: expectedMs(one, deployment) ?? healthOf(one, deployment)?.traffic?.firstTokenMs(one.input.call),
		paybackTurns: turnsToPayBack(one, deployment),
	};
}

/** A detour to the box leaves the cache elsewhere alive. */
function turnsToPayBack({ warm, input }: Case, deployment: Deployment): number {
	if (warm === undefined || warm.deployment === deployment.id || deployment.tier === 'local') return 0;
	const holder = input.deployments.find(({ id }) => id === warm.deployment);
	if (holder === undefined || holder.price === null || deployment.price === null || holder.tier === 'local') return 0;
	return paybackTurns(holder.price, deployment.price);
}

/** @param scored not empty */
export function rankByScore(one: Case, scored: readonly Scored[], policy: CallPolicy): ScoredOrder {
	const x = featuresOf(one.input.call, one.role);
	const options = scored.map((each) => optionOf(one, each));
	const choice = policy.decide(x, options, one.input.random);
	const ranked = choice.ranked.flatMap(({ arm }) => scored.filter(({ deployment }) => deployment.id === arm));
	// What the pressure on cost dropped stays as a last resort.
	const dropped = scored.filter((each) => !ranked.includes(each));
	const scores = choice.ranked.map(({ arm, score }) => ({ deployment: arm, ...rounded(score) }));
	const [first] = choice.ranked;
	const arm = first?.arm ?? '';
	const note: PolicyNote = { arm, propensity: choice.propensity, why: choice.why, scores, x: [...x], features: FEATURES };
	return {
		ranked: [...ranked, ...dropped],
		reasons: first === undefined ? [] : [reasonOf(choice.why, arm, first.score, one, options)],
		note,
	};
}

const tenth = (points: number): number => Math.round(points * 10) / 10;

type Points = Omit<ScoreLine, 'deployment'>;

const rounded = (score: Points): Points => ({
	quality: tenth(score.quality),
	exploration: tenth(score.exploration),
	cost: tenth(score.cost),
	budget: tenth(score.budget),
	time: tenth(score.time),
	stickiness: tenth(score.stickiness),
	total: tenth(score.total),
});

const WHY = {
	score: ['best-score', 'The best score'],
	trial: ['on-trial', 'It is new here and is tried'],
	chance: ['by-chance', 'Taken by chance, so that others can be judged'],
} as const;

function reasonOf(why: PolicyNote['why'], arm: string, score: Points, { warm }: Case, options: readonly ScoredOption[]): Reason {
	const { quality, exploration, cost, budget, time, stickiness, total } = rounded(score);
	const [code, text] = WHY[why];
	const turns = options.find((option) => option.arm === arm)?.paybackTurns ?? 0;
	const move =
		turns === 0 || warm === undefined
			? ''
			: `; leaving the cache of ${warm.deployment} pays back in ${Number.isFinite(turns) ? turns : 'no number of'} turns`;
	const sum = `quality ${quality}, uncertainty ${exploration}, price ${cost}, budget ${budget}, time ${time}, move ${stickiness}`;
	return { step: 'choose', code, text: `${text}: ${total} points (${sum})${move}.`, deployment: arm };
}
