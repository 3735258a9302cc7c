/** Chat Completions: writes whole answers, token counts and the list of models. */

import type { PublishedModel } from '../../protocol/ports.ts';
import type { Reply, ReplyContent } from '../../protocol/stream.ts';
import type { Fields } from '../fields.ts';
import { FINISH_REASONS, writeUsage } from './wire.ts';

export function encodeReply(reply: Reply, wallMs = 0): string {
	const usage = writeUsage(reply.usage);
	return JSON.stringify({
		id: reply.id,
		object: 'chat.completion',
		created: Math.floor(wallMs / 1000),
		model: reply.model,
		choices: [{ index: 0, message: encodeMessage(reply), logprobs: null, finish_reason: FINISH_REASONS[reply.finish] }],
		...(usage === undefined ? {} : { usage }),
	});
}

function encodeMessage(reply: Reply): Fields {
	const texts = reply.content.flatMap((content) => (content.type === 'text' ? [content.text] : []));
	const thinking = reply.content.flatMap((content) => (content.type === 'thinking' && content.text !== '' ? [content.text] : []));
	const calls = reply.content.flatMap((content) => (content.type === 'tool-call' ? [encodeCall(content)] : []));
	const content = texts.length > 0 ? texts.join('') : null;
	return {
		role: 'assistant',
		content,
		refusal: null,
		...(thinking.length > 0 ? { reasoning_content: thinking.join('\n') } : {}),
		...(calls.length > 0 ? { tool_calls: calls } : {}),
	};
}

/** A tool call as it stands in a message; arguments that are no JSON stay the text they are. */
export function encodeCall({ id, name, input, isFreeform }: Extract<ReplyContent, { type: 'tool-call' }>): Fields {
	const text = typeof input === 'string' ? input : JSON.stringify(input);
	return isFreeform ? { id, type: 'custom', custom: { name, input: text } } : { id, type: 'function', function: { name, arguments: text } };
}

/** This dialect has no count call of its own; the shape is the one that its vendor uses elsewhere. */
export function encodeTokenCount(inputTokens: number): string {
	return JSON.stringify({ input_tokens: inputTokens });
}

export function encodeModels(models: readonly PublishedModel[]): string {
	return JSON.stringify(listModels(models));
}

export function listModels(models: readonly PublishedModel[]): Fields {
	const data = models.map((model) => ({
		id: model.id,
		object: 'model',
		created: Math.floor(Date.parse(model.createdAt) / 1000),
		owned_by: 'innerloop',
	}));
	return { object: 'list', data };
}
