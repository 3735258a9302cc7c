/** Recorded decisions under another policy: who would have been first, at what cost, and what is known of the quality. */

import type { Decision, Outcome, RankedCandidate } from '../../protocol/decision.ts';
import type { LearningSettings, RewardRow } from '../../protocol/learning.ts';
import { type LoggedCall, type OffPolicyValue, offPolicyValue } from './off-policy.ts';
import type { CostScale } from './pacer.ts';
import { score } from './score.ts';

export interface RecordedCall {
	readonly decision: Decision;
	readonly outcome: Outcome | undefined;
}

export interface ReplaySummary {
	readonly calls: number;
	readonly costNanoUsd: number;
	/** Mean of what is believed of each chosen deployment, 0 to 1. */
	readonly believedQuality: number;
	/** Mean expected ms of those calls whose time is known. */
	readonly expectedMs: number | undefined;
	/** Calls by tier. */
	readonly tiers: Readonly<Record<string, number>>;
	/** Calls that the box did not answer, though it stood among the candidates. */
	readonly escalations: number;
}

export interface Replay {
	readonly recorded: ReplaySummary;
	readonly replayed: ReplaySummary;
	/** Calls that another deployment would have been asked first. */
	readonly changed: number;
	/** What the rewards say of the replayed policy; undefined without rewards of calls that a score chose. */
	readonly value: OffPolicyValue | undefined;
	/** Calls that were left out: refused, not finished, or counts of tokens. */
	readonly skipped: number;
}

type Weighing = Pick<LearningSettings, 'weights' | 'usualQuality'>;

interface Played {
	readonly call: RecordedCall;
	readonly outcome: Outcome;
	readonly recorded: RankedCandidate;
	readonly replayed: RankedCandidate;
	readonly quality: (candidate: RankedCandidate) => number;
}

export function replay(calls: readonly RecordedCall[], weighing: Weighing, scale: CostScale, rewards: readonly RewardRow[]): Replay {
	const played = calls.flatMap((call) => play(call, weighing, scale) ?? []);
	return {
		recorded: summary(played, ({ recorded }) => recorded),
		replayed: summary(played, ({ replayed }) => replayed),
		changed: played.filter(({ recorded, replayed }) => recorded !== replayed).length,
		value: rewardValue(played, rewards),
		skipped: calls.length - played.length,
	};
}

/** Of a deployment that a score weighed, what was believed then; of others what their tier is taken for. */
const qualityIn =
	({ policy }: Decision, { usualQuality }: Weighing) =>
	({ deployment, tier }: RankedCandidate): number => {
		const line = policy?.scores.find((one) => one.deployment === deployment);
		return line === undefined ? usualQuality[tier] : line.quality / 100;
	};

function play(call: RecordedCall, weighing: Weighing, scale: CostScale): Played | undefined {
	const { decision, outcome } = call;
	const recorded = decision.candidates.find(({ deployment }) => deployment === outcome?.deployment);
	if (outcome === undefined || recorded === undefined || outcome.status >= 400 || outcome.outputTokens === undefined) return undefined;
	const quality = qualityIn(decision, weighing);
	const thousands = ((outcome.inputTokens ?? 0) + (outcome.cacheReadTokens ?? 0) + outcome.outputTokens) / 1_000;
	const points = (candidate: RankedCandidate): number => {
		const usd = thousands === 0 ? 0 : candidate.expectedCostNanoUsd / 1e9 / thousands;
		const facts = {
			quality: { mean: quality(candidate), variance: 0 },
			usdPerThousandTokens: usd,
			lambda: 0,
			expectedMs: candidate.expectedMs,
		};
		return score(facts, weighing.weights, scale).total;
	};
	const replayed = decision.candidates.reduce((best, one) => (points(one) > points(best) ? one : best));
	return { call, outcome, recorded, replayed, quality };
}

/** What was paid, where the same one answers; else what was expected there, off by as much as it was off at the one that answered. */
function costOf({ outcome, recorded }: Played, taken: RankedCandidate): number {
	if (taken === recorded) return outcome.costNanoUsd;
	const off = recorded.expectedCostNanoUsd === 0 ? 1 : outcome.costNanoUsd / recorded.expectedCostNanoUsd;
	return Math.round(taken.expectedCostNanoUsd * off);
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

function summary(played: readonly Played[], of: (one: Played) => RankedCandidate): ReplaySummary {
	const tiers: Record<string, number> = {};
	for (const one of played) tiers[of(one).tier] = (tiers[of(one).tier] ?? 0) + 1;
	const times = played.flatMap((one) => of(one).expectedMs ?? (of(one) === one.recorded ? one.outcome.latencyMs : []));
	return {
		calls: played.length,
		costNanoUsd: played.reduce((sum, one) => sum + costOf(one, of(one)), 0),
		believedQuality: mean(played.map((one) => one.quality(of(one)))),
		expectedMs: times.length === 0 ? undefined : mean(times),
		tiers,
		escalations: played.filter((one) => of(one).tier !== 'local' && one.call.decision.candidates.some(({ tier }) => tier === 'local'))
			.length,
	};
}

function rewardValue(played: readonly Played[], rewards: readonly RewardRow[]): OffPolicyValue | undefined {
	const byCall = new Map(rewards.map((row) => [row.callId, row]));
	const logged = played.flatMap((one): LoggedCall[] => {
		const row = byCall.get(one.call.decision.callId);
		if (row === undefined || row.propensity <= 0) return [];
		const isSame = one.replayed.deployment === row.arm;
		const { arm, propensity, reward } = row;
		const expected = one.quality(one.recorded);
		return [{ arm, propensity, reward, targetPropensity: isSame ? 1 : 0, expected, targetExpected: one.quality(one.replayed) }];
	});
	return logged.length === 0 ? undefined : offPolicyValue(logged);
}
