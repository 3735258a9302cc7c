/** The latest answer of each session and agent, until its next turn tells what became of it. */

import type { Call } from '../../protocol/call.ts';
import type { PolicyNote } from '../../protocol/learning.ts';
import type { Key } from '../../protocol/member.ts';
import { affinityKeyOf } from '../../router/affinity.ts';
import { type Reward, rewardOfNextTurn, type Turn } from '../../router/policy/rewards.ts';

/** Sessions that are remembered; the one that was quiet longest is forgotten first. */
const MOST_SESSIONS = 2_048;

interface Answer {
	readonly callId: string;
	readonly note: PolicyNote;
}

export class TurnMemory {
	private readonly sessions = new Map<string, Answer & { readonly turn: Turn }>();

	answered(key: Key, call: Call, answer: Answer): void {
		const session = sessionOf(key, call);
		this.sessions.delete(session);
		this.sessions.set(session, { ...answer, turn: turnOf(call) });
		const [oldest] = this.sessions.keys();
		if (this.sessions.size > MOST_SESSIONS && oldest !== undefined) this.sessions.delete(oldest);
	}

	/** Undefined where nothing is known of the turn before, or the new one says nothing about it. */
	heard(key: Key, call: Call): (Answer & { readonly reward: Reward }) | undefined {
		const session = sessionOf(key, call);
		const before = this.sessions.get(session);
		if (before === undefined) return undefined;
		this.sessions.delete(session);
		const reward = rewardOfNextTurn(before.turn, turnOf(call));
		return reward && { callId: before.callId, note: before.note, reward };
	}
}

/** One conversation: its session, its agent, and the same system text and tools. */
const sessionOf = (key: Key, call: Call): string => `${affinityKeyOf(key, call)} ${call.signals.prefixDigest}`;

const turnOf = ({ signals, size }: Call): Turn => ({
	messageCount: signals.messageCount,
	userTurnCount: signals.userTurnCount,
	bodyBytes: size.bodyBytes,
	toolResults: signals.answeredToolNames.length,
	failedToolResults: signals.failedToolCount,
});
