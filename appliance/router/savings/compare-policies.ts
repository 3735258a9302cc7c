/** Policies side by side on recorded traffic, each with the interval of what the record leaves open; and which calls could move at all. */

import { fitsBox, isInTime, type Reading, type Replayed, type ReplayTeam, replayTraffic, TRAFFIC_POLICIES } from './replay-traffic.ts';
import type { TrafficCall } from './traffic-call.ts';

/** Share of tool results' tokens that the diet takes away: least, likeliest, most. */
export interface TrimShares {
	readonly low: number;
	readonly likely: number;
	readonly high: number;
}

/** Assumed, and therefore wide: teams differ by how much their builds and tests write. `diet.mode: observe` measures one's own. */
export const ASSUMED_TRIM: TrimShares = { low: 0.05, likely: 0.2, high: 0.4 };

export interface ComparedPolicy extends Replayed {
	/** Of the cost, over every reading of what the record does not say. Equal where nothing is left open. */
	readonly lowNanoUsd: number;
	readonly highNanoUsd: number;
}

export interface EligibleShare {
	readonly calls: number;
	/** Of the all-frontier bill, 0 to 1. */
	readonly costShare: number;
}

export interface TrafficComparison {
	readonly calls: number;
	readonly paidNanoUsd: number | undefined;
	readonly policies: readonly ComparedPolicy[];
	readonly eligible: {
		readonly window: EligibleShare;
		/** … and in time, with everything but the new tokens in the box's cache. */
		readonly deadlineWarm: EligibleShare;
		/** … and in time, with nothing in it. */
		readonly deadlineCold: EligibleShare;
		/** Nearly all of the prompt is new: a move loses no warm cache. */
		readonly noCacheToLose: EligibleShare;
	};
	readonly kinds: Readonly<Record<TrafficCall['kind'], number>>;
	/** Calls whose work nothing tells. */
	readonly untold: number;
}

const NO_CACHE_SHARE = 0.1;

export function comparePolicies(calls: readonly TrafficCall[], team: ReplayTeam, trim: TrimShares): TrafficComparison {
	const likely: Reading = { untold: 'likely', growth: ['tool-results', 'likely-tool-results'], trimShare: trim.likely };
	const readings = readingsOf(trim);
	const kinds = { main: 0, subagent: 0, auxiliary: 0, classifier: 0 };
	for (const { kind } of calls) kinds[kind] += 1;
	return {
		calls: calls.length,
		paidNanoUsd: sumPaid(calls),
		policies: TRAFFIC_POLICIES.map((policy) => {
			const likeliest = replayTraffic(calls, policy, team, likely);
			const others = readings.map((reading) => replayTraffic(calls, policy, team, reading));
			const costs = [likeliest, ...others].map(({ costNanoUsd }) => costNanoUsd);
			return { ...likeliest, lowNanoUsd: Math.min(...costs), highNanoUsd: Math.max(...costs) };
		}),
		eligible: eligibleOf(calls, team),
		kinds,
		untold: calls.filter(({ work }) => work === undefined).length,
	};
}

/** Every corner of what is open: the interval holds whatever of it is true together. */
function readingsOf({ low, high }: TrimShares): readonly Reading[] {
	const growths: readonly Reading['growth'][] = [['tool-results'], ['tool-results', 'likely-tool-results', 'unknown']];
	return (['outer', 'inner'] as const).flatMap((untold) =>
		growths.flatMap((growth) => [low, high].map((trimShare) => ({ untold, growth, trimShare }))),
	);
}

function sumPaid(calls: readonly TrafficCall[]): number | undefined {
	if (calls.some(({ paidNanoUsd }) => paidNanoUsd === undefined)) return undefined;
	return calls.reduce((sum, { paidNanoUsd = 0 }) => sum + paidNanoUsd, 0);
}

function eligibleOf(calls: readonly TrafficCall[], team: ReplayTeam): TrafficComparison['eligible'] {
	const likely: Reading = { untold: 'likely', growth: [], trimShare: 0 };
	const [all] = TRAFFIC_POLICIES;
	if (all === undefined) throw new Error('there is no policy');
	const costs = calls.map((call) => replayTraffic([call], all, team, likely).costNanoUsd);
	const bill = costs.reduce((sum, cost) => sum + cost, 0);
	const share = (is: (call: TrafficCall) => boolean): EligibleShare => {
		const cost = costs.reduce((sum, one, index) => sum + (is(calls[index] as TrafficCall) ? one : 0), 0);
		return { calls: calls.filter(is).length, costShare: bill === 0 ? 0 : cost / bill };
	};
	return {
		window: share((call) => fitsBox(call, team)),
		deadlineWarm: share((call) => isInTime(call, call.newTokens, team)),
		deadlineCold: share((call) => isInTime(call, call.promptTokens, team)),
		noCacheToLose: share(({ promptTokens, newTokens }) => promptTokens - newTokens < NO_CACHE_SHARE * promptTokens),
	};
}
