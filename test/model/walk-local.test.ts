import { homedir } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelsDir } from '../../appliance/config/places.ts';
import { chooseModel } from '../../appliance/model/choose-model.ts';
import type { StatusReport } from '../../appliance/protocol/admin.ts';
import type { CallRecord } from '../../appliance/protocol/ports.ts';
import { type LoopbackUpstream, startUpstream } from '../http/support/loopback-upstream.ts';
import { ask, startBox, type TestBox } from '../http/support/start-box.ts';

let upstream: LoopbackUpstream;
let box: TestBox;

const WELL =
	'{"id":"m","type":"message","role":"assistant","model":"x","content":[{"type":"text","text":"from the cloud"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":5}}';
const LOCAL = { headers: { 'x-innerloop-tier': 'local' } };
const PREFER_LOCAL = {
	// The stand-in for the cloud answers in milliseconds.
	routing: { mostTimesCloud: 1_000_000 },
	roles: {
		inner: { tiers: ['local', 'mid'], deadlineMs: 600_000 },
		mid: { tiers: ['local', 'mid'], deadlineMs: 600_000 },
		outer: { tiers: ['local', 'mid'], deadlineMs: 600_000 },
	},
};

async function status(): Promise<StatusReport> {
	return (await box.admin('GET', '/status')).json as StatusReport;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
	const end = performance.now() + 60_000;
	while (!(await condition())) {
		if (performance.now() > end) throw new Error('it never happened');
		await delay(10);
	}
}
const isBusy = async () => (await status()).engine.busySlots > 0;

async function engineReady(): Promise<void> {
	const end = performance.now() + 120_000;
	for (;;) {
		const { engine } = await status();
		if (engine.state === 'ready') return;
		if (engine.state === 'failed' || performance.now() > end) throw new Error(`the engine is ${engine.state}: ${engine.detail}`);
		await delay(100);
	}
}

function killEngine(): void {
	const pid = box.engine?.childPid;
	if (pid === undefined) throw new Error('the engine has no process');
	process.kill(pid, 'SIGKILL');
}

beforeAll(async () => {
	const { file } = chooseModel('smollm2-135m', modelsDir(process.env, homedir()));
	upstream = await startUpstream((_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(WELL));
	box = await startBox({ anthropic: upstream.baseUrl, openai: upstream.baseUrl, model: file, config: PREFER_LOCAL });
	await engineReady();
});
afterAll(async () => {
	await box[Symbol.asyncDispose]();
	await upstream[Symbol.asyncDispose]();
});

describe('the local engine answers', () => {
	it('a Messages call whole, with its usage and at no cost', async () => {
		const reply = await box.call('/v1/messages', ask('Say hello.', { max_tokens: 12 }), LOCAL);
		expect(reply.status).toBe(200);
		expect(reply.headers).toMatchObject({ 'x-innerloop-deployment': 'local', 'x-innerloop-tier': 'local' });
		const message = JSON.parse(reply.text);
		expect(message).toMatchObject({ type: 'message', role: 'assistant', content: [{ type: 'text', text: expect.any(String) }] });
		expect(message.usage.input_tokens).toBeGreaterThan(3);
		expect(message.usage.output_tokens).toBeLessThanOrEqual(12);
		const { json } = await box.admin('GET', `/explain/${reply.headers['x-innerloop-call']}`);
		expect((json as CallRecord).outcome).toMatchObject({ deployment: 'local', status: 200, costNanoUsd: 0, isCostBound: false });
	});

	it('a Messages call as a stream of that dialect, event by event', async () => {
		const reply = await box.call('/v1/messages', ask('Count to five.', { max_tokens: 24, stream: true }), LOCAL);
		expect(reply.headers['content-type']).toMatch(/^text\/event-stream/);
		const names = [...reply.text.matchAll(/^event: (\w+)$/gm)].map(([, name]) => name);
		expect(names.at(0)).toBe('message_start');
		expect(names.slice(-2)).toEqual(['message_delta', 'message_stop']);
		expect(reply.isCut).toBe(false);
		expect(reply.chunks.length).toBeGreaterThan(3);
	});

	it('a Chat Completions call, whole and as a stream', async () => {
		const body = { model: 'local', max_completion_tokens: 12, messages: [{ role: 'user', content: 'Say hello.' }] };
		const whole = await box.call('/v1/chat/completions', body, LOCAL);
		expect(JSON.parse(whole.text)).toMatchObject({
			object: 'chat.completion',
			choices: [{ message: { role: 'assistant', content: expect.any(String) } }],
		});
		const stream = await box.call('/v1/chat/completions', { ...body, stream: true }, LOCAL);
		expect(stream.text).toMatch(/^data: \{/);
		expect(stream.text.trimEnd()).toMatch(/data: \[DONE\]$/);
	});

	it('a Responses call, whole and as a stream, to the vendor’s SDK', async () => {
		const sdk = new OpenAI({ apiKey: box.key, baseURL: `${box.url}/v1`, maxRetries: 0 });
		const call = { model: 'local', max_output_tokens: 12, instructions: 'You greet.', input: 'Say hello.' };
		const usage = { input_tokens: expect.any(Number), output_tokens: expect.any(Number), total_tokens: expect.any(Number) };
		const whole = await sdk.responses.create(call, LOCAL);
		expect(whole).toMatchObject({ object: 'response', output: [{ type: 'message', role: 'assistant' }], max_output_tokens: 12, usage });
		expect(whole.output_text).not.toBe('');
		const events: string[] = [];
		const stream = sdk.responses.stream(call, LOCAL).on('event', ({ type }) => events.push(type));
		expect(await stream.finalResponse()).toMatchObject({ output: [{ type: 'message' }], usage });
		expect(events.slice(0, 4)).toEqual([
			'response.created',
			'response.in_progress',
			'response.output_item.added',
			'response.content_part.added',
		]);
		expect(events.at(-1)).toMatch(/^response\.(?:completed|incomplete)$/);
		const count = await sdk.responses.inputTokens.count({ model: 'local', input: 'hello '.repeat(100) }, LOCAL);
		expect(count.input_tokens).toBeGreaterThan(100);
	});

	it('a token count of the prompt as it would be rendered', async () => {
		const count = async (text: string) => {
			const reply = await box.call('/v1/messages/count_tokens', { model: 'local', messages: [{ role: 'user', content: text }] }, LOCAL);
			expect(reply.status).toBe(200);
			return (JSON.parse(reply.text) as { input_tokens: number }).input_tokens;
		};
		const short = await count('hello');
		expect(short).toBeGreaterThan(0);
		expect(await count('hello '.repeat(100))).toBeGreaterThan(short + 80);
	});

	it('and stops when the caller goes away', async () => {
		const gone = new AbortController();
		const call = box.call('/v1/messages', ask('Write a very long story.', { max_tokens: 2_000, stream: true }), {
			...LOCAL,
			signal: gone.signal,
		});
		await until(isBusy);
		gone.abort();
		await call.catch(() => undefined);
		await until(async () => !(await isBusy()));
		expect(box.service.runningCalls()).toBe(0);
	});
});

describe('a killed engine', () => {
	it('fails its running call with a clear error, takes nothing else along, and comes back', async () => {
		let heard = '';
		const onChunk = (bytes: Buffer) => {
			heard += String(bytes);
		};
		const running = box.call('/v1/messages', ask('Write a very long story.', { max_tokens: 2_000, stream: true }), { ...LOCAL, onChunk });
		await until(() => heard.includes('text_delta'));
		killEngine();
		const reply = await running;
		expect(reply.text).toContain('event: error');
		expect(reply.isCut).toBe(true);
		// Cloud calls go on, and so do local ones that another deployment may take.
		const cloud = await box.call('/v1/messages', ask('x'), { headers: { 'x-innerloop-deployment': 'opus' } });
		expect([cloud.status, cloud.text]).toEqual([200, WELL]);
		const either = await box.call('/v1/messages', ask('x'));
		expect(either.status).toBe(200);
		await engineReady();
		expect((await box.call('/v1/messages', ask('Say hello.', { max_tokens: 5 }), LOCAL)).status).toBe(200);
	});

	it('before the first word lets the next candidate answer', async () => {
		const body = ask(`${'A long prompt takes its time. '.repeat(90)} Go on.`, { max_tokens: 50 });
		const running = box.call('/v1/messages', body);
		await until(isBusy);
		killEngine();
		const reply = await running;
		expect([reply.status, reply.text]).toEqual([200, WELL]);
		expect(reply.headers['x-innerloop-reasons']).toContain('local-failed-next');
		await engineReady();
	});
});
