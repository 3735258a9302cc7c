/** Responses: the events that each kind of item comes in. */

import { type Fields, isFields, textOf } from '../fields.ts';
import { callItem, type ItemStatus, messageItem, type NamedCall, textPart } from './output-items.ts';

/** An event's type and its fields beside item and place. */
export type ItemEvent = readonly [type: string, fields: Fields];

export interface ItemEvents {
	opening(id: string): Fields;
	readonly begins: readonly ItemEvent[];
	/** Undefined where the kind has no deltas. */
	delta(text: string): ItemEvent | undefined;
	ends(written: string): readonly ItemEvent[];
	item(id: string, written: string, status: ItemStatus): Fields;
}

const FIRST_PART = { content_index: 0 };

export const messageEvents: ItemEvents = {
	opening: (id) => messageItem(id, undefined, 'in_progress'),
	begins: [['response.content_part.added', { ...FIRST_PART, part: textPart('') }]],
	delta: (delta) => ['response.output_text.delta', { ...FIRST_PART, delta, logprobs: [] }],
	ends: (text) => [
		['response.output_text.done', { ...FIRST_PART, text, logprobs: [] }],
		['response.content_part.done', { ...FIRST_PART, part: textPart(text) }],
	],
	item: messageItem,
};

export function callEvents(call: NamedCall): ItemEvents {
	const family = call.isFreeform ? 'response.custom_tool_call_input' : 'response.function_call_arguments';
	if (call.shape?.type === 'tool-search') return wholeEvents((id, text, status) => callItem(id, call, text, status));
	const named = { name: call.shape?.name ?? call.name };
	return {
		opening: (id) => callItem(id, call, '', 'in_progress'),
		begins: [],
		delta: (delta) => [`${family}.delta`, { delta }],
		ends: (text) => [[`${family}.done`, call.isFreeform ? { input: text } : { ...named, arguments: text }]],
		item: (id, text, status) => callItem(id, call, text, status),
	};
}

/** An item without deltas of its own: it comes whole at its end. */
function wholeEvents(item: ItemEvents['item']): ItemEvents {
	return { opening: (id) => item(id, '', 'in_progress'), begins: [], delta: () => undefined, ends: () => [], item };
}

/** The summary of a reasoning item, part by part. */
export function summaryEvents({ summary }: Fields): readonly ItemEvent[] {
	const parts: readonly unknown[] = Array.isArray(summary) ? summary : [];
	return parts.filter(isFields).flatMap((part, index): ItemEvent[] => {
		const place = { summary_index: index };
		const text = textOf(part.text) ?? '';
		return [
			['response.reasoning_summary_part.added', { ...place, part: { type: 'summary_text', text: '' } }],
			['response.reasoning_summary_text.delta', { ...place, delta: text }],
			['response.reasoning_summary_text.done', { ...place, text }],
			['response.reasoning_summary_part.done', { ...place, part }],
		];
	});
}
