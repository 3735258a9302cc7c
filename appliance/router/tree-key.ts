/** To which call tree a call belongs: what shares its key shares one ceiling. */

import type { Call, CallSignals } from '../protocol/call.ts';
import type { Key } from '../protocol/member.ts';
import type { CallHints } from '../protocol/plan.ts';

/** Ids come from the caller: short and printable, so that they can stand in a log line and a database key. Cut ones fall together, which only makes the ceiling tighter. */
function clean(id: string): string {
	return id.slice(0, 128).replace(/[^\x21-\x7e]/g, '_');
}

/**
 * Our key's id always stands in front, so that no id a caller chooses reaches into another's tree; the ceilings of
 * member and team lie above every tree, so that a fresh id buys no fresh money.
 *
 * Without a prompt id a sub-agent's call does not say which turn of its main loop it serves. All sub-agents of a
 * session then share one tree of the session: one more ceiling a session, never one a sub-agent.
 */
export function treeKeyOf(key: Key, { signals }: Call, hints: CallHints): string {
	const { promptId, sessionId, isSubagent, agentId, firstUserDigest } = signals;
	if (promptId !== undefined) return `${key.id}/prompt/${clean(promptId)}`;
	if (sessionId !== undefined) {
		const isMain = !isSubagent && agentId === undefined;
		return `${key.id}/session/${clean(sessionId)}/${isMain ? `turn-${turnOf(signals)}` : 'sub-agents'}`;
	}
	if (hints.tree !== undefined) return `${key.id}/tree/${clean(hints.tree)}`;
	return `${key.id}/first/${clean(firstUserDigest)}`;
}

/**
 * A title is made of the session's first prompt, however many messages its call quotes it in; what asks for a compaction
 * is one message more than the user typed.
 */
function turnOf({ purpose, userTurnCount }: CallSignals): number {
	if (purpose === 'title') return 1;
	return purpose === 'compaction' ? Math.max(1, userTurnCount - 1) : userTurnCount;
}
