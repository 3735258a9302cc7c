/** Messages: takes out of a caller's own bytes what another vendor's turns have left in them. */

import type { Call } from '../../protocol/call.ts';
import { type Fields, isFields } from '../fields.ts';
import { rewriteMessages } from '../rewrite-messages.ts';
import { isSealed } from '../sealed-native.ts';

export function fitBody(body: Uint8Array, { hasForeign = false }: Pick<Call, 'hasForeign'>): Uint8Array {
	if (!hasForeign) return body;
	return rewriteMessages(body, 'messages', withoutSealed, (field, messages) => {
		const thinking = field('thinking');
		if (thinking === undefined || !isInForeignLoop(messages) || !isFixed(body.subarray(thinking.start, thinking.end))) return [];
		return [{ ...thinking, text: '{"type":"disabled"}' }];
	});
}

/** A block that the box itself once put into an answer, for another vendor. */
export const isForeign = (block: unknown): boolean => isFields(block) && (isSealed(block.signature) || isSealed(block.data));

function withoutSealed(message: Fields): Fields | undefined {
	const { content } = message;
	if (!Array.isArray(content) || !content.some(isForeign)) return message;
	const kept = content.filter((block) => !isForeign(block));
	return kept.length === 0 ? undefined : { ...message, content: kept };
}

/** A fixed thinking budget is refused while results are given to calls that the vendor did not think up itself. */
function isInForeignLoop(messages: readonly Fields[]): boolean {
	const turn = messages.findLast(({ role }) => role === 'assistant')?.content;
	const answer = messages.at(-1)?.content;
	if (!Array.isArray(turn) || !Array.isArray(answer) || !answer.some((block) => isFields(block) && block.type === 'tool_result'))
		return false;
	return !turn.some((block) => isFields(block) && (block.type === 'thinking' || block.type === 'redacted_thinking') && !isForeign(block));
}

const decoder = new TextDecoder();

const isFixed = (thinking: Uint8Array): boolean => /"type"\s*:\s*"enabled"/.test(decoder.decode(thinking));
