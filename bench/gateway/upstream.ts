/** A process of its own: an upstream of every dialect that answers at once, and costs as little of the machine as it can. */

import { createServer, type Socket } from 'node:net';
import type { DialectName } from '../../appliance/protocol/words.ts';
import { HttpReader } from '../../test/support/http-reader.ts';
import { answerIn } from './answers.ts';
import { PACED_MARK } from './bodies.ts';

/** Between two events of a paced answer. */
const PACE_MS = 4;
/** Longer than any mark in a body. */
const MARK_BYTES = 32;
interface Answers {
	readonly whole: Buffer;
	readonly chunks: readonly string[];
	readonly stream: Buffer;
}

const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const STREAM_HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n';

function wholeReply(reply: object): Buffer {
	const body = JSON.stringify(reply);
	return Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

function dialectOf(head: string): DialectName {
	if (head.startsWith('POST /v1/responses')) return 'responses';
	return head.startsWith('POST /v1/chat/completions') ? 'chat-completions' : 'anthropic';
}

/** By the dialect and the length of the call's body: there are only a few. */
const ANSWERS = new Map<string, Answers>();

function answersTo(dialect: DialectName, bodyBytes: number): Answers {
	const key = `${dialect} ${bodyBytes}`;
	const known = ANSWERS.get(key);
	if (known !== undefined) return known;
	const { whole, events } = answerIn(dialect, bodyBytes);
	const chunks = events.map(chunk);
	const made = { whole: wholeReply(whole), chunks, stream: Buffer.from(`${STREAM_HEAD}${chunks.join('')}0\r\n\r\n`) };
	ANSWERS.set(key, made);
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
	let dialect: DialectName = 'anthropic';
	let isStream = false;
	let isPaced = false;
	let tail = '';
	let bodyBytes = 0;
	socket.setNoDelay(true);
	socket.on('error', () => socket.destroy());
	const reader = new HttpReader({
		head(text) {
			dialect = dialectOf(text);
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
			const answers = answersTo(dialect, bodyBytes);
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
