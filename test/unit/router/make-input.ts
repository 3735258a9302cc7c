/** Builds what a plan is made from, out of the few fields that a test is about. */

import type { Call, CallSignals, CallSize } from '../../../appliance/protocol/call.ts';
import type { Deployment, DeploymentHealth, DeploymentRates, Price } from '../../../appliance/protocol/deployment.ts';
import type { Key } from '../../../appliance/protocol/member.ts';
import type { Affinity, PlanInput, RoutingSettings } from '../../../appliance/protocol/plan.ts';

function signals(part: Partial<CallSignals> = {}): CallSignals {
	return {
		client: { name: 'anthropic-sdk', version: undefined },
		sessionId: undefined,
		agentId: undefined,
		parentAgentId: undefined,
		promptId: undefined,
		requestClass: undefined,
		agentType: undefined,
		isSubagent: false,
		purpose: undefined,
		toolNames: [],
		serverToolTypes: [],
		toolChoice: 'auto',
		answeredToolNames: [],
		messageCount: 1,
		userTurnCount: 1,
		firstUserDigest: 'aa',
		prefixDigest: 'bb',
		hasStructuredOutput: false,
		...part,
	};
}

export type CallPart = Partial<Omit<Call, 'signals' | 'size'>> & { signals?: Partial<CallSignals>; size?: Partial<CallSize> };

export function call({ signals: signalPart, size, ...part }: CallPart = {}): Call {
	return {
		dialect: 'anthropic',
		operation: 'generate',
		model: 'claude-opus-4-7',
		isStream: true,
		outputCapTokens: 4_096,
		modalities: ['text'],
		unboundedFields: [],
		spans: { model: [], outputCap: [], insertAt: 1, isEmpty: false },
		...part,
		signals: signals(signalPart),
		size: { bodyBytes: 6_000, inlineMediaCount: 0, inlineMediaBytes: 0, remoteMediaCount: 0, ...size },
	};
}

/** Claude Code with hint headers. */
export function claudeCode(part: CallPart = {}): Call {
	return call({
		outputCapTokens: 128_000,
		...part,
		signals: { client: { name: 'claude-code', version: '2.1.330' }, sessionId: 's1', toolNames: ['Read', 'Edit', 'Bash'], ...part.signals },
	});
}

export function subagent(part: CallPart = {}): Call {
	return claudeCode({ ...part, signals: { isSubagent: true, agentId: 'a1', toolNames: ['Read', 'Grep', 'Glob'], ...part.signals } });
}

/** USD per million tokens: input, output, cache read, cache write. */
export function price(input: number, output: number, read = input / 10, write = input * 1.25): Price {
	const pico = (usd: number) => Math.round(usd * 1e6);
	return {
		inputPicoUsd: pico(input),
		outputPicoUsd: pico(output),
		cacheReadPicoUsd: pico(read),
		cacheWritePicoUsd: pico(write),
		cacheWrite1hPicoUsd: pico(write),
		source: 'test',
		date: '2026-11-23',
	};
}

export function deployment(part: Partial<Deployment> & { id: string }): Deployment {
	return {
		provider: 'anthropic',
		model: part.id,
		tier: 'mid',
		dialects: ['anthropic'],
		order: 0,
		contextTokens: 200_000,
		maxOutputTokens: 128_000,
		modalities: ['text', 'image'],
		price: price(3, 15),
		allowedTools: undefined,
		maxTokensPerMedia: 2_000,
		...part,
	};
}

export const OPUS = deployment({ id: 'claude-opus-4-7', tier: 'frontier', contextTokens: 1_000_000, price: price(5, 25) });
export const SONNET = deployment({ id: 'claude-sonnet-4-6', contextTokens: 1_000_000 });
export const HAIKU = deployment({
	id: 'claude-haiku-4-5',
	aliases: ['claude-haiku-4-5-20251001'],
	order: 10,
	maxOutputTokens: 64_000,
	price: price(1, 5),
});
export const LOCAL = deployment({
	id: 'local',
	provider: 'local',
	model: 'smollm2-135m-instruct',
	tier: 'local',
	dialects: ['anthropic', 'chat-completions'],
	contextTokens: 8_192,
	maxOutputTokens: 8_192,
	modalities: ['text'],
	price: price(0, 0),
	allowedTools: ['Read', 'Grep', 'Glob', 'LS'],
	maxTokensPerMedia: 0,
});
export const TEAM: readonly Deployment[] = [OPUS, SONNET, HAIKU, LOCAL];

export function key(part: Partial<Key> = {}): Key {
	return {
		id: 'k1',
		memberId: 'm1',
		memberName: 'ada',
		isOwner: false,
		allowedTiers: ['frontier', 'mid', 'local'],
		mayForce: true,
		hasCeiling: true,
		treeCeilingNanoUsd: undefined,
		expiresAtMs: undefined,
		...part,
	};
}

function settings(part: Partial<RoutingSettings> = {}): RoutingSettings {
	return {
		roles: {
			outer: { role: 'outer', tiers: ['frontier', 'mid', 'local'], deadlineMs: 600_000, expectedOutputTokens: 1_500 },
			mid: { role: 'mid', tiers: ['mid', 'frontier', 'local'], deadlineMs: 300_000, expectedOutputTokens: 1_000 },
			inner: { role: 'inner', tiers: ['local', 'mid', 'frontier'], deadlineMs: 60_000, expectedOutputTokens: 300 },
		},
		aliases: {},
		usefulOutputTokens: 1_024,
		mayDowngradeSafetyClassifier: false,
		cacheLifeMs: 300_000,
		...part,
	};
}

export function health(part: Partial<DeploymentHealth> = {}): DeploymentHealth {
	return { isUp: true, detail: undefined, cooldownUntilMs: 0, rates: undefined, ...part };
}

export function rates(prefill: number, decode: number, queueMs = 0): DeploymentRates {
	return { prefillTokensPerSecond: prefill, decodeTokensPerSecond: decode, queueMs, bytesPerToken: 3 };
}

export function affinity(part: Partial<Affinity> = {}): Affinity {
	return {
		deployment: 'claude-opus-4-7',
		lastUsedMs: 990_000,
		promptTokens: 1_500,
		bodyBytes: 5_000,
		unseenBytes: undefined,
		isSamePrefix: true,
		usualOutputTokens: undefined,
		...part,
	};
}

export type InputPart = Partial<Omit<PlanInput, 'settings' | 'key'>> & { settings?: Partial<RoutingSettings>; key?: Partial<Key> };

export function input({ settings: settingsPart, key: keyPart, ...part }: InputPart = {}): PlanInput {
	return {
		call: call(),
		key: key(keyPart),
		hints: { role: undefined, tier: undefined, deployment: undefined, tree: undefined },
		settings: settings(settingsPart),
		deployments: TEAM,
		health: new Map(),
		affinity: undefined,
		allowance: { nanoUsd: 50_000_000_000, boundBy: 'tree' },
		nowMs: 1_000_000,
		random: 0,
		...part,
	};
}

export const USD = 1_000_000_000;
