/** The recorded session of 176 calls: token counts, times and tool names; who asked is inferred. */

import { conversationsOf, isSubagentIn, promptTokensOf } from '../../appliance/router/savings/recorded-traffic.ts';
import recording from '../../test/data/agent-session-176-calls.json' with { type: 'json' };
import type { Session, SessionCall } from './session.ts';

export type RecordedCall = (typeof recording.calls)[number];

export const RECORDED: readonly RecordedCall[] = recording.calls;

export function recordedSession(): Session {
	const start = Date.parse(RECORDED[0]?.at ?? '');
	const calls: SessionCall[] = [];
	for (const conversation of conversationsOf(RECORDED)) {
		const used = new Set(conversation.calls.flatMap((index) => RECORDED[index]?.toolCalls ?? []));
		const shared = {
			conversation: conversation.name,
			isSubagent: isSubagentIn(RECORDED, conversation),
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
