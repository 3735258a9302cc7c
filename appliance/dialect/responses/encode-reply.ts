/** Responses: writes whole answers, token counts and the list of models. */

import type { Call } from '../../protocol/call.ts';
import type { PublishedModel } from '../../protocol/ports.ts';
import type { Reply } from '../../protocol/stream.ts';
import { listModels } from '../chat-completions/encode-reply.ts';
import { outputItems } from './output-items.ts';
import { endedResponse, headOf } from './response-object.ts';

export function encodeReply(reply: Reply, call: Call, wallMs = 0): string {
	const head = headOf(reply.id, reply.model, call, wallMs);
	return JSON.stringify(endedResponse(head, outputItems(reply, call.toolShapes), reply.finish, reply.usage));
}

export function encodeTokenCount(inputTokens: number): string {
	return JSON.stringify({ object: 'response.input_tokens', input_tokens: inputTokens });
}

/**
 * SDKs read `data`. Codex reads `models`, and would take its prompts and tools for a model from there: an empty list
 * leaves it to what it knows of its own.
 */
export function encodeModels(models: readonly PublishedModel[]): string {
	return JSON.stringify({ ...listModels(models), models: [] });
}
