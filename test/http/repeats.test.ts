import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { SpendReport } from '../../appliance/protocol/admin.ts';
import { answerWell, type Scene, type SceneOptions, startScene, until } from './support/two-deployments.ts';

const QUICK = { backoffMs: 10 };
const alone = (retries: Readonly<Record<string, unknown>> = {}, over: SceneOptions = {}): SceneOptions => ({
	isAlone: true,
	config: { retries: { ...QUICK, ...retries } },
	...over,
});

type Answer = (response: ServerResponse) => void;
const status =
	(code: number, headers: Readonly<Record<string, string>> = {}): Answer =>
	(response) =>
		response.writeHead(code, headers).end('{"type":"error"}');

/** The first upstream answers so, one after the other, and then well. */
function script(scene: Scene, ...answers: readonly Answer[]): void {
	const left = [...answers];
	scene.first.answer = (_, response) => {
		const answer = left.shift();
		if (answer === undefined) answerWell(response, 'model-a');
		else answer(response);
	};
}

describe('a call that fails where nobody else can take it', () => {
	it.each([408, 409, 429, 500, 502, 503, 504, 529])('is repeated after a %i', async (code) => {
		await using scene = await startScene(alone());
		script(scene, status(code));
		const reply = await scene.call();
		expect([reply.status, scene.first.received.length]).toEqual([200, 2]);
		expect(reply.headers['x-innerloop-reasons']).toContain('repeated');
	});

	it.each([400, 401, 403, 404, 413, 422])('is not repeated after a %i', async (code) => {
		await using scene = await startScene(alone());
		script(scene, status(code));
		expect([(await scene.call()).status, scene.first.received.length]).toEqual([code, 1]);
	});

	it('is repeated as often as the configuration says, and then the last error passes as it came', async () => {
		await using scene = await startScene(alone({ repeats: 2 }));
		script(scene, status(500), status(502), (response) => response.writeHead(503, { 'content-type': 'text/plain' }).end('third'));
		const reply = await scene.call();
		expect([reply.status, reply.text, scene.first.received.length]).toEqual([503, 'third', 3]);
	});

	it('is never repeated when that is switched off, or the kind is not on the list', async () => {
		await using off = await startScene(alone({ repeats: 0 }));
		script(off, status(500));
		expect([(await off.call()).status, off.first.received.length]).toEqual([500, 1]);
		await using other = await startScene(alone({ on: ['connect'] }));
		script(other, status(500));
		expect([(await other.call()).status, other.first.received.length]).toEqual([500, 1]);
	});

	it('waits as long as the upstream asks, and does not wait for more than its bound', async () => {
		await using scene = await startScene(alone());
		script(scene, status(429, { 'retry-after': '1' }));
		const startMs = performance.now();
		expect((await scene.call()).status).toBe(200);
		expect(performance.now() - startMs).toBeGreaterThanOrEqual(995);
		script(scene, status(429, { 'retry-after': '60' }));
		const passed = await scene.call();
		expect([passed.status, passed.headers['retry-after']]).toEqual([429, '60']);
	});

	it('may be billed and is repeated only where its hold has room for a second bill', async () => {
		const breakOff: Answer = (response) => void response.destroy();
		await using tight = await startScene(alone());
		script(tight, breakOff);
		expect([(await tight.call()).status, tight.first.received.length]).toEqual([502, 1]);
		await using roomy = await startScene(alone({ reservedRepeats: 1 }));
		script(roomy, breakOff);
		expect([(await roomy.call()).status, roomy.first.received.length]).toEqual([200, 2]);
		const { json } = await roomy.box.admin('GET', '/calls?limit=1');
		const [{ decision, outcome }] = (json as { calls: [{ decision: { reservedNanoUsd: number }; outcome: { costNanoUsd: number } }] })
			.calls;
		// The try that broke off counts its bound, and the one that answered its usage.
		expect(outcome.costNanoUsd).toBeGreaterThan(decision.reservedNanoUsd / 2);
		expect(outcome.costNanoUsd).toBeLessThanOrEqual(decision.reservedNanoUsd);
		const { rows } = (await roomy.box.admin('GET', '/spend')).json as SpendReport;
		expect(rows.find(({ scope, period }) => scope === 'team' && period === 'day')?.settledNanoUsd).toBe(outcome.costNanoUsd);
	});

	it('is given up at once when its caller goes away while it waits', async () => {
		await using scene = await startScene(alone({ backoffMs: 60_000, longestWaitMs: 60_000 }));
		script(scene, status(500));
		const gone = new AbortController();
		const running = scene.box.call(
			'/v1/messages',
			{ model: 'any', max_tokens: 9, messages: [{ role: 'user', content: 'x' }] },
			{ signal: gone.signal },
		);
		await until(() => scene.first.received.length === 1);
		gone.abort();
		await expect(running).rejects.toThrow();
		// Long before its wait is over, and long before the test's own time is up.
		await until(() => scene.box.service.runningCalls() === 0);
		expect(scene.first.received.length).toBe(1);
	});
});

describe('a stream', () => {
	const begin = (response: ServerResponse) => response.writeHead(200, { 'content-type': 'text/event-stream' });
	const WELL = [
		'event: message_start\ndata: {"type":"message_start","message":{"id":"m","usage":{"input_tokens":3,"output_tokens":1}}}\n\n',
		'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}\n\n',
		'event: message_stop\ndata: {"type":"message_stop"}\n\n',
	].join('');
	const well: Answer = (response) => begin(response).end(WELL);

	it('that breaks off before its first byte goes to the next deployment', async () => {
		await using scene = await startScene();
		script(scene, (response) => {
			begin(response).flushHeaders();
			setTimeout(() => response.destroy(), 20);
		});
		scene.second.answer = (_, response) => well(response);
		const reply = await scene.call({ stream: true });
		expect([reply.status, reply.text, reply.isCut, reply.headers['x-innerloop-deployment']]).toEqual([200, WELL, false, 'b']);
	});

	it('that opens with an error goes to the next deployment too', async () => {
		await using scene = await startScene();
		script(scene, (response) =>
			begin(response).end('event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'),
		);
		scene.second.answer = (_, response) => well(response);
		const reply = await scene.call({ stream: true });
		expect([reply.text, reply.headers['x-innerloop-deployment']]).toEqual([WELL, 'b']);
	});

	it('that opens with an error where nobody else is passes it as it came', async () => {
		await using scene = await startScene(alone());
		const error = 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n';
		script(scene, (response) => begin(response).end(error));
		const reply = await scene.call({ stream: true });
		expect([reply.status, reply.text, reply.isCut]).toEqual([200, error, false]);
	});

	it('that broke off behind its first byte is not repeated', async () => {
		await using scene = await startScene(alone({ repeats: 5, reservedRepeats: 3 }));
		script(scene, (response) => {
			begin(response).write(WELL.slice(0, 30));
			setTimeout(() => response.destroy(), 20);
		});
		const reply = await scene.call({ stream: true });
		expect([reply.isCut, reply.text, scene.first.received.length]).toEqual([true, WELL.slice(0, 30), 1]);
	});
});

describe('with a next deployment', () => {
	it('that one comes first, without waiting', async () => {
		await using scene = await startScene({ config: { retries: { backoffMs: 60_000, longestWaitMs: 60_000 } } });
		script(scene, status(500));
		expect((await scene.call()).headers['x-innerloop-deployment']).toBe('b');
		expect(scene.first.received.length).toBe(1);
	});

	it('a repetition comes first where the operator prefers the same', async () => {
		await using scene = await startScene({ config: { retries: { ...QUICK, prefer: 'same' } } });
		script(scene, status(500));
		expect((await scene.call()).headers['x-innerloop-deployment']).toBe('a');
		script(scene, status(500), status(500));
		expect((await scene.call()).headers['x-innerloop-deployment']).toBe('b');
		expect(scene.first.received.length).toBe(4);
	});
});

it('holds across dialects: repeated, set aside and counted as between equals', async () => {
	const limits = { tokensPerMinute: 50_000 };
	await using scene = await startScene(alone({}, { a: { limits } }));
	script(scene, status(529));
	const body = { model: 'any', messages: [{ role: 'user', content: 'x' }], max_tokens: 64 };
	const reply = await scene.box.call('/v1/chat/completions', body);
	expect([reply.status, scene.first.received.length]).toEqual([200, 2]);
	expect(JSON.parse(reply.text).choices[0].message.content).toBe('well');
	expect(reply.headers['x-innerloop-reasons']).toContain('repeated');
	const { traffic } = await scene.report('a');
	expect([traffic?.limits.tokens?.used, traffic?.runningCalls]).toEqual([15, 0]);
});

it('asks again where no connection could be made', async () => {
	await using scene = await startScene(alone({ repeats: 1 }));
	const config = { baseUrl: scene.first.baseUrl };
	await scene.first[Symbol.asyncDispose]();
	const reply = await scene.call();
	expect([reply.status, config.baseUrl.length > 0]).toEqual([502, true]);
	expect(reply.headers['x-innerloop-reasons']).toContain('repeated');
});
