import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type LoopbackUpstream, startUpstream } from './support/loopback-upstream.ts';
import { sendRaw } from './support/raw-client.ts';
import { ask, startBox, type TestBox } from './support/start-box.ts';

let upstream: LoopbackUpstream;
let box: TestBox;

beforeAll(async () => {
	upstream = await startUpstream((_, response) => response.end('{}'));
	box = await startBox({ anthropic: upstream.baseUrl });
});
afterAll(async () => {
	await box[Symbol.asyncDispose]();
	await upstream[Symbol.asyncDispose]();
});
beforeEach(() => {
	upstream.received.length = 0;
});

const START =
	'event: message_start\ndata: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"claude-opus-4-8","content":[],"stop_reason":null,"usage":{"input_tokens":3,"output_tokens":1}}}\n\n';

async function until(condition: () => boolean): Promise<void> {
	const end = performance.now() + 5_000;
	while (!condition()) {
		if (performance.now() > end) throw new Error('it never happened');
		await delay(2);
	}
}

describe('a reply that the upstream cuts', () => {
	it('breaks the caller’s stream, without a last chunk', async () => {
		upstream.answer = (_, response) => {
			response.writeHead(200, { 'content-type': 'text/event-stream' });
			response.write(START);
			setTimeout(() => response.destroy(), 30);
		};
		const reply = await box.call('/v1/messages', ask('x', { stream: true }));
		expect(reply.isCut).toBe(true);
		expect(reply.text).toBe(START);
		const body = JSON.stringify(ask('x', { stream: true }));
		const wire = await sendRaw(
			box.url,
			`POST /v1/messages HTTP/1.1\r\nhost: localhost\r\nx-api-key: ${box.key}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
		);
		expect(wire).toMatch(/transfer-encoding: chunked/i);
		expect(wire).not.toMatch(/\r\n0\r\n\r\n$/);
	});

	it('breaks the caller’s stream also where HTTP says that it ended well', async () => {
		upstream.answer = (_, response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end(START);
		expect((await box.call('/v1/messages', ask('x', { stream: true }))).isCut).toBe(true);
	});

	it('breaks a whole reply that is shorter than its length', async () => {
		upstream.answer = (_, response) => {
			response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' });
			response.write('{"id":"msg_1",', () => response.destroy());
		};
		const reply = await box.call('/v1/messages', ask('x'));
		expect(reply.isCut).toBe(true);
	});

	it('lets a stream end well that carries the upstream’s own error event', async () => {
		const text = `${START}event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n`;
		upstream.answer = (_, response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end(text);
		const reply = await box.call('/v1/messages', ask('x', { stream: true }));
		expect([reply.text, reply.isCut]).toEqual([text, false]);
	});
});

describe('a caller that goes away', () => {
	it.each([
		['before the first byte', false],
		['in the middle of a stream', true],
	])('%s is followed at the upstream within 200 ms', async (_, hasBegun) => {
		upstream.answer = (_received, response) => {
			if (!hasBegun) return;
			response.writeHead(200, { 'content-type': 'text/event-stream' });
			response.write(START);
		};
		const gone = new AbortController();
		const call = box.call('/v1/messages', ask('x', { stream: true }), { signal: gone.signal }).catch(() => undefined);
		await until(() => upstream.received.length === 1);
		await delay(30);
		const at = performance.now();
		gone.abort();
		const seenAt = (await upstream.received[0]?.aborted) ?? Number.NaN;
		expect(seenAt - at).toBeLessThan(200);
		await call;
		await until(() => box.service.runningCalls() === 0);
	});
});

it('holds the upstream back for a caller that does not read, instead of keeping it all in memory', async () => {
	const chunk = Buffer.from(`: ${'x'.repeat(65_534)}\n`);
	let written = 0;
	upstream.answer = (_, response) => {
		response.writeHead(200, { 'content-type': 'text/event-stream' });
		const pour = () => {
			while (written < 1_000 * chunk.length && !response.destroyed) {
				written += chunk.length;
				if (!response.write(chunk)) return response.once('drain', pour);
			}
			return undefined;
		};
		pour();
	};
	const { connect } = await import('node:net');
	const { hostname, port } = new URL(box.url);
	const socket = connect(Number(port), hostname);
	const body = JSON.stringify(ask('x', { stream: true }));
	socket.write(
		`POST /v1/messages HTTP/1.1\r\nhost: localhost\r\nx-api-key: ${box.key}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
	);
	socket.pause();
	await until(() => written > 0);
	await delay(400);
	expect(written).toBeLessThan(32 * 1024 * 1024);
	socket.destroy();
	await upstream.received[0]?.aborted;
});
