/** Keeps a JSON body as the bytes that came; refuses every other type (a web page can post text/plain without asking). */

import type { FastifyInstance } from 'fastify';
import { Problem } from '../../protocol/problem.ts';

/** Bodies of so many times the largest size may be under way together. */
const MOST_BODIES = 8;
/** What a body counts for that does not say how long it is. */
const UNTOLD_BYTES = 4_194_304;

/** Bodies under way are bounded together, not only each: hundreds of large ones would be more than the machine's memory. */
export function addRawBody(app: FastifyInstance, bodyBytes: number): void {
	const limitBytes = MOST_BODIES * bodyBytes;
	let heldBytes = 0;
	app.addHook('onRequest', (request, reply, done) => {
		const { method, headers } = request;
		if (method === 'GET' || method === 'HEAD' || request.is404) return done();
		const bytes = Math.min(bodyBytes, Number(headers['content-length'] ?? UNTOLD_BYTES) || 0);
		if (heldBytes + bytes > limitBytes) return done(tooMuch());
		heldBytes += bytes;
		reply.raw.once('close', () => {
			heldBytes -= bytes;
		});
		done();
	});
	app.removeAllContentTypeParsers();
	app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
	app.addHook('onRequest', (request, _reply, done) => {
		const coding = request.headers['content-encoding'];
		done(coding === undefined || coding === 'identity' ? undefined : refuseCoding());
	});
}

const tooMuch = () =>
	new Problem('rate-limited', 'The box holds as many large bodies as it can. Try again in a moment.', {
		isRetryable: true,
		retryAfterSeconds: 1,
	});

const refuseCoding = () =>
	new Problem('unsupported-media-type', 'Send the body as it is: the box takes no content-encoding. Turn request compression off.');

/** The bytes of a request's body; empty when there was none. */
export function bodyOf(request: { readonly body: unknown }): Buffer {
	return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
}
