/** Messages: writes whole answers, token counts and the list of models. */

import type { PublishedModel } from '../../protocol/ports.ts';
import type { Reply, ReplyContent } from '../../protocol/stream.ts';
import type { Fields } from '../fields.ts';
import { asFunctionInput } from '../freeform.ts';
import { carried, thinkingBlock } from './native.ts';
import { STOP_REASONS, writeUsage } from './wire.ts';

export function encodeReply(reply: Reply): string {
	return JSON.stringify({
		id: reply.id,
		type: 'message',
		role: 'assistant',
		model: reply.model,
		content: reply.content.flatMap(encodeBlock),
		stop_reason: STOP_REASONS[reply.finish],
		stop_sequence: reply.stopSequence ?? null,
		usage: writeUsage(reply.usage),
	});
}

/** Empty texts and unsigned thinking are left out, as in a stream. */
function encodeBlock(content: ReplyContent): Fields[] {
	if (content.type === 'text') return content.text === '' ? [] : [{ type: 'text', text: content.text }];
	if (content.type === 'tool-call')
		return [
			...carried(content),
			{
				type: 'tool_use',
				id: content.id,
				name: content.name,
				input: content.isFreeform ? asFunctionInput(String(content.input)) : content.input,
			},
		];
	const block = thinkingBlock(content.text, content.native);
	return block === undefined ? [] : [block];
}

export function encodeTokenCount(inputTokens: number): string {
	return JSON.stringify({ input_tokens: inputTokens });
}

export function encodeModels(models: readonly PublishedModel[]): string {
	const data = models.map((model) => ({
		type: 'model',
		id: model.id,
		display_name: model.displayName,
		created_at: model.createdAt,
		max_input_tokens: model.contextTokens,
		max_tokens: model.maxOutputTokens,
	}));
	return JSON.stringify({ data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null });
}
