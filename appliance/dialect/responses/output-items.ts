/** Responses: the items that an answer is made of, as the wire wants them. */

import type { FinishReason, Reply, ReplyContent } from '../../protocol/stream.ts';
import type { Fields } from '../fields.ts';

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

/** Vendors refuse an item that comes back under an id which does not begin as its kind does. */
export function itemId(prefix: 'msg' | 'fc' | 'ctc' | 'rs', responseId: string, index: number): string {
	return `${prefix}_${responseId.replace(/[^A-Za-z0-9]/g, '')}_${index}`;
}

export const textPart = (text: string): Fields => ({ type: 'output_text', text, annotations: [], logprobs: [] });

export function messageItem(id: string, text: string | undefined, status: ItemStatus): Fields {
	return { id, type: 'message', status, role: 'assistant', content: text === undefined ? [] : [textPart(text)] };
}

export interface ToolCall {
	readonly id: string;
	readonly name: string;
	/** The JSON text of the arguments. */
	readonly input: string;
}

export function callItem(id: string, call: ToolCall, status: ItemStatus): Fields {
	return { id, type: 'function_call', status, call_id: call.id, name: call.name, arguments: call.input };
}

/** Items of a whole answer. Empty texts and thinking are left out, as in a stream. */
export function outputItems({ id, content, finish }: Reply): Fields[] {
	const items: Fields[] = [];
	for (const [at, one] of content.entries()) {
		const isLast = at === content.length - 1;
		const item = toItem(one, id, items.length, isLast ? statusOf(finish) : 'completed');
		if (item !== undefined) items.push(item);
	}
	return items;
}

function toItem(content: ReplyContent, id: string, index: number, status: ItemStatus): Fields | undefined {
	if (content.type === 'text') return content.text === '' ? undefined : messageItem(itemId('msg', id, index), content.text, status);
	if (content.type === 'thinking') return undefined;
	const { id: callId, name } = content;
	return callItem(itemId('fc', id, index), { id: callId, name, input: JSON.stringify(content.input) }, status);
}

/** How the last item ended, by how the answer did. */
export function statusOf(finish: FinishReason): 'completed' | 'incomplete' {
	return finish === 'length' || finish === 'refusal' ? 'incomplete' : 'completed';
}
