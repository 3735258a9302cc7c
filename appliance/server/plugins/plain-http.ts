/** Plain HTTP from other machines carries no credential: it leads to HTTPS, gives out what is needed for it, and tells whether the box lives. */

import type { FastifyInstance } from 'fastify';
import { Problem } from '../../protocol/problem.ts';
import { transportOf } from '../access/transport.ts';
import type { Box } from '../box.ts';

/** No secrets, and needed before a client can trust the box. */
const PLAIN: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/innerloop/v1/authority.pem', '/connect', '/connect.mjs']);

/** @param tlsPort of this moment; 0 without HTTPS */
export function addPlainHttpRule(app: FastifyInstance, box: Box, tlsPort: () => number): void {
	app.addHook('onRequest', (request, reply, done) => {
		if (transportOf(request) !== 'lan' || box.settings().access.plainHttp === 'everywhere') return done();
		const { method, url } = request;
		const path = url.split('?', 1)[0] ?? '';
		if (method === 'GET' && PLAIN.has(path)) return done();
		const port = tlsPort();
		const secure = port === 0 ? undefined : `https://${hostOf(request.headers.host)}:${port}`;
		if (secure !== undefined && (method === 'GET' || method === 'HEAD') && request.headers.authorization === undefined && isPage(path))
			return void reply.redirect(`${secure}${url}`, 308);
		done(refuse(secure));
	});
}

const isPage = (path: string): boolean => !path.startsWith('/v1/') && !path.startsWith('/innerloop/');

/** Without its port. */
const hostOf = (host = ''): string => host.replace(/:\d+$/, '');

const refuse = (secure: string | undefined) =>
	new Problem(
		'forbidden',
		secure === undefined
			? 'From another machine the box takes no credential over plain HTTP, and it has no HTTPS: set server.tls.mode to on (or, for a time, access.plainHttp to everywhere).'
			: `From another machine the box takes no credential over plain HTTP: use ${secure}. A key that was sent in the clear should be revoked.`,
	);
