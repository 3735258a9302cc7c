/** Puts the eligible deployments into the order in which they are tried, and says why the first is the first. */

import type { Reason } from '../protocol/decision.ts';
import type { Deployment } from '../protocol/deployment.ts';
import type { PolicyNote } from '../protocol/learning.ts';
import type { BalanceBy } from '../protocol/words.ts';
import { balance } from './balance.ts';
import { type Case, healthOf } from './case.ts';
import { isCrossing } from './crossing.ts';
import { expectedCostNanoUsd, paybackTurns } from './expect.ts';
import { isNamed } from './model-name.ts';
import { policyOf, rankByScore } from './score-call.ts';

/** A session moves to another prompt cache only where that has paid itself back after so many further turns. */
const PAYBACK_TURNS = 8;

export interface Scored {
	readonly deployment: Deployment;
	readonly expectedCostNanoUsd: number;
}

export interface Choice {
	readonly ranked: readonly Scored[];
	readonly reasons: readonly Reason[];
	/** How the score chose, where it did. */
	readonly note?: PolicyNote;
}

type SortKey = readonly [tier: number, named: number, crossing: number, first: number, second: number];

const because = (code: string, text: string, { id }: Deployment): Reason => ({ step: 'choose', code, text, deployment: id });

/**
 * Inner calls take the cheapest model of a tier, since any of them can do the work; the others take the operator's
 * order. Within a tier those come first that the caller's own bytes can go to. A model that the caller named stands first in its tier, for inner calls only where it is a light one.
 */
function sortKey(one: Case, { deployment, expectedCostNanoUsd }: Scored): SortKey {
	const isInner = one.role === 'inner' && !one.isProtected && one.input.call.operation !== 'count-tokens';
	const counts = !isInner || one.asked.role === 'inner';
	const named = counts && isNamed(deployment, one.input.call.model) ? 0 : 1;
	// What a plan pays costs nothing here; of two such models the lighter one is still the cheaper.
	const order = isInner && deployment.isOwnLogin === true ? (deployment.price?.outputPicoUsd ?? Number.MAX_SAFE_INTEGER) : deployment.order;
	const tier = one.tiers.indexOf(deployment.tier);
	const crossing = crossingRank(one, deployment);
	if (isInner) return [tier, named, crossing, expectedCostNanoUsd, order];
	return [tier, named, crossing, order, balanceOf(one, deployment) === 'cost' ? expectedCostNanoUsd : 0];
}

function crossingRank({ input }: Case, deployment: Deployment): number {
	return input.settings.prefersOwnDialect !== false && isCrossing(input.call, deployment) ? 1 : 0;
}

function compare(a: SortKey, b: SortKey): number {
	for (const [index, value] of a.entries()) {
		const difference = value - (b[index] ?? 0);
		if (difference !== 0) return difference;
	}
	return 0;
}

interface Keyed {
	readonly scored: Scored;
	readonly key: SortKey;
}

/** How the load of a deployment's tier is shared. */
const balanceOf = ({ input }: Case, { tier }: Deployment): BalanceBy => input.settings.balance?.[tier] ?? 'cost';

/** Those of equal rank share the load as the operator says. */
function shareLoad(one: Case, sorted: readonly Keyed[]): readonly Keyed[] {
	const shared: Keyed[] = [];
	for (let from = 0; from < sorted.length; ) {
		const group = equalsFrom(sorted, from);
		shared.push(...(group.length === 1 ? group : balanceGroup(one, group)));
		from += group.length;
	}
	return shared;
}

function equalsFrom(sorted: readonly Keyed[], from: number): readonly Keyed[] {
	let to = from + 1;
	while (to < sorted.length && isEqualRank(sorted[from], sorted[to])) to += 1;
	return sorted.slice(from, to);
}

const isEqualRank = (a: Keyed | undefined, b: Keyed | undefined) => a !== undefined && b !== undefined && compare(a.key, b.key) === 0;

function balanceGroup(one: Case, group: readonly Keyed[]): readonly Keyed[] {
	const equals = group.map((keyed) => {
		const { deployment } = keyed.scored;
		const traffic = healthOf(one, deployment)?.traffic;
		const { runningCalls = 0 } = traffic ?? {};
		return { keyed, weight: deployment.weight ?? 1, runningCalls, firstTokenMs: traffic?.firstTokenMs(one.input.call) };
	});
	const [first] = group;
	const by = first === undefined ? 'cost' : balanceOf(one, first.scored.deployment);
	return balance(equals, by, one.input.random).map(({ keyed }) => keyed);
}

function firstReason(one: Case, first: Scored): Reason {
	const { deployment } = first;
	if (one.demand.deployment !== undefined) return because('forced', 'It is forced.', deployment);
	if (isNamed(deployment, one.input.call.model)) return because('named', 'It is the model that was asked for.', deployment);
	if (one.role === 'inner' && deployment.tier !== 'local') {
		return because('cheapest-of-tier', `The cheapest of the ${deployment.tier} tier, which is the first that can answer.`, deployment);
	}
	return because('first-of-tier', `The first of the ${deployment.tier} tier, which is the first that can answer.`, deployment);
}

/** May the session leave the deployment that holds its prompt? Undefined keeps it there. */
function reasonToMove(one: Case, stay: Deployment, best: Deployment): Reason | undefined {
	if (one.demand.deployment !== undefined || one.demand.tier !== undefined) return because('forced', 'It is forced.', best);
	if (one.isProtected) return because('not-below-asked', 'The safety classifier goes to the model that was asked for.', best);
	const rank = (deployment: Deployment) => one.tiers.indexOf(deployment.tier);
	if (best.tier === 'local') return because('local-detour', 'The box costs nothing, and the cache elsewhere lives on.', best);
	if (crossingRank(one, best) < crossingRank(one, stay)) {
		return because('back-to-own-dialect', 'It can answer again, and takes the bytes of the caller as they are.', best);
	}
	if (stay.price === null || best.price === null) return because('price-unknown', 'Without a price the cache has no worth to weigh.', best);
	const turns = paybackTurns(stay.price, best.price);
	if (turns <= PAYBACK_TURNS) return because('pays-back', `Leaving the cache of ${stay.id} pays back in ${turns} turns.`, best);
	// A session that fell to a weaker tier in a failure goes back where its role belongs, cost what the cache may.
	if (rank(best) < rank(stay) && best.price.outputPicoUsd > stay.price.outputPicoUsd) {
		return because('back-to-tier', `Its role belongs to the ${best.tier} tier, which can answer again.`, best);
	}
	return undefined;
}

function stays(one: Case, stay: Scored, best: Deployment): Reason {
	const turns = stay.deployment.price && best.price ? paybackTurns(stay.deployment.price, best.price) : Number.POSITIVE_INFINITY;
	const never = `Moving to ${best.id} would never pay back its cache.`;
	const late = `Moving to ${best.id} would pay back only in ${turns} turns; ${PAYBACK_TURNS} are allowed.`;
	const held = `It holds ${one.warm?.promptTokens ?? 0} tokens of this session. `;
	return because('stays-with-cache', held + (Number.isFinite(turns) ? late : never), stay.deployment);
}

export function choose(one: Case, eligible: readonly Deployment[]): Choice {
	const policy = policyOf(one);
	if (policy !== undefined) {
		const scored = eligible.map((deployment) => ({ deployment, expectedCostNanoUsd: expectedCostNanoUsd(one, deployment) }));
		return rankByScore(one, scored, policy);
	}
	return chooseByRules(one, eligible);
}

function chooseByRules(one: Case, eligible: readonly Deployment[]): Choice {
	const keyed = eligible.map((deployment) => {
		const scored = { deployment, expectedCostNanoUsd: expectedCostNanoUsd(one, deployment) };
		return { scored, key: sortKey(one, scored) };
	});
	const order = shareLoad(
		one,
		keyed.sort((a, b) => compare(a.key, b.key)),
	);
	const ranked = order.map(({ scored }) => scored);
	const [best] = order;
	if (best === undefined) return { ranked, reasons: [] };
	const stay = order.find(({ scored }) => scored.deployment.id === one.warm?.deployment);
	if (stay === undefined) return { ranked, reasons: [firstReason(one, best.scored), ...balanceReason(one, order)] };
	const { deployment } = stay.scored;
	if (isEqualRank(stay, best)) {
		return { ranked: first(ranked, stay.scored), reasons: [because('keeps-cache', 'It holds the prompt of this session.', deployment)] };
	}
	const move = reasonToMove(one, deployment, best.scored.deployment);
	if (move !== undefined) return { ranked, reasons: [firstReason(one, best.scored), move] };
	return { ranked: first(ranked, stay.scored), reasons: [stays(one, stay.scored, best.scored.deployment)] };
}

const first = (ranked: readonly Scored[], one: Scored): readonly Scored[] => [one, ...ranked.filter((scored) => scored !== one)];

/** Says that the first one has equals, and by what it was taken among them. */
function balanceReason(one: Case, order: readonly Keyed[]): readonly Reason[] {
	const [best] = order;
	const equals = equalsFrom(order, 0).length;
	if (best === undefined || equals < 2) return [];
	const { deployment } = best.scored;
	const by = balanceOf(one, deployment);
	const how = { cost: 'by weight', weight: 'by weight', 'least-busy': 'as the least busy', latency: 'as the soonest to answer' }[by];
	return [because(`balanced-${by}`, `One of ${equals} of equal rank, taken ${how}.`, deployment)];
}
