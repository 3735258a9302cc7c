/** What the table asks of every pair of dialects: the words of a call, what its upstream must hear, and what its caller must be told. */

import type { Answer, Refusal } from '../support/upstream/script.ts';
import type { Talk, Told } from './talk.ts';

export interface Capability {
	readonly name: string;
	readonly talk: Talk;
	/** Parts of the talk that must have arrived; default: all of it. */
	readonly hears?: (keyof Talk)[];
	readonly answer?: Answer;
	readonly told?: Partial<Told>;
	/** The caller's dialects that have words for it; default: all. */
	readonly callers?: readonly string[];
}

const user = (text: string) => ({ by: 'user', text }) as const;
const TALK: Talk = { turns: [user('Hello.')] };
const IMAGE = 'aW1hZ2U=';
const PDF = 'cGRm';

const text = (value: string): Answer => ({ content: [value] });
const CALLS = [
	{ id: 'toolu_A', name: 'read', input: { path: 'größe.ts' } },
	{ id: 'toolu_B', name: 'list', input: {} },
] as const;

const HISTORY: Talk = {
	turns: [
		user('Look.'),
		{ by: 'assistant', text: 'I look.', calls: [...CALLS] },
		{
			by: 'tools',
			results: [
				{ id: 'toolu_A', text: 'one' },
				{ id: 'toolu_B', text: 'two' },
			],
		},
	],
	tools: ['read', 'list'],
};

const withoutChat = ['anthropic', 'responses'];
const withoutMessages = ['chat-completions', 'responses'];

export const CAPABILITIES: readonly Capability[] = [
	{ name: 'text', talk: TALK, answer: text('Grüße 😀, it is done.'), told: { text: 'Grüße 😀, it is done.', finish: 'stop' } },
	{ name: 'system', talk: { turns: [{ by: 'system', text: 'You help.' }, user('Hello.')] } },
	{
		name: 'developer',
		talk: { turns: [{ by: 'developer', text: 'Be brief.' }, user('Hello.')] },
		callers: withoutMessages,
	},
	{
		name: 'system in the middle',
		talk: { turns: [user('Hello.'), { by: 'assistant', text: 'Hi.' }, user('Go on.'), { by: 'system', text: 'Be brief.' }] },
	},
	{
		name: 'parallel tool calls in order with text',
		talk: { turns: [user('Look.')], tools: ['read', 'list'] },
		answer: {
			content: ['I look.', { tool: 'read', id: 'toolu_A', input: CALLS[0].input }, { tool: 'list', id: 'toolu_B', input: {} }],
		},
		told: { text: 'I look.', calls: CALLS, finish: 'calls' },
	},
	{ name: 'tool results', talk: HISTORY },
	{
		name: 'tool results with images',
		talk: {
			...HISTORY,
			turns: [
				user('Look.'),
				{ by: 'assistant', calls: [CALLS[0]] },
				{ by: 'tools', results: [{ id: 'toolu_A', text: 'one', image: IMAGE }] },
			],
		},
		callers: withoutChat,
	},
	{
		name: 'freeform tools',
		talk: {
			turns: [
				user('Patch.'),
				{ by: 'assistant', calls: [{ id: 'call_P', name: 'patch', input: '*** Begin\n"x"' }] },
				{ by: 'tools', results: [{ id: 'call_P', text: 'done' }] },
			],
			freeformTool: 'patch',
		},
		hears: ['turns'],
		answer: { content: [{ freeformTool: 'patch', text: '*** Begin\n+größe "y"\n', id: 'call_Q' }] },
		told: { calls: [{ id: 'call_Q', name: 'patch', input: '*** Begin\n+größe "y"\n' }], finish: 'calls' },
		callers: withoutMessages,
	},
	{ name: 'images', talk: { turns: [{ by: 'user', text: 'What is it?', image: IMAGE }] } },
	{ name: 'PDFs', talk: { turns: [{ by: 'user', text: 'What is it?', pdf: PDF }] } },
	{ name: 'reasoning effort', talk: { ...TALK, effort: 'high' } },
	{ name: 'cache marks', talk: { ...TALK, hasCacheMark: true }, callers: ['anthropic'] },
	{ name: 'prompt_cache_key', talk: { ...TALK, cacheKey: 'session-1' }, callers: withoutMessages },
	{ name: 'structured output', talk: { ...TALK, schema: 'title' } },
	{ name: 'stop sequences', talk: { ...TALK, stops: ['END'] }, callers: ['anthropic', 'chat-completions'] },
	{ name: 'a forced tool', talk: { ...TALK, tools: ['read'], choice: 'read' } },
	{ name: 'any tool', talk: { ...TALK, tools: ['read'], choice: 'any' } },
	{ name: 'one tool at a time', talk: { ...TALK, tools: ['read'], isSingle: true } },
	{ name: 'temperature', talk: { ...TALK, temperature: 0.3 } },
	{ name: 'top_p', talk: { ...TALK, topP: 0.7 } },
	{ name: 'top_k', talk: { ...TALK, topK: 7 }, callers: ['anthropic'] },
	{ name: 'seed', talk: { ...TALK, seed: 7 }, callers: ['chat-completions'] },
	{ name: 'user id', talk: { ...TALK, userId: 'member-7' } },
	{ name: 'unknown fields', talk: { ...TALK, unknown: 'frobnicate' } },
	{
		name: 'usage with cache reads',
		talk: TALK,
		answer: {
			content: ['Done.'],
			usage: { inputTokens: 40, cacheReadTokens: 900, cacheWriteTokens: 0, cacheWrite1hTokens: 0, outputTokens: 7 },
		},
		told: { input: 40, cacheRead: 900, output: 7 },
	},
	{
		name: 'usage with cache writes',
		talk: TALK,
		answer: {
			content: ['Done.'],
			usage: { inputTokens: 40, cacheReadTokens: 900, cacheWriteTokens: 300, cacheWrite1hTokens: 0, outputTokens: 7 },
		},
		told: { uncached: 340, cacheRead: 900, output: 7 },
	},
	{
		name: 'output cut at the cap',
		talk: TALK,
		answer: text('word '.repeat(2_000)),
		told: { finish: 'length' },
	},
];

/** What goes wrong at an upstream, and how its caller must hear of it. */
export interface Mishap {
	readonly name: string;
	readonly answer: Answer | Refusal;
	readonly isStream: boolean;
	/** Undefined: the reply is cut, with an error or without, and never looks whole. */
	readonly status?: number;
	readonly retryAfter?: string;
}

export const MISHAPS: readonly Mishap[] = [
	{ name: 'cut in the middle of a stream', answer: { content: ['word '.repeat(200)], cutAfterEvents: 6 }, isStream: true },
	{
		name: 'cut in the middle of a whole reply',
		answer: { content: ['word '.repeat(200)], cutAfterEvents: 6 },
		isStream: false,
		status: 502,
	},
	{ name: 'error inside a stream', answer: { content: ['word '.repeat(200)], errorAfterEvents: 6 }, isStream: true },
	{ name: 'error envelope (400)', answer: { status: 400 }, isStream: false, status: 400 },
	{ name: 'overload (529)', answer: { status: 529 }, isStream: true, status: 529 },
	{
		name: 'rate limit (429) with retry-after',
		answer: { status: 429, headers: { 'retry-after': '7' } },
		isStream: false,
		status: 429,
		retryAfter: '7',
	},
];
