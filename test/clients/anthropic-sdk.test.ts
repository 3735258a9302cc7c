/** An agent on `@anthropic-ai/sdk` works through the box; what goes wrong reaches it as the SDK's own errors. */

import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { pastedClient } from '../support/pasted.ts';
import { BROKEN_LINE, FIXED_LINE, runProject, writeProject } from '../support/project.ts';
import { makeWorkPlace } from '../support/run-client.ts';
import { runAnthropicAgent } from '../support/sdk-agents.ts';
import { type Box, describeDecision, startBox, UPSTREAM_KEYS, withoutSplices } from '../support/start-box.ts';
import type { Answer, Script } from '../support/upstream/script.ts';
import { readOnlyTools, writingTools } from '../support/work-tools.ts';

const ASK = { model: 'claude-opus-4-8', max_tokens: 200, messages: [{ role: 'user' as const, content: 'Say hello.' }] };
const hello: Script = () => ({ content: ['Hello there.'] });

let box: Box;
let client: Anthropic;

beforeAll(async () => {
	box = await startBox({ script: hello, hasEngine: false, vendors: ['anthropic'] });
	const pasted = pastedClient<Anthropic>('@anthropic-ai/sdk', 'Anthropic', Anthropic, { address: box.url, key: box.service.key });
	client = pasted.withOptions({ maxRetries: 0 });
});
afterAll(() => box?.stop());
beforeEach(() => box.anthropic.setScript(hello));

describe('a session', () => {
	const { workDir, remove } = makeWorkPlace();
	afterAll(remove);

	test('reads, edits and runs, and the frontier gets each call byte for byte but for model and cap', async () => {
		writeProject(workDir);
		const steps: Answer[] = [
			{ content: ['I read.', { tool: 'Read', input: { file_path: 'sum.js' } }] },
			{ content: [{ tool: 'Edit', input: { file_path: 'sum.js', old_string: BROKEN_LINE, new_string: FIXED_LINE } }] },
			{ content: [{ tool: 'Bash', input: { command: 'node sum.js' } }] },
		];
		const first = box.anthropic.calls.length;
		const firstExchange = box.wire.exchanges.length;
		box.anthropic.setScript((turn) => steps.shift() ?? { content: [`It prints: ${turn.toolResults[0]?.text.trim()}`] });
		const run = await runAnthropicAgent(client, {
			model: 'claude-opus-4-8',
			system: 'You mend programs.',
			prompt: 'sum.js is wrong.',
			tools: [...readOnlyTools(workDir), ...writingTools(workDir)],
			maxTurns: 8,
			maxTokens: 1_000,
		});
		expect(run.text).toBe('It prints: sum: 3');
		expect(run.executed.map(({ tool, isError }) => [tool, isError])).toEqual([
			['Read', false],
			['Edit', false],
			['Bash', false],
		]);
		expect(await runProject(workDir)).toBe('sum: 3');
		const exchanges = box.wire.exchanges.slice(firstExchange);
		expect(box.anthropic.calls.slice(first).map((call) => withoutSplices(call.body))).toEqual(
			exchanges.map((exchange) => withoutSplices(exchange.requestBody)),
		);
		for (const exchange of exchanges) {
			const { decision, outcome } = await box.recordOf(exchange);
			expect([decision.role, outcome?.deployment, outcome?.status], describeDecision(decision)).toEqual(['outer', 'frontier', 200]);
		}
	});
});

describe('around a call', () => {
	test('counts tokens', async () => {
		const counted = await client.messages.countTokens({ model: ASK.model, messages: ASK.messages });
		expect(counted.input_tokens).toBeGreaterThan(0);
	});

	test('lists models in its own shape', async () => {
		const models = await client.models.list({ limit: 1000 });
		expect(models.data.map(({ id }) => id)).toEqual(expect.arrayContaining(['claude-opus-4-8', 'claude-sonnet-4-6']));
	});

	test('reports the vendor’s usage, and the record costs what the vendor bills', async () => {
		const before = box.anthropic.bill.totalNanoUsd();
		const message = await client.messages.create(ASK);
		const exchange = box.wire.exchanges.at(-1);
		const billed = box.anthropic.bill.totalNanoUsd() - before;
		expect(message.usage.output_tokens).toBe(box.anthropic.bill.charges.at(-1)?.tokens.outputTokens);
		if (exchange === undefined) throw new Error('no exchange on the wire');
		const { outcome } = await box.recordOf(exchange);
		expect(outcome?.costNanoUsd).toBe(billed);
	});

	test('the vendor gets its own key and no trace of the member’s', async () => {
		await client.messages.create(ASK, { headers: { cookie: 'session=secret' } });
		const headers = box.anthropic.calls.at(-1)?.headers;
		expect(headers?.['x-api-key']).toBe(UPSTREAM_KEYS.anthropic);
		expect(headers?.cookie).toBeUndefined();
		expect(JSON.stringify(headers)).not.toContain(box.service.key);
	});
});

describe('what goes wrong', () => {
	test('no key and a wrong key are an AuthenticationError that says what to do', async () => {
		const stranger = new Anthropic({ baseURL: box.url, authToken: `il_${'x'.repeat(43)}`, apiKey: null, maxRetries: 0 });
		const error = await stranger.messages.create(ASK).catch((reason: unknown) => reason);
		expect(error).toBeInstanceOf(Anthropic.AuthenticationError);
		expect(error).toMatchObject({ status: 401, error: { type: 'error', error: { type: 'authentication_error' } } });
	});

	test('an ill-formed call is a BadRequestError that names the field', async () => {
		const error = await client.messages.create({ ...ASK, max_tokens: -1 }).catch((reason: unknown) => reason);
		expect(error).toBeInstanceOf(Anthropic.BadRequestError);
		expect(String(error)).toContain('max_tokens');
	});

	test('a 429 of the vendor arrives with its own body and retry-after', async () => {
		const body = '{"type":"error","error":{"type":"rate_limit_error","message":"Number of request tokens has exceeded your limit"}}';
		box.anthropic.setScript(() => ({ status: 429, headers: { 'retry-after': '17' }, body }));
		const error = await client.messages.create(ASK).catch((reason: unknown) => reason);
		expect(error).toBeInstanceOf(Anthropic.RateLimitError);
		if (!(error instanceof Anthropic.RateLimitError)) return;
		expect(error.headers.get('retry-after')).toBe('17');
		expect(JSON.stringify(error.error)).toBe(body);
	});

	test('a 529 of the vendor stays a 529', async () => {
		box.anthropic.setScript(() => ({ status: 529 }));
		await expect(client.messages.create(ASK)).rejects.toMatchObject({ status: 529, error: { error: { type: 'overloaded_error' } } });
	});

	test('a cut stream raises, and is never a clean end', async () => {
		box.anthropic.setScript(() => ({ content: ['word '.repeat(200)], cutAfterEvents: 5 }));
		const seen: string[] = [];
		const stream = client.messages.stream(ASK).on('text', (text) => seen.push(text));
		await expect(stream.finalMessage()).rejects.toThrow();
		expect(seen.join('')).toContain('word');
	});

	test('an error event inside the stream arrives as it is', async () => {
		box.anthropic.setScript(() => ({ content: ['word '.repeat(200)], errorAfterEvents: 5 }));
		await expect(client.messages.stream(ASK).finalMessage()).rejects.toThrow(/Overloaded/);
	});

	test('an abort in the stream reaches the vendor at once', async () => {
		box.anthropic.setScript(() => ({ content: ['word '.repeat(2_000)], betweenEventsMs: 10 }));
		const stream = client.messages.stream({ ...ASK, max_tokens: 5_000 });
		stream.on('text', () => stream.abort());
		await expect(stream.finalMessage()).rejects.toBeInstanceOf(Anthropic.APIUserAbortError);
		const abortedAtMs = performance.now();
		await expect.poll(() => box.anthropic.calls.at(-1)?.abortedAtMs).toBeDefined();
		expect((box.anthropic.calls.at(-1)?.abortedAtMs ?? Number.NaN) - abortedAtMs).toBeLessThan(2_000);
	});

	test('an abort before the first byte reaches the vendor too', async () => {
		box.anthropic.setScript(() => ({ content: ['x'], hangAfterEvents: -1 }));
		const calls = box.anthropic.calls.length;
		const controller = new AbortController();
		const call = client.messages.create(ASK, { signal: controller.signal });
		await expect.poll(() => box.anthropic.calls.length).toBe(calls + 1);
		controller.abort();
		await expect(call).rejects.toBeInstanceOf(Anthropic.APIUserAbortError);
		await expect.poll(() => box.anthropic.calls.at(-1)?.abortedAtMs).toBeDefined();
	});
});
