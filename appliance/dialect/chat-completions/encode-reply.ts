/** Chat Completions: writes whole answers, token counts and the list of models. */

import type { PublishedModel } from '../../protocol/ports.ts';
import type { Reply } from '../../protocol/stream.ts';
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
	const calls = reply.content.flatMap((content) =>
		content.type === 'tool-call'
			? [{ id: content.id, type: 'function', function: { name: content.name, arguments: JSON.stringify(content.input) } }]
			: [],
	);
	const content = texts.length > 0 ? texts.join('') : null;
	return { role: 'assistant', content, refusal: null, ...(calls.length > 0 ? { tool_calls: calls } : {}) };
}

/** This dialect has no count call of its own; the shape is the one that its vendor uses elsewhere. */
export function encodeTokenCount(inputTokens: number): string {
	return JSON.stringify({ input_tokens: inputTokens });
}

export function encodeModels(models: readonly PublishedModel[]): string {
	const data = models.map((model) => ({
		id: model.id,
		object: 'model',
		created: Math.floor(Date.parse(model.createdAt) / 1000),
		owned_by: 'innerloop',
	}));
	return JSON.stringify({ object: 'list', data });
}
