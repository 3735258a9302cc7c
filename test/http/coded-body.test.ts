import { brotliCompressSync, createGzip, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CallRecord } from '../../appliance/protocol/ports.ts';
import { decodeBytes, TooManyBytes } from '../../appliance/provider/content-coding.ts';
import { type LoopbackUpstream, startUpstream } from './support/loopback-upstream.ts';
import { ask, startBox, type TestBox } from './support/start-box.ts';

const BODY_BYTES = 200_000;
const OPUS = { 'x-innerloop-deployment': 'opus' };
const CODERS = { zstd: zstdCompressSync, gzip: gzipSync, 'x-gzip': gzipSync, br: brotliCompressSync, deflate: deflateSync } as const;
const REPLY =
	'{"id":"m","type":"message","role":"assistant","model":"claude-opus-4-8","content":[{"type":"text","text":"well"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":5}}';
const EXACT_NANO_USD = 10 * 3_000 + 5 * 15_000;

let upstream: LoopbackUpstream;
let box: TestBox;

beforeAll(async () => {
	upstream = await startUpstream(() => {});
	box = await startBox({
		anthropic: upstream.baseUrl,
		openai: upstream.baseUrl,
		config: { server: { port: 0, limits: { bodyBytes: BODY_BYTES } } },
	});
});
afterAll(async () => {
	await box[Symbol.asyncDispose]();
	await upstream[Symbol.asyncDispose]();
});
beforeEach(() => {
	upstream.received.length = 0;
	upstream.answer = (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(REPLY);
});

const plain = Buffer.from(JSON.stringify(ask('h\u00e9llo '.repeat(5_000))));
const coded = (body: Buffer, coding: string) => box.call('/v1/messages', body, { headers: { 'content-encoding': coding, ...OPUS } });

describe('a coded request', () => {
	it.each(Object.entries(CODERS))('in %s reaches the upstream as the plain bytes', async (coding, coder) => {
		const reply = await coded(coder(plain), coding);
		expect(reply.status).toBe(200);
		const [got] = upstream.received;
		expect(got?.body.equals(plain)).toBe(true);
		expect(got?.headers['content-encoding']).toBeUndefined();
		expect(got?.headers['content-length']).toBe(String(plain.length));
	});

	it.each([
		['raw deflate', 'deflate', deflateRawSync(plain)],
		['capital letters', 'GZIP', gzipSync(plain)],
		['two codings', 'zstd, gzip', gzipSync(zstdCompressSync(plain))],
		['identity', 'identity', plain],
		['identity beside another', 'identity,br', brotliCompressSync(plain)],
		['two frames', 'zstd', Buffer.concat([zstdCompressSync(plain.subarray(0, 99)), zstdCompressSync(plain.subarray(99))])],
		['two members', 'gzip', Buffer.concat([gzipSync(plain.subarray(0, 99)), gzipSync(plain.subarray(99))])],
	])('is read with %s', async (_, coding, body) => {
		expect((await coded(body, coding)).status).toBe(200);
		expect(upstream.received[0]?.body.equals(plain)).toBe(true);
	});

	it.each([
		['/v1/messages', { type: 'error', error: { type: 'request_too_large', message: expect.stringContaining('bodyBytes') } }],
		['/v1/chat/completions', { error: { message: expect.stringContaining('bodyBytes'), code: expect.any(String) } }],
	])('that grows too large is refused by %s in its dialect', async (path, envelope) => {
		const bomb = zstdCompressSync(Buffer.alloc(64 * 1024 * 1024, 32));
		expect(bomb.length).toBeLessThan(BODY_BYTES);
		const reply = await box.call(path, bomb, { headers: { 'content-encoding': 'zstd' } });
		expect(reply.status).toBe(413);
		expect(JSON.parse(reply.text)).toMatchObject(envelope);
		expect(upstream.received).toHaveLength(0);
	});

	it('may be exactly as large as a plain one', async () => {
		const pad = (bytes: number) => Buffer.from(JSON.stringify(ask('x')).padEnd(bytes));
		expect((await coded(gzipSync(pad(BODY_BYTES)), 'gzip')).status).toBe(200);
		expect((await coded(gzipSync(pad(BODY_BYTES + 1)), 'gzip')).status).toBe(413);
	});

	it.each(Object.entries(CODERS))('in %s that is cut, followed by more or no such thing at all is broken', async (coding, coder) => {
		const whole = coder(plain);
		for (const body of [whole.subarray(0, -3), Buffer.concat([whole, Buffer.from('more')]), Buffer.from('{}'), Buffer.alloc(0)]) {
			const reply = await coded(body, coding);
			expect(reply.status).toBe(400);
			expect(reply.text).toContain('content-encoding');
		}
		expect(upstream.received).toHaveLength(0);
	});

	it.each(['compress', 'gzip, lzma', 'gzip, gzip, gzip', 'zstd;q=1'])('in %j is refused with what is read instead', async (coding) => {
		const reply = await coded(plain, coding);
		expect(reply.status).toBe(415);
		expect(reply.headers['accept-encoding']).toBe('zstd, gzip, br, deflate');
		expect(JSON.parse(reply.text)).toMatchObject({ type: 'error', error: { message: expect.stringContaining('zstd, gzip, br, deflate') } });
	});

	it('is decoded no further than its limit', async () => {
		// 64 frames of 64 MiB: decoded to the end they would be 4 GiB, more than a buffer can be.
		const frame = zstdCompressSync(Buffer.alloc(64 * 1024 * 1024));
		const bomb = Buffer.concat(Array.from({ length: 64 }, () => frame));
		await expect(decodeBytes(gzipSync(bomb), ['zstd', 'gzip'], 1_000_000)).rejects.toThrow(TooManyBytes);
		const emptyFrames = Buffer.concat(Array.from({ length: 1_000 }, () => zstdCompressSync(Buffer.alloc(0))));
		await expect(decodeBytes(emptyFrames, ['zstd'], 1_000_000)).rejects.toThrow('behind the end');
	});
});

const outcomeOf = async (id: unknown) => ((await box.admin('GET', `/explain/${String(id)}`)).json as CallRecord).outcome;

describe('an upstream that codes its reply all the same', () => {
	it.each(Object.entries(CODERS))('in %s is read, billed exactly and passed on plain', async (coding, coder) => {
		const bytes = coder(Buffer.from(REPLY));
		upstream.answer = (_, response) =>
			response
				.writeHead(200, { 'content-type': 'application/json', 'content-encoding': coding, 'content-length': bytes.length, 'x-more': '1' })
				.end(bytes);
		const reply = await coded(plain, 'identity');
		expect(reply.text).toBe(REPLY);
		expect(reply.headers['content-encoding']).toBeUndefined();
		expect(reply.headers['x-more']).toBe('1');
		expect(await outcomeOf(reply.headers['x-innerloop-call'])).toMatchObject({ isCostBound: false, costNanoUsd: EXACT_NANO_USD });
	});

	it('passes an error on in readable words', async () => {
		const error = '{"type":"error","error":{"type":"invalid_request_error","message":"no"}}';
		upstream.answer = (_, response) => response.writeHead(400, { 'content-encoding': 'br' }).end(brotliCompressSync(error));
		expect(await coded(plain, 'identity')).toMatchObject({ status: 400, text: error });
	});

	it('and breaks the coding is cut, not ended, and billed at the bound', async () => {
		const bytes = gzipSync(REPLY);
		upstream.answer = (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bytes.subarray(0, -12));
		const reply = await coded(plain, 'identity');
		expect(reply.isCut).toBe(true);
		expect(await outcomeOf(reply.headers['x-innerloop-call'])).toMatchObject({ isCostBound: true, problemCode: 'upstream-failed' });
	});

	it('in a way that nobody knows is passed as it is, and billed at the bound', async () => {
		upstream.answer = (_, response) => response.writeHead(200, { 'content-encoding': 'lzma' }).end('?');
		const reply = await coded(plain, 'identity');
		expect(reply.headers['content-encoding']).toBe('lzma');
		expect(await outcomeOf(reply.headers['x-innerloop-call'])).toMatchObject({ isCostBound: true });
	});

	it('as a stream is passed on event by event', async () => {
		const heard = Promise.withResolvers<void>();
		upstream.answer = (_, response) => {
			response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' });
			const gzip = createGzip();
			gzip.pipe(response);
			gzip.write('event: ping\ndata: {"type":"ping"}\n\n');
			gzip.flush(() => void heard.promise.then(() => gzip.end('event: message_stop\ndata: {"type":"message_stop"}\n\n')));
		};
		const reply = await box.call('/v1/messages', ask('x', { stream: true }), { headers: OPUS, onChunk: () => heard.resolve() });
		expect(reply.text).toBe('event: ping\ndata: {"type":"ping"}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n');
		expect(reply.chunks.length).toBeGreaterThan(1);
	});
});
