/** What real agent traffic says about an earlier answer: what its caller says, and what the session's next turn shows. */

import type { RewardKind, Verdict } from '../../protocol/learning.ts';

export interface Reward {
	readonly kind: RewardKind;
	/** 0 to 1. */
	readonly reward: number;
	/** 1 is one certain answer; what is only a sign counts for less. */
	readonly weight: number;
}

/** Said by the caller, of its own call. */
const OF_VERDICT: Readonly<Record<Verdict, Reward>> = {
	good: { kind: 'feedback', reward: 1, weight: 1 },
	bad: { kind: 'feedback', reward: 0, weight: 1 },
	'gate-passed': { kind: 'gate', reward: 1, weight: 1 },
	'gate-failed': { kind: 'gate', reward: 0, weight: 1 },
};

export const rewardOfVerdict = (verdict: Verdict): Reward => OF_VERDICT[verdict];

/** A session's turn, as far as it tells of the turn before. */
export interface Turn {
	readonly messageCount: number;
	readonly userTurnCount: number;
	readonly bodyBytes: number;
	/** Results of tools that the client ran for the newest turn. */
	readonly toolResults: number;
	/** Those that the client itself marks as failed; undefined where its dialect has no such mark. */
	readonly failedToolResults: number | undefined;
}

/** Undefined where the turn says nothing about the one before. */
export function rewardOfNextTurn(before: Turn, now: Turn): Reward | undefined {
	// The same conversation again, or a shorter one: its answer was thrown away.
	if (now.messageCount <= before.messageCount) return { kind: 'repeated', reward: 0.2, weight: 0.5 };
	if (now.toolResults > 0) return rewardOfTools(now);
	// The user typed on. They may be correcting, so it is a weak sign.
	return now.userTurnCount > before.userTurnCount ? { kind: 'moved-on', reward: 0.8, weight: 0.1 } : undefined;
}

function rewardOfTools({ toolResults, failedToolResults }: Turn): Reward {
	if (failedToolResults === undefined) return { kind: 'tool-succeeded', reward: 0.85, weight: 0.1 };
	if (failedToolResults === 0) return { kind: 'tool-succeeded', reward: 1, weight: 0.3 };
	return { kind: 'tool-failed', reward: 0.5 * (1 - failedToolResults / toolResults), weight: 0.5 };
}
