/** The constrained part of a reply: tool calls under their grammar, from the lead to the end of the turn. */

import type { ToolDefinition } from '../../../protocol/conversation.ts';
import { Problem } from '../../../protocol/problem.ts';
import { faultOf } from '../tools/call-validator.ts';
import type { ReadCall } from '../tools/tool-syntax.ts';
import { decodeTokens } from './decode.ts';
import type { ReplyState } from './reply-state.ts';

export interface WrittenCalls {
	readonly calls: readonly ReadCall[];
	readonly probabilities: readonly number[];
}

/**
 * Writes calls to their end; nothing is released here.
 * @param before text of the reply that no token in it covers yet
 * @param tools those that the grammar admits
 * @param mostTokens length of the reply at which it is given up
 * @returns undefined when the calls were cut by the limit
 * @throws Problem `local-failed` when the calls do not fit their schemas
 */
export async function writeCalls(
	state: ReplyState,
	before: string,
	tools: readonly ToolDefinition[],
	mostTokens: number,
): Promise<WrittenCalls | undefined> {
	const { plan, tokens, vocabulary } = state;
	tokens.push(...vocabulary.tokenize([before + plan.syntax.lead]));
	const reader = state.newReader(plan.syntax.visibleTokens);
	const probabilities: number[] = [];
	let text = '';
	const options = { ...state.decode, grammar: plan.makeCallGrammar(tools), bar: undefined };
	for await (const { token, probability, isEnd } of decodeTokens(state.slot.sequence, await state.pending(), options)) {
		tokens.push(token);
		if (isEnd) return checked(state, text + reader.flush(), probabilities);
		probabilities.push(probability);
		text += reader.push(token);
		if (tokens.length >= mostTokens) break;
	}
	return undefined;
}

function checked({ plan }: ReplyState, text: string, probabilities: readonly number[]): WrittenCalls {
	const calls = plan.syntax.read(text);
	if (calls === undefined) throw new Problem('local-failed', 'The local model wrote a tool call that cannot be read.');
	for (const call of calls) {
		const fault = faultOf(call, plan.tools);
		if (fault !== undefined) throw new Problem('local-failed', `The local model wrote a tool call that does not fit its schema: ${fault}.`);
	}
	return { calls, probabilities };
}
