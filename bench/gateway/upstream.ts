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

const MESSAGE = { id: 'msg_bench', type: 'message', role: 'assistant', model: 'claude-sonnet-4-6' };
/** As a tokenizer would count them: a vendor that bills more than was possible would upset any ledger. */
const BYTES_PER_TOKEN = 4;
const OUTPUT_TOKENS = (TEXT.length * DELTAS) / BYTES_PER_TOKEN;

interface Answers {
	readonly whole: Buffer;
	readonly chunks: readonly string[];
	readonly stream: Buffer;
}

const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const STREAM_HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n';

function usageOf(bodyBytes: number) {
	const tokens = Math.ceil(bodyBytes / BYTES_PER_TOKEN);
	const cached = Math.floor(tokens / 2);
	return { input_tokens: tokens - cached, cache_creation_input_tokens: 0, cache_read_input_tokens: cached, output_tokens: OUTPUT_TOKENS };
}

function wholeReply(usage: object): Buffer {
	const content = [{ type: 'text', text: TEXT.repeat(DELTAS) }];
	const body = JSON.stringify({ ...MESSAGE, content, stop_reason: 'end_turn', stop_sequence: null, usage });
	return Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

function event(type: string, data: object): string {
	return `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
}

function events(usage: object): string[] {
	const deltas = Array.from({ length: DELTAS }, () =>
		event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: TEXT } }),
	);
	return [
		event('message_start', { message: { ...MESSAGE, content: [], stop_reason: null, stop_sequence: null, usage } }) +
			event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
		...deltas,
		event('content_block_stop', { index: 0 }) +
			event('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage }) +
			event('message_stop', {}),
	];
}

/** By the length of the call's body: there are only a few. */
const ANSWERS = new Map<number, Answers>();

function answersTo(bodyBytes: number): Answers {
	const known = ANSWERS.get(bodyBytes);
	if (known !== undefined) return known;
	const usage = usageOf(bodyBytes);
	const chunks = events(usage).map(chunk);
	const made = { whole: wholeReply(usage), chunks, stream: Buffer.from(`${STREAM_HEAD}${chunks.join('')}0\r\n\r\n`) };
	ANSWERS.set(bodyBytes, made);
	return made;
}

/** Head, opening and first delta leave together; the rest follows at the pace. */
function answerPaced(socket: Socket, chunks: readonly string[]): void {
	socket.write(STREAM_HEAD + chunks.slice(0, 2).join(''));
	let at = 2;
	const timer = setInterval(() => {
		if (socket.destroyed || at > chunks.length) clearInterval(timer);
		else socket.write(chunks[at] ?? '0\r\n\r\n');
		at += 1;
	}, PACE_MS);
}

function serve(socket: Socket): void {
	let isStream = false;
	let isPaced = false;
	let tail = '';
	let bodyBytes = 0;
	socket.setNoDelay(true);
	socket.on('error', () => socket.destroy());
	const reader = new HttpReader({
		head() {
			bodyBytes = 0;
			isStream = false;
			isPaced = false;
			tail = '';
		},
		body(piece) {
			bodyBytes += piece.length;
			// A mark may be cut by the border of two pieces: look at the seam as well.
			const seam = tail + piece.toString('latin1', 0, MARK_BYTES);
			isStream ||= /"stream": ?true/.test(seam) || piece.includes('"stream":true') || piece.includes('"stream": true');
			isPaced ||= seam.includes(PACED_MARK) || piece.includes(PACED_MARK);
			tail = piece.subarray(-MARK_BYTES).toString('latin1');
		},
		end() {
			const answers = answersTo(bodyBytes);
			if (isPaced) answerPaced(socket, answers.chunks);
			else socket.write(isStream ? answers.stream : answers.whole);
		},
	});
	socket.on('data', (bytes) => reader.push(bytes as Buffer));
}

const server = createServer(serve).listen(0, '127.0.0.1', () => {
	const address = server.address();
	process.send?.({ port: typeof address === 'object' ? address?.port : undefined });
});
process.once('disconnect', () => process.exit());
