/** Stand-ins for Gemini's and DeepSeek's endpoints for clients of OpenAI's: the same wire with each vendor's own ways, and its refusals. */

import { chatCompletionsWire } from './chat-completions.ts';
import type { Block, Generation } from './generation.ts';
import type { Answer, JsonObject, Refusal, Script, Turn } from './script.ts';
import { type StandIn, type StandInOptions, startStandIn, type Wire, type WireEvent } from './stand-in.ts';

interface Message {
	readonly role: string;
	readonly tool_calls?: readonly JsonObject[];
	readonly reasoning_content?: unknown;
}

const messagesOf = ({ body }: Turn) => (body.messages ?? []) as readonly Message[];

function refusing(script: Script, faultOf: (turn: Turn) => string | undefined): Script {
	return (turn): Answer | Refusal | Promise<Answer | Refusal> => {
		const message = faultOf(turn);
		if (message === undefined) return script(turn);
		return {
			status: 400,
			body: JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code: 'invalid_request_error' } }),
		};
	};
}

type Chunk = JsonObject & { readonly choices: readonly (JsonObject & { readonly delta?: JsonObject })[] };

/** Rewrites every chunk of a stream; `[DONE]` stays. */
function mapChunks(events: readonly WireEvent[], change: (chunk: Chunk) => readonly JsonObject[]): WireEvent[] {
	return events.flatMap((event) => {
		const data = event.text.slice('data: '.length).trim();
		if (data === '[DONE]') return [event];
		return change(JSON.parse(data) as Chunk).map((chunk, index) => ({
			text: `data: ${JSON.stringify(chunk)}\n\n`,
			outputTokens: index === 0 ? event.outputTokens : 0,
		}));
	});
}

/* ---- Gemini ---- */

const THOUGHT_TOKENS = 40;
const signatureOf = (name: string) => `c2lnbmVkLWJ5LWdlbWluaS0${Buffer.from(name).toString('base64url')}`;
const signed = (name: string) => ({ extra_content: { google: { thought_signature: signatureOf(name) } } });

/** Calls since the user's last words must carry the signature that they came with, or the documented way around it. */
function geminiFault(turn: Turn): string | undefined {
	const messages = messagesOf(turn);
	const from = messages.findLastIndex(({ role }) => role === 'user');
	for (const { role, tool_calls: calls = [], reasoning_content } of messages.slice(Math.max(from, 0))) {
		if (reasoning_content !== undefined) return 'Invalid JSON payload received. Unknown name "reasoning_content"';
		for (const call of role === 'assistant' ? calls : []) {
			const { name } = call.function as { name: string };
			const held = (call.extra_content as { google?: { thought_signature?: string } } | undefined)?.google?.thought_signature;
			if (held !== signatureOf(name) && held !== 'skip_thought_signature_validator') {
				return `Function call is missing a thought_signature in functionCall parts. Additional data, function call \`default_api:${name}\``;
			}
		}
	}
	return messages.some(({ role }) => role === 'developer') ? 'Unknown role developer.' : undefined;
}

/** No index and, for the second call on, no id; a whole call in one chunk; a plain stop; thoughts outside the completion count. */
const geminiWire: Wire = {
	...chatCompletionsWire,
	generatePath: '/v1beta/openai/chat/completions',
	headers: {},
	events: (generation, body) => [
		...mapChunks(
			chatCompletionsWire.events({ ...generation, blocks: generation.blocks.filter(({ type }) => type === 'text') }, body).slice(0, -1),
			(chunk) => (chunk.usage == null ? [plainStop(chunk)] : []),
		),
		...geminiCalls(generation, body),
		{ text: `data: ${JSON.stringify(geminiUsage(generation))}\n\ndata: [DONE]\n\n`, outputTokens: 0 },
	],
	whole: (generation) => {
		const reply = JSON.parse(chatCompletionsWire.whole(generation)) as { choices: [{ message: { tool_calls?: JsonObject[] } }] };
		const [choice] = reply.choices;
		const calls = choice.message.tool_calls?.map((call) => ({ ...call, id: '', ...signed((call.function as { name: string }).name) }));
		const message = { ...choice.message, ...(calls === undefined ? {} : { tool_calls: calls }) };
		return JSON.stringify({ ...reply, choices: [{ ...choice, message, finish_reason: 'stop' }], usage: geminiUsage(generation).usage });
	},
	error: (status, message) => JSON.stringify([{ error: { code: status, message, status: 'INVALID_ARGUMENT' } }]),
};

function plainStop(chunk: Chunk): JsonObject {
	return {
		...chunk,
		choices: chunk.choices.map((choice) => (choice.finish_reason === null ? choice : { ...choice, finish_reason: 'stop' })),
	};
}

const isTool = (block: Block): block is Extract<Block, { type: 'tool' }> => block.type === 'tool';

function geminiCalls(generation: Generation, _body: JsonObject): WireEvent[] {
	return generation.blocks.filter(isTool).map(({ name, pieces }) => {
		const call = { type: 'function', function: { name, arguments: pieces.join('') }, id: '', ...signed(name) };
		const choice = { index: 0, delta: { role: 'assistant', tool_calls: [call] }, finish_reason: 'stop' };
		return { text: `data: ${JSON.stringify({ id: generation.id, model: generation.model, choices: [choice] })}\n\n`, outputTokens: 0 };
	});
}

function geminiUsage({ id, model, tokens }: Generation) {
	const prompt = tokens.inputTokens + tokens.cacheReadTokens;
	const usage = {
		prompt_tokens: prompt,
		completion_tokens: tokens.outputTokens,
		total_tokens: prompt + tokens.outputTokens + THOUGHT_TOKENS,
		...(tokens.cacheReadTokens > 0 ? { prompt_tokens_details: { cached_tokens: tokens.cacheReadTokens } } : {}),
	};
	return { id, model, choices: [], usage };
}

/* ---- DeepSeek ---- */

function deepSeekFault(turn: Turn): string | undefined {
	const { body } = turn;
	const messages = messagesOf(turn);
	const isThinking = (body.thinking as { type?: string } | undefined)?.type !== 'disabled';
	const isForced = body.tool_choice !== undefined && body.tool_choice !== 'auto' && body.tool_choice !== 'none';
	if (messages.some(({ role }) => role === 'developer'))
		return 'unknown variant `developer`, expected one of `system`, `user`, `assistant`, `tool`';
	if ((body.response_format as { type?: string } | undefined)?.type === 'json_schema')
		return 'This response_format type is unavailable now';
	if (isThinking && isForced) return 'Thinking mode does not support this tool_choice';
	if (body.max_tokens === undefined) return 'a test insists on max_tokens, the only cap that this vendor reads';
	const isBare = ({ role, tool_calls: calls = [], reasoning_content }: Message) =>
		role === 'assistant' && calls.length > 0 && reasoning_content === undefined;
	return isThinking && messages.some(isBare) ? 'The `reasoning_content` in the thinking mode must be passed back to the API.' : undefined;
}

const deepSeekWire: Wire = {
	...chatCompletionsWire,
	headers: {},
	events(generation, body) {
		const thinking = generation.blocks.flatMap((block) => (block.type === 'thinking' ? block.pieces : []));
		const [opening, ...rest] = chatCompletionsWire.events(generation, body);
		const chunk = (delta: JsonObject) => ({
			id: generation.id,
			model: generation.model,
			choices: [{ index: 0, delta, finish_reason: null }],
		});
		const thoughts = thinking.map((piece) => ({
			text: `data: ${JSON.stringify(chunk({ content: null, reasoning_content: piece }))}\n\n`,
			outputTokens: 0,
		}));
		const events = mapChunks([...(opening === undefined ? [] : [opening]), ...thoughts, ...rest], (one) => [
			one.usage == null ? one : { ...one, usage: deepSeekUsage(generation) },
		]);
		return events;
	},
	whole(generation) {
		const reply = JSON.parse(chatCompletionsWire.whole(generation)) as { choices: [{ message: JsonObject }] };
		const text = generation.blocks.flatMap((block) => (block.type === 'thinking' ? block.pieces : [])).join('');
		const [choice] = reply.choices;
		const message = { ...choice.message, ...(text === '' ? {} : { reasoning_content: text }) };
		return JSON.stringify({ ...reply, choices: [{ ...choice, message }], usage: deepSeekUsage(generation) });
	},
};

function deepSeekUsage({ tokens }: Generation) {
	const prompt = tokens.inputTokens + tokens.cacheReadTokens;
	return {
		prompt_tokens: prompt,
		prompt_cache_hit_tokens: tokens.cacheReadTokens,
		prompt_cache_miss_tokens: tokens.inputTokens,
		completion_tokens: tokens.outputTokens,
		total_tokens: prompt + tokens.outputTokens,
	};
}

/** What Gemini's answers say beyond their completion count. */
export const GEMINI_THOUGHT_TOKENS = THOUGHT_TOKENS;

export function startGeminiUpstream(options: StandInOptions): Promise<StandIn> {
	return startStandIn([geminiWire], { ...options, script: refusing(options.script, geminiFault) });
}

export function startDeepSeekUpstream(options: StandInOptions): Promise<StandIn> {
	return startStandIn([deepSeekWire], { ...options, script: refusing(options.script, deepSeekFault) });
}
