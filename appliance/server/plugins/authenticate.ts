/** Asks for a member's key before a body is read: by default at every address, also on loopback. */

import type { FastifyInstance } from 'fastify';
import type { Key } from '../../protocol/member.ts';
import type { HeaderMap, MemberStore } from '../../protocol/ports.ts';
import { Problem } from '../../protocol/problem.ts';
import { HINT_HEADERS } from '../../protocol/words.ts';

declare module 'fastify' {
	interface FastifyContextConfig {
		/**
		 * Who may come in: `caller` is a member's key; `member` that, or the command line of this machine;
		 * `owner` an owner's key, or the command line. A route that does not say is for callers.
		 */
		access?: 'open' | 'caller' | 'member' | 'owner';
	}
	interface FastifyRequest {
		/** Set on every route that is not open. */
		memberKey: Key | undefined;
	}
}

/** Longer than any key we hand out; keeps strangers from having us hash megabytes. */
const LONGEST_SECRET = 256;

/** The key as `x-innerloop-key`, `Authorization: Bearer` or `x-api-key`, in this order. */
export function secretOf(headers: HeaderMap): string | undefined {
	const own = headers[HINT_HEADERS.key];
	if (typeof own === 'string') return own.trim();
	const bearer = /^Bearer +(\S+) *$/i.exec(String(headers.authorization ?? ''))?.[1];
	return bearer ?? (typeof headers['x-api-key'] === 'string' ? headers['x-api-key'].trim() : undefined);
}

/** `console` finds the key that the command line of this machine speaks with. */
export interface KeySources {
	readonly members: Pick<MemberStore, 'findKey'>;
	console(secret: string): Key | undefined;
}

export function addAuthentication(app: FastifyInstance, sources: KeySources): void {
	app.decorateRequest('memberKey', undefined);
	app.addHook('onRequest', (request, _reply, done) => {
		const access = request.is404 ? 'open' : (request.routeOptions.config.access ?? 'caller');
		if (access === 'open') return done();
		const secret = secretOf(request.headers);
		const key = secret === undefined || secret.length > LONGEST_SECRET ? undefined : findKey(sources, secret, access);
		if (key === undefined) return done(refuse(secret));
		if (access === 'owner' && !key.isOwner) return done(new Problem('forbidden', 'This address needs an owner’s key.'));
		request.memberKey = key;
		done();
	});
}

function findKey({ members, console }: KeySources, secret: string, access: 'caller' | 'member' | 'owner'): Key | undefined {
	return members.findKey(secret) ?? (access === 'caller' ? undefined : console(secret));
}

function refuse(secret: string | undefined): Problem {
	if (secret === undefined || secret === '')
		return new Problem(
			'unauthenticated',
			'A key of this box is needed: send it as x-innerloop-key, Authorization: Bearer or x-api-key. `innerloop key add` makes one.',
		);
	return new Problem('unauthenticated', 'This key is not known here, was revoked or has expired. `innerloop key add` makes a new one.');
}

/** The key of a request that came through the door. */
export function keyOf(request: { readonly memberKey: Key | undefined }): Key {
	if (request.memberKey === undefined) throw new Problem('unauthenticated', 'A key of this box is needed.');
	return request.memberKey;
}
