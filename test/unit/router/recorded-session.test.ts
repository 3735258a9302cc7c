import { describe, expect, it } from 'vitest';
import type { Affinity } from '../../../appliance/protocol/plan.ts';
import type { Usage } from '../../../appliance/protocol/stream.ts';
import { planCall } from '../../../appliance/router/plan-call.ts';
import { priceUsage } from '../../../appliance/router/price-usage.ts';
import recording from '../../data/agent-session-176-calls.json' with { type: 'json' };
import { affinity, claudeCode, input, OPUS } from './make-input.ts';

type Recorded = (typeof recording.calls)[number];

/** The recording has token counts and no bytes: this many for each token of text, as source code and JSON have. */
const BYTES_PER_TOKEN = 3.5;

interface Conversation {
	promptTokens: number;
	bodyBytes: number;
	lastUsedMs: number;
}

/**
 * The recording has no session ids: a call goes on with the conversation whose prompt it reads from the cache, or,
 * after a pause that emptied the cache, with the one whose prompt was about as long.
 */
function conversationOf(call: Recorded, open: readonly Conversation[]): Conversation | undefined {
	const total = call.newInputTokens + call.cacheReadTokens;
	const isRead = ({ promptTokens }: Conversation) =>
		Math.abs(promptTokens - call.cacheReadTokens) <= Math.max(256, call.cacheReadTokens * 0.01);
	const isGrown = ({ promptTokens }: Conversation) => total >= promptTokens * 0.99 && total <= promptTokens * 1.1;
	return open.find(isRead) ?? open.find(isGrown);
}

function usageOf(call: Recorded): Usage {
	return {
		inputTokens: call.newInputTokens,
		cacheReadTokens: call.cacheReadTokens,
		cacheWriteTokens: call.cacheWriteTokens,
		cacheWrite1hTokens: undefined,
		outputTokens: call.outputTokens,
	};
}

interface Running {
	readonly endsMs: number;
	readonly reservedNanoUsd: number;
	readonly costNanoUsd: number;
}

/** Plays the session against a tree of this ceiling; calls overlap as they did. */
function replay(ceilingNanoUsd: number) {
	const open: Conversation[] = [];
	let running: Running[] = [];
	let spent = 0;
	const result = { admitted: 0, untouched: 0, isBounded: true, worst: 0, cost: 0 };
	for (const recorded of recording.calls) {
		const nowMs = Date.parse(recorded.at);
		for (const { costNanoUsd } of running.filter(({ endsMs }) => endsMs <= nowMs)) spent += costNanoUsd;
		running = running.filter(({ endsMs }) => endsMs > nowMs);
		const known = conversationOf(recorded, open);
		const promptTokens = recorded.newInputTokens + recorded.cacheReadTokens + recorded.cacheWriteTokens;
		const newBytes = Math.ceil((promptTokens - (known?.promptTokens ?? 0)) * BYTES_PER_TOKEN);
		const bodyBytes = (known?.bodyBytes ?? 0) + Math.max(0, newBytes);
		const reserved = running.reduce((sum, one) => sum + one.reservedNanoUsd, 0);
		const trace: Affinity | undefined = known && affinity({ ...known, deployment: OPUS.id, unseenBytes: bodyBytes - known.bodyBytes });
		const plan = planCall(
			input({
				call: claudeCode({ outputCapTokens: 32_000, size: { bodyBytes } }),
				deployments: [OPUS],
				affinity: trace,
				allowance: { nanoUsd: ceilingNanoUsd - spent - reserved, boundBy: 'tree' },
				nowMs,
			}),
		);
		const { costNanoUsd } = priceUsage(usageOf(recorded), OPUS, 0);
		result.cost += costNanoUsd;
		result.worst += plan.reservationNanoUsd;
		if (plan.problem !== undefined) continue;
		result.admitted += 1;
		if (plan.outputCapTokens === undefined) result.untouched += 1;
		result.isBounded &&= costNanoUsd <= plan.reservationNanoUsd;
		running.push({ endsMs: nowMs + recorded.durationMs, reservedNanoUsd: plan.reservationNanoUsd, costNanoUsd });
		if (known === undefined) open.unshift({ promptTokens, bodyBytes, lastUsedMs: nowMs });
		else Object.assign(known, { promptTokens: Math.max(promptTokens, 0), bodyBytes, lastUsedMs: nowMs });
	}
	return { ...result, spent: spent + running.reduce((sum, one) => sum + one.costNanoUsd, 0) };
}

describe('a recorded session of 176 calls', () => {
	const cost = recording.calls.reduce((sum, call) => sum + priceUsage(usageOf(call), OPUS, 0).costNanoUsd, 0);

	it('is admitted as a whole, no cap touched, under 1.5 times its real cost', () => {
		const { admitted, untouched } = replay(Math.ceil(1.5 * cost));
		expect(admitted / recording.calls.length).toBeGreaterThanOrEqual(0.995);
		expect(untouched).toBe(admitted);
	});

	it('never costs a call more than was reserved for it', () => {
		expect(replay(Math.ceil(1.5 * cost)).isBounded).toBe(true);
	});

	it('stays within a ceiling of half its cost', () => {
		const { spent, admitted } = replay(Math.ceil(0.5 * cost));
		expect(spent).toBeLessThanOrEqual(Math.ceil(0.5 * cost));
		expect(admitted).toBeGreaterThan(0);
		expect(admitted).toBeLessThan(recording.calls.length);
	});
});
