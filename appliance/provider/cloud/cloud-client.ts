/** Sends calls to cloud deployments over kept-alive HTTP/1.1 connections, one pool an origin. */

import type { CloudClient, UpstreamReply, UpstreamRequest } from '../../protocol/ports.ts';
import { Problem } from '../../protocol/problem.ts';
import { decodeReply } from './decode-reply.ts';
import { Exchange } from './exchange.ts';
import { headersForUpstream, OWN_LOGIN_AUTH, type UpstreamAuth } from './header-rules.ts';
import { type Destination, openWay, type Way } from './way.ts';
import { wrapError } from './wrap-error.ts';

/** An upstream as the configuration and the environment name it. */
export interface Upstream extends UpstreamAuth, Destination {
	readonly firstByteTimeoutMs: number;
	readonly idleTimeoutMs: number;
}

/** `upstreamOf` is asked at every call, so that a changed configuration counts at once. */
export function createCloudClient(upstreamOf: (provider: string, key: string | undefined) => Upstream | undefined): CloudClient {
	const ways = new Map<string, Way>();
	return {
		send: async (request) => {
			const upstream = upstreamOf(request.deployment.provider, request.key);
			if (upstream === undefined) throw unknownProvider(request);
			return await send(wayTo(ways, upstream), upstream, request);
		},
		close: async () => {
			await Promise.all([...ways.values()].map((way) => way.close()));
			ways.clear();
		},
	};
}

function wayTo(ways: Map<string, Way>, upstream: Upstream): Way {
	const name = `${upstream.baseUrl} ${upstream.connectTimeoutMs} ${upstream.caFile ?? ''} ${upstream.allowsPrivateAddresses === true}`;
	let way = ways.get(name);
	if (way === undefined) {
		way = openWay(upstream);
		ways.set(name, way);
	}
	return way;
}

async function send(way: Way, upstream: Upstream, request: UpstreamRequest): Promise<UpstreamReply> {
	const { deployment, signal } = request;
	const exchange = new Exchange((error, hasSent) => wrapError(error, deployment.id, hasSent, signal));
	const cancel = () => exchange.cancel(signal.reason);
	if (signal.aborted) cancel();
	else dispatch(way, upstream, request, exchange);
	signal.addEventListener('abort', cancel, { once: true });
	const reply = await exchange.head;
	if (reply.status >= 300 && reply.status < 400) refuseRedirect(reply, deployment.id, exchange);
	return reply.headers['content-encoding'] === undefined ? reply : decodeReply(reply, deployment.id);
}

function dispatch(way: Way, upstream: Upstream, request: UpstreamRequest, exchange: Exchange): void {
	way.dispatch(
		{
			method: 'POST',
			path: request.path,
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
