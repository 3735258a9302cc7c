/** Which headers pass between caller and upstream, and which stop at the box. */

import type { HeaderMap } from '../../protocol/ports.ts';

/** They speak of one connection only (RFC 9110 §7.6.1), beside those that `Connection` itself names. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'];

/** The caller's own secrets: the upstream gets the deployment's key and nothing of the caller's. */
const CREDENTIALS = [
	'authorization',
	'x-api-key',
	'api-key',
	'x-goog-api-key',
	'cookie',
	'proxy-authorization',
	'proxy-authenticate',
	'chatgpt-account-id',
];

/** What a caller's own login consists of: the only credentials of a caller that ever go on, and only to that login's vendor. */
const OWN_LOGIN = ['authorization', 'chatgpt-account-id'];

/** Beta flags that say how the caller is logged in. */
const LOGIN_FLAG = /^oauth-/;

/** Written anew for the upstream by the HTTP client, which sends the body as it was decoded. */
const MESSAGE = ['host', 'content-length', 'content-encoding', 'expect', 'accept-encoding'];

/** They tell who is behind the box, which is nobody's business at the upstream. */
const FORWARDING = ['forwarded', 'via', 'x-real-ip', 'true-client-ip', 'cf-connecting-ip', 'origin', 'referer'];

/** They speak of the upstream's origin, which is not ours: a browser or client must not apply them to the box. */
const UPSTREAM_ORIGIN = ['set-cookie', 'alt-svc', 'strict-transport-security', 'clear-site-data', 'nel', 'report-to'];

const REQUEST_STOPS: ReadonlySet<string> = new Set([...HOP_BY_HOP, ...CREDENTIALS, ...MESSAGE, ...FORWARDING]);
const REPLY_STOPS: ReadonlySet<string> = new Set([...HOP_BY_HOP, ...UPSTREAM_ORIGIN]);
const REQUEST_PREFIXES = /^(?:x-innerloop-|x-forwarded-|sec-fetch-)/;
const REPLY_PREFIXES = /^(?:x-innerloop-|access-control-)/;

/** Field values as RFC 9110 §5.5 allows them; anything else could begin a header of its own. */
const SAFE_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

const NONE: ReadonlySet<string> = new Set();

function namedByConnection(connection: string | readonly string[] | undefined): ReadonlySet<string> {
	if (connection === undefined || connection === 'keep-alive' || connection === 'close') return NONE;
	return new Set([connection].flat().flatMap((value) => value.split(',').map((name) => name.trim().toLowerCase())));
}

/** How an upstream wants its key. */
export interface UpstreamAuth {
	readonly auth: 'x-api-key' | 'bearer' | 'none' | 'own-login';
	readonly key: string | undefined;
}

/** Instead of the deployment's key: the login that the caller brings along. */
export const OWN_LOGIN_AUTH: UpstreamAuth = { auth: 'own-login', key: undefined };

/**
 * The caller's headers for the upstream as a flat list of names and values. Asks for an unencoded reply:
 * the bytes pass as they come and the usage in them must be readable on the way.
 */
export function headersForUpstream(caller: HeaderMap, { auth, key }: UpstreamAuth): string[] {
	const named = namedByConnection(caller.connection);
	const headers: string[] = ['accept-encoding', 'identity'];
	if (auth === 'x-api-key' && key !== undefined) headers.push('x-api-key', key);
	if (auth === 'bearer' && key !== undefined) headers.push('authorization', `Bearer ${key}`);
	const isOwn = auth === 'own-login';
	if (isOwn) for (const name of OWN_LOGIN) pushAll(headers, name, caller[name]);
	for (const name in caller) {
		const value = caller[name];
		if (value === undefined || REQUEST_STOPS.has(name) || REQUEST_PREFIXES.test(name) || named.has(name)) continue;
		pushAll(headers, name, name === 'anthropic-beta' && !isOwn ? withoutLoginFlags(value) : value);
	}
	return headers;
}

function pushAll(headers: string[], name: string, value: HeaderMap[string]): void {
	if (typeof value === 'string') pushSafe(headers, name, value);
	else for (const one of value ?? []) pushSafe(headers, name, one);
}

/** The box speaks with its own key: the flags of the caller's login would say something else. */
function withoutLoginFlags(value: HeaderMap[string]): HeaderMap[string] {
	const text = [value ?? []].flat().join(',');
	if (!text.includes('oauth-')) return value;
	const flags = text.split(',').filter((flag) => !LOGIN_FLAG.test(flag.trim()));
	return flags.length === 0 ? undefined : flags.join(',');
}

function pushSafe(headers: string[], name: string, value: string): void {
	if (SAFE_VALUE.test(value)) headers.push(name, value);
}

/** The upstream's headers for the caller. */
export function headersForCaller(upstream: HeaderMap): Record<string, string | string[]> {
	const named = namedByConnection(upstream.connection);
	const headers: Record<string, string | string[]> = {};
	for (const name in upstream) {
		const value = upstream[name];
		if (value === undefined || REPLY_STOPS.has(name) || REPLY_PREFIXES.test(name) || named.has(name)) continue;
		if (typeof value === 'string') {
			if (SAFE_VALUE.test(value)) headers[name] = value;
			continue;
		}
		const values = value.filter((one) => SAFE_VALUE.test(one));
		const [first] = values;
		if (first !== undefined) headers[name] = values.length === 1 ? first : values;
	}
	return headers;
}
