import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LoopbackUpstream, startUpstream } from '../http/support/loopback-upstream.ts';
import { ask, startBox, type TestBox } from '../http/support/start-box.ts';
import { smallModel, untilReady } from '../support/local-engine.ts';

const IMAGE = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } };
const TOOL = { name: 'Write', description: 'Writes a file.', input_schema: { type: 'object', properties: {} } };
const KEPT = { headers: { 'x-innerloop-data': 'local-only' } };

let upstream: LoopbackUpstream;
let box: TestBox;

beforeAll(async () => {
	upstream = await startUpstream((_, response) => response.writeHead(200).end('{}'));
	box = await startBox({ anthropic: upstream.baseUrl, model: smallModel() });
	if (box.engine === undefined) throw new Error('the box has no engine');
	await untilReady(box.engine);
});
afterAll(async () => {
	await box[Symbol.asyncDispose]();
	await upstream[Symbol.asyncDispose]();
});

describe('text that a data rule keeps', () => {
	it('is answered by the box itself, and counted there', async () => {
		const reply = await box.call('/v1/messages', ask('Say hello.', { max_tokens: 12 }), KEPT);
		expect(reply.status).toBe(200);
		expect(reply.headers).toMatchObject({ 'x-innerloop-deployment': 'local', 'x-innerloop-tier': 'local' });
		expect(reply.headers['x-innerloop-reasons']).toContain('kept-here');
		const count = await box.call(
			'/v1/messages/count_tokens',
			{ model: 'claude-opus-4-8', messages: [{ role: 'user', content: 'x' }] },
			KEPT,
		);
		expect(count.status).toBe(200);
		expect(upstream.received).toHaveLength(0);
	});

	it.each([
		['is too long', ask('word '.repeat(20_000)), 400],
		['has an image', ask('x', { messages: [{ role: 'user', content: [IMAGE] }] }), 403],
		['needs a tool that writes', ask('x', { tools: [TOOL], tool_choice: { type: 'tool', name: 'Write' } }), 403],
	])('and %s is refused, not sent to the cloud', async (_, body, status) => {
		const reply = await box.call('/v1/messages', body, KEPT);
		expect(reply.status).toBe(status);
		expect(upstream.received).toHaveLength(0);
	});

	it('stays when the engine dies in the middle', async () => {
		const pid = box.engine?.childPid;
		if (pid === undefined) throw new Error('the engine has no process');
		let isKilled = false;
		const kill = () => {
			if (!isKilled) process.kill(pid, 'SIGKILL');
			isKilled = true;
		};
		const reply = await box.call('/v1/messages', ask('Count to a hundred.', { max_tokens: 200, stream: true }), {
			...KEPT,
			onChunk: kill,
		});
		expect(isKilled).toBe(true);
		expect(reply.text).not.toContain('message_stop');
		expect(upstream.received).toHaveLength(0);
	});
});
