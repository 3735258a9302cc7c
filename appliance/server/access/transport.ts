/** How a request came: over TLS, from this machine, or in the clear over the network; and the session's cookie for each. */

import type { FastifyReply, FastifyRequest } from 'fastify';
import { LOOPBACK_COOKIE, SECURE_COOKIE, type Transport } from '../../protocol/access.ts';
import { Problem } from '../../protocol/problem.ts';

type Came = Pick<FastifyRequest, 'headers' | 'raw'>;

const isLoopbackAddress = (address: string | undefined): boolean => address !== undefined && /^(?:::ffff:)?127\.|^::1$/.test(address);

export function transportOf({ raw: { socket } }: Pick<Came, 'raw'>): Transport {
	if ('encrypted' in socket && socket.encrypted === true) return 'https';
	return isLoopbackAddress(socket.remoteAddress) ? 'loopback' : 'lan';
}

/** The address that it came from; `local` where the socket is gone already. */
export const addressOf = ({ raw: { socket } }: Pick<Came, 'raw'>): string => socket.remoteAddress ?? 'gone';

const cookieName = (transport: Transport): string => (transport === 'https' ? SECURE_COOKIE : LOOPBACK_COOKIE);

/** A token is 43 characters; whatever is longer is none. */
const TOKEN = /^[\w-]{43}$/;

/** The session's token; a cookie of plain HTTP is none over TLS, where anybody on the network could have set it. */
export function tokenOf(request: Came): string | undefined {
	const { cookie } = request.headers;
	if (cookie === undefined) return undefined;
	const name = `${cookieName(transportOf(request))}=`;
	const found = cookie.split('; ').find((pair) => pair.startsWith(name));
	const token = found?.slice(name.length);
	return token !== undefined && TOKEN.test(token) ? token : undefined;
}

/** @param token undefined takes the cookie away */
export function setCookie(request: Came, reply: FastifyReply, token: string | undefined, maxAgeMs: number): void {
	const transport = transportOf(request);
	const seconds = token === undefined ? 0 : Math.floor(maxAgeMs / 1000);
	const rest = `Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}${transport === 'https' ? '; Secure' : ''}`;
	reply.header('set-cookie', `${cookieName(transport)}=${token ?? ''}; ${rest}`);
}

/** Passwords and sessions never go in the clear over a network. */
export function assertPrivate(request: Came, plainHttp: 'loopback' | 'everywhere'): void {
	if (transportOf(request) === 'lan' && plainHttp !== 'everywhere')
		throw new Problem('forbidden', 'No password goes over plain HTTP: open the box by https.');
}

/** No Origin (not a browser, or a plain visit), or that of the very address that was called. */
export function isOwnPage(request: Came): boolean {
	const { origin, host } = request.headers;
	if (origin === undefined) return true;
	const scheme = transportOf(request) === 'https' ? 'https' : 'http';
	return origin === `${scheme}://${host}`;
}
