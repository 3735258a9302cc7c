/** Sends calls to cloud deployments over kept-alive HTTP/1.1 connections, one pool an origin. */

import { Pool } from 'undici';
import type { CloudClient, UpstreamReply, UpstreamRequest } from '../../protocol/ports.ts';
import { Problem } from '../../protocol/problem.ts';
import { decodeReply } from './decode-reply.ts';
import { Exchange } from './exchange.ts';
import { headersForUpstream, OWN_LOGIN_AUTH, type UpstreamAuth } from './header-rules.ts';
import { wrapError } from './wrap-error.ts';

/** An upstream as the configuration and the environment name it. */
export interface Upstream extends UpstreamAuth {
	/** Without the dialect's path; may have a path of its own. */
	readonly baseUrl: string;
	readonly connectTimeoutMs: number;
	readonly firstByteTimeoutMs: number;
	readonly idleTimeoutMs: number;
}

/** A TLS handshake costs more than an idle connection, and vendors keep theirs open for minutes. */
const KEEP_ALIVE_MS = 60_000;
const MAX_HEADER_BYTES = 64 * 1024;

/** `upstreamOf` is asked at every call, so that a changed configuration counts at once. */
export function createCloudClient(upstreamOf: (provider: string) => Upstream | undefined): CloudClient {
	const pools = new Map<string, Pool>();
	return {
		send: (request) => {
			const upstream = upstreamOf(request.deployment.provider);
			if (upstream === undefined) return Promise.reject(unknownProvider(request));
			return send(poolOf(pools, upstream), upstream, request);
		},
		close: async () => {
			await Promise.all([...pools.values()].map((pool) => pool.destroy()));
			pools.clear();
		},
	};
}

function poolOf(pools: Map<string, Pool>, upstream: Upstream): Pool {
	const { origin } = new URL(upstream.baseUrl);
	const name = `${origin} ${upstream.connectTimeoutMs}`;
	let pool = pools.get(name);
	if (pool === undefined) {
		pool = new Pool(origin, {
			allowH2: false,
			pipelining: 1,
			keepAliveTimeout: KEEP_ALIVE_MS,
			maxHeaderSize: MAX_HEADER_BYTES,
			connect: { timeout: upstream.connectTimeoutMs },
		});
		pools.set(name, pool);
	}
	return pool;
}

async function send(pool: Pool, upstream: Upstream, request: UpstreamRequest): Promise<UpstreamReply> {
	const { deployment, signal } = request;
	const exchange = new Exchange((error, hasSent) => wrapError(error, deployment.id, hasSent, signal));
	const cancel = () => exchange.cancel(signal.reason);
	if (signal.aborted) cancel();
	else dispatch(pool, upstream, request, exchange);
	signal.addEventListener('abort', cancel, { once: true });
	const reply = await exchange.head;
	if (reply.status >= 300 && reply.status < 400) refuseRedirect(reply, deployment.id, exchange);
	return reply.headers['content-encoding'] === undefined ? reply : decodeReply(reply, deployment.id);
}

function dispatch(pool: Pool, upstream: Upstream, request: UpstreamRequest, exchange: Exchange): void {
	pool.dispatch(
		{
			method: 'POST',
			path: new URL(upstream.baseUrl).pathname.replace(/\/+$/, '') + request.path,
			headers: headersForUpstream(request.headers, request.deployment.isOwnLogin === true ? OWN_LOGIN_AUTH : upstream),
			body: request.body,
			headersTimeout: upstream.firstByteTimeoutMs,
			bodyTimeout: upstream.idleTimeoutMs,
		},
		exchange,
	);
}

/** A client that followed it would carry its key for the box to a stranger. */
function refuseRedirect(reply: UpstreamReply, deployment: string, exchange: Exchange): never {
	exchange.cancel(new Error('redirect'));
	// Without its query, which may repeat what the upstream was sent.
	const target = String(reply.headers.location ?? 'nowhere').split(/[?#]/, 1)[0];
	throw new Problem('upstream-failed', `Deployment ${deployment} redirects elsewhere: set its provider's baseUrl to the final address.`, {
		isRetryable: true,
		details: { deployment, wasSent: true, status: reply.status, target },
	});
}

const unknownProvider = ({ deployment }: UpstreamRequest) =>
	new Problem('upstream-failed', `Deployment ${deployment.id} names a provider that the configuration does not have.`, {
		isRetryable: true,
		details: { deployment: deployment.id, wasSent: false },
	});
