import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { runCommandLine } from '../../appliance/cli/run-command-line.ts';
import { recordedContext } from '../unit/cli/recording-terminal.ts';
import { send } from './support/raw-client.ts';
import { answerWell, type SceneOptions, startScene, until } from './support/two-deployments.ts';

const limited = (limits: Readonly<Record<string, number | boolean>>, over: SceneOptions = {}): SceneOptions => ({ a: { limits }, ...over });

describe('a deployment at its limit', () => {
	it('of requests is passed over, with the reason, and the next one answers', async () => {
		await using scene = await startScene(limited({ requestsPerMinute: 2 }));
		const who = [];
		for (let i = 0; i < 3; i++) who.push((await scene.call()).headers['x-innerloop-deployment']);
		expect(who).toEqual(['a', 'a', 'b']);
		expect(scene.first.received.length).toBe(2);
		const { json } = await scene.box.admin('GET', '/calls?limit=1');
		expect(JSON.stringify(json)).toContain('"at-limit-requests"');
		const { traffic } = await scene.report('a');
		expect(traffic?.limits).toEqual({ requests: { used: 2, most: 2 } });
	});

	it('answers 429 in the caller’s dialect with the seconds until it is free, when nobody is left', async () => {
		await using scene = await startScene(limited({ requestsPerMinute: 1 }, { isAlone: true }));
		expect((await scene.call()).status).toBe(200);
		const refused = await scene.call();
		expect(refused.status).toBe(429);
		expect(JSON.parse(refused.text)).toMatchObject({
			type: 'error',
			error: { type: 'rate_limit_error', message: expect.stringContaining('1 call a minute') },
		});
		const seconds = Number(refused.headers['retry-after']);
		expect(seconds).toBeGreaterThan(50);
		expect(seconds).toBeLessThanOrEqual(61);
		expect(scene.first.received.length).toBe(1);
	});

	it('of tokens counts what the upstream reports in the place of the estimate', async () => {
		await using scene = await startScene(limited({ tokensPerMinute: 10_000 }));
		scene.first.answer = (_, response) => answerWell(response, 'model-a', { input_tokens: 9_990, output_tokens: 5 });
		expect((await scene.call()).headers['x-innerloop-deployment']).toBe('a');
		expect((await scene.report('a')).traffic?.limits.tokens).toEqual({ used: 9_995, most: 10_000 });
		const second = await scene.call();
		expect(second.headers['x-innerloop-deployment']).toBe('b');
	});

	it('of tokens leaves out what comes from the prompt cache where the vendor does', async () => {
		await using scene = await startScene(limited({ tokensPerMinute: 10_000, isCacheReadCounted: false }));
		scene.first.answer = (_, response) =>
			answerWell(response, 'model-a', { input_tokens: 100, cache_read_input_tokens: 9_800, output_tokens: 5 });
		await scene.call();
		expect((await scene.report('a')).traffic?.limits.tokens?.used).toBe(105);
	});

	it('does not take a call that is above the limit alone, ever', async () => {
		await using scene = await startScene(limited({ tokensPerMinute: 1_000 }));
		const reply = await scene.call({ messages: [{ role: 'user', content: 'word '.repeat(4_000) }] });
		expect(reply.headers['x-innerloop-deployment']).toBe('b');
		const { json } = await scene.box.admin('GET', '/calls?limit=1');
		expect(JSON.stringify(json)).toContain('"over-token-limit"');
	});

	it('of calls at once gives each place to the next caller when it is free, and never one more', async () => {
		await using scene = await startScene(limited({ parallelCalls: 2 }));
		const open: ServerResponse[] = [];
		scene.first.answer = (_, response) => void open.push(response);
		const calls = Array.from({ length: 5 }, () => scene.call());
		await until(() => open.length === 2 && scene.second.received.length === 3);
		expect((await scene.report('a')).traffic?.runningCalls).toBe(2);
		for (const response of open.splice(0)) answerWell(response, 'model-a');
		const who = (await Promise.all(calls)).map(({ headers }) => headers['x-innerloop-deployment']);
		expect(who.toSorted()).toEqual(['a', 'a', 'b', 'b', 'b']);
		scene.first.answer = (_, response) => answerWell(response, 'model-a');
		expect((await scene.call()).headers['x-innerloop-deployment']).toBe('a');
	});

	it('gets its place back from calls that fail and from callers that go away', async () => {
		await using scene = await startScene(limited({ parallelCalls: 1 }, { isAlone: true, config: { retries: { repeats: 0 } } }));
		scene.first.answer = (_, response) => response.destroy();
		expect((await scene.call()).status).toBe(502);
		const gone = new AbortController();
		scene.first.answer = () => gone.abort();
		await expect(
			scene.box.call('/v1/messages', { model: 'any', max_tokens: 9, messages: [{ role: 'user', content: 'x' }] }, { signal: gone.signal }),
		).rejects.toThrow();
		scene.first.answer = (_, response) => response.writeHead(500).end('{}');
		await until(() => scene.box.service.runningCalls() === 0);
		expect((await scene.call()).status).toBe(500);
		expect((await scene.report('a')).traffic?.runningCalls).toBe(0);
		scene.first.answer = (_, response) => answerWell(response, 'model-a');
		expect((await scene.call()).status).toBe(200);
	});

	it('counts no counting of tokens', async () => {
		await using scene = await startScene(limited({ requestsPerMinute: 1 }, { isAlone: true }));
		scene.first.answer = (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"input_tokens":3}');
		for (let i = 0; i < 3; i++) {
			const reply = await scene.box.call('/v1/messages/count_tokens', { model: 'model-a', messages: [{ role: 'user', content: 'x' }] });
			expect([reply.status, reply.text]).toEqual([200, '{"input_tokens":3}']);
		}
	});

	it('keeps what it counted when the configuration changes', async () => {
		await using scene = await startScene(limited({ requestsPerMinute: 5 }));
		await scene.call();
		const before = JSON.parse(await (await import('node:fs/promises')).readFile(scene.box.configFile, 'utf8'));
		before.deployments[0].limits = { requestsPerMinute: 1 };
		await scene.box.writeConfig(before);
		await expect.poll(async () => (await scene.report('a')).traffic?.limits.requests?.most, { timeout: 30_000 }).toBe(1);
		expect((await scene.call()).headers['x-innerloop-deployment']).toBe('b');
	});
});

describe('a member', () => {
	it('at its own limit gets 429 with a waiting time, while others go on', async () => {
		await using scene = await startScene({ config: { memberLimits: { requestsPerMinute: 1 } } });
		const { json: member } = await scene.box.admin('POST', '/members', { name: 'ben' });
		const { json: key } = await scene.box.admin('POST', '/keys', { member: (member as { id: string }).id });
		expect((await scene.call()).status).toBe(200);
		const refused = await scene.call();
		expect([refused.status, Number(refused.headers['retry-after']) > 50]).toEqual([429, true]);
		expect(refused.text).toContain('memberLimits');
		const other = await scene.call({}, { 'x-api-key': (key as { secret: string }).secret });
		expect(other.status).toBe(200);
	});

	it('has other limits where the operator sets them, and its places back when its calls end', async () => {
		await using scene = await startScene({ isAlone: true, config: { memberLimits: { parallelCalls: 9 } } });
		const { json } = await scene.box.admin('GET', '/members');
		const [owner] = (json as { members: { id: string }[] }).members;
		await scene.box.admin('PATCH', `/members/${owner?.id}`, { parallelCalls: 1 });
		const open: ServerResponse[] = [];
		scene.first.answer = (_, response) => void open.push(response);
		const running = scene.call();
		await until(() => open.length === 1);
		expect((await scene.call()).status).toBe(429);
		for (const response of open) answerWell(response, 'model-a');
		expect((await running).status).toBe(200);
		scene.first.answer = (_, response) => answerWell(response, 'model-a');
		expect((await scene.call()).status).toBe(200);
	});
});

it('tells callers of another dialect in their words', async () => {
	await using scene = await startScene(
		limited({ requestsPerMinute: 1 }, { isAlone: true, firstProvider: { dialects: ['anthropic', 'chat-completions'] } }),
	);
	await scene.call();
	const refused = await scene.box.call('/v1/chat/completions', { model: 'any', messages: [{ role: 'user', content: 'x' }] });
	expect(refused.status).toBe(429);
	expect(Number(refused.headers['retry-after'])).toBeGreaterThan(50);
	expect(JSON.parse(refused.text)).toMatchObject({
		error: { code: 'rate_limit_exceeded', message: expect.stringContaining('1 call a minute') },
	});
});

it('shows deployments, keys and limits on the command line', async () => {
	const env = { TEST_KEY_ONE: 'one', TEST_KEY_TWO: 'two' };
	await using scene = await startScene(
		limited({ requestsPerMinute: 3 }, { firstProvider: { keys: [{ keyEnv: 'TEST_KEY_ONE' }, { keyEnv: 'TEST_KEY_TWO' }] }, env }),
	);
	await scene.call();
	scene.second.answer = (_, response) => response.writeHead(429, { 'retry-after': '90' }).end('{}');
	await scene.call({}, { 'x-innerloop-deployment': 'b' });
	const context = recordedContext({}, scene.box.dataDir);
	expect(await runCommandLine(['deployments', '--data', scene.box.dataDir], context)).toBe(0);
	expect(context.out()).toMatch(/^a +one +frontier +0 +up +0 .*requests 1\/3$/m);
	expect(context.out()).toMatch(/^ {2}TEST_KEY_TWO +up +0$/m);
	expect(context.out()).toMatch(/^b +two +frontier +1 +resting 90 s +0$/m);
	const asJson = recordedContext({}, scene.box.dataDir);
	expect(await runCommandLine(['deployments', '--json', '--data', scene.box.dataDir], asJson)).toBe(0);
	expect(JSON.parse(asJson.out()).deployments[1]).toMatchObject({ deployment: { id: 'b' }, traffic: { phase: 'resting' } });
});

it('shows limits and traffic to Prometheus', async () => {
	await using scene = await startScene(limited({ requestsPerMinute: 3, parallelCalls: 7 }));
	await scene.call();
	const { text } = await send(`${scene.box.url}/metrics`, { method: 'GET', headers: { authorization: `Bearer ${scene.box.key}` } });
	expect(text).toContain('innerloop_limit{deployment="a",key="",limit="requests",kind="used"} 1');
	expect(text).toContain('innerloop_limit{deployment="a",key="",limit="parallel",kind="most"} 7');
	expect(text).toContain('innerloop_deployment_phase{deployment="a",phase="closed"} 1');
	expect(text).toMatch(/innerloop_deployment_first_token_seconds\{deployment="a",output="short"\} [\d.]+/);
});
