/** The recorded session of 176 calls: token counts, times and tool names; who asked is inferred. */

import recording from '../../test/data/agent-session-176-calls.json' with { type: 'json' };
import type { Session, SessionCall } from './session.ts';

export type RecordedCall = (typeof recording.calls)[number];

export const RECORDED: readonly RecordedCall[] = recording.calls;

const promptTokensOf = ({ newInputTokens, cacheReadTokens, cacheWriteTokens }: RecordedCall): number =>
	newInputTokens + cacheReadTokens + cacheWriteTokens;

export interface Conversation {
	readonly name: string;
	promptTokens: number;
	/** Index of its calls. */
	readonly calls: number[];
}

/**
 * The recording has no session ids: a call goes on with the conversation whose prompt it reads from the cache, or,
 * after a pause that emptied the cache, with the one whose prompt was about as long. The latest comes first.
 */
export function groupByConversation(calls: readonly RecordedCall[]): readonly Conversation[] {
	const open: Conversation[] = [];
	for (const [index, call] of calls.entries()) {
		const total = promptTokensOf(call);
		const isRead = ({ promptTokens }: Conversation) =>
			Math.abs(promptTokens - call.cacheReadTokens) <= Math.max(256, call.cacheReadTokens * 0.01);
		const isGrown = ({ promptTokens }: Conversation) => total >= promptTokens * 0.99 && total <= promptTokens * 1.1;
		const known = open.find(isRead) ?? open.find(isGrown);
		if (known === undefined) open.unshift({ name: `c${open.length + 1}`, promptTokens: total, calls: [index] });
		else {
			known.promptTokens = total;
			known.calls.push(index);
		}
	}
	return open;
}

/** A conversation that begins nearly empty, so soon after a call that spawned an agent, is taken for that agent's. */
const SPAWN_MS = 120_000;
const SUBAGENT_PROMPT_TOKENS = 40_000;

function isSubagent({ calls: [first = 0] }: Conversation): boolean {
	const opening = RECORDED[first];
	if (opening === undefined || promptTokensOf(opening) > SUBAGENT_PROMPT_TOKENS) return false;
	const atMs = Date.parse(opening.at);
	return RECORDED.slice(0, first).some(({ at, toolCalls }) => toolCalls.includes('Agent') && atMs - Date.parse(at) <= SPAWN_MS);
}

export function recordedSession(): Session {
	const start = Date.parse(RECORDED[0]?.at ?? '');
	const calls: SessionCall[] = [];
	for (const conversation of groupByConversation(RECORDED)) {
		const used = new Set(conversation.calls.flatMap((index) => RECORDED[index]?.toolCalls ?? []));
		const shared = {
			conversation: conversation.name,
			isSubagent: isSubagent(conversation),
			agentType: undefined,
			toolNames: used.size > 0 ? [...used] : ['Read'],
		};
		for (const index of conversation.calls) {
			const one = RECORDED[index];
			if (one === undefined) continue;
			calls[index] = {
				...shared,
				promptTokens: promptTokensOf(one),
				newTokens: one.newInputTokens + one.cacheWriteTokens,
				outputTokens: one.outputTokens,
				atMs: Date.parse(one.at) - start,
				durationMs: one.durationMs,
			};
		}
	}
	return { name: 'recorded, 176 calls', calls };
}
