/**
 * Fits the ranked deployments into what the ledger still allows: which are tried, under which output cap, and how much
 * has to be reserved for all of them. A short allowance first costs the fallbacks, then the room above a comfortable
 * answer, then the answer's length down to the useful, then the tier; the box itself is free; at last the call is refused.
 */

import type { RankedCandidate, Reason } from '../../protocol/decision.ts';
import type { Deployment } from '../../protocol/deployment.ts';
import type { Problem } from '../../protocol/problem.ts';
import { type Case, inputTokensAt } from '../case.ts';
import type { Scored } from '../choose.ts';
import { continuationTokens } from '../confidence/continuation.ts';
import { expectedMs } from '../expect.ts';
import { limitTokensAt } from '../limit-tokens.ts';
import { outputCapFor, usefulCap } from '../output-cap.ts';
import { boundCost, type CostBound } from '../price.ts';
import { exhausted } from './exhausted.ts';
import { fallbackOrder } from './fallback-order.ts';
import { formatUsd } from './usd.ts';

/** Candidates of one call that may each be billed. */
const BILLED_CANDIDATES = 3;
/** A call takes at most this part of what is left as long as its answer stays comfortable, since a tree's calls run side by side. */
const SHARE_OF_ALLOWANCE = 3;
/** Fallbacks may take what is left up to this part: they are seldom used, and others wait for the money. */
const CHAIN_SHARE = 2;
/** What the ledger takes in one entry: a million dollars. */
const LARGEST_AMOUNT_NANO_USD = 1_000_000_000_000_000;
/** Answers of agents are hardly ever longer, though they allow themselves eight times as much. */
const COMFORTABLE_OUTPUT_TOKENS = 16_384;

export interface Fit {
	readonly candidates: readonly RankedCandidate[];
	readonly reservationNanoUsd: number;
	readonly billableTries: number;
	readonly reasons: readonly Reason[];
	readonly problem: Problem | undefined;
}

const NOTHING = { candidates: [], reservationNanoUsd: 0, billableTries: 0 } as const;

interface Offer {
	readonly scored: Scored;
	readonly bound: CostBound;
	readonly capTokens: number;
	readonly worstNanoUsd: number;
}

const because = (code: string, text: string, deployment?: Deployment): Reason => ({
	step: 'reserve',
	code,
	text,
	...(deployment === undefined ? {} : { deployment: deployment.id }),
});

/** What the deployment would be asked for without any thought of money. */
function fullOffer(one: Case, scored: Scored, isBehindBox: boolean): Offer {
	const { input } = one;
	const { deployment } = scored;
	const mayContinue = isBehindBox && input.settings.mayContinue === true && input.call.isStream;
	const added = mayContinue ? { addedInputTokens: continuationTokens(input.call, deployment) } : {};
	const bound = boundCost(input.call, deployment, input.affinity, { ...input.settings, ...added });
	if (input.call.operation === 'count-tokens') return { scored, bound, capTokens: 0, worstNanoUsd: 0 };
	// Where no cap is written, by the caller or by us, the upstream goes to its own most.
	const isOpen = input.call.outputCapTokens === undefined && !input.key.hasCeiling && deployment.tier !== 'local';
	const fitting = isOpen ? undefined : outputCapFor(input, deployment, inputTokensAt(one, deployment));
	const capTokens = fitting ?? deployment.maxOutputTokens;
	return { scored, bound, capTokens, worstNanoUsd: bound.worstNanoUsd(capTokens) };
}

function withCap(offer: Offer, capTokens: number): Offer {
	return { ...offer, capTokens, worstNanoUsd: offer.bound.worstNanoUsd(capTokens) };
}

function comfortable({ input }: Case): number {
	if (input.call.isCapFixed) return Number.POSITIVE_INFINITY;
	const answer = Math.max(COMFORTABLE_OUTPUT_TOKENS, 2 * (input.affinity?.usualOutputTokens ?? 0));
	return answer + (input.call.thinkingBudgetTokens ?? 0);
}

/** Lowers the cap as far as the allowance demands and sense permits; undefined when not even a useful answer can be paid. */
function afford(one: Case, full: Offer): Offer | undefined {
	const { nanoUsd, boundBy } = one.input.allowance;
	const share = Math.floor(nanoUsd / SHARE_OF_ALLOWANCE);
	if (boundBy === 'clock') return isFree(one, full) ? full : undefined;
	if (boundBy === 'none' || full.worstNanoUsd <= share) return full;
	const easy = Math.min(full.capTokens, Math.max(comfortable(one), full.bound.capWithin(share)));
	if (full.bound.worstNanoUsd(easy) <= nanoUsd) return withCap(full, easy);
	// A mean is no reason to cut an agent's answer short: a cheaper deployment is asked instead.
	if (one.input.call.isCapFixed || boundBy === 'mean') return undefined;
	const capTokens = Math.min(full.capTokens, full.bound.capWithin(nanoUsd));
	return capTokens >= Math.min(usefulCap(one.input, full.scored.deployment), full.capTokens) ? withCap(full, capTokens) : undefined;
}

/** Nobody on the box pays for it; an unknown price is no such case. */
function isFree({ input }: Case, { scored }: Offer): boolean {
	const { tier, isOwnLogin } = scored.deployment;
	return tier === 'local' || isOwnLogin === true || input.call.operation === 'count-tokens';
}

function capReason(one: Case, full: Offer, taken: Offer): readonly Reason[] {
	const { deployment } = taken.scored;
	if (deployment.isOwnLogin === true) return [];
	if (taken.capTokens < full.capTokens) {
		const left = formatUsd(one.input.allowance.nanoUsd);
		return [
			because('output-cap-lowered', `The cap falls from ${full.capTokens} to ${taken.capTokens} tokens: ${left} is left.`, deployment),
		];
	}
	const asked = one.input.call.outputCapTokens;
	if (asked === undefined || full.capTokens >= asked || one.input.call.operation === 'count-tokens') return [];
	return [
		because(
			'output-cap-fits-model',
			`The cap falls from ${asked} to ${full.capTokens} tokens, which is what the model has room for.`,
			deployment,
		),
	];
}

/** The first in order that can be paid, and why those before it cannot. */
function findHead(
	one: Case,
	offers: readonly Offer[],
): { readonly head: Offer | undefined; readonly index: number; readonly reasons: readonly Reason[] } {
	const reasons: Reason[] = [];
	for (const [index, full] of offers.entries()) {
		const head = afford(one, full);
		if (head !== undefined) return { head, index, reasons: [...reasons, ...capReason(one, full, head)] };
		const { problem, nanoUsd } = one.input.allowance;
		if (problem !== undefined) {
			reasons.push(because(problem.code, problem.message, full.scored.deployment));
			continue;
		}
		const least = formatUsd(full.bound.worstNanoUsd(Math.min(usefulCap(one.input, full.scored.deployment), full.capTokens)));
		reasons.push(
			because('over-budget', `Even a short answer can cost ${least}, and ${formatUsd(nanoUsd)} is left.`, full.scored.deployment),
		);
	}
	return { head: undefined, index: offers.length, reasons };
}

/**
 * A cloud deployment never falls back to the box: its error passes and the client asks again, but a weak answer stays.
 * The box falls back to the cloud.
 */
function findFallbacks(one: Case, head: Offer, rest: readonly Offer[]): readonly Offer[] {
	const isHeadBilled = head.scored.deployment.tier !== 'local';
	const billed = rest.filter(({ scored }) => scored.deployment.tier !== 'local');
	const { nanoUsd, boundBy } = one.input.allowance;
	const limit = boundBy === 'none' ? Number.MAX_SAFE_INTEGER : Math.max(head.worstNanoUsd, Math.floor(nanoUsd / CHAIN_SHARE));
	const chain: Offer[] = [];
	let sum = head.worstNanoUsd;
	for (const full of fallbackOrder(one, head, billed, BILLED_CANDIDATES - (isHeadBilled ? 1 : 0))) {
		const short = withCap(full, Math.min(full.capTokens, comfortable(one)));
		const offer = [full, short].find(({ worstNanoUsd }) => sum + worstNanoUsd <= limit);
		if (offer === undefined) continue;
		chain.push(offer);
		sum += offer.worstNanoUsd;
	}
	return chain;
}

/** Worst costs of the repetitions that the allowance holds beside the chain: each may go to the dearest of it. */
function findRepeats(one: Case, chain: readonly Offer[]): readonly number[] {
	const dearest = Math.max(...chain.map(({ worstNanoUsd }) => worstNanoUsd));
	const sum = chain.reduce((total, { worstNanoUsd }) => total + worstNanoUsd, 0);
	const { nanoUsd, boundBy } = one.input.allowance;
	const limit = boundBy === 'none' ? Number.MAX_SAFE_INTEGER : Math.floor(nanoUsd / CHAIN_SHARE);
	const wanted = one.input.settings.reservedRepeats ?? 0;
	const held = dearest === 0 ? 0 : Math.max(0, Math.min(wanted, Math.floor((limit - sum) / dearest)));
	return new Array<number>(held).fill(dearest);
}

function toCandidate(one: Case, { scored, capTokens, worstNanoUsd }: Offer): RankedCandidate {
	const { deployment, expectedCostNanoUsd } = scored;
	const { call, key } = one.input;
	// Without a cap in the body the upstream's own default counts, which no bound knows.
	const isNeeded = call.outputCapTokens === undefined ? key.hasCeiling || deployment.tier === 'local' : capTokens !== call.outputCapTokens;
	const isCount = call.operation === 'count-tokens';
	const mayBeCapped = !isCount && call.isCapFixed !== true && deployment.isOwnLogin !== true;
	const limitTokens = isCount ? undefined : limitTokensAt(one, deployment);
	return {
		deployment: deployment.id,
		tier: deployment.tier,
		expectedCostNanoUsd,
		worstCostNanoUsd: worstNanoUsd,
		expectedMs: isCount ? undefined : expectedMs(one, deployment),
		...(isNeeded && mayBeCapped ? { outputCapTokens: capTokens } : {}),
		...(limitTokens === undefined ? {} : { limitTokens }),
	};
}

/** The least with which any of them could be asked. */
function neededNanoUsd(one: Case, offers: readonly Offer[]): number {
	return Math.min(
		...offers.map(({ bound, capTokens, scored }) => bound.worstNanoUsd(Math.min(usefulCap(one.input, scored.deployment), capTokens))),
	);
}

/** @param ranked not empty */
export function fitBudget(one: Case, ranked: readonly Scored[]): Fit {
	const isBoxFirst = ranked[0]?.deployment.tier === 'local';
	const offers = ranked.map((scored, index) => fullOffer(one, scored, isBoxFirst && index > 0));
	const { head, index, reasons } = findHead(one, offers);
	if (head === undefined) return { ...NOTHING, reasons, problem: exhausted(one.input.allowance, neededNanoUsd(one, offers)) };
	const chain = [head, ...findFallbacks(one, head, offers.slice(index + 1))];
	const repeats = findRepeats(one, chain);
	const tries = [...chain.map(({ worstNanoUsd }) => worstNanoUsd), ...repeats].filter((worstNanoUsd) => worstNanoUsd > 0);
	// Under a ceiling the sum is within the allowance; without one an absurd price must not break the ledger.
	const most = one.input.allowance.boundBy === 'none' ? LARGEST_AMOUNT_NANO_USD : Number.MAX_SAFE_INTEGER;
	return {
		candidates: chain.map((offer) => toCandidate(one, offer)),
		reservationNanoUsd: tries.reduce((sum, worstNanoUsd) => Math.min(sum + worstNanoUsd, most), 0),
		billableTries: tries.length,
		reasons,
		problem: undefined,
	};
}
