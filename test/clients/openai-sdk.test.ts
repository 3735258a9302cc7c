/** An agent on the `openai` SDK works through the box; what goes wrong reaches it as the SDK's own errors. */

import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { pastedClient } from '../support/pasted.ts';
import { BROKEN_LINE, FIXED_LINE, runProject, writeProject } from '../support/project.ts';
import { makeWorkPlace } from '../support/run-client.ts';
import { runOpenAiAgent, runResponsesAgent } from '../support/sdk-agents.ts';
import { type Box, describeDecision, startBox, UPSTREAM_KEYS, withoutSplices } from '../support/start-box.ts';
import type { Answer, Script } from '../support/upstream/script.ts';
import { readOnlyTools, writingTools } from '../support/work-tools.ts';

const ASK = { model: 'gpt-5.5', messages: [{ role: 'user' as const, content: 'Say hello.' }] };
const hello: Script = () => ({ content: ['Hello there.'] });

let box: Box;
let client: OpenAI;

beforeAll(async () => {
	box = await startBox({ script: hello, hasEngine: false, vendors: ['openai'] });
	const pasted = pastedClient<OpenAI>('openai', 'OpenAI', OpenAI, { address: box.url, key: box.service.key });
	client = pasted.withOptions({ maxRetries: 0 });
});
afterAll(() => box?.stop());
beforeEach(() => box.openai.setScript(hello));

describe('a session', () => {
	const { workDir, remove } = makeWorkPlace();
	afterAll(remove);

	test('reads, edits and runs on the frontier deployment', async () => {
		writeProject(workDir);
		const steps: Answer[] = [
			{ content: ['I read.', { tool: 'Read', input: { file_path: 'sum.js' } }] },
			{ content: [{ tool: 'Edit', input: { file_path: 'sum.js', old_string: BROKEN_LINE, new_string: FIXED_LINE } }] },
			{ content: [{ tool: 'Bash', input: { command: 'node sum.js' } }] },
		];
		const first = box.openai.calls.length;
		const firstExchange = box.wire.exchanges.length;
		box.openai.setScript((turn) => steps.shift() ?? { content: [`It prints: ${turn.toolResults[0]?.text.trim()}`] });
		const run = await runOpenAiAgent(client, {
			model: 'gpt-5.5',
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
		const arrived = box.openai.calls.slice(first).map((call) => JSON.parse(call.body.toString()) as Record<string, unknown>);
		expect(arrived.map(({ messages, tools }) => ({ messages, tools }))).toEqual(
			exchanges.map(({ requestBody }) => {
				const { messages, tools } = JSON.parse(requestBody.toString()) as Record<string, unknown>;
				return { messages, tools };
			}),
		);
		for (const exchange of exchanges) {
			const { decision, outcome } = await box.recordOf(exchange);
			expect([decision.role, outcome?.deployment, outcome?.status], describeDecision(decision)).toEqual(['outer', 'openai-frontier', 200]);
			expect(outcome?.isCostBound).toBe(false);
		}
	});
});

describe('a session on the Responses API', () => {
	const { workDir, remove } = makeWorkPlace();
	afterAll(remove);

	test('reads, edits and runs, and the frontier gets each call byte for byte but for model and cap', async () => {
		writeProject(workDir);
		const steps: Answer[] = [
			{ content: [{ thinking: 'First I look.' }, 'I read.', { tool: 'Read', input: { file_path: 'sum.js' } }] },
			{ content: [{ tool: 'Edit', input: { file_path: 'sum.js', old_string: BROKEN_LINE, new_string: FIXED_LINE } }] },
			{ content: [{ tool: 'Bash', input: { command: 'node sum.js' } }] },
		];
		const first = box.openai.calls.length;
		const firstExchange = box.wire.exchanges.length;
		box.openai.setScript((turn) => steps.shift() ?? { content: [`It prints: ${turn.toolResults[0]?.text.trim()}`] });
		const run = await runResponsesAgent(client, {
			model: 'gpt-5.5',
			system: 'You mend programs.',
			prompt: 'sum.js is wrong.',
			tools: [...readOnlyTools(workDir), ...writingTools(workDir)],
			maxTurns: 8,
			maxTokens: 1_000,
		});
		expect([run.text, run.executed.filter(({ isError }) => isError)]).toEqual(['It prints: sum: 3', []]);
		expect(await runProject(workDir)).toBe('sum: 3');
		const exchanges = box.wire.exchanges.slice(firstExchange);
		expect(exchanges).toHaveLength(4);
		expect(box.openai.calls.slice(first).map((call) => withoutSplices(call.body))).toEqual(
			exchanges.map((exchange) => withoutSplices(exchange.requestBody)),
		);
		const costs = await Promise.all(exchanges.map(async (exchange) => (await box.recordOf(exchange)).outcome));
		expect(costs.map((outcome) => [outcome?.deployment, outcome?.isCostBound])).toEqual(costs.map(() => ['openai-frontier', false]));
	});
});

describe('around a call', () => {
	test('lists models in its own shape', async () => {
		const models = await client.models.list();
		expect(models.data.length).toBeGreaterThan(0);
		expect(models.object).toBe('list');
	});

	test('the vendor gets its own key and no trace of the member’s', async () => {
		await client.chat.completions.create(ASK);
		const headers = box.openai.calls.at(-1)?.headers;
		expect(headers?.authorization).toBe(`Bearer ${UPSTREAM_KEYS.openai}`);
		expect(JSON.stringify(headers)).not.toContain(box.service.key);
	});

	test('a stream that did not ask for usage gets none, and is still settled by the vendor’s count', async () => {
		const chunks: OpenAI.ChatCompletionChunk[] = [];
		for await (const chunk of await client.chat.completions.create({ ...ASK, stream: true })) chunks.push(chunk);
		expect(chunks.filter((chunk) => chunk.usage != null || chunk.choices.length === 0)).toEqual([]);
		const exchange = box.wire.exchanges.at(-1);
		if (exchange === undefined) throw new Error('no exchange on the wire');
		const { outcome } = await box.recordOf(exchange);
		expect(outcome).toMatchObject({ isCostBound: false, outputTokens: box.openai.bill.charges.at(-1)?.tokens.outputTokens });
	});
});

describe('what goes wrong', () => {
	test('a wrong key is an AuthenticationError', async () => {
		const stranger = new OpenAI({ baseURL: `${box.url}/v1`, apiKey: `il_${'x'.repeat(43)}`, maxRetries: 0 });
		const error = await stranger.chat.completions.create(ASK).catch((reason: unknown) => reason);
		expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
	});

	test('an ill-formed call is a BadRequestError that names the field', async () => {
		const error = await client.chat.completions.create({ ...ASK, max_completion_tokens: -1 }).catch((reason: unknown) => reason);
		expect(error).toBeInstanceOf(OpenAI.BadRequestError);
		expect(String(error)).toContain('max_completion_tokens');
	});

	test('a 429 of the vendor arrives with its own words and retry-after', async () => {
		const body = '{"error":{"message":"Rate limit reached","type":"tokens","param":null,"code":"rate_limit_exceeded"}}';
		box.openai.setScript(() => ({ status: 429, headers: { 'retry-after': '17' }, body }));
		const error = await client.chat.completions.create(ASK).catch((reason: unknown) => reason);
		expect(error).toBeInstanceOf(OpenAI.RateLimitError);
		if (!(error instanceof OpenAI.RateLimitError)) return;
		expect(error.headers.get('retry-after')).toBe('17');
		expect(error.error).toEqual((JSON.parse(body) as { error: unknown }).error);
	});

	test('a 500 of the vendor is an InternalServerError', async () => {
		box.openai.setScript(() => ({ status: 500 }));
		await expect(client.chat.completions.create(ASK)).rejects.toBeInstanceOf(OpenAI.InternalServerError);
	});

	test('a cut stream raises, and is never a clean end', async () => {
		box.openai.setScript(() => ({ content: ['word '.repeat(200)], cutAfterEvents: 5 }));
		const stream = await client.chat.completions.create({ ...ASK, stream: true });
		const seen: string[] = [];
		const read = async () => {
			for await (const chunk of stream) seen.push(chunk.choices[0]?.delta.content ?? '');
		};
		await expect(read()).rejects.toThrow();
		expect(seen.join('')).toContain('word');
	});

	test('an abort in the stream reaches the vendor at once', async () => {
		box.openai.setScript(() => ({ content: ['word '.repeat(2_000)], betweenEventsMs: 10 }));
		const stream = await client.chat.completions.create({ ...ASK, stream: true });
		for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
		await expect.poll(() => box.openai.calls.at(-1)?.abortedAtMs).toBeDefined();
	});
});
