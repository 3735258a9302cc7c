/** What a call is expected to take at a deployment: time from measured rates, money from prices and the prompt cache. */

import type { Deployment, DeploymentRates, Price } from '../protocol/deployment.ts';
import { type Case, healthOf, inputTokensAt } from './case.ts';
import { outputCapFor } from './output-cap.ts';
import { costNanoUsd, ratesFor } from './price.ts';

export interface Expectation {
	/** Input that the deployment still holds in its prompt cache. */
	readonly cachedTokens: number;
	readonly newTokens: number;
	readonly outputTokens: number;
}

/** Input and output of the call at a deployment, as far as size, cache and role tell. */
export function expectTokens(one: Case, deployment: Deployment): Expectation {
	const inputTokens = inputTokensAt(one, deployment);
	const forecast = healthOf(one, deployment)?.rates?.forecast;
	const held = forecast?.heldTokens ?? (one.warm?.deployment === deployment.id ? one.warm.promptTokens : 0);
	const cachedTokens = Math.min(held, inputTokens);
	const cap = outputCapFor(one.input, deployment, inputTokens) ?? deployment.maxOutputTokens;
	const usual = forecast?.outputTokens[one.role] ?? one.policy.expectedOutputTokens;
	return { cachedTokens, newTokens: inputTokens - cachedTokens, outputTokens: Math.min(usual, cap) };
}

/** Queue, prefill of what is not cached, and decode; undefined where nothing was measured. */
export function expectedMs(one: Case, deployment: Deployment): number | undefined {
	const rates = healthOf(one, deployment)?.rates;
	if (rates === undefined || rates.prefillTokensPerSecond <= 0 || rates.decodeTokensPerSecond <= 0) return undefined;
	const { cachedTokens, newTokens, outputTokens } = expectTokens(one, deployment);
	const prefill = rateAt(rates, 'prefillTokensPerSecond', cachedTokens + newTokens / 2);
	const decode = rateAt(rates, 'decodeTokensPerSecond', cachedTokens + newTokens);
	const seconds = newTokens / prefill + outputTokens / decode;
	return Math.round(rates.queueMs + seconds * 1000 * (rates.forecast?.correction ?? 1));
}

/** The rate measured at this depth, or at the nearest shallower one: attention slows with depth. */
function rateAt(rates: DeploymentRates, kind: 'prefillTokensPerSecond' | 'decodeTokensPerSecond', depthTokens: number): number {
	const measured = rates.byDepth?.findLast((at) => at.depthTokens <= depthTokens && (at[kind] ?? 0) > 0);
	return measured?.[kind] ?? rates[kind];
}

/** Words a second of a cloud model behind its first one: a plain middle, since nobody measures it here. */
const CLOUD_TOKENS_PER_SECOND = 60;

/** What the call would take at the quickest cloud deployment that is up; undefined where none was measured lately. */
export function expectedCloudMs(one: Case): number | undefined {
	const times = one.input.deployments.flatMap((deployment) => {
		const health = healthOf(one, deployment);
		if (deployment.tier === 'local' || !one.tiers.includes(deployment.tier) || health?.isUp !== true) return [];
		const firstMs = health.traffic?.firstTokenMs(one.input.call);
		if (firstMs === undefined) return [];
		const decodeMs = (expectTokens(one, deployment).outputTokens / CLOUD_TOKENS_PER_SECOND) * 1000;
		// Without a stream the first byte comes with the last.
		return [one.input.call.isStream ? firstMs + decodeMs : firstMs];
	});
	return times.length === 0 ? undefined : Math.min(...times);
}

/** New input counts at the rate of a cache write, as agents write nearly all of it. Zero where the price is unknown, or a plan pays. */
export function expectedCostNanoUsd(one: Case, deployment: Deployment): number {
	if (deployment.price === null || deployment.isOwnLogin === true || one.input.call.operation === 'count-tokens') return 0;
	const { cachedTokens, newTokens, outputTokens } = expectTokens(one, deployment);
	const rates = ratesFor(deployment.price, cachedTokens + newTokens);
	return costNanoUsd([
		[cachedTokens, rates.cacheReadPicoUsd],
		[newTokens, rates.cacheWritePicoUsd],
		[outputTokens, rates.outputPicoUsd],
	]);
}

/**
 * After how many turns a move of a cached prefix from one price to another has paid back what writing it anew costs,
 * by input cost alone: n > (w_to − r_to) / (r_from − r_to). Infinite when the other one reads no cheaper.
 */
export function paybackTurns(from: Price, to: Price): number {
	const extra = to.cacheWritePicoUsd - to.cacheReadPicoUsd;
	const saved = from.cacheReadPicoUsd - to.cacheReadPicoUsd;
	if (extra <= 0 && saved >= 0) return 0;
	return saved <= 0 ? Number.POSITIVE_INFINITY : Math.floor(extra / saved) + 1;
}
