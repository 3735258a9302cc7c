/** What a vendor wants back with a tool call, sent ahead of the call in a block of its own where the call has no place for it. */

import type { Content, Native } from '../protocol/conversation.ts';

/** Names the tool call that a carried block belongs to. */
const CALL_KEY = 'innerloop_call';

export function carriedFor(callId: string, native: Native): Native {
	return { ...native, value: { ...native.value, [CALL_KEY]: callId } };
}

/** Gives what was sent ahead back to its call. */
export function attachCarried(content: readonly Content[]): readonly Content[] {
	const carried = new Map<string, Native>();
	const kept = content.filter((one) => {
		const native = one.type === 'thinking' ? one.native : undefined;
		const id = native?.value[CALL_KEY];
		if (native === undefined || typeof id !== 'string') return true;
		const { [CALL_KEY]: _, ...value } = native.value;
		carried.set(id, { ...native, value });
		return false;
	});
	if (carried.size === 0) return content;
	return kept.map((one) => {
		const native = one.type === 'tool-call' ? carried.get(one.id) : undefined;
		return one.type === 'tool-call' && native !== undefined ? { ...one, native } : one;
	});
}
