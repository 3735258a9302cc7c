import { describe, expect, it } from 'vitest';
import { answerWell, figures, type Scene, type SceneOptions, startScene, until } from './support/two-deployments.ts';

const WINDOW = '{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}';
const CONTENT = '{"type":"error","error":{"type":"invalid_request_error","message":"Output blocked by content filtering policy"}}';
const refuse = (scene: Scene, body: string) => {
	scene.first.answer = (_, response) => response.writeHead(400, { 'content-type': 'application/json' }).end(body);
};

describe('a prompt that turns out too long', () => {
	it('goes to a deployment with a larger window, past those without', async () => {
		const c = { id: 'c', provider: 'two', model: 'model-c', order: 2, ...figures, contextTokens: 1_000_000 };
		await using scene = await startScene({ config: {} });
		const { readFile } = await import('node:fs/promises');
		const config = JSON.parse(await readFile(scene.box.configFile, 'utf8'));
		await scene.box.writeConfig({ ...config, deployments: [...config.deployments, c] });
		await expect.poll(async () => (await scene.report('c').catch(() => undefined))?.deployment.id, { timeout: 30_000 }).toBe('c');
		refuse(scene, WINDOW);
		scene.second.answer = ({ body }, response) => answerWell(response, JSON.parse(String(body)).model);
		const reply = await scene.call();
		expect([reply.status, reply.headers['x-innerloop-deployment']]).toEqual([200, 'c']);
		expect(scene.second.received.length).toBe(1);
		expect((await scene.report('a')).traffic).toMatchObject({ phase: 'closed', failures: 0 });
	});

	it('passes the vendor’s words on where no window is larger, since clients compact when they read them', async () => {
		await using scene = await startScene();
		refuse(scene, WINDOW);
		const reply = await scene.call();
		expect([reply.status, reply.text, scene.second.received.length]).toEqual([400, WINDOW, 0]);
	});

	it('has a place in the chain for a larger window when its bound says that it may not fit', async () => {
		const wide = { contextTokens: 1_000_000, order: 9 };
		await using scene = await startScene({ b: wide });
		refuse(scene, WINDOW);
		scene.second.answer = (_, response) => answerWell(response, 'model-b');
		const reply = await scene.call({ messages: [{ role: 'user', content: 'word '.repeat(60_000) }] });
		expect([reply.status, reply.headers['x-innerloop-deployment']]).toEqual([200, 'b']);
	});
});

describe('the window check before a call', () => {
	const asked = (outputCapTokens: number, words: number): Record<string, unknown> => ({
		max_tokens: outputCapTokens,
		messages: [{ role: 'user', content: 'word '.repeat(words) }],
	});
	const small: SceneOptions = { a: { contextTokens: 10_000, maxOutputTokens: 8_000 } };

	it('counts the output cap: what does not fit with it goes elsewhere unasked', async () => {
		await using scene = await startScene(small);
		expect((await scene.call(asked(6_000, 1_000))).headers['x-innerloop-deployment']).toBe('a');
		expect((await scene.call(asked(8_000, 2_000))).headers['x-innerloop-deployment']).toBe('b');
		expect(scene.first.received.length).toBe(1);
		const { json } = await scene.box.admin('GET', '/calls?limit=1');
		expect(JSON.stringify(json)).toContain('"window-too-small"');
	});

	it('tells the caller in the words that clients compact at, when it fits nowhere', async () => {
		await using scene = await startScene({ ...small, isAlone: true });
		const reply = await scene.call(asked(8_000, 9_000));
		expect(reply.status).toBe(400);
		expect(JSON.parse(reply.text).error.message).toMatch(/^prompt is too long: about \d+ tokens and an output cap of 8000 > 10000 maximum/);
		expect(scene.first.received.length).toBe(0);
	});
});

describe('a call that its vendor refuses for its content', () => {
	it('is not shown to another vendor unless the operator says so', async () => {
		await using scene = await startScene();
		refuse(scene, CONTENT);
		const reply = await scene.call();
		expect([reply.status, reply.text, scene.second.received.length]).toEqual([400, CONTENT, 0]);
	});

	it('goes to the deployment that the operator named for it', async () => {
		await using scene = await startScene({ config: { routing: { contentPolicyFallbacks: ['b'] } } });
		refuse(scene, CONTENT);
		const reply = await scene.call();
		expect([reply.status, reply.headers['x-innerloop-deployment']]).toEqual([200, 'b']);
	});

	it('is an answer, not an error, when the model itself refuses', async () => {
		await using scene = await startScene({ config: { routing: { contentPolicyFallbacks: ['b'] } } });
		const refusal =
			'{"id":"m","type":"message","role":"assistant","model":"model-a","content":[],"stop_reason":"refusal","stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":1}}';
		scene.first.answer = (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(refusal);
		const reply = await scene.call();
		expect([reply.status, reply.text, scene.second.received.length]).toEqual([200, refusal, 0]);
	});
});

describe('a deployment that rested', () => {
	it('is tried by one call while the others keep away, and takes all again once that succeeded', async () => {
		await using scene = await startScene();
		scene.first.answer = (_, response) => response.writeHead(429, { 'retry-after': '5' }).end('{}');
		expect((await scene.call()).headers['x-innerloop-deployment']).toBe('b');
		expect((await scene.report('a')).traffic?.phase).toBe('resting');
		expect((await scene.box.admin('GET', '/status')).json).toMatchObject({ restingDeployments: ['a'] });
		await new Promise((resolve) => setTimeout(resolve, 5_100));
		scene.first.received.length = 0;
		let release = () => {};
		scene.first.answer = (_, response) => {
			release = () => answerWell(response, 'model-a');
		};
		const probe = scene.call();
		await until(() => scene.first.received.length === 1);
		expect((await scene.report('a')).traffic?.phase).toBe('trial');
		const others = await Promise.all(Array.from({ length: 5 }, () => scene.call()));
		expect(others.map(({ headers }) => headers['x-innerloop-deployment'])).toEqual(['b', 'b', 'b', 'b', 'b']);
		expect(scene.first.received.length).toBe(1);
		release();
		expect((await probe).headers['x-innerloop-deployment']).toBe('a');
		scene.first.answer = (_, response) => answerWell(response, 'model-a');
		expect((await scene.call()).headers['x-innerloop-deployment']).toBe('a');
	});

	it('rests twice as long when the trial fails, and is left to the next call when its caller goes away', async () => {
		await using scene = await startScene();
		scene.first.answer = (_, response) => response.writeHead(429, { 'retry-after': '0' }).end('{}');
		await scene.call();
		const gone = new AbortController();
		scene.first.answer = () => gone.abort();
		const body = { model: 'any', max_tokens: 9, messages: [{ role: 'user', content: 'x' }] };
		await expect(scene.box.call('/v1/messages', body, { signal: gone.signal })).rejects.toThrow();
		await until(() => scene.box.service.runningCalls() === 0);
		scene.first.answer = (_, response) => response.writeHead(500).end('{}');
		expect((await scene.call()).headers['x-innerloop-deployment']).toBe('b');
		const { traffic, cooldownMs } = await scene.report('a');
		expect(traffic?.phase).toBe('resting');
		expect(cooldownMs).toBeGreaterThan(5_000);
		expect(cooldownMs).toBeLessThanOrEqual(10_000);
	});
});
