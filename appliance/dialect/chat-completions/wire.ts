/** Chat Completions: the words that differ between the wire and the house. */

import type { FinishReason, Usage } from '../../protocol/stream.ts';
import { NO_USAGE } from '../../protocol/stream.ts';
import { type Fields, isFields } from '../fields.ts';
import { tokenCount } from '../reply-tap.ts';

export const FINISH_REASONS: Readonly<Record<FinishReason, string>> = {
	stop: 'stop',
	'stop-sequence': 'stop',
	length: 'length',
	'tool-calls': 'tool_calls',
	refusal: 'content_filter',
	other: 'stop',
};

const FROM_WIRE: ReadonlyMap<unknown, FinishReason> = new Map<unknown, FinishReason>([
	['stop', 'stop'],
	['length', 'length'],
	['tool_calls', 'tool-calls'],
	['function_call', 'tool-calls'],
	['content_filter', 'refusal'],
]);

export function finishOf(reason: unknown): FinishReason | undefined {
	if (typeof reason !== 'string') return undefined;
	return FROM_WIRE.get(reason) ?? 'other';
}

/** Gemini ends an answer of tool calls with a plain stop. */
export function finishWithCalls(finish: FinishReason, hasCalls: boolean): FinishReason {
	return hasCalls && finish === 'stop' ? 'tool-calls' : finish;
}

/** `prompt_tokens` counts cache reads and writes too, `completion_tokens` the reasoning: where a vendor leaves it out there (Gemini), the total tells. */
export function readUsage(wire: unknown): Usage {
	if (!isFields(wire)) return NO_USAGE;
	const details = isFields(wire.prompt_tokens_details) ? wire.prompt_tokens_details : {};
	const prompt = tokenCount(wire.prompt_tokens);
	const completion = tokenCount(wire.completion_tokens);
	const beyondPrompt = (tokenCount(wire.total_tokens) ?? 0) - (prompt ?? Number.POSITIVE_INFINITY);
	// DeepSeek names its cache in words of its own.
	const read = tokenCount(details.cached_tokens) ?? tokenCount(wire.prompt_cache_hit_tokens) ?? 0;
	const written = tokenCount(details.cache_write_tokens) ?? 0;
	return {
		inputTokens: prompt === undefined ? undefined : Math.max(0, prompt - read - written),
		cacheReadTokens: prompt === undefined ? undefined : read,
		cacheWriteTokens: prompt === undefined ? undefined : written,
		cacheWrite1hTokens: prompt === undefined ? undefined : 0,
		outputTokens: completion === undefined ? undefined : Math.max(completion, beyondPrompt),
	};
}

/** Undefined where a count is unknown: an invented zero would be read as free. */
export function writeUsage(usage: Usage): Fields | undefined {
	const { inputTokens, outputTokens } = usage;
	if (inputTokens === undefined || outputTokens === undefined) return undefined;
	const read = usage.cacheReadTokens ?? 0;
	const prompt = inputTokens + read + (usage.cacheWriteTokens ?? 0) + (usage.cacheWrite1hTokens ?? 0);
	return {
		prompt_tokens: prompt,
		completion_tokens: outputTokens,
		total_tokens: prompt + outputTokens,
		prompt_tokens_details: { cached_tokens: read },
	};
}
