/** Messages: the words that differ between the wire and the house. */

import type { CacheLife } from '../../protocol/conversation.ts';
import type { FinishReason, Usage } from '../../protocol/stream.ts';
import { type Fields, isFields } from '../fields.ts';
import { tokenCount } from '../reply-tap.ts';

export const STOP_REASONS: Readonly<Record<FinishReason, string>> = {
	stop: 'end_turn',
	'stop-sequence': 'stop_sequence',
	length: 'max_tokens',
	'tool-calls': 'tool_use',
	refusal: 'refusal',
	other: 'end_turn',
};

const FINISH_REASONS: ReadonlyMap<unknown, FinishReason> = new Map<unknown, FinishReason>([
	['end_turn', 'stop'],
	['stop_sequence', 'stop-sequence'],
	['max_tokens', 'length'],
	['model_context_window_exceeded', 'length'],
	['tool_use', 'tool-calls'],
	['refusal', 'refusal'],
]);

export function finishOf(stopReason: unknown): FinishReason | undefined {
	if (typeof stopReason !== 'string') return undefined;
	return FINISH_REASONS.get(stopReason) ?? 'other';
}

/** How long a `cache_control` asks to keep what stands before it; undefined without one. */
export function cacheOf(control: unknown): CacheLife | undefined {
	if (!isFields(control)) return undefined;
	return control.ttl === '1h' ? '1h' : '5m';
}

/** The field that asks for it; empty where nothing is asked. */
export function cacheField(life: CacheLife | undefined): Fields {
	if (life === undefined) return {};
	return { cache_control: life === '1h' ? { type: 'ephemeral', ttl: '1h' } : { type: 'ephemeral' } };
}

/**
 * Adds what a usage object says to what is known: later counts replace earlier ones, absent ones stay as they were.
 * `cache_creation_input_tokens` is the sum of both cache lives; the one-hour part is told apart only by `cache_creation`.
 */
export function readUsage(known: Usage, wire: unknown): Usage {
	if (!isFields(wire)) return known;
	const lives = isFields(wire.cache_creation) ? wire.cache_creation : {};
	const total = tokenCount(wire.cache_creation_input_tokens);
	const hour = tokenCount(lives.ephemeral_1h_input_tokens) ?? (total === 0 ? 0 : known.cacheWrite1hTokens);
	const rest = total === undefined ? undefined : Math.max(0, total - (hour ?? 0));
	return addCompaction(wire.iterations, {
		inputTokens: tokenCount(wire.input_tokens) ?? known.inputTokens,
		cacheReadTokens: tokenCount(wire.cache_read_input_tokens) ?? known.cacheReadTokens,
		cacheWriteTokens: tokenCount(lives.ephemeral_5m_input_tokens) ?? rest ?? known.cacheWriteTokens,
		cacheWrite1hTokens: hour,
		outputTokens: tokenCount(wire.output_tokens) ?? known.outputTokens,
		...readToolUses(wire.server_tool_use, known),
	});
}

/** Counts of the vendor's own tools; null and absent both say nothing new. */
function readToolUses(wire: unknown, { serverToolUses }: Usage): Pick<Usage, 'serverToolUses'> {
	if (!isFields(wire)) return serverToolUses === undefined ? {} : { serverToolUses };
	const searches = tokenCount(wire.web_search_requests) ?? 0;
	const fetches = tokenCount(wire.web_fetch_requests) ?? 0;
	const uses = { ...(searches > 0 ? { 'web-search': searches } : {}), ...(fetches > 0 ? { 'web-fetch': fetches } : {}) };
	return searches + fetches > 0 ? { serverToolUses: uses } : {};
}

/** The vendor's own compaction runs are billed and not part of the totals (its usage reference, `iterations`). */
function addCompaction(iterations: unknown, usage: Usage): Usage {
	if (!Array.isArray(iterations)) return usage;
	return iterations.filter((entry) => isFields(entry) && entry.type === 'compaction').reduce(addRun, usage);
}

function addRun(usage: Usage, run: Fields): Usage {
	const plus = (known: number | undefined, more: unknown) => (known ?? 0) + (tokenCount(more) ?? 0);
	return {
		...usage,
		inputTokens: plus(usage.inputTokens, run.input_tokens),
		cacheReadTokens: plus(usage.cacheReadTokens, run.cache_read_input_tokens),
		cacheWriteTokens: plus(usage.cacheWriteTokens, run.cache_creation_input_tokens),
		outputTokens: plus(usage.outputTokens, run.output_tokens),
	};
}

/** Usage as the wire wants it: both totals a number, unknown cache counts null, the two cache lives told apart where both are known. */
export function writeUsage(usage: Usage): Fields {
	const { cacheWriteTokens, cacheWrite1hTokens } = usage;
	const areLivesKnown = cacheWriteTokens !== undefined && cacheWrite1hTokens !== undefined;
	const written =
		cacheWriteTokens === undefined && cacheWrite1hTokens === undefined ? null : (cacheWriteTokens ?? 0) + (cacheWrite1hTokens ?? 0);
	return {
		input_tokens: usage.inputTokens ?? 0,
		cache_creation_input_tokens: written,
		cache_read_input_tokens: usage.cacheReadTokens ?? null,
		...(areLivesKnown
			? { cache_creation: { ephemeral_5m_input_tokens: cacheWriteTokens, ephemeral_1h_input_tokens: cacheWrite1hTokens } }
			: {}),
		output_tokens: usage.outputTokens ?? 0,
	};
}
