/** Keeps a JSON body as the bytes that came; refuses every other type (a web page can post text/plain without asking). */

import type { FastifyInstance } from 'fastify';
import { Problem } from '../../protocol/problem.ts';
import type { BodyMemory } from '../body-memory.ts';
import { decodeBody, refuseCoding } from './coded-body.ts';
import { collectBody } from './collect-body.ts';

/** Bodies of so many times the largest size may be under way together. */
const MOST_BODIES = 8;
/** What a body counts for that does not say how long it is. */
const UNTOLD_BYTES = 4_194_304;

/** Bodies under way are bounded together, not only each: hundreds of large ones would be more than the machine's memory. */
export function addRawBody(app: FastifyInstance, bodyBytes: number, memory: BodyMemory): void {
	const limitBytes = MOST_BODIES * bodyBytes;
	let heldBytes = 0;
	app.addHook('onRequest', (request, reply, done) => {
		const { method, headers } = request;
		if (method === 'GET' || method === 'HEAD' || request.is404) return done();
		const coding = headers['content-encoding'];
		const refusal = coding === undefined ? undefined : refuseCoding(coding, reply);
		if (refusal !== undefined) return done(refusal);
		const bytes = Math.min(bodyBytes, bytesOf(headers['content-length'], coding !== undefined));
		if (heldBytes + bytes > limitBytes) return done(tooMuch());
		heldBytes += bytes;
		reply.raw.once('close', () => {
			heldBytes -= bytes;
		});
		done();
	});
	app.removeAllContentTypeParsers();
	app.addContentTypeParser('application/json', (request, payload, done) => {
		const coding = request.headers['content-encoding'];
		collectBody(payload, bodyBytes, memory, (error, body = NO_BODY) => {
			if (error !== null) return done(error);
			if (coding === undefined) return done(null, body);
			decodeBody(body, coding, bodyBytes)
				.finally(() => memory.giveBack(body))
				.then((decoded) => done(null, decoded), done);
		});
	});
}

const NO_BODY = Buffer.alloc(0);

/** What a body counts for: a coded one grows when it is read. */
function bytesOf(contentLength: string | undefined, isCoded: boolean): number {
	const told = Number(contentLength ?? UNTOLD_BYTES) || 0;
	return isCoded ? Math.max(told, UNTOLD_BYTES) : told;
}

const tooMuch = () =>
	new Problem('rate-limited', 'The box holds as many large bodies as it can. Try again in a moment.', {
		isRetryable: true,
		retryAfterSeconds: 1,
	});

/** The bytes of a request's body; empty when there was none. */
export function bodyOf(request: { readonly body: unknown }): Buffer {
	return Buffer.isBuffer(request.body) ? request.body : NO_BODY;
}
