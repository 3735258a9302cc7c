/** What goes on at a deployment, in figures for the admin's listing and for Prometheus. */

import type { KeyReport, LimitUseReport, RestPhase, TrafficReport } from '../protocol/admin.ts';
import { OUTPUT_CLASSES } from '../router/traffic/first-token.ts';
import type { Limiter } from '../router/traffic/limiter.ts';
import type { Station, StationKey } from '../router/traffic/station.ts';

export function reportTraffic(station: Station, nowMs: number): TrafficReport {
	const times = OUTPUT_CLASSES.flatMap((output) => {
		const ms = station.firstTokens.expectedMs(output, nowMs);
		return ms === undefined ? [] : [[output, Math.round(ms)] as const];
	});
	return {
		phase: station.cooldown.phase,
		failures: station.cooldown.failures,
		runningCalls: station.runningCalls,
		limits: reportLimits(station.limiter, nowMs),
		firstTokenMs: Object.fromEntries(times),
		keys: station.keys.map((key) => reportKey(key, nowMs)),
	};
}

function reportKey(key: StationKey, nowMs: number): KeyReport {
	const { shared } = key;
	const phases: readonly RestPhase[] = [shared.cooldown.phase, key.cooldown.phase];
	return {
		id: shared.id,
		phase: phases.find((phase) => phase === 'resting') ?? phases.find((phase) => phase === 'trial') ?? 'closed',
		cooldownMs: Math.max(0, Math.round(key.restsUntilMs(nowMs) - nowMs)),
		runningCalls: shared.runningCalls,
		limits: reportLimits(shared.limiter, nowMs),
	};
}

function reportLimits(limiter: Limiter | undefined, nowMs: number): LimitUseReport {
	if (limiter === undefined) return {};
	const { requestsPerMinute, tokensPerMinute, parallelCalls } = limiter.limits;
	const { requests = 0, tokens = 0, runningCalls } = limiter.use(nowMs);
	return {
		...(requestsPerMinute === undefined ? {} : { requests: { used: requests, most: requestsPerMinute } }),
		...(tokensPerMinute === undefined ? {} : { tokens: { used: tokens, most: tokensPerMinute } }),
		...(parallelCalls === undefined ? {} : { parallel: { used: runningCalls, most: parallelCalls } }),
	};
}
