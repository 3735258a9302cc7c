/** What the benchmark's upstream says in each dialect: a whole answer, and the events of the same answer. */

import type { DialectName } from '../../appliance/protocol/words.ts';

/** Deltas of a streamed answer. */
const DELTAS = 12;
const TEXT = 'A sentence of an answer that a model could have written. ';
/** As a tokenizer would count them: a vendor that bills more than was possible would upset any ledger. */
const BYTES_PER_TOKEN = 4;
const OUTPUT_TOKENS = (TEXT.length * DELTAS) / BYTES_PER_TOKEN;
const WHOLE = TEXT.repeat(DELTAS);

export interface Answer {
	readonly whole: object;
	/** The first one holds what comes before the first delta. */
	readonly events: readonly string[];
}

const deltas = (make: (text: string) => string): string[] => Array.from({ length: DELTAS }, () => make(TEXT));

export function answerIn(dialect: DialectName, bodyBytes: number): Answer {
	const tokens = Math.ceil(bodyBytes / BYTES_PER_TOKEN);
	const counts = { tokens, cached: Math.floor(tokens / 2) };
	if (dialect === 'anthropic') return inMessages(counts);
	return dialect === 'responses' ? inResponses(counts) : inChat(counts);
}

interface Counts {
	readonly tokens: number;
	readonly cached: number;
}

function named(type: string, data: object): string {
	return `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
}

function inMessages({ tokens, cached }: Counts): Answer {
	const usage = {
		input_tokens: tokens - cached,
		cache_creation_input_tokens: 0,
		cache_read_input_tokens: cached,
		output_tokens: OUTPUT_TOKENS,
	};
	const message = { id: 'msg_bench', type: 'message', role: 'assistant', model: 'claude-sonnet-4-6' };
	return {
		whole: { ...message, content: [{ type: 'text', text: WHOLE }], stop_reason: 'end_turn', stop_sequence: null, usage },
		events: [
			named('message_start', { message: { ...message, content: [], stop_reason: null, stop_sequence: null, usage } }) +
				named('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
			...deltas((text) => named('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })),
			named('content_block_stop', { index: 0 }) +
				named('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage }) +
				named('message_stop', {}),
		],
	};
}

function inChat({ tokens, cached }: Counts): Answer {
	const usage = {
		prompt_tokens: tokens,
		completion_tokens: OUTPUT_TOKENS,
		total_tokens: tokens + OUTPUT_TOKENS,
		prompt_tokens_details: { cached_tokens: cached },
	};
	const base = { id: 'chatcmpl-bench', created: 1_764_000_000, model: 'bench-chat' };
	const chunk = (fields: object) => `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', ...fields })}\n\n`;
	const choice = (delta: object, finish_reason: string | null = null) => chunk({ choices: [{ index: 0, delta, finish_reason }] });
	const message = { role: 'assistant', content: WHOLE };
	return {
		whole: { ...base, object: 'chat.completion', choices: [{ index: 0, message, finish_reason: 'stop' }], usage },
		events: [
			choice({ role: 'assistant', content: '' }),
			...deltas((content) => choice({ content })),
			`${choice({}, 'stop')}${chunk({ choices: [], usage })}data: [DONE]\n\n`,
		],
	};
}

function inResponses({ tokens, cached }: Counts): Answer {
	const usage = {
		input_tokens: tokens,
		input_tokens_details: { cached_tokens: cached },
		output_tokens: OUTPUT_TOKENS,
		output_tokens_details: { reasoning_tokens: 0 },
		total_tokens: tokens + OUTPUT_TOKENS,
	};
	const base = { id: 'resp_bench', object: 'response', created_at: 1_764_000_000, model: 'bench-responses' };
	const part = { type: 'output_text', text: WHOLE, annotations: [] };
	const item = { id: 'msg_bench', type: 'message', role: 'assistant', status: 'completed', content: [part] };
	const whole = { ...base, status: 'completed', output: [item], usage };
	const place = { item_id: 'msg_bench', output_index: 0, content_index: 0 };
	let sequence_number = 0;
	const event = (type: string, data: object) => named(type, { sequence_number: sequence_number++, ...data });
	return {
		whole,
		events: [
			event('response.created', { response: { ...base, status: 'in_progress', output: [] } }) +
				event('response.output_item.added', { output_index: 0, item: { ...item, status: 'in_progress', content: [] } }) +
				event('response.content_part.added', { ...place, part: { ...part, text: '' } }),
			...deltas((delta) => event('response.output_text.delta', { ...place, delta })),
			event('response.output_text.done', { ...place, text: WHOLE }) +
				event('response.content_part.done', { ...place, part }) +
				event('response.output_item.done', { output_index: 0, item }) +
				event('response.completed', { response: whole }),
		],
	};
}
