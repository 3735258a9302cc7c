/** Responses: the words that differ between the wire and the house. */

import type { FinishReason, Usage } from '../../protocol/stream.ts';
import { NO_USAGE } from '../../protocol/stream.ts';
import { type Fields, isFields } from '../fields.ts';
import { tokenCount } from '../reply-tap.ts';

const INCOMPLETE_REASONS: ReadonlyMap<unknown, FinishReason> = new Map<unknown, FinishReason>([
	['max_output_tokens', 'length'],
	['max_tokens', 'length'],
	['content_filter', 'refusal'],
]);

const CALL_ITEMS: ReadonlySet<unknown> = new Set([
	'function_call',
	'custom_tool_call',
	'local_shell_call',
	'shell_call',
	'apply_patch_call',
	'computer_call',
	'tool_search_call',
]);

/** How a response object ended; undefined while it has not, or where it failed. */
export function finishOf(response: Fields): FinishReason | undefined {
	const { status, output, incomplete_details: details } = response;
	if (status === 'incomplete') return INCOMPLETE_REASONS.get(isFields(details) ? details.reason : undefined) ?? 'other';
	if (status !== 'completed' && response.object !== 'response.compaction') return undefined;
	const items = Array.isArray(output) ? output.filter(isFields) : [];
	return items.some(({ type }) => CALL_ITEMS.has(type)) ? 'tool-calls' : isRefusal(items) ? 'refusal' : 'stop';
}

function isRefusal(items: readonly Fields[]): boolean {
	const message = items.findLast(({ type }) => type === 'message');
	const parts: readonly unknown[] = Array.isArray(message?.content) ? message.content : [];
	return parts.length > 0 && parts.every((part) => isFields(part) && part.type === 'refusal');
}

/**
 * `input_tokens` counts cache reads and writes too, `output_tokens` the reasoning. Writes that are kept for longer than
 * the usual half hour are told apart by `cache_write_tokens_details`: here they are the long writes.
 */
export function readUsage(wire: unknown): Usage {
	if (!isFields(wire)) return NO_USAGE;
	const details = isFields(wire.input_tokens_details) ? wire.input_tokens_details : {};
	const lives = isFields(details.cache_write_tokens_details) ? details.cache_write_tokens_details : {};
	const input = tokenCount(wire.input_tokens);
	const read = tokenCount(details.cached_tokens) ?? 0;
	const written = tokenCount(details.cache_write_tokens) ?? 0;
	const long = Math.min(written, tokenCount(lives.ttl_12h_tokens) ?? 0);
	return {
		inputTokens: input === undefined ? undefined : Math.max(0, input - read - written),
		cacheReadTokens: input === undefined ? undefined : read,
		cacheWriteTokens: input === undefined ? undefined : written - long,
		cacheWrite1hTokens: input === undefined ? undefined : long,
		outputTokens: tokenCount(wire.output_tokens),
	};
}

/** Null where a count is unknown: an invented zero would be read as free. */
export function writeUsage(usage: Usage): Fields | null {
	const { inputTokens, outputTokens } = usage;
	if (inputTokens === undefined || outputTokens === undefined) return null;
	const read = usage.cacheReadTokens ?? 0;
	const long = usage.cacheWrite1hTokens ?? 0;
	const written = (usage.cacheWriteTokens ?? 0) + long;
	const input = inputTokens + read + written;
	const lives = long === 0 ? {} : { cache_write_tokens_details: { ttl_30m_tokens: written - long, ttl_12h_tokens: long } };
	return {
		input_tokens: input,
		input_tokens_details: { cached_tokens: read, cache_write_tokens: written, ...lives },
		output_tokens: outputTokens,
		output_tokens_details: { reasoning_tokens: 0 },
		total_tokens: input + outputTokens,
	};
}
