/** The recorded session under a ceiling: every call through the real planner and the real ledger, overlapping as they did. */

import type { Deployment } from '../../appliance/protocol/deployment.ts';
import type { RoutingSettings } from '../../appliance/protocol/plan.ts';
import type { Budgets, LedgerScope } from '../../appliance/protocol/ports.ts';
import { EMPTY_SNAPSHOT } from '../../appliance/router/budget/ledger-records.ts';
import { LedgerState } from '../../appliance/router/budget/ledger-state.ts';
import { planCall } from '../../appliance/router/plan-call.ts';
import { priceUsage } from '../../appliance/router/price-usage.ts';
import { RECORDED, type RecordedCall, recordedSession } from './recorded-session.ts';
import { Caches, callOf, KEY } from './replay.ts';

export interface UnderCeiling {
	readonly calls: number;
	readonly admitted: number;
	/** Admitted with the caller's own output cap. */
	readonly untouched: number;
	/** Settled for what was admitted. */
	readonly settledNanoUsd: number;
	/** No call cost more than was reserved for it. */
	readonly isBounded: boolean;
	/** Sum of what was reserved for the calls, by the sum of what they cost. */
	readonly reservedByCost: number;
}

function usageOf({ newInputTokens, cacheReadTokens, cacheWriteTokens, outputTokens }: RecordedCall) {
	return { inputTokens: newInputTokens, cacheReadTokens, cacheWriteTokens, cacheWrite1hTokens: 0, outputTokens };
}

/** What the session costs at one deployment, nano-USD. */
export function recordedCostNanoUsd(deployment: Deployment): number {
	return RECORDED.reduce((sum, call) => sum + priceUsage(usageOf(call), deployment, 0).costNanoUsd, 0);
}

/** Nothing but the tree bounds. */
function budgetsOf(treeNanoUsd: number): Budgets {
	return {
		treeNanoUsd,
		memberDayNanoUsd: undefined,
		memberMonthNanoUsd: undefined,
		teamDayNanoUsd: undefined,
		teamMonthNanoUsd: undefined,
		treeIdleMs: 600_000,
		openTreesPerMember: 8,
	};
}

/** Any day on which a clock is believed; the recording itself is older than this program. */
const START_MS = Date.UTC(2026, 10, 23);

interface Running {
	readonly callId: string;
	readonly endsMs: number;
	readonly costNanoUsd: number;
}

/** One prompt, one tree; the calls may go to any of the deployments, the first is the one that its client names. */
export function underCeiling(
	ceilingNanoUsd: number,
	deployments: readonly [Deployment, ...Deployment[]],
	settings: RoutingSettings,
): UnderCeiling {
	const [named] = deployments;
	const ledger = new LedgerState(EMPTY_SNAPSHOT, budgetsOf(ceilingNanoUsd), { entry: () => undefined, alarm: () => undefined });
	const scope: LedgerScope = {
		keyId: 'k',
		memberId: 'm',
		treeKey: 't',
		sessionId: 's',
		hasCeiling: true,
		treeCeilingNanoUsd: ceilingNanoUsd,
	};
	const session = recordedSession().calls;
	const caches = new Caches();
	const sums = { admitted: 0, untouched: 0, settledNanoUsd: 0, reserved: 0, isBounded: true };
	let running: readonly Running[] = [];
	const settleUntil = (atMs: number) => {
		for (const { callId, costNanoUsd, endsMs } of running.filter(({ endsMs: end }) => end <= atMs)) {
			const time = { wallMs: START_MS + endsMs, nowMs: endsMs, isSynchronised: true };
			ledger.settle(callId, { deployment: named.id, costNanoUsd, isBound: false }, time);
			sums.settledNanoUsd += costNanoUsd;
		}
		running = running.filter(({ endsMs }) => endsMs > atMs);
	};
	for (const [index, recorded] of RECORDED.entries()) {
		const call = session[index];
		if (call === undefined) throw new Error(`the recording has no call ${index}`);
		settleUntil(call.atMs);
		const time = { wallMs: START_MS + call.atMs, nowMs: call.atMs, isSynchronised: true };
		const plan = planCall({
			call: callOf(call, named.model),
			key: { ...KEY, hasCeiling: true },
			hints: { role: undefined, tier: named.tier, deployment: undefined, tree: undefined },
			settings,
			deployments,
			health: new Map(),
			affinity: caches.affinity(call),
			allowance: ledger.allowance(scope, time),
			nowMs: call.atMs + 1,
			random: 0,
		});
		const callId = String(index);
		if (plan.problem !== undefined || !ledger.reserve(callId, scope, plan.reservationNanoUsd, time).isAdmitted) continue;
		ledger.dispatch(callId);
		const { costNanoUsd } = priceUsage(usageOf(recorded), named, 0);
		sums.admitted += 1;
		if (plan.outputCapTokens === undefined) sums.untouched += 1;
		sums.reserved += plan.reservationNanoUsd;
		sums.isBounded &&= costNanoUsd <= (plan.candidates[0]?.worstCostNanoUsd ?? 0);
		running = [...running, { callId, endsMs: call.atMs + call.durationMs, costNanoUsd }];
		caches.note(call, named.id);
	}
	settleUntil(Math.max(0, ...running.map(({ endsMs }) => endsMs)));
	const { reserved, ...rest } = sums;
	return { calls: RECORDED.length, ...rest, reservedByCost: reserved / sums.settledNanoUsd };
}
