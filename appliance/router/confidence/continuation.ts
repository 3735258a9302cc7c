/** How somebody else goes on with an answer that was begun: what is asked, what that may cost, and how the two are joined. */

import type { Call } from '../../protocol/call.ts';
import type { Conversation, Message } from '../../protocol/conversation.ts';
import type { Deployment } from '../../protocol/deployment.ts';
import type { Affinity } from '../../protocol/plan.ts';
import { isCrossing, rewrittenTokens } from '../crossing.ts';
import { type BoundPolicy, boundCost } from '../price.ts';

/** `prefill`: the text stands as the beginning of the model's own turn. */
export type ContinueBy = 'prefill' | 'instruction';

export const INSTRUCTION =
	'Your answer above was cut off where it ends. Go on from its very next character, to the end of the answer. Repeat nothing of it and say nothing about this message.';

/** Set aside before the first token for text that may have to be handed on, beside the call itself. One byte is at most one token. */
const HANDED_ON_TOKENS = 1_024;
/** Marks of the two turns more. */
const TURN_TOKENS = 32;
/** Shorter is no answer that anybody should pay a whole prompt for. */
const LEAST_OUTPUT_TOKENS = 16;

/** What is reserved of input beyond the caller's own for a deployment that may have to go on. */
export function continuationTokens(call: Call, deployment: Deployment): number {
	return HANDED_ON_TOKENS + rewriting(call, deployment);
}

/** Those of a call that crosses dialects are counted in its bound already. */
const rewriting = (call: Call, deployment: Deployment) => (isCrossing(call, deployment) ? 0 : rewrittenTokens(call));

export interface Handover {
	/** UTF-8 bytes of what the caller has. */
	readonly bytes: number;
	readonly tokens: number;
}

/**
 * The output cap under which going on costs no more than was reserved for this deployment; undefined where nothing
 * useful fits. What the caller has already counts against the caller's cap.
 */
export function continuationCap(
	call: Call,
	deployment: Deployment,
	affinity: Affinity | undefined,
	reserved: { readonly capTokens: number; readonly worstNanoUsd: number },
	handed: Handover,
	policy: BoundPolicy,
): number | undefined {
	const addedInputTokens = handed.bytes + INSTRUCTION.length + TURN_TOKENS + rewriting(call, deployment);
	const within = boundCost(call, deployment, affinity, { ...policy, addedInputTokens }).capWithin(reserved.worstNanoUsd);
	const cap = Math.min(reserved.capTokens - handed.tokens, within);
	return cap >= Math.min(LEAST_OUTPUT_TOKENS, reserved.capTokens) ? cap : undefined;
}

/** Without extended thinking: it would stand before text that is there already. */
export function continuationOf(conversation: Conversation, text: string, by: ContinueBy): Conversation {
	const begun = text.trimEnd();
	if (begun === '') return conversation;
	const answer: Message = { role: 'assistant', content: [{ type: 'text', text: begun }] };
	const wanted: Message = { role: 'user', content: [{ type: 'text', text: INSTRUCTION }] };
	const messages = [...conversation.messages, answer, ...(by === 'prefill' ? [] : [wanted])];
	return { ...conversation, messages, ...(conversation.reasoning === undefined ? {} : { reasoning: { type: 'off' as const } }) };
}
