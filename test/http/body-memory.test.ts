/** The memory of bodies is used again, and never while an upstream has still to be sent some of it. */

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startBox, type TestBox } from './support/start-box.ts';

const BODY_BYTES = 4_000_000;
const REPLY = JSON.stringify({
	id: 'msg_1',
	type: 'message',
	role: 'assistant',
	model: 'claude-opus-4-8',
	content: [{ type: 'text', text: 'Too early.' }],
	stop_reason: 'end_turn',
	usage: { input_tokens: 10, output_tokens: 5 },
});
const FREE = { inputUsdPerMillion: 0, outputUsdPerMillion: 0, source: 'test', date: '2026-01-01' };
const ANSWER = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${REPLY.length}\r\n\r\n${REPLY}`;

/** Answers as soon as the head is there, and reads no further until it is told to. */
class HastyUpstream {
	readonly #server = createServer((socket) => this.#answer(socket));
	readonly sockets: Socket[] = [];

	async listen(): Promise<string> {
		this.#server.listen(0, '127.0.0.1');
		await once(this.#server, 'listening');
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	#answer(socket: Socket): void {
		this.sockets.push(socket);
		socket.on('error', () => socket.destroy());
		socket.once('readable', () => socket.write(ANSWER));
	}

	async readAll(socket: Socket): Promise<string> {
		const pieces: Buffer[] = [];
		let bytes = 0;
		socket.on('data', (piece: Buffer) => {
			pieces.push(piece);
			bytes += piece.length;
		});
		while (bytes < BODY_BYTES) await delay(10);
		return Buffer.concat(pieces).toString('latin1');
	}

	close(): void {
		for (const socket of this.sockets) socket.destroy();
		this.#server.close();
	}
}

const upstream = new HastyUpstream();
let box: TestBox;

beforeAll(async () => {
	const baseUrl = await upstream.listen();
	box = await startBox({
		anthropic: baseUrl,
		config: {
			// Wide and free, so that nothing but the bytes is in question.
			deployments: [
				{
					id: 'opus',
					provider: 'anthropic',
					model: 'claude-opus-4-8',
					tier: 'frontier',
					contextTokens: 9_000_000,
					maxOutputTokens: 32_000,
					price: FREE,
				},
			],
		},
	});
});
afterAll(async () => {
	await box[Symbol.asyncDispose]();
	upstream.close();
});

function bodyOf(letter: string): string {
	const text = (filling: string) =>
		JSON.stringify({ model: 'claude-opus-4-8', max_tokens: 16, messages: [{ role: 'user', content: filling }] });
	return text(letter.repeat(BODY_BYTES - text('').length));
}

it('an upstream that answers before it has read the call still gets that call, and not the next one', async () => {
	const first = bodyOf('a');
	expect((await box.call('/v1/messages', first)).status).toBe(200);
	// It takes the memory of the first one, if that is free.
	void box.call('/v1/messages', bodyOf('b')).catch(() => undefined);
	await delay(500);
	const [socket] = upstream.sockets;
	if (socket === undefined) throw new Error('nobody called');
	const received = await upstream.readAll(socket);
	expect(received.slice(received.indexOf('\r\n\r\n') + 4).slice(0, BODY_BYTES) === first).toBe(true);
});
