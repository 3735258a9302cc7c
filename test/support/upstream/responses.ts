/** A stand-in for an OpenAI Responses upstream: typed events, function and freeform tools, encrypted reasoning, compaction. */

import type { BilledTokens } from './bill.ts';
import { chatCompletionsWire } from './chat-completions.ts';
import { type Block, type Generation, tokensOf } from './generation.ts';
import type { JsonObject, ToolResult } from './script.ts';
import { type StandIn, type StandInOptions, startStandIn, type Wire, type WireEvent } from './stand-in.ts';

interface WireItem {
	readonly type?: string;
	readonly role?: string;
	readonly content?: unknown;
	readonly call_id?: string;
	readonly name?: string;
	readonly output?: unknown;
}

/** What the vendor alone could read; callers must bring it back as it was. */
const ENCRYPTED = 'c3RhbmQtaW4tZW5jcnlwdGVkLXJlYXNvbmluZw==';

function textOf(content: unknown): string {
	if (typeof content === 'string') return content;
	if (!Array.isArray(content)) return '';
	return (content as { type: string; text?: string }[])
		.filter(({ type }) => type === 'input_text' || type === 'output_text')
		.map((part) => part.text ?? '')
		.join('\n');
}

function itemsOf(input: unknown): readonly WireItem[] {
	if (typeof input === 'string') return [{ type: 'message', role: 'user', content: input }];
	return Array.isArray(input) ? (input as WireItem[]) : [];
}

const isMessage = (item: WireItem, role: string) => (item.type ?? 'message') === 'message' && item.role === role;
const isOutput = ({ type }: WireItem) => type?.endsWith('_call_output') === true;

function newestToolResults(items: readonly WireItem[]): ToolResult[] {
	const names = new Map(items.filter(({ type }) => type?.endsWith('_call')).map(({ call_id, name }) => [call_id, name]));
	const start = items.findLastIndex((item) => !isOutput(item)) + 1;
	return items.slice(start).map(({ call_id, output }) => ({ name: names.get(call_id) ?? '', text: textOf(output), isError: false }));
}

function usageOf(tokens: BilledTokens): JsonObject {
	const input = tokens.inputTokens + tokens.cacheReadTokens + tokens.cacheWriteTokens + tokens.cacheWrite1hTokens;
	return {
		input_tokens: input,
		input_tokens_details: { cached_tokens: tokens.cacheReadTokens },
		output_tokens: tokens.outputTokens,
		output_tokens_details: { reasoning_tokens: 0 },
		total_tokens: input + tokens.outputTokens,
	};
}

function itemOf(block: Block, id: string): JsonObject {
	const text = block.pieces.join('');
	if (block.type === 'text') {
		return {
			id,
			type: 'message',
			role: 'assistant',
			status: 'completed',
			content: [{ type: 'output_text', text, annotations: [], logprobs: [] }],
		};
	}
	if (block.type === 'thinking') return { id, type: 'reasoning', summary: [{ type: 'summary_text', text }], encrypted_content: ENCRYPTED };
	const named = { id, status: 'completed', call_id: block.id, name: block.name };
	if (block.type === 'freeform-tool') return { ...named, type: 'custom_tool_call', input: text };
	return { ...named, type: 'function_call', arguments: text, ...(block.namespace === undefined ? {} : { namespace: block.namespace }) };
}

/** The item as it is announced, before its first delta. */
function openingOf(item: JsonObject): JsonObject {
	const empty: JsonObject = { content: [], arguments: '', input: '', summary: [], encrypted_content: '' };
	const opened = Object.entries(item).map(([key, value]) => [key, key === 'status' ? 'in_progress' : (empty[key] ?? value)]);
	return Object.fromEntries(opened) as JsonObject;
}

const DELTA: Readonly<Record<Block['type'], string>> = {
	text: 'response.output_text',
	thinking: 'response.reasoning_summary_text',
	tool: 'response.function_call_arguments',
	'freeform-tool': 'response.custom_tool_call_input',
};

const DONE_KEY: Readonly<Record<Block['type'], string>> = { text: 'text', thinking: 'text', tool: 'arguments', 'freeform-tool': 'input' };

function placeOf(block: Block): JsonObject {
	if (block.type === 'text') return { content_index: 0 };
	return block.type === 'thinking' ? { summary_index: 0 } : {};
}

/** Events of one output item, without their sequence numbers. */
function blockEvents(block: Block, id: string, index: number): { data: JsonObject; outputTokens: number }[] {
	const item = itemOf(block, id);
	const place = { item_id: id, output_index: index, ...placeOf(block) };
	const whole = block.pieces.join('');
	const part = block.type === 'text' ? { type: 'output_text', annotations: [], logprobs: [] } : { type: 'summary_text' };
	const family = block.type === 'text' ? 'response.content_part' : 'response.reasoning_summary_part';
	const hasPart = block.type === 'text' || block.type === 'thinking';
	const plain = (data: JsonObject) => ({ data, outputTokens: 0 });
	return [
		plain({ type: 'response.output_item.added', output_index: index, item: openingOf(item) }),
		...(hasPart ? [plain({ type: `${family}.added`, ...place, part: { ...part, text: '' } })] : []),
		...block.pieces.map((delta) => ({ data: { type: `${DELTA[block.type]}.delta`, ...place, delta }, outputTokens: tokensOf(delta) })),
		plain({ type: `${DELTA[block.type]}.done`, ...place, [DONE_KEY[block.type]]: whole }),
		...(hasPart ? [plain({ type: `${family}.done`, ...place, part: { ...part, text: whole } })] : []),
		plain({ type: 'response.output_item.done', output_index: index, item }),
	];
}

function response(generation: Generation, body: JsonObject, state: 'in_progress' | 'ended'): JsonObject {
	const isCut = generation.finish === 'length';
	const ended = {
		status: isCut ? 'incomplete' : 'completed',
		incomplete_details: isCut ? { reason: 'max_output_tokens' } : null,
		output: generation.blocks.map((block, index) => itemOf(block, itemId(generation, index))),
		usage: usageOf(generation.tokens),
	};
	return {
		id: `resp_${generation.id}`,
		object: 'response',
		created_at: 1_780_000_000,
		error: null,
		model: generation.model,
		store: body.store ?? true,
		service_tier: 'default',
		...(state === 'ended' ? ended : { status: state, incomplete_details: null, output: [], usage: null }),
	};
}

const itemId = (generation: Generation, index: number) => `item_${generation.id}_${index}`;

function error(status: number, message: string): JsonObject {
	return {
		error: {
			message,
			type: status === 429 ? 'requests' : status < 500 ? 'invalid_request_error' : 'server_error',
			param: null,
			code: status === 429 ? 'rate_limit_exceeded' : null,
		},
	};
}

function readTurn(body: JsonObject, headers: Parameters<Wire['readTurn']>[1], index: number): ReturnType<Wire['readTurn']> {
	const items = itemsOf(body.input);
	const typed = items.filter((item) => isMessage(item, 'user'));
	const system = items.filter((item) => isMessage(item, 'system') || isMessage(item, 'developer'));
	return {
		model: String(body.model),
		headers,
		body,
		isStream: body.stream === true,
		toolNames: ((body.tools ?? []) as readonly { name?: string; type: string }[]).map(({ name, type }) => name ?? type),
		systemText: [String(body.instructions ?? ''), ...system.map(({ content }) => textOf(content))].join('\n'),
		firstUserText: textOf(typed[0]?.content),
		lastUserText: textOf(typed.at(-1)?.content),
		toolResults: newestToolResults(items),
		outputCapTokens: typeof body.max_output_tokens === 'number' ? body.max_output_tokens : undefined,
		index,
	};
}

const wire: Wire = {
	generatePath: '/v1/responses',
	headers: { 'x-request-id': 'req_stand_in', 'openai-version': '2020-10-01' },
	readTurn,
	// This vendor caches by itself and bills no writes; scripts set reads by `usage`.
	cacheLife: () => 'none',
	events(generation, body) {
		const state = generation.finish === 'length' ? 'incomplete' : 'completed';
		const plain = (type: string, stage: 'in_progress' | 'ended') => ({
			data: { type, response: response(generation, body, stage) },
			outputTokens: 0,
		});
		const events = [
			plain('response.created', 'in_progress'),
			plain('response.in_progress', 'in_progress'),
			...generation.blocks.flatMap((block, index) => blockEvents(block, itemId(generation, index), index)),
			plain(`response.${state}`, 'ended'),
		];
		return events.map(
			({ data, outputTokens }, sequence_number): WireEvent => ({
				text: `event: ${String(data.type)}\ndata: ${JSON.stringify({ ...data, sequence_number })}\n\n`,
				outputTokens,
			}),
		);
	},
	whole: (generation) => JSON.stringify(response(generation, {}, 'ended')),
	error: (status, message) => JSON.stringify(error(status, message)),
	errorEvent: () =>
		`event: error\ndata: ${JSON.stringify({ type: 'error', code: 'server_error', message: 'The server had an error', param: null, sequence_number: 99 })}\n\n`,
	other: () => undefined,
};

/** Starts an upstream that speaks both of OpenAI's wires. */
export function startOpenAiUpstream(options: StandInOptions): Promise<StandIn> {
	return startStandIn([wire, chatCompletionsWire], options);
}

/** Starts an upstream that speaks OpenAI Responses. */
export function startResponsesUpstream(options: StandInOptions): Promise<StandIn> {
	return startStandIn([wire], options);
}
