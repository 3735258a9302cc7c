/** A stand-in for an Anthropic Messages upstream: stream events, usage with cache fields, errors, models and token counts. */

import type { BilledTokens } from './bill.ts';
import { type Block, type Generation, tokensOf } from './generation.ts';
import type { JsonObject, ToolResult } from './script.ts';
import { type StandIn, type StandInOptions, startStandIn, type Wire, type WireEvent } from './stand-in.ts';

const ERROR_TYPE: Readonly<Record<number, string>> = {
	400: 'invalid_request_error',
	401: 'authentication_error',
	403: 'permission_error',
	404: 'not_found_error',
	413: 'request_too_large',
	429: 'rate_limit_error',
	500: 'api_error',
	529: 'overloaded_error',
};

const MODELS = ['claude-opus-4-8', 'claude-sonnet-4-6', 'claude-haiku-4-5'];

interface WireBlock {
	readonly type: string;
	readonly text?: string;
	readonly id?: string;
	readonly name?: string;
	readonly tool_use_id?: string;
	readonly is_error?: boolean;
	readonly content?: unknown;
}

interface WireMessage {
	readonly role: string;
	readonly content: string | readonly WireBlock[];
}

function blocksOf(content: unknown): readonly WireBlock[] {
	if (typeof content === 'string') return [{ type: 'text', text: content }];
	return Array.isArray(content) ? (content as WireBlock[]) : [];
}

function textOf(content: unknown): string {
	return blocksOf(content)
		.filter((block) => block.type === 'text')
		.map((block) => block.text ?? '')
		.join('\n');
}

function newestToolResults(messages: readonly WireMessage[]): ToolResult[] {
	const names = new Map<string, string>();
	for (const message of messages)
		for (const block of blocksOf(message.content)) if (block.type === 'tool_use') names.set(block.id ?? '', block.name ?? '');
	const last = messages.findLast((message) => message.role !== 'system');
	if (last?.role !== 'user') return [];
	return blocksOf(last.content)
		.filter((block) => block.type === 'tool_result')
		.map((block) => ({ name: names.get(block.tool_use_id ?? '') ?? '', text: textOf(block.content), isError: block.is_error === true }));
}

function usageOf(tokens: BilledTokens): JsonObject {
	return {
		input_tokens: tokens.inputTokens,
		cache_creation_input_tokens: tokens.cacheWriteTokens + tokens.cacheWrite1hTokens,
		cache_read_input_tokens: tokens.cacheReadTokens,
		cache_creation: { ephemeral_5m_input_tokens: tokens.cacheWriteTokens, ephemeral_1h_input_tokens: tokens.cacheWrite1hTokens },
		output_tokens: tokens.outputTokens,
		...(tokens.webSearches === undefined ? {} : { server_tool_use: { web_search_requests: tokens.webSearches, web_fetch_requests: 0 } }),
		service_tier: 'standard',
	};
}

const STOP_REASON = { stop: 'end_turn', 'tool-use': 'tool_use', length: 'max_tokens' } as const;

function event(type: string, data: JsonObject, outputTokens = 0): WireEvent {
	return { text: `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`, outputTokens };
}

function blockEvents(block: Block, index: number): WireEvent[] {
	if (block.type === 'freeform-tool') throw new Error('a freeform tool on a wire that has none');
	const start =
		block.type === 'tool'
			? { type: 'tool_use', id: block.id, name: block.name, input: {} }
			: block.type === 'thinking'
				? { type: 'thinking', thinking: '', signature: '' }
				: { type: 'text', text: '' };
	const delta = (piece: string) =>
		block.type === 'tool'
			? { type: 'input_json_delta', partial_json: piece }
			: block.type === 'thinking'
				? { type: 'thinking_delta', thinking: piece }
				: { type: 'text_delta', text: piece };
	const events = [event('content_block_start', { index, content_block: start })];
	for (const piece of block.pieces) events.push(event('content_block_delta', { index, delta: delta(piece) }, tokensOf(piece)));
	if (block.type === 'thinking') {
		events.push(event('content_block_delta', { index, delta: { type: 'signature_delta', signature: 'c3RhbmQtaW4tc2lnbmF0dXJl' } }));
	}
	events.push(event('content_block_stop', { index }));
	return events;
}

function wholeBlock(block: Block): JsonObject {
	const text = block.pieces.join('');
	if (block.type === 'text') return { type: 'text', text };
	if (block.type === 'thinking') return { type: 'thinking', thinking: text, signature: 'c3RhbmQtaW4tc2lnbmF0dXJl' };
	if (block.type === 'freeform-tool') throw new Error('a freeform tool on a wire that has none');
	return { type: 'tool_use', id: block.id, name: block.name, input: block.input };
}

function head(generation: Generation): JsonObject {
	return { id: `msg_${generation.id}`, type: 'message', role: 'assistant', model: generation.model };
}

const wire: Wire = {
	generatePath: '/v1/messages',
	headers: { 'request-id': 'req_stand_in', 'anthropic-organization-id': 'org-stand-in' },
	readTurn(body, headers, index) {
		const messages = (body.messages ?? []) as readonly WireMessage[];
		const typed = messages.filter((message) => message.role === 'user' && textOf(message.content) !== '');
		return {
			model: String(body.model),
			headers,
			body,
			isStream: body.stream === true,
			toolNames: ((body.tools ?? []) as readonly { name: string }[]).map((tool) => tool.name),
			systemText: textOf(body.system),
			firstUserText: textOf(typed[0]?.content),
			lastUserText: textOf(typed.at(-1)?.content),
			toolResults: newestToolResults(messages),
			outputCapTokens: typeof body.max_tokens === 'number' ? body.max_tokens : undefined,
			index,
		};
	},
	cacheLife(body) {
		const text = JSON.stringify(body);
		if (!text.includes('"cache_control"')) return 'none';
		return text.includes('"ttl":"1h"') ? '1h' : '5m';
	},
	events(generation) {
		const opening = { ...generation.tokens, outputTokens: 1 };
		return [
			event('message_start', {
				message: { ...head(generation), content: [], stop_reason: null, stop_sequence: null, usage: usageOf(opening) },
			}),
			event('ping', {}),
			...generation.blocks.flatMap(blockEvents),
			event('message_delta', {
				delta: { stop_reason: STOP_REASON[generation.finish], stop_sequence: null },
				usage: usageOf(generation.tokens),
			}),
			event('message_stop', {}),
		];
	},
	whole: (generation) =>
		JSON.stringify({
			...head(generation),
			content: generation.blocks.map(wholeBlock),
			stop_reason: STOP_REASON[generation.finish],
			stop_sequence: null,
			usage: usageOf(generation.tokens),
		}),
	error: (status, message) =>
		JSON.stringify({ type: 'error', error: { type: ERROR_TYPE[status] ?? 'api_error', message }, request_id: 'req_stand_in' }),
	errorEvent: () => event('error', { error: { type: 'overloaded_error', message: 'Overloaded' } }).text,
	other(method, path, body) {
		const [name] = path.split('?');
		if (method === 'POST' && name === '/v1/messages/count_tokens') return JSON.stringify({ input_tokens: tokensOf(JSON.stringify(body)) });
		if (method === 'HEAD' && (name === '/' || name === '/api/hello')) return '';
		if (method !== 'GET' || name !== '/v1/models') return undefined;
		const data = MODELS.map((id) => ({ type: 'model', id, display_name: id, created_at: '2026-01-01T00:00:00Z' }));
		return JSON.stringify({ data, has_more: false, first_id: MODELS[0], last_id: MODELS.at(-1) });
	},
};

/** Starts an upstream that speaks Anthropic Messages. */
export function startAnthropicUpstream(options: StandInOptions): Promise<StandIn> {
	return startStandIn([wire], options);
}
