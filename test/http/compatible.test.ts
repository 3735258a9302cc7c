/** Gemini and DeepSeek through their compatible endpoints, whose stand-ins refuse what the vendors refuse. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CallRecord } from '../../appliance/protocol/ports.ts';
import type { Talk, Tongue } from '../conformance/talk.ts';
import { anthropicTongue } from '../conformance/tongues/anthropic.ts';
import { chatTongue } from '../conformance/tongues/chat-completions.ts';
import { responsesTongue } from '../conformance/tongues/responses.ts';
import { GEMINI_THOUGHT_TOKENS, startDeepSeekUpstream, startGeminiUpstream } from '../support/upstream/compatible.ts';
import type { Answer, Script } from '../support/upstream/script.ts';
import type { StandIn } from '../support/upstream/stand-in.ts';
import { startBox, type TestBox } from './support/start-box.ts';

let gemini: StandIn;
let deepseek: StandIn;
let box: TestBox;
let answer: Answer = { content: ['Done.'] };
const script: Script = () => answer;

const price = { inputUsdPerMillion: 2, outputUsdPerMillion: 12, cacheReadUsdPerMillion: 0.2, source: 'test', date: '2026-01-01' };
const window = { tier: 'mid', contextTokens: 200_000, maxOutputTokens: 32_000, price };
const provider = { dialects: ['chat-completions'], keyEnv: 'TEST_OPENAI_KEY' };

beforeAll(async () => {
	gemini = await startGeminiUpstream({ script });
	deepseek = await startDeepSeekUpstream({ script });
	box = await startBox({
		config: {
			providers: {
				gemini: { ...provider, baseUrl: `${gemini.url}/v1beta/openai`, isVersioned: true, vendor: 'gemini' },
				deepseek: { ...provider, baseUrl: deepseek.url, vendor: 'deepseek' },
			},
			deployments: [
				{ id: 'gemini', provider: 'gemini', model: 'gemini-x', ...window },
				{ id: 'deepseek', provider: 'deepseek', model: 'deepseek-x', ...window },
			],
		},
	});
});
afterAll(async () => {
	await box[Symbol.asyncDispose]();
	await gemini.close();
	await deepseek.close();
});
beforeEach(() => {
	answer = { content: ['Done.'] };
});

const TONGUES = [anthropicTongue, chatTongue, responsesTongue];
const ask = (caller: Tongue, id: string, body: object) => box.call(caller.path, body, { headers: { 'x-innerloop-deployment': id } });
const LOOK: Talk = { turns: [{ by: 'user', text: 'Look.' }], tools: ['read', 'list'] };
const TWO_CALLS: Answer = {
	content: [
		{ tool: 'read', input: { path: 'a' } },
		{ tool: 'list', input: {} },
	],
};
const heard = (upstream: StandIn) => JSON.parse(String(upstream.calls.at(-1)?.body));

describe.each(TONGUES)('Gemini, asked in $name', (caller) => {
	it.each([true, false])('gives calls without an index or an id their own, and gets its signatures back (stream: %s)', async (isStream) => {
		answer = TWO_CALLS;
		const reply = await ask(caller, 'gemini', caller.write(LOOK, 'any', isStream));
		const told = caller.read(reply.text, isStream);
		// In its own dialect the bytes pass, and its client has to know these ways itself.
		if (caller.name === 'chat-completions') return expect(reply.status).toBe(200);
		expect(told?.calls.map(({ name, input }) => [name, input])).toEqual([
			['read', { path: 'a' }],
			['list', {}],
		]);
		expect(new Set(told?.calls.map(({ id }) => id)).size).toBe(2);
		expect(told?.finish).toBe('calls');
		if (isStream) return undefined;
		answer = { content: ['Done.'] };
		const second = await ask(caller, 'gemini', caller.goOn(caller.write(LOOK, 'any', false), reply.text));
		expect([second.status, caller.read(second.text, false)?.text]).toEqual([200, 'Done.']);
		expect(JSON.stringify(heard(gemini))).not.toContain('skip_thought_signature_validator');
		return undefined;
	});

	it('passes its check of signatures over for calls that somebody else made', async () => {
		const history: Talk = {
			...LOOK,
			turns: [
				...LOOK.turns,
				{ by: 'assistant', calls: [{ id: 'c1', name: 'read', input: {} }] },
				{ by: 'tools', results: [{ id: 'c1', text: 'seen' }] },
			],
		};
		expect((await ask(caller, 'gemini', caller.write(history, 'any', true))).status).toBe(200);
		expect(JSON.stringify(heard(gemini))).toContain('skip_thought_signature_validator');
	});

	it('is billed for the thoughts that its completion count leaves out', async () => {
		answer = { content: ['Done.'], usage: { inputTokens: 100, cacheReadTokens: 50, outputTokens: 10 } };
		const reply = await ask(caller, 'gemini', caller.write(LOOK, 'any', true));
		const { json } = await box.admin('GET', `/explain/${reply.headers['x-innerloop-call']}`);
		const { outcome } = json as CallRecord;
		expect(outcome).toMatchObject({ inputTokens: 100, cacheReadTokens: 50, outputTokens: 10 + GEMINI_THOUGHT_TOKENS });
		expect(outcome?.costNanoUsd).toBe(100 * 2_000 + 50 * 200 + (10 + GEMINI_THOUGHT_TOKENS) * 12_000);
	});
});

describe.each(TONGUES)('DeepSeek, asked in $name', (caller) => {
	it('gets the reasoning of its own calls back, which it insists on', async () => {
		const talk: Talk = { ...LOOK, effort: 'high' };
		answer = { content: [{ thinking: 'I should look.' }, ...TWO_CALLS.content] };
		const reply = await ask(caller, 'deepseek', caller.write(talk, 'any', false));
		expect(reply.status).toBe(200);
		if (caller.name !== 'chat-completions') expect(caller.read(reply.text, false)?.thinking).toBe('I should look.');
		answer = { content: ['Done.'] };
		const second = await ask(caller, 'deepseek', caller.goOn(caller.write(talk, 'any', false), reply.text));
		expect([second.status, second.text.includes('Done.')]).toEqual([200, true]);
		const turn = heard(deepseek).messages.find(({ role }: { role: string }) => role === 'assistant');
		// A client of its own dialect that drops the field gets by with an empty one.
		expect(turn.reasoning_content).toBe(caller.name === 'chat-completions' ? '' : 'I should look.');
	});

	it('is capped by the only field that it reads, and knows no developer', async () => {
		const talk: Talk = { turns: [{ by: 'system', text: 'You help.' }, { by: 'developer', text: 'Be brief.' }, ...LOOK.turns] };
		expect((await ask(caller, 'deepseek', caller.write(talk, 'any', true))).status).toBe(200);
		const body = heard(deepseek);
		expect(body.max_tokens).toBe(2_000);
		expect(body.messages.map(({ role }: { role: string }) => role)).not.toContain('developer');
	});

	it('tells its cache in words of its own', async () => {
		answer = { content: ['Done.'], usage: { inputTokens: 60, cacheReadTokens: 900, outputTokens: 5 } };
		const reply = await ask(caller, 'deepseek', caller.write(LOOK, 'any', true));
		const { json } = await box.admin('GET', `/explain/${reply.headers['x-innerloop-call']}`);
		expect((json as CallRecord).outcome).toMatchObject({ inputTokens: 60, cacheReadTokens: 900, outputTokens: 5 });
		if (caller.name !== 'chat-completions') expect(caller.read(reply.text, true)).toMatchObject({ input: 60, cacheRead: 900, output: 5 });
	});
});

describe('DeepSeek across dialects', () => {
	it('is not forced to a tool while it thinks, and refuses a schema by an error of the caller', async () => {
		const forced = await ask(anthropicTongue, 'deepseek', anthropicTongue.write({ ...LOOK, choice: 'read' }, 'any', false));
		expect([forced.status, heard(deepseek).thinking]).toEqual([200, { type: 'disabled' }]);
		const held = await ask(anthropicTongue, 'deepseek', anthropicTongue.write({ ...LOOK, schema: 'title' }, 'any', false));
		expect(held.status).toBe(400);
		expect(anthropicTongue.readError(held.text)).toContain('A schema for the answer cannot be passed to deepseek-x');
	});
});
