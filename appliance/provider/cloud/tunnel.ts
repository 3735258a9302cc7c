/** Connections to an upstream through a proxy: a CONNECT to the proxy, then TLS with the upstream inside the tunnel. */

import { buildConnector, Pool } from 'undici';

/** The proxy did not open the tunnel: nothing of the call left the box. */
class ProxyRefusal extends Error {
	readonly code = 'PROXY_REFUSED';
	readonly status: number;

	constructor(status: number) {
		super(`the proxy answered ${status} to CONNECT`);
		this.status = status;
	}
}

export interface TunnelOptions {
	readonly proxy: URL;
	readonly timeoutMs: number;
	/** For the upstream's certificate; the proxy's own is checked as usual. */
	readonly ca: string | undefined;
}

/** What is written to the proxy besides the request; its user and password come from its address. */
export function proxyHeaders({ username, password }: URL): Record<string, string> {
	if (username === '' && password === '') return {};
	const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
	return { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` };
}

/** @returns a connector for a pool, and what closes its way to the proxy */
export function createTunnel({ proxy, timeoutMs, ca }: TunnelOptions) {
	const way = new Pool(proxy.origin, { connect: { timeout: timeoutMs }, headersTimeout: timeoutMs, allowH2: false });
	const secure = buildConnector({ timeout: timeoutMs, allowH2: false, ...(ca === undefined ? {} : { ca }) });
	const connect: buildConnector.connector = (options, callback) => {
		const port = options.port || (options.protocol === 'https:' ? '443' : '80');
		way.connect({ path: `${options.hostname}:${port}`, headers: { host: `${options.hostname}:${port}`, ...proxyHeaders(proxy) } }).then(
			({ socket, statusCode }) => {
				if (statusCode !== 200) {
					socket.on('error', () => {}).destroy();
					callback(new ProxyRefusal(statusCode), null);
				} else {
					secure({ ...options, httpSocket: socket as NonNullable<typeof options.httpSocket> }, callback);
				}
			},
			(error: unknown) => callback(unreachable(error), null),
		);
	};
	return { connect, close: () => way.destroy() };
}

/** A proxy that breaks the connection would be taken for an upstream that closed an idle one, and tried for ever. */
function unreachable(error: unknown): Error {
	const wrapped = new Error('the proxy cannot be reached', { cause: error });
	return Object.assign(wrapped, { code: 'PROXY_UNREACHABLE' });
}
