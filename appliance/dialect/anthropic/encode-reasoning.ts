/** Messages: how the wish for reasoning is written, within what the model and the call allow. */

import type { Conversation, Message } from '../../protocol/conversation.ts';
import type { CallTarget } from '../../protocol/ports.ts';
import { budgetOf, nearestEffort } from '../effort.ts';
import type { Fields } from '../fields.ts';
import { isOwn, type Losses } from '../losses.ts';

/** The least that the vendor takes, and what must be left for the answer behind it. */
const LEAST_BUDGET_TOKENS = 1_024;
const ANSWER_TOKENS = 1_024;
const EFFORTS = ['low', 'medium', 'high', 'max'];

export interface EncodedReasoning {
	readonly field: Fields | undefined;
	/** Goes into `output_config`. */
	readonly config: Fields;
	readonly isOn: boolean;
}

const NONE: EncodedReasoning = { field: undefined, config: {}, isOn: false };

export function encodeReasoning(conversation: Conversation, target: CallTarget, losses: Losses): EncodedReasoning {
	const { reasoning, toolChoice } = conversation;
	if (reasoning === undefined) return NONE;
	if (reasoning.type === 'off') return { ...NONE, field: { type: 'disabled' } };
	if (toolChoice === 'any' || typeof toolChoice === 'object') {
		losses.add('reasoning', 'The model does not think first: with a forced tool Messages takes no thinking.');
		return NONE;
	}
	const { effort = reasoning.budgetTokens === undefined ? 'medium' : undefined, isShown = false } = reasoning;
	if (!target.lacks.includes('adaptive-thinking')) {
		const display = isShown ? { display: 'summarized' } : {};
		return { field: { type: 'adaptive', ...display }, config: effortOf(effort, target, losses), isOn: true };
	}
	if (isInForeignLoop(conversation, target)) {
		losses.add('reasoning', 'The model does not think in this turn: the calls that it goes on from were thought up by another vendor.');
		return NONE;
	}
	const most = target.outputCapTokens - ANSWER_TOKENS;
	if (most < LEAST_BUDGET_TOKENS) {
		losses.add('reasoning', 'The model does not think first: the output cap leaves no room for it.');
		return NONE;
	}
	const wanted = reasoning.budgetTokens ?? budgetOf(effort ?? 'medium');
	return { field: { type: 'enabled', budget_tokens: Math.max(LEAST_BUDGET_TOKENS, Math.min(wanted, most)) }, config: {}, isOn: true };
}

function effortOf(effort: string | undefined, { lacks }: CallTarget, losses: Losses): Fields {
	if (effort === undefined) return {};
	if (lacks.includes('output-config')) {
		losses.add('effort', 'The effort is left out: the model does not take one.');
		return {};
	}
	const word = nearestEffort(effort, EFFORTS);
	if (word !== effort) losses.add('effort', `The effort becomes ${word}, the nearest that Messages has.`);
	return { effort: word };
}

/**
 * With a fixed budget the vendor refuses a tool result whose call stands in a turn without its own thinking (its page on
 * extended thinking); an adaptive one is held to nothing.
 */
function isInForeignLoop({ messages }: Conversation, target: CallTarget): boolean {
	const turn = messages.findLast(({ role }) => role === 'assistant');
	const answers = messages.at(-1)?.content.some(({ type }) => type === 'tool-result') ?? false;
	return answers && turn !== undefined && !hasOwnThinking(turn, target);
}

const hasOwnThinking = ({ content }: Message, target: CallTarget) =>
	content.some((one) => one.type === 'thinking' && isOwn(one.native, 'anthropic', target));
