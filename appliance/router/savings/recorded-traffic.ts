/** A recording of token counts, times and tool names (the shared data's form): who asked, and for what, is inferred. */

import type { Role } from '../../protocol/words.ts';
import { isReadTool, isWriteTool } from '../tools.ts';
import { type Conversation, groupByConversation, type TrafficCall, type TrafficKind } from './traffic-call.ts';

export interface CountedCall {
	/** ISO date and time. */
	readonly at: string;
	readonly durationMs: number;
	readonly newInputTokens: number;
	readonly cacheReadTokens: number;
	readonly cacheWriteTokens: number;
	readonly outputTokens: number;
	/** Tools that the answer called; empty also where the recording does not say. */
	readonly toolCalls: readonly string[];
}

export const promptTokensOf = ({ newInputTokens, cacheReadTokens, cacheWriteTokens }: CountedCall): number =>
	newInputTokens + cacheReadTokens + cacheWriteTokens;

export const conversationsOf = (calls: readonly CountedCall[]): readonly Conversation[] =>
	groupByConversation(calls.map((one) => ({ promptTokens: promptTokensOf(one), cacheReadTokens: one.cacheReadTokens })));

/** A conversation that begins nearly empty, so soon after a call that spawned an agent, is taken for that agent's. */
const SPAWN_MS = 120_000;
const SUBAGENT_PROMPT_TOKENS = 40_000;
/** What the auto-mode classifier may write at most: it judges in one word, or in so many tokens. */
const CLASSIFIER_TOKENS = 64;
/** So soon after an answer nobody has typed: the agent's loop went on by itself. */
const LOOP_MS = 5_000;

export function isSubagentIn(calls: readonly CountedCall[], { calls: [first = 0] }: Conversation): boolean {
	const opening = calls[first];
	if (opening === undefined || promptTokensOf(opening) > SUBAGENT_PROMPT_TOKENS) return false;
	const atMs = Date.parse(opening.at);
	return calls.slice(0, first).some(({ at, toolCalls }) => toolCalls.includes('Agent') && atMs - Date.parse(at) <= SPAWN_MS);
}

function kindOf(calls: readonly CountedCall[], conversation: Conversation): TrafficKind {
	const own = conversation.calls.flatMap((index) => calls[index] ?? []);
	const sizes = own.map(({ outputTokens }) => outputTokens).toSorted((a, b) => a - b);
	const isMute = own.every(({ toolCalls }) => toolCalls.length === 0);
	if (isMute && (sizes[sizes.length >> 1] ?? 0) <= CLASSIFIER_TOKENS && (sizes[0] ?? 0) > 0) return 'classifier';
	return isSubagentIn(calls, conversation) ? 'subagent' : 'main';
}

/** By the tools whose results the turn answers: what was read or run is digested, what was changed is gone on with. */
function workAfter(toolCalls: readonly string[]): Role | undefined {
	if (toolCalls.length === 0) return undefined;
	if (toolCalls.some(isWriteTool)) return 'mid';
	return toolCalls.every((name) => isReadTool(name) || name === 'Bash') ? 'inner' : 'outer';
}

export function trafficOfRecording(calls: readonly CountedCall[]): readonly TrafficCall[] {
	const result: TrafficCall[] = [];
	const start = Date.parse(calls[0]?.at ?? '');
	for (const conversation of conversationsOf(calls)) {
		const kind = kindOf(calls, conversation);
		let before: CountedCall | undefined;
		let lastWork: Role = 'outer';
		for (const index of conversation.calls) {
			const call = calls[index];
			if (call === undefined) continue;
			const turn = turnOf(call, before, kind, lastWork);
			lastWork = turn.likelyWork;
			const shared = { conversation: conversation.name, kind, ...turn, atMs: Date.parse(call.at) - start };
			result[index] = { ...shared, ...weightOf(call, before, kind) };
			before = call;
		}
	}
	return result;
}

const goesOn = (call: CountedCall, before: CountedCall): boolean =>
	Date.parse(call.at) - Date.parse(before.at) - before.durationMs <= LOOP_MS;

function turnOf(call: CountedCall, before: CountedCall | undefined, kind: TrafficKind, lastWork: Role) {
	if (kind === 'classifier' || kind === 'auxiliary') return { work: 'inner', likelyWork: 'inner' } as const;
	if (before === undefined) return { work: 'outer', likelyWork: 'outer' } as const;
	const work = workAfter(before.toolCalls);
	// Nobody answers so fast: a turn whose tools the recording does not name is taken for more of what went before.
	return { work, likelyWork: work ?? (goesOn(call, before) ? lastWork : ('outer' as const)) };
}

/** What a classifier judges is a text of the client's own, without tool results that could be trimmed. */
function weightOf(call: CountedCall, before: CountedCall | undefined, kind: TrafficKind) {
	const promptTokens = promptTokensOf(call);
	const grown = before === undefined ? 0 : promptTokens - promptTokensOf(before) - before.outputTokens;
	const isNamed = before !== undefined && before.toolCalls.length > 0;
	const growth = isNamed ? 'tool-results' : before !== undefined && goesOn(call, before) ? 'likely-tool-results' : 'unknown';
	return {
		promptTokens,
		newTokens: promptTokens - call.cacheReadTokens,
		outputTokens: call.outputTokens,
		grownTokens: kind === 'classifier' ? 0 : Math.max(0, grown),
		growth,
		durationMs: call.durationMs,
		paidNanoUsd: undefined,
	} as const;
}
