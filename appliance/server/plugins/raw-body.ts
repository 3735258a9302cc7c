/** Keeps a JSON body as the bytes that came; refuses every other type (a web page can post text/plain without asking). */

import type { FastifyInstance } from 'fastify';
import { Problem } from '../../protocol/problem.ts';

export function addRawBody(app: FastifyInstance): void {
	app.removeAllContentTypeParsers();
	app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
	app.addHook('onRequest', (request, _reply, done) => {
		const coding = request.headers['content-encoding'];
		done(coding === undefined || coding === 'identity' ? undefined : refuseCoding());
	});
}

const refuseCoding = () =>
	new Problem('unsupported-media-type', 'Send the body as it is: the box takes no content-encoding. Turn request compression off.');

/** The bytes of a request's body; empty when there was none. */
export function bodyOf(request: { readonly body: unknown }): Buffer {
	return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
}
