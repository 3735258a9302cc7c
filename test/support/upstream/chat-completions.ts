/** A stand-in for an OpenAI Chat Completions upstream: chunks, usage on request, errors, models. */

import type { BilledTokens } from './bill.ts';
import { type Block, type Generation, tokensOf } from './generation.ts';
import type { JsonObject, ToolResult } from './script.ts';
import { type StandIn, type StandInOptions, startStandIn, type Wire, type WireEvent } from './stand-in.ts';

const ERROR_TYPE: Readonly<Record<number, string>> = {
	400: 'invalid_request_error',
	401: 'invalid_request_error',
	404: 'invalid_request_error',
	429: 'requests',
};

const MODELS = ['gpt-5.5', 'gpt-5.4-mini'];

interface WireMessage {
	readonly role: string;
	readonly content?: unknown;
	readonly tool_calls?: readonly {
		readonly id: string;
		readonly function?: { readonly name: string };
		readonly custom?: { readonly name: string };
	}[];
	readonly tool_call_id?: string;
}

function textOf(content: unknown): string {
	if (typeof content === 'string') return content;
	if (!Array.isArray(content)) return '';
	return (content as { type: string; text?: string }[])
		.filter((part) => part.type === 'text')
		.map((part) => part.text ?? '')
		.join('\n');
}

function newestToolResults(messages: readonly WireMessage[]): ToolResult[] {
	const names = new Map(
		messages.flatMap((message) => message.tool_calls ?? []).map((call) => [call.id, (call.function ?? call.custom)?.name]),
	);
	const start = messages.findLastIndex((message) => message.role !== 'tool') + 1;
	return messages
		.slice(start)
		.map((message) => ({ name: names.get(message.tool_call_id ?? '') ?? '', text: textOf(message.content), isError: false }));
}

function usageOf(tokens: BilledTokens): JsonObject {
	const prompt = tokens.inputTokens + tokens.cacheReadTokens + tokens.cacheWriteTokens + tokens.cacheWrite1hTokens;
	return {
		prompt_tokens: prompt,
		completion_tokens: tokens.outputTokens,
		total_tokens: prompt + tokens.outputTokens,
		prompt_tokens_details: { cached_tokens: tokens.cacheReadTokens, audio_tokens: 0 },
		completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 },
	};
}

const FINISH = { stop: 'stop', 'tool-use': 'tool_calls', length: 'length' } as const;

function head(generation: Generation, object: string): JsonObject {
	return {
		id: `chatcmpl-${generation.id}`,
		object,
		created: 1_780_000_000,
		model: generation.model,
		service_tier: 'default',
		system_fingerprint: 'fp_stand_in',
	};
}

type ToolBlock = Exclude<Block, { type: 'text' | 'thinking' }>;

function toolCall(block: ToolBlock, text: string): JsonObject {
	if (block.type === 'tool') return { id: block.id, type: 'function', function: { name: block.name, arguments: text } };
	return { id: block.id, type: 'custom', custom: { name: block.name, input: text } };
}

function toolDelta(block: ToolBlock, index: number, piece: string): JsonObject {
	return { tool_calls: [{ index, ...(block.type === 'tool' ? { function: { arguments: piece } } : { custom: { input: piece } }) }] };
}

function deltas(generation: Generation): { delta: JsonObject; outputTokens: number }[] {
	const list: { delta: JsonObject; outputTokens: number }[] = [
		{ delta: { role: 'assistant', content: '', refusal: null }, outputTokens: 0 },
	];
	let toolIndex = -1;
	for (const block of generation.blocks) {
		if (block.type === 'thinking') continue;
		if (block.type !== 'text') {
			toolIndex += 1;
			list.push({ delta: { tool_calls: [{ index: toolIndex, ...toolCall(block, '') }] }, outputTokens: 0 });
		}
		for (const piece of block.pieces) {
			list.push({ delta: block.type === 'text' ? { content: piece } : toolDelta(block, toolIndex, piece), outputTokens: tokensOf(piece) });
		}
	}
	return list;
}

function asksForUsage(body: JsonObject): boolean {
	return (body.stream_options as { include_usage?: boolean } | undefined)?.include_usage === true;
}

function wholeMessage(generation: Generation): JsonObject {
	const text = generation.blocks.flatMap((block) => (block.type === 'text' ? block.pieces : [])).join('');
	const calls = generation.blocks.flatMap((block) =>
		block.type === 'tool' || block.type === 'freeform-tool' ? [toolCall(block, block.pieces.join(''))] : [],
	);
	return {
		role: 'assistant',
		content: text === '' && calls.length > 0 ? null : text,
		refusal: null,
		annotations: [],
		...(calls.length > 0 ? { tool_calls: calls } : {}),
	};
}

/** The wire alone, for a vendor that speaks others beside it. */
export const chatCompletionsWire: Wire = {
	generatePath: '/v1/chat/completions',
	headers: { 'x-request-id': 'req_stand_in', 'openai-version': '2020-10-01' },
	readTurn(body, headers, index) {
		const messages = (body.messages ?? []) as readonly WireMessage[];
		const typed = messages.filter((message) => message.role === 'user');
		const cap = body.max_completion_tokens ?? body.max_tokens;
		return {
			model: String(body.model),
			headers,
			body,
			isStream: body.stream === true,
			toolNames: ((body.tools ?? []) as readonly { type: string; [type: string]: unknown }[]).map(
				(tool) => (tool[tool.type] as { name: string } | undefined)?.name ?? '',
			),
			systemText: messages
				.filter((message) => message.role === 'system' || message.role === 'developer')
				.map((message) => textOf(message.content))
				.join('\n'),
			firstUserText: textOf(typed[0]?.content),
			lastUserText: textOf(typed.at(-1)?.content),
			toolResults: newestToolResults(messages),
			outputCapTokens: typeof cap === 'number' ? cap : undefined,
			index,
		};
	},
	// This vendor caches by itself and bills no writes; only reads differ, and scripts set those by `usage`.
	cacheLife: () => 'none',
	events(generation, body) {
		const withUsage = asksForUsage(body);
		const chunk = (choices: readonly JsonObject[], usage: JsonObject | null, outputTokens = 0): WireEvent => ({
			text: `data: ${JSON.stringify({ ...head(generation, 'chat.completion.chunk'), choices, ...(withUsage ? { usage } : {}) })}\n\n`,
			outputTokens,
		});
		const choice = (delta: JsonObject, finish: string | null) => ({ index: 0, delta, logprobs: null, finish_reason: finish });
		return [
			...deltas(generation).map(({ delta, outputTokens }) => chunk([choice(delta, null)], null, outputTokens)),
			chunk([choice({}, FINISH[generation.finish])], null),
			...(withUsage ? [chunk([], usageOf(generation.tokens))] : []),
			{ text: 'data: [DONE]\n\n', outputTokens: 0 },
		];
	},
	whole: (generation) =>
		JSON.stringify({
			...head(generation, 'chat.completion'),
			choices: [{ index: 0, message: wholeMessage(generation), logprobs: null, finish_reason: FINISH[generation.finish] }],
			usage: usageOf(generation.tokens),
		}),
	error: (status, message) =>
		JSON.stringify({
			error: { message, type: ERROR_TYPE[status] ?? 'server_error', param: null, code: status === 429 ? 'rate_limit_exceeded' : null },
		}),
	errorEvent: () =>
		`data: ${JSON.stringify({ error: { message: 'The server had an error', type: 'server_error', param: null, code: null } })}\n\n`,
	other(method, path) {
		if (method !== 'GET' || path.split('?')[0] !== '/v1/models') return undefined;
		return JSON.stringify({
			object: 'list',
			data: MODELS.map((id) => ({ id, object: 'model', created: 1_780_000_000, owned_by: 'stand-in' })),
		});
	},
};

/** Starts an upstream that speaks OpenAI Chat Completions. */
export function startChatCompletionsUpstream(options: StandInOptions): Promise<StandIn> {
	return startStandIn([chatCompletionsWire], options);
}
