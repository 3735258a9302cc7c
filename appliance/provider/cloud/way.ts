/** The way to an upstream: a pool of kept-alive connections, straight or through a proxy, with the authorities that it is to be trusted by. */

import { readFileSync } from 'node:fs';
import { type Dispatcher, Pool } from 'undici';
import { isLinkLocalOrMetadata } from '../../config/check-address.ts';
import { Problem } from '../../protocol/problem.ts';
import { guardedLookup } from '../guarded-lookup.ts';
import { type Egress, proxyFor } from './proxy-for.ts';
import { createTunnel, proxyHeaders } from './tunnel.ts';

/** A TLS handshake costs more than an idle connection, and vendors keep theirs open for minutes. */
const KEEP_ALIVE_MS = 60_000;
const MAX_HEADER_BYTES = 64 * 1024;

const COMMON = { allowH2: false, pipelining: 1, keepAliveTimeout: KEEP_ALIVE_MS, maxHeaderSize: MAX_HEADER_BYTES };

export interface Destination {
	readonly baseUrl: string;
	readonly connectTimeoutMs: number;
	/** PEM file of the authorities that count for it; undefined takes the usual ones. */
	readonly caFile?: string | undefined;
	/** Whether its name may lead into a private network; link-local addresses never count. */
	readonly allowsPrivateAddresses?: boolean | undefined;
	/** Undefined where the environment names no proxy. */
	readonly egress?: Egress | undefined;
}

export interface Way {
	/** Below the upstream's base address. */
	dispatch(options: Omit<Dispatcher.DispatchOptions, 'path' | 'origin' | 'headers'> & Request, handler: Dispatcher.DispatchHandler): void;
	close(): Promise<void>;
}

interface Request {
	readonly path: string;
	/** Names and values in turn. */
	readonly headers: string[];
}

/** Throws a Problem where the proxy's address or the file of authorities is no good. */
export function openWay(destination: Destination): Way {
	const target = new URL(destination.baseUrl);
	const proxy = readProxy(target, destination.egress);
	if (proxy === undefined) return straight(target, destination);
	return target.protocol === 'https:' ? tunneled(target, proxy, destination) : forwarded(target, proxy, destination);
}

const basePath = ({ pathname }: URL): string => pathname.replace(/\/+$/, '');

function straight(target: URL, { connectTimeoutMs, caFile, allowsPrivateAddresses = false }: Destination): Way {
	if (isLinkLocalOrMetadata(target.hostname)) throw notSent('A link-local or metadata address is never called.');
	const ca = readAuthorities(caFile);
	const pool = new Pool(target.origin, {
		...COMMON,
		connect: { timeout: connectTimeoutMs, lookup: guardedLookup(allowsPrivateAddresses), ...(ca === undefined ? {} : { ca }) },
	});
	return wayOf(pool, basePath(target), () => pool.destroy());
}

function tunneled(target: URL, proxy: URL, { connectTimeoutMs, caFile }: Destination): Way {
	const tunnel = createTunnel({ proxy, timeoutMs: connectTimeoutMs, ca: readAuthorities(caFile) });
	const pool = new Pool(target.origin, { ...COMMON, connect: tunnel.connect });
	return wayOf(pool, basePath(target), async () => {
		await pool.destroy();
		await tunnel.close();
	});
}

/** Unencrypted calls are asked of the proxy itself, by the whole address (RFC 9112 §3.2.2). */
function forwarded(target: URL, proxy: URL, { connectTimeoutMs }: Destination): Way {
	const pool = new Pool(proxy.origin, { ...COMMON, connect: { timeout: connectTimeoutMs } });
	const extra = Object.entries({ host: target.host, ...proxyHeaders(proxy) }).flat();
	const way = wayOf(pool, target.origin + basePath(target), () => pool.destroy());
	return { ...way, dispatch: (options, handler) => way.dispatch({ ...options, headers: [...extra, ...options.headers] }, handler) };
}

function wayOf(pool: Pool, base: string, close: () => Promise<void>): Way {
	return { dispatch: (options, handler) => void pool.dispatch({ ...options, path: base + options.path }, handler), close };
}

function readProxy(target: URL, egress: Egress | undefined): URL | undefined {
	try {
		const proxy = proxyFor(target, egress);
		if (proxy === undefined || proxy.protocol === 'http:' || proxy.protocol === 'https:') return proxy;
	} catch {
		// No address at all: told below, without its text, which may hold a password.
	}
	throw notSent('HTTPS_PROXY or HTTP_PROXY is not the address of an http or https proxy.');
}

function readAuthorities(file: string | undefined): string | undefined {
	if (file === undefined) return undefined;
	try {
		return readFileSync(file, 'utf8');
	} catch (cause) {
		throw notSent(`The file of certificates ${file} (providers.….caFile) cannot be read.`, cause);
	}
}

const notSent = (message: string, cause?: unknown) =>
	new Problem('upstream-failed', message, { isRetryable: true, details: { wasSent: false, errorCode: 'CERT_OR_PROXY_SETTING' }, cause });
