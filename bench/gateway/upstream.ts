/** A process of its own: an Anthropic upstream that answers at once, and costs as little of the machine as it can. */

import { createServer, type Socket } from 'node:net';
import { HttpReader } from '../../test/support/http-reader.ts';
import { PACED_MARK } from './bodies.ts';

/** Deltas of a streamed answer. */
const DELTAS = 12;
/** Between two events of a paced answer. */
const PACE_MS = 4;
/** Longer than any mark in a body. */
const MARK_BYTES = 32;
const TEXT = 'A sentence of an answer that a model could have written. ';

/** What a call of 41 kB and more is billed; one of a hundred bytes cannot have had so many tokens. */
const USAGE = { input_tokens: 9_000, cache_creation_input_tokens: 0, cache_read_input_tokens: 1_000, output_tokens: 180 };
const SMALL_USAGE = { ...USAGE, input_tokens: 12, cache_read_input_tokens: 0, output_tokens: 40 };
const SMALL_BYTES = 4_096;
const MESSAGE = { id: 'msg_bench', type: 'message', role: 'assistant', model: 'claude-sonnet-4-6' };

function wholeReply(usage: typeof USAGE): Buffer {
	const content = [{ type: 'text', text: TEXT.repeat(DELTAS) }];
	const body = JSON.stringify({ ...MESSAGE, content, stop_reason: 'end_turn', stop_sequence: null, usage });
	return Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

function event(type: string, data: object): string {
	return `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
}

function events(): string[] {
	const deltas = Array.from({ length: DELTAS }, () =>
		event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: TEXT } }),
	);
	return [
		event('message_start', { message: { ...MESSAGE, content: [], stop_reason: null, stop_sequence: null, usage: USAGE } }) +
			event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
		...deltas,
		event('content_block_stop', { index: 0 }) +
			event('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: USAGE }) +
			event('message_stop', {}),
	];
}

const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const STREAM_HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n';
const WHOLE = wholeReply(USAGE);
const SMALL_WHOLE = wholeReply(SMALL_USAGE);
const CHUNKS = events().map(chunk);
const STREAM = Buffer.from(`${STREAM_HEAD}${CHUNKS.join('')}0\r\n\r\n`);

/** Head, opening and first delta leave together; the rest follows at the pace. */
function answerPaced(socket: Socket): void {
	socket.write(STREAM_HEAD + CHUNKS.slice(0, 2).join(''));
	let at = 2;
	const timer = setInterval(() => {
		if (socket.destroyed || at > CHUNKS.length) clearInterval(timer);
		else socket.write(CHUNKS[at] ?? '0\r\n\r\n');
		at += 1;
	}, PACE_MS);
}

function serve(socket: Socket): void {
	let isGet = false;
	let isStream = false;
	let isPaced = false;
	let isSmall = false;
	let tail = '';
	socket.setNoDelay(true);
	socket.on('error', () => socket.destroy());
	const reader = new HttpReader({
		head(text) {
			isGet = text.startsWith('GET') || text.startsWith('HEAD');
			isStream = false;
			isPaced = false;
			isSmall = Number(/content-length: *(\d+)/i.exec(text)?.[1] ?? 0) < SMALL_BYTES;
			tail = '';
		},
		body(piece) {
			// A mark may be cut by the border of two pieces: look at the seam as well.
			const seam = tail + piece.toString('latin1', 0, MARK_BYTES);
			isStream ||= /"stream": ?true/.test(seam) || piece.includes('"stream":true') || piece.includes('"stream": true');
			isPaced ||= seam.includes(PACED_MARK) || piece.includes(PACED_MARK);
			tail = piece.subarray(-MARK_BYTES).toString('latin1');
		},
		end() {
			if (isPaced) answerPaced(socket);
			else socket.write(isStream && !isGet ? STREAM : isSmall ? SMALL_WHOLE : WHOLE);
		},
	});
	socket.on('data', (bytes) => reader.push(bytes as Buffer));
}

const server = createServer(serve).listen(0, '127.0.0.1', () => {
	const address = server.address();
	process.send?.({ port: typeof address === 'object' ? address?.port : undefined });
});
process.once('disconnect', () => process.exit());
