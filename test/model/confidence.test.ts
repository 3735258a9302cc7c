import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Decision } from '../../appliance/protocol/decision.ts';
import type { CallRecord, SpendRow } from '../../appliance/protocol/ports.ts';
import { INSTRUCTION } from '../../appliance/router/confidence/continuation.ts';
import { startBox, type TestBox } from '../http/support/start-box.ts';
import { smallModel, until } from '../support/local-engine.ts';
import { startAnthropicUpstream } from '../support/upstream/anthropic.ts';
import { startOpenAiUpstream } from '../support/upstream/responses.ts';
import type { Script, Turn } from '../support/upstream/script.ts';
import type { StandIn } from '../support/upstream/stand-in.ts';

/** The small model is sure of its first sentence here, and not of its second: by a wide margin, whatever the machine. */
const QUESTION = 'Explain in three sentences what a hash table is.';
const BEGUN = /^A hash table is a data structure[^.]*\.$/;
const REST = ' Collisions are resolved by chaining.';
/** What is doubted, by the role that a call claims. */
const BARS = { inner: { step: 1, toolCall: 1 }, mid: { step: 0.2, toolCall: 0 }, outer: { step: 0, toolCall: 0 } };

const roles = Object.fromEntries(['inner', 'mid', 'outer'].map((role) => [role, { tiers: ['local', 'mid'], deadlineMs: 600_000 }]));
const price = { inputUsdPerMillion: 3, outputUsdPerMillion: 15, cacheReadUsdPerMillion: 0.3, cacheWriteUsdPerMillion: 3.75 };
const figures = {
	contextTokens: 200_000,
	maxOutputTokens: 32_000,
	tier: 'mid',
	price: { ...price, cacheWrite1hUsdPerMillion: 6, source: 'test', date: '2026-01-01' },
};

let anthropic: StandIn;
let openai: StandIn;
let box: TestBox;
const turns: Turn[] = [];

const wellSaid: Script = (turn) => {
	turns.push(turn);
	return { content: [REST] };
};

beforeAll(async () => {
	anthropic = await startAnthropicUpstream({ script: wellSaid });
	openai = await startOpenAiUpstream({ script: wellSaid });
	const config = {
		local: { isEnabled: true, model: 'smollm2-135m', slots: 2, contextTokens: 2_048, threads: 1, build: 'prebuilt' },
		deployments: [
			{ id: 'sonnet', provider: 'anthropic', model: 'claude-sonnet-4-6', ...figures },
			{ id: 'gpt-mini', provider: 'openai', model: 'gpt-5.4-mini', ...figures },
		],
		roles,
		routing: { mostTimesCloud: 1_000_000 },
		retries: { repeats: 0 },
		confidence: { isOn: true, roles: BARS, samples: { answers: 3, budgetMs: 60_000, mostEntropy: 0.3 } },
	};
	box = await startBox({ anthropic: anthropic.url, openai: openai.url, model: smallModel(), config });
	await until(() => box.engine?.status().state === 'ready');
});

afterEach(() => {
	anthropic.setScript(wellSaid);
	openai.setScript(wellSaid);
	turns.length = 0;
});

afterAll(async () => {
	await box[Symbol.asyncDispose]();
	await anthropic.close();
	await openai.close();
});

const as = (role: keyof typeof BARS) => ({ headers: { 'x-innerloop-role': role } });
const messages = [{ role: 'user' as const, content: QUESTION }];
const asked = (over: Record<string, unknown> = {}) => ({ model: 'any', max_tokens: 200, messages, ...over });
const billed = () => anthropic.bill.totalNanoUsd() + openai.bill.totalNanoUsd();

/** What a call cost by the stand-ins' own bills, and what the box says of it. */
async function recordOf(callId: unknown): Promise<CallRecord & { readonly outcome: NonNullable<CallRecord['outcome']> }> {
	for (;;) {
		const { status, json } = await box.admin('GET', `/explain/${String(callId)}`);
		const record = json as CallRecord;
		if (status === 200 && record.outcome !== undefined) return { ...record, outcome: record.outcome };
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}

/** Of the record, not of the header: a slow machine's first ping sends the head before anything is doubted. */
const codesOf = ({ reasons }: Decision) => reasons.map(({ code }) => code);

async function bill<T>(run: () => Promise<T>): Promise<{ readonly result: T; readonly nanoUsd: number }> {
	const before = billed();
	const result = await run();
	return { result, nanoUsd: billed() - before };
}

const textOf = (message: Anthropic.Message) => message.content.map((block) => (block.type === 'text' ? block.text : '')).join('');

function anthropicSdk(): Anthropic {
	return new Anthropic({ apiKey: box.key, baseURL: box.url, maxRetries: 0 });
}

describe('an answer that nobody doubts', () => {
	it('is the box’s own, at no cost, and explain says how sure it was', async () => {
		const { result, nanoUsd } = await bill(() => box.call('/v1/messages', asked({ stream: true }), as('outer')));
		expect(result.headers['x-innerloop-deployment']).toBe('local');
		expect(nanoUsd).toBe(0);
		const { decision, outcome } = await recordOf(result.headers['x-innerloop-call']);
		expect(decision.confidence).toMatchObject({ went: 'released', doubts: [], lowest: expect.any(Number) });
		// The token that ends the turn has no text.
		expect((outcome.outputTokens ?? 0) - (decision.confidence?.releasedTokens ?? 0)).toBe(1);
	});
});

describe('a doubt before anything was released', () => {
	it.each([true, false])('lets the cloud begin afresh with the caller’s own bytes (stream: %s)', async (stream) => {
		const { result, nanoUsd } = await bill(() => box.call('/v1/messages', asked({ stream }), as('inner')));
		expect(result.status).toBe(200);
		expect(result.text).not.toContain('hash table is');
		expect(turns.at(-1)?.body.messages).toEqual(messages);
		const { decision, outcome } = await recordOf(result.headers['x-innerloop-call']);
		expect(decision.confidence).toMatchObject({ went: 'escalated-afresh', doubts: ['low-confidence'], releasedTokens: 0 });
		expect(codesOf(decision)).toContain('doubt-low-confidence');
		expect([outcome.deployment, outcome.costNanoUsd]).toEqual(['sonnet', nanoUsd]);
	});

	it('is never raised where nobody could take over: the local answer stands', async () => {
		const headers = { 'x-innerloop-role': 'inner', 'x-innerloop-tier': 'local' };
		const reply = await box.call('/v1/messages', asked({ stream: true }), { headers });
		expect(reply.headers['x-innerloop-deployment']).toBe('local');
		expect(reply.text).toContain('message_stop');
		expect((await recordOf(reply.headers['x-innerloop-call'])).decision.confidence).toBeUndefined();
	});
});

describe('a doubt in the middle', () => {
	it('lets the cloud go on from a prefill: one message, one text, both in the bill', async () => {
		const { result, nanoUsd } = await bill(async () => {
			const stream = anthropicSdk().messages.stream(asked(), as('mid'));
			const events: string[] = [];
			stream.on('streamEvent', ({ type }) => events.push(type));
			const message = await stream.finalMessage();
			return { message, events, call: stream.response?.headers.get('x-innerloop-call') };
		});
		const { message, events } = result;
		expect(message.content).toHaveLength(1);
		const begun = textOf(message).slice(0, -REST.length);
		expect(begun).toMatch(BEGUN);
		expect(textOf(message)).toBe(begun + REST);
		expect(message.stop_reason).toBe('end_turn');
		expect(events.filter((type) => type === 'message_start' || type === 'content_block_start')).toHaveLength(2);
		expect(turns.at(-1)?.body.messages).toEqual([
			{ role: 'user', content: [{ type: 'text', text: QUESTION }] },
			{ role: 'assistant', content: [{ type: 'text', text: begun }] },
		]);
		const { decision, outcome } = await recordOf(result.call);
		expect(decision.confidence).toMatchObject({ went: 'escalated-after-text', to: 'sonnet', by: 'prefill', doubts: ['low-confidence'] });
		expect(outcome).toMatchObject({ deployment: 'sonnet', costNanoUsd: nanoUsd, isCostBound: false });
		expect(nanoUsd).toBeGreaterThan(0);
		expect(decision.reservedNanoUsd).toBeGreaterThanOrEqual(nanoUsd);
		const released = decision.confidence?.releasedTokens ?? 0;
		expect(message.usage.output_tokens).toBe(released + (outcome.outputTokens ?? 0));
		// What the caller has counts against its cap.
		expect(turns.at(-1)?.outputCapTokens).toBeLessThanOrEqual(200 - released);
	});

	it('asks in words where a model refuses a prefill, and does not try that twice', async () => {
		const refuses: Script = (turn) => {
			turns.push(turn);
			const { messages } = turn.body as { messages: { role: string }[] };
			return messages.at(-1)?.role === 'assistant' ? { status: 400 } : { content: [REST] };
		};
		anthropic.setScript(refuses);
		const first = await bill(() => anthropicSdk().messages.stream(asked(), as('mid')).finalMessage());
		expect(textOf(first.result).endsWith(REST)).toBe(true);
		expect(turns.map(({ lastUserText }) => lastUserText)).toEqual([QUESTION, INSTRUCTION]);
		await anthropicSdk().messages.stream(asked(), as('mid')).finalMessage();
		expect(turns.map(({ lastUserText }) => lastUserText)).toEqual([QUESTION, INSTRUCTION, INSTRUCTION]);
	});

	it('in Chat Completions: asks in words, and the caller sees one message', async () => {
		const sdk = new OpenAI({ apiKey: box.key, baseURL: `${box.url}/v1`, maxRetries: 0 });
		const { result, nanoUsd } = await bill(async () => {
			const stream = sdk.chat.completions.stream({ model: 'any', max_completion_tokens: 200, messages }, as('mid'));
			const completion = await stream.finalChatCompletion();
			return completion.choices[0]?.message.content ?? '';
		});
		expect(result.slice(0, -REST.length)).toMatch(BEGUN);
		expect(result.endsWith(REST)).toBe(true);
		expect(turns.at(-1)?.lastUserText).toBe(INSTRUCTION);
		expect(nanoUsd).toBeGreaterThan(0);
	});

	it('in Responses: likewise, with one output item', async () => {
		const sdk = new OpenAI({ apiKey: box.key, baseURL: `${box.url}/v1`, maxRetries: 0 });
		const final = await sdk.responses.stream({ model: 'any', max_output_tokens: 200, input: QUESTION }, as('mid')).finalResponse();
		expect(final.output).toHaveLength(1);
		expect(final.output_text.slice(0, -REST.length)).toMatch(BEGUN);
		expect(final.output_text.endsWith(REST)).toBe(true);
	});

	it('may go to the next candidate, of another dialect, where the first cannot go on', async () => {
		anthropic.setScript(() => ({ status: 500 }));
		const message = await anthropicSdk().messages.stream(asked(), as('mid')).finalMessage();
		expect(textOf(message).endsWith(REST)).toBe(true);
		expect(turns.at(-1)?.model).toBe('gpt-5.4-mini');
	});

	it('leaves out what the cloud repeats of it, and puts a tool call behind it', async () => {
		anthropic.setScript((turn) => {
			const { messages } = turn.body as { messages: { role: string; content: { text: string }[] }[] };
			const said = messages.find(({ role }) => role === 'assistant')?.content[0]?.text ?? '';
			return { content: [`${said}${REST}`, { tool: 'Read', input: { file_path: 'a.ts' } }] };
		});
		const message = await anthropicSdk().messages.stream(asked(), as('mid')).finalMessage();
		expect(textOf(message).match(/A hash table is/g)).toHaveLength(1);
		expect(message.content.map(({ type }) => type)).toEqual(['text', 'tool_use']);
		expect(message.stop_reason).toBe('tool_use');
	});

	it('ends in the dialect’s own error where nobody can go on', async () => {
		anthropic.setScript(() => ({ status: 500 }));
		openai.setScript(() => ({ status: 500 }));
		const reply = await box.call('/v1/messages', asked({ stream: true }), as('mid'));
		expect(reply.text).toContain('A hash table is');
		expect(reply.text).toContain('event: error');
		expect(reply.text).not.toContain('message_stop');
		expect(reply.isCut).toBe(true);
		const { outcome } = await recordOf(reply.headers['x-innerloop-call']);
		expect(outcome).toMatchObject({ problemCode: 'upstream-failed', costNanoUsd: 0 });
	});

	it('and a caller that leaves then stops the cloud, and is billed what the cloud bills at most', async () => {
		anthropic.setScript(() => ({ content: ['word '.repeat(400)], betweenEventsMs: 20 }));
		const gone = new AbortController();
		let heard = '';
		const onChunk = (bytes: Buffer) => {
			heard += String(bytes);
			if (heard.includes('word word')) gone.abort();
		};
		const arrivals = anthropic.calls.length;
		const { nanoUsd } = await bill(async () => {
			await box.call('/v1/messages', asked({ stream: true }), { ...as('mid'), signal: gone.signal, onChunk }).catch(() => undefined);
			await until(() => anthropic.calls[arrivals]?.abortedAtMs !== undefined && box.service.runningCalls() === 0);
		});
		await until(() => box.engine?.status().busySlots === 0);
		const { json } = await box.admin('GET', '/calls?limit=1');
		const [record] = (json as { calls: CallRecord[] }).calls;
		expect(record?.outcome?.problemCode).toBe('canceled');
		expect(record?.outcome?.costNanoUsd).toBeGreaterThanOrEqual(nanoUsd);
		expect(record?.outcome?.costNanoUsd).toBeLessThanOrEqual(record?.decision.reservedNanoUsd ?? 0);
	});

	it.each([40, 64, 100, 256, 1_000])(
		'never costs more than was reserved, with a cap of %i and a cloud that writes all it may',
		async (cap) => {
			anthropic.setScript(() => ({ content: ['word '.repeat(2_000)] }));
			const { result, nanoUsd } = await bill(() => box.call('/v1/messages', asked({ stream: true, max_tokens: cap }), as('mid')));
			expect(result.isCut).toBe(false);
			const { decision, outcome } = await recordOf(result.headers['x-innerloop-call']);
			expect(outcome.costNanoUsd).toBe(nanoUsd);
			expect(nanoUsd).toBeLessThanOrEqual(decision.reservedNanoUsd);
			const written = /"output_tokens":(\d+)/g;
			const tokens = Number([...result.text.matchAll(written)].at(-1)?.[1]);
			expect(tokens).toBeLessThanOrEqual(cap);
		},
	);
});

describe('a tool call', () => {
	const tools = [
		{
			name: 'Read',
			description: 'Reads a file.',
			input_schema: { type: 'object', properties: { file_path: { type: 'string' } }, required: ['file_path'], additionalProperties: false },
		},
	];
	const forced = (text: string) =>
		asked({ stream: true, tools, tool_choice: { type: 'tool', name: 'Read' }, messages: [{ role: 'user', content: text }] });
	const inputOf = (text: string) =>
		[...text.matchAll(/"partial_json":(".*?[^\\]")\}/g)].map(([, piece = '""']) => JSON.parse(piece) as string).join('');
	const calls: Script = (turn) => {
		turns.push(turn);
		return { content: [{ tool: 'Read', input: { file_path: 'from-the-cloud.ts' } }] };
	};

	it('to a path that nobody has mentioned goes to the cloud, and nothing of it to the caller', async () => {
		anthropic.setScript(calls);
		const reply = await box.call('/v1/messages', forced('Proceed.'), as('outer'));
		const { decision } = await recordOf(reply.headers['x-innerloop-call']);
		expect(codesOf(decision)).toContain('doubt-path-not-in-transcript');
		expect(reply.text.match(/"type":"tool_use"/g)).toHaveLength(1);
		expect(inputOf(reply.text)).toBe('{"file_path":"from-the-cloud.ts"}');
	});

	it('that the model was not sure of likewise, whatever stood in it', async () => {
		anthropic.setScript(calls);
		const reply = await box.call('/v1/messages', forced('Read src/cart.ts.'), as('inner'));
		const { decision } = await recordOf(reply.headers['x-innerloop-call']);
		expect(codesOf(decision)).toContain('doubt-unsure-tool-call');
		expect(inputOf(reply.text)).toBe('{"file_path":"from-the-cloud.ts"}');
	});
});

it('a caller that leaves while a step is held stops the local model', async () => {
	const gone = new AbortController();
	const body = asked({ stream: true, max_tokens: 1_000, messages: [{ role: 'user', content: 'Write a very long story.' }] });
	const call = box.call('/v1/messages', body, { ...as('outer'), signal: gone.signal }).catch(() => undefined);
	await until(() => box.engine?.status().busySlots === 1);
	gone.abort();
	await call;
	await until(() => box.engine?.status().busySlots === 0 && box.service.runningCalls() === 0);
	const { json } = await box.admin('GET', '/calls?limit=1');
	expect((json as { calls: CallRecord[] }).calls[0]?.outcome).toMatchObject({ problemCode: 'canceled', costNanoUsd: 0 });
});

describe('a short answer', () => {
	it('is asked for again on the prompt that was read already, and released where the answers agree', async () => {
		const body = asked({ stream: true, messages: [{ role: 'user', content: 'What is the capital of France? Answer with one word.' }] });
		const reply = await box.call('/v1/messages', body, as('outer'));
		const { decision, outcome } = await recordOf(reply.headers['x-innerloop-call']);
		expect(decision.confidence?.samples).toMatchObject({ answers: 3, clusters: expect.any(Number), entropy: expect.any(Number) });
		const { entropy = 0 } = decision.confidence?.samples ?? {};
		expect(outcome.deployment).toBe(entropy > 0.3 ? 'sonnet' : 'local');
	});
});

it('the ledger has what the stand-ins billed, to the nano-dollar, beside what was cut', async () => {
	const { json } = await box.admin('GET', '/calls?limit=1000');
	const { calls } = json as { calls: CallRecord[] };
	const whole = calls
		.filter(({ outcome }) => outcome?.isCostBound === false)
		.reduce((sum, { outcome }) => sum + (outcome?.costNanoUsd ?? 0), 0);
	const cut = calls
		.filter(({ outcome }) => outcome?.isCostBound === true)
		.reduce((sum, { outcome }) => sum + (outcome?.costNanoUsd ?? 0), 0);
	const { json: spend } = await box.admin('GET', '/spend');
	const { rows } = spend as { rows: SpendRow[] };
	const team = rows.find(({ scope, period }) => scope === 'team' && period === 'day');
	expect(team?.settledNanoUsd).toBe(whole + cut);
	expect(team?.settledNanoUsd).toBeLessThanOrEqual(team?.ceilingNanoUsd ?? 0);
	expect(billed()).toBeLessThanOrEqual(whole + cut);
	expect(billed()).toBeGreaterThanOrEqual(whole);
});
