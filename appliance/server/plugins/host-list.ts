/** Answers only to names that are the box's own, so that a web page cannot reach it by pointing its own name here (DNS rebinding). */

import { isIP } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { Problem } from '../../protocol/problem.ts';

/** The host name of a `Host` field, lower case, without port and brackets; undefined when it is not one. */
function hostName(field: string): string | undefined {
	const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(field);
	return (match?.[1] ?? match?.[2])?.toLowerCase().replace(/\.$/, '');
}

/** IP literals, localhost, *.local (mDNS) and what the configuration names. A name beginning with a dot allows all below it. */
export function isAllowedHost(field: string, allowed: readonly string[]): boolean {
	const name = hostName(field);
	if (name === undefined || name === '') return false;
	if (isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost') || /^[a-z0-9-]+\.local$/.test(name)) return true;
	return allowed.some((one) => (one.startsWith('.') ? name.endsWith(one.toLowerCase()) : name === one.toLowerCase()));
}

export function addHostList(app: FastifyInstance, allowedHosts: () => readonly string[]): void {
	// Nearly all requests name the same host: the last one that was let in is not looked at again.
	let last = '';
	let lastAllowed: readonly string[] = [];
	const isAllowed = (host: string): boolean => {
		const allowed = allowedHosts();
		if (host === last && allowed === lastAllowed) return true;
		if (!isAllowedHost(host, allowed)) return false;
		last = host;
		lastAllowed = allowed;
		return true;
	};
	app.addHook('onRequest', (request, _reply, done) => {
		const { host, 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest } = request.headers;
		// Following a link to the page only shows it: nothing is read, sent or changed by that.
		const isLink = request.method === 'GET' && mode === 'navigate' && dest === 'document' && PAGE.test(request.url);
		if (host === undefined || !isAllowed(host)) done(refuseHost(host));
		else if ((site === 'cross-site' || site === 'same-site') && !isLink) done(refusePage());
		else done();
	});
}

/** The page, and the address that leads to it. */
const PAGE = /^\/(?:admin\/?)?$/;

const refuseHost = (host: string | undefined) =>
	new Problem(
		'forbidden',
		`The box does not answer to the host name ${JSON.stringify((host ?? '').slice(0, 100))}. Use its IP address, its .local name, or add the name to server.allowedHosts.`,
	);

const refusePage = () => new Problem('forbidden', 'A page of another site may not call the box.');
