/** Responses: the items that an answer is made of, as the wire wants them. */

import type { Call, ToolShape } from '../../protocol/call.ts';
import type { FinishReason, Reply, ReplyContent } from '../../protocol/stream.ts';
import { parseArguments } from '../chat-completions/decode-conversation.ts';
import type { Fields } from '../fields.ts';
import { carriedItem, reasoningItem } from './native.ts';
import { shapeOf } from './tool-shapes.ts';

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

/** Vendors refuse an item that comes back under an id which does not begin as its kind does. */
export type IdPrefix = 'msg' | 'fc' | 'ctc' | 'tsc' | 'rs';

export function itemId(prefix: IdPrefix, responseId: string, index: number): string {
	return `${prefix}_${responseId.replace(/[^A-Za-z0-9]/g, '')}_${index}`;
}

export const textPart = (text: string): Fields => ({ type: 'output_text', text, annotations: [], logprobs: [] });

export function messageItem(id: string, text: string | undefined, status: ItemStatus): Fields {
	return { id, type: 'message', status, role: 'assistant', content: text === undefined ? [] : [textPart(text)] };
}

export interface NamedCall {
	readonly id: string;
	readonly name: string;
	readonly isFreeform?: boolean;
	/** How its caller's wire calls it, where not by its name alone. */
	readonly shape?: ToolShape | undefined;
}

/** `input` is the JSON text of the arguments, of a freeform call the text itself. */
export function callItem(id: string, call: NamedCall, input: string, status: ItemStatus): Fields {
	const { isFreeform, shape } = call;
	const opened = { id, status, call_id: call.id };
	if (shape?.type === 'tool-search') return { ...opened, type: 'tool_search_call', execution: 'client', arguments: parseArguments(input) };
	const named = { ...opened, ...(shape === undefined ? { name: call.name } : { name: shape.name, namespace: shape.namespace }) };
	return isFreeform ? { ...named, type: 'custom_tool_call', input } : { ...named, type: 'function_call', arguments: input };
}

export function callPrefix({ isFreeform, shape }: Pick<NamedCall, 'isFreeform' | 'shape'>): IdPrefix {
	if (shape?.type === 'tool-search') return 'tsc';
	return isFreeform ? 'ctc' : 'fc';
}

/** Items of a whole answer. Empty texts, and thinking that its maker could not take back, are left out as in a stream. */
export function outputItems({ id, content, finish }: Reply, shapes?: Call['toolShapes']): Fields[] {
	const items: Fields[] = [];
	for (const [at, one] of content.entries()) {
		const status = at === content.length - 1 ? statusOf(finish) : 'completed';
		items.push(...toItems(one, shapes, (prefix, offset) => itemId(prefix, id, items.length + offset), status));
	}
	return items;
}

type NewId = (prefix: IdPrefix, offset: number) => string;

function toItems(content: ReplyContent, shapes: Call['toolShapes'], newId: NewId, status: ItemStatus): Fields[] {
	if (content.type === 'text') return content.text === '' ? [] : [messageItem(newId('msg', 0), content.text, status)];
	if (content.type === 'thinking') return present(reasoningItem(newId('rs', 0), content.text, content.native));
	const carried = present(carriedItem(newId('rs', 0), content.id, content.native));
	const input = typeof content.input === 'string' ? content.input : JSON.stringify(content.input);
	const call = { ...content, shape: shapeOf(shapes, content.name) };
	return [...carried, callItem(newId(callPrefix(call), carried.length), call, input, status)];
}

const present = (item: Fields | undefined): Fields[] => (item === undefined ? [] : [item]);

/** How the last item ended, by how the answer did. */
export function statusOf(finish: FinishReason): 'completed' | 'incomplete' {
	return finish === 'length' || finish === 'refusal' ? 'incomplete' : 'completed';
}
