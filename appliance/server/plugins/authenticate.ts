/** Asks for a member's key, or the page's session, before a body is read: by default at every address, also on loopback. */

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type AccountRole, CSRF_HEADER } from '../../protocol/access.ts';
import type { Key } from '../../protocol/member.ts';
import type { HeaderMap, MemberStore } from '../../protocol/ports.ts';
import { Problem } from '../../protocol/problem.ts';
import { HINT_HEADERS } from '../../protocol/words.ts';
import { isCsrf, type Session } from '../access/sessions.ts';
import { isOwnPage, tokenOf } from '../access/transport.ts';

/**
 * Who may come in. `caller`: a member's key, the only one that is good for calls. `viewer`, `member`, `owner`: a key or
 * session of at least that role, or the command line of this machine; `console`: that command line alone. A route that
 * does not say is for callers.
 */
export type Access = 'open' | 'caller' | AccountRole | 'console';

declare module 'fastify' {
	interface FastifyContextConfig {
		access?: Access;
	}
	interface FastifyRequest {
		/** Set on every route that is not open. Of a session: what it may do, as a key. */
		memberKey: Key | undefined;
		/** Of the page; also on open routes, where there is one. */
		session: Session | undefined;
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
	session(token: string): Session | undefined;
	/** Of a member without an account: `member`. */
	roleOf(memberId: string): AccountRole;
}

export function addAuthentication(app: FastifyInstance, sources: KeySources): void {
	app.decorateRequest('memberKey', undefined);
	app.decorateRequest('session', undefined);
	app.addHook('onRequest', (request, _reply, done) => {
		if (request.is404) return done();
		const access = request.routeOptions.config.access ?? 'caller';
		if (access === 'caller') return done(letCaller(sources, request));
		done(refuseForeignPage(request) ?? letIn(sources, request, access));
	});
}

/** The way of every call: nothing but its key is looked at. */
function letCaller({ members }: KeySources, request: FastifyRequest): Problem | undefined {
	const secret = secretOf(request.headers);
	const key = secret === undefined || secret.length > LONGEST_SECRET ? undefined : members.findKey(secret);
	if (key === undefined) return refuse(secret);
	request.memberKey = key;
	return undefined;
}

function letIn(sources: KeySources, request: FastifyRequest, access: Exclude<Access, 'caller'>): Problem | undefined {
	const secret = secretOf(request.headers);
	const token = secret === undefined ? tokenOf(request) : undefined;
	const session = token === undefined ? undefined : sources.session(token);
	request.session = session;
	if (access === 'open') return undefined;
	const key = session?.key ?? (secret === undefined ? undefined : findKey(sources, secret));
	if (key === undefined) return token === undefined ? refuse(secret) : new Problem('unauthenticated', 'The session is over: log in again.');
	if (session !== undefined && !isSafe(request.method) && !isCsrf(session, request.headers[CSRF_HEADER])) return refuseForgery();
	if (!mayEnter(access, key, session?.role ?? (key.isOwner ? 'owner' : sources.roleOf(key.memberId)))) return refuseRole(access);
	request.memberKey = key;
	return undefined;
}

const CONSOLE = 'console';
const RANK: Readonly<Record<AccountRole, number>> = { viewer: 0, member: 1, owner: 2 };

const mayEnter = (access: AccountRole | 'console', key: Key, role: AccountRole): boolean =>
	access === 'console' ? key.id === CONSOLE : RANK[role] >= RANK[access];

const isSafe = (method: string): boolean => method === 'GET' || method === 'HEAD';

function findKey({ members, console }: KeySources, secret: string): Key | undefined {
	return secret.length > LONGEST_SECRET ? undefined : (members.findKey(secret) ?? console(secret));
}

/** A browser tells where a page comes from; a page of another origin has no business at the admin addresses. */
function refuseForeignPage(request: FastifyRequest): Problem | undefined {
	return isSafe(request.method) || isOwnPage(request)
		? undefined
		: new Problem('forbidden', 'A page of another site may not call the box.');
}

function refuse(secret: string | undefined): Problem {
	if (secret === undefined || secret === '')
		return new Problem(
			'unauthenticated',
			'A key of this box is needed: send it as x-innerloop-key, Authorization: Bearer or x-api-key. `innerloop key add` makes one.',
		);
	return new Problem('unauthenticated', 'This key is not known here, was revoked or has expired. `innerloop key add` makes a new one.');
}

const refuseForgery = () =>
	new Problem('forbidden', `A change by a session needs its ${CSRF_HEADER}, which GET /innerloop/v1/session tells the page.`);

const REFUSED: Readonly<Record<AccountRole | 'console', string>> = {
	viewer: 'This address is not for you.',
	member: 'A viewer may look, and nothing else.',
	owner: 'This address needs an owner: an owner’s key or session.',
	console: 'This address is for the command line on the device itself.',
};

const refuseRole = (access: AccountRole | 'console') => new Problem('forbidden', REFUSED[access]);

/** The key of a request that came through the door. */
export function keyOf(request: { readonly memberKey: Key | undefined }): Key {
	if (request.memberKey === undefined) throw new Problem('unauthenticated', 'A key of this box is needed.');
	return request.memberKey;
}
