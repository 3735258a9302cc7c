/** Puts the eligible deployments into the order in which they are tried, and says why the first is the first. */

import type { Reason } from '../protocol/decision.ts';
import type { Deployment } from '../protocol/deployment.ts';
import type { Case } from './case.ts';
import { expectedCostNanoUsd, paybackTurns } from './expect.ts';
import { isNamed } from './model-name.ts';

/** A session moves to another prompt cache only where that has paid itself back after so many further turns. */
const PAYBACK_TURNS = 8;

export interface Scored {
	readonly deployment: Deployment;
	readonly expectedCostNanoUsd: number;
}

export interface Choice {
	readonly ranked: readonly Scored[];
	readonly reasons: readonly Reason[];
}

type SortKey = readonly [tier: number, named: number, first: number, second: number];

const because = (code: string, text: string, { id }: Deployment): Reason => ({ step: 'choose', code, text, deployment: id });

/**
 * Inner calls take the cheapest model of a tier, since any of them can do the work; the others take the operator's
 * order. A model that the caller named stands first in its tier, for inner calls only where it is a light one.
 */
function sortKey(one: Case, { deployment, expectedCostNanoUsd }: Scored): SortKey {
	const isInner = one.role === 'inner' && !one.isProtected && one.input.call.operation !== 'count-tokens';
	const counts = !isInner || one.asked.role === 'inner';
	const named = counts && isNamed(deployment, one.input.call.model) ? 0 : 1;
	// What a plan pays costs nothing here; of two such models the lighter one is still the cheaper.
	const order = isInner && deployment.isOwnLogin === true ? (deployment.price?.outputPicoUsd ?? Number.MAX_SAFE_INTEGER) : deployment.order;
	const tier = one.tiers.indexOf(deployment.tier);
	return isInner ? [tier, named, expectedCostNanoUsd, order] : [tier, named, order, expectedCostNanoUsd];
}

function compare(a: SortKey, b: SortKey): number {
	for (const [index, value] of a.entries()) {
		const difference = value - (b[index] ?? 0);
		if (difference !== 0) return difference;
	}
	return 0;
}

/** Equals at the head share the load: one of them, by the call's random number, goes first. */
function shareLoad(sorted: readonly { readonly scored: Scored; readonly key: SortKey }[], random: number): readonly Scored[] {
	const [head] = sorted;
	const equals = head === undefined ? 0 : sorted.filter(({ key }) => compare(key, head.key) === 0).length;
	const turn = Math.floor(random * equals);
	const order = sorted.map(({ scored }) => scored);
	return [...order.slice(turn, equals), ...order.slice(0, turn), ...order.slice(equals)];
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
	const keyed = eligible.map((deployment) => {
		const scored = { deployment, expectedCostNanoUsd: expectedCostNanoUsd(one, deployment) };
		return { scored, key: sortKey(one, scored) };
	});
	const ranked = shareLoad(
		keyed.sort((a, b) => compare(a.key, b.key)),
		one.input.random,
	);
	const [best] = ranked;
	if (best === undefined) return { ranked, reasons: [] };
	const stay = ranked.find(({ deployment }) => deployment.id === one.warm?.deployment);
	if (stay === undefined) return { ranked, reasons: [firstReason(one, best)] };
	if (stay === best) return { ranked, reasons: [because('keeps-cache', 'It holds the prompt of this session.', best.deployment)] };
	const move = reasonToMove(one, stay.deployment, best.deployment);
	if (move !== undefined) return { ranked, reasons: [firstReason(one, best), move] };
	return { ranked: [stay, ...ranked.filter((scored) => scored !== stay)], reasons: [stays(one, stay, best.deployment)] };
}
