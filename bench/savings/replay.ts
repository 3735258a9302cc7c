/** Sends a session through the real planner and prices what each call costs where the planner sends it. */

import type { Call } from '../../appliance/protocol/call.ts';
import type { Deployment, DeploymentHealth } from '../../appliance/protocol/deployment.ts';
import type { Key } from '../../appliance/protocol/member.ts';
import type { Affinity, Plan, RoutingSettings } from '../../appliance/protocol/plan.ts';
import type { Role, Tier } from '../../appliance/protocol/words.ts';
import { planCall } from '../../appliance/router/plan-call.ts';
import { priceUsage } from '../../appliance/router/price-usage.ts';
import type { Session, SessionCall } from './session.ts';

/** Bytes of a token of text, as source code and JSON have. */
const BYTES_PER_TOKEN = 3.5;

export interface Rates {
	readonly prefill: number;
	readonly decode: number;
}

export interface Setting {
	readonly deployments: readonly Deployment[];
	readonly settings: RoutingSettings;
	/** Of the box; tokens a second. */
	readonly rates: Rates;
	readonly hasPromptCache: boolean;
	/** Which model the client names on every call. */
	readonly model: string;
	/** What a new input token costs: as plain input, or as the cache write that agents ask for. */
	readonly newInputAs: 'input' | 'write';
}

export interface ReplayedCall {
	readonly call: SessionCall;
	readonly plan: Plan;
	readonly role: Role;
	readonly tier: Tier;
	readonly deployment: string;
	readonly costNanoUsd: number;
	/** Of that, for what was read from a prompt cache. */
	readonly readNanoUsd: number;
	/** On the box: prefill of what its own cache does not hold, and decode. */
	readonly localMs: number;
}

export const KEY: Key = {
	id: 'k',
	memberId: 'm',
	memberName: 'bench',
	isOwner: true,
	allowedTiers: ['frontier', 'mid', 'local'],
	mayForce: true,
	hasCeiling: false,
	treeCeilingNanoUsd: undefined,
	expiresAtMs: undefined,
};

export function callOf({ conversation, isSubagent, agentType, toolNames, promptTokens }: SessionCall, model: string): Call {
	return {
		dialect: 'anthropic',
		operation: 'generate',
		model,
		isStream: true,
		outputCapTokens: 32_000,
		signals: {
			client: { name: 'claude-code', version: '2.1.330' },
			sessionId: 's',
			agentId: isSubagent ? conversation : undefined,
			parentAgentId: undefined,
			promptId: undefined,
			requestClass: isSubagent ? 'subagent' : 'main',
			agentType,
			isSubagent,
			purpose: undefined,
			toolNames,
			serverToolTypes: [],
			toolChoice: 'auto',
			answeredToolNames: [],
			messageCount: 1,
			userTurnCount: 1,
			firstUserDigest: conversation,
			prefixDigest: conversation,
			hasStructuredOutput: false,
		},
		modalities: ['text'],
		size: {
			bodyBytes: Math.ceil(promptTokens * BYTES_PER_TOKEN),
			inlineMediaCount: 0,
			inlineMediaBytes: 0,
			remoteMediaCount: 0,
			addedTokens: 0,
			hasLongCacheWrite: false,
		},
		unboundedFields: [],
		spans: { model: [], outputCap: [], insertAt: 1, isEmpty: false },
	};
}

interface Held {
	readonly promptTokens: number;
	readonly atMs: number;
}

/** Who holds how much of a conversation's prompt, and who served it last. */
export class Caches {
	readonly #held = new Map<string, Held>();
	readonly #last = new Map<string, string>();

	/** Tokens that need not be read anew. The deployment that served the call before holds what the session says it held. */
	readable(call: SessionCall, deployment: string, lifeMs: number): number {
		if (this.#last.get(call.conversation) === deployment) return call.promptTokens - call.newTokens;
		const held = this.#held.get(`${deployment} ${call.conversation}`);
		return held === undefined || call.atMs - held.atMs > lifeMs ? 0 : Math.min(held.promptTokens, call.promptTokens);
	}

	/** A conversation that a session begins in the middle of was served by the first deployment before. */
	isOpen(conversation: string): boolean {
		return this.#last.has(conversation);
	}

	note({ conversation, promptTokens, atMs }: SessionCall, deployment: string): void {
		this.#held.set(`${deployment} ${conversation}`, { promptTokens, atMs });
		this.#last.set(conversation, deployment);
	}

	affinity({ conversation, promptTokens }: SessionCall): Affinity | undefined {
		const deployment = this.#last.get(conversation);
		const held = deployment === undefined ? undefined : this.#held.get(`${deployment} ${conversation}`);
		if (deployment === undefined || held === undefined) return undefined;
		const bodyBytes = Math.ceil(held.promptTokens * BYTES_PER_TOKEN);
		return {
			deployment,
			lastUsedMs: held.atMs,
			promptTokens: held.promptTokens,
			bodyBytes,
			unseenBytes: Math.max(0, Math.ceil(promptTokens * BYTES_PER_TOKEN) - bodyBytes),
			isSamePrefix: true,
			usualOutputTokens: undefined,
		};
	}
}

function healthOf({ deployments, rates }: Setting): ReadonlyMap<string, DeploymentHealth> {
	const measured = {
		prefillTokensPerSecond: rates.prefill,
		decodeTokensPerSecond: rates.decode,
		queueMs: 0,
		bytesPerToken: BYTES_PER_TOKEN,
	};
	return new Map(
		deployments.map(({ id, tier }) => [
			id,
			{ isUp: true, detail: undefined, cooldownUntilMs: 0, rates: tier === 'local' ? measured : undefined },
		]),
	);
}

export function replay({ calls }: Session, setting: Setting): readonly ReplayedCall[] {
	const caches = new Caches();
	const health = healthOf(setting);
	const { deployments, model } = setting;
	const settings = setting.hasPromptCache ? setting.settings : { ...setting.settings, cacheLifeMs: 0 };
	return calls.map((call) => {
		const nowMs = call.atMs + 1;
		const allowance = { nanoUsd: Number.MAX_SAFE_INTEGER, boundBy: 'none' as const };
		const hints = { role: undefined, tier: undefined, deployment: undefined, tree: undefined };
		const affinity = setting.hasPromptCache ? caches.affinity(call) : undefined;
		const plan = planCall({
			call: callOf(call, model),
			key: KEY,
			hints,
			settings,
			deployments,
			health,
			affinity,
			allowance,
			nowMs,
			random: 0,
		});
		const deployment = deployments.find(({ id }) => id === plan.candidates[0]?.deployment);
		if (deployment === undefined) throw new Error(`nobody takes a call: ${plan.problem?.message ?? ''}`);
		const isFirst = !caches.isOpen(call.conversation) && deployment.model === model;
		const readable = isFirst ? call.promptTokens - call.newTokens : caches.readable(call, deployment.id, settings.cacheLifeMs);
		const read = setting.hasPromptCache || deployment.tier === 'local' ? readable : 0;
		caches.note(call, deployment.id);
		return { call, plan, role: plan.role, tier: deployment.tier, deployment: deployment.id, ...costOf(call, deployment, read, setting) };
	});
}

function costOf(call: SessionCall, deployment: Deployment, read: number, { rates, newInputAs, hasPromptCache }: Setting) {
	const fresh = call.promptTokens - read;
	const isWritten = newInputAs === 'write' && hasPromptCache;
	const tokens = { inputTokens: isWritten ? 0 : fresh, cacheWriteTokens: isWritten ? fresh : 0, cacheWrite1hTokens: 0 };
	const { costNanoUsd } = priceUsage({ ...tokens, cacheReadTokens: read, outputTokens: call.outputTokens }, deployment, 0);
	const without = priceUsage({ ...tokens, cacheReadTokens: 0, outputTokens: call.outputTokens }, deployment, 0);
	const seconds = deployment.tier === 'local' ? fresh / rates.prefill + call.outputTokens / rates.decode : 0;
	return { costNanoUsd, readNanoUsd: costNanoUsd - without.costNanoUsd, localMs: Math.round(seconds * 1_000) };
}

/** Could the box answer it: by its window, and by a deadline with everything but the new tokens in its cache, or with nothing. */
export function eligibility(
	{ promptTokens, newTokens, outputTokens }: SessionCall,
	contextTokens: number,
	deadlineMs: number,
	rates: Rates,
) {
	const fits = promptTokens + outputTokens <= contextTokens;
	const inTime = (tokens: number) => fits && (tokens / rates.prefill + outputTokens / rates.decode) * 1_000 <= deadlineMs;
	return { fits, inTimeWarm: inTime(newTokens), inTimeCold: inTime(promptTokens) };
}
