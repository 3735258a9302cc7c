/** A forward proxy on loopback: CONNECT tunnels, and whole addresses for unencrypted calls; records what it was asked. */

import { request as ask, createServer, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export interface Asked {
	readonly method: string;
	/** `host:port` of a CONNECT, the whole address of another request. */
	readonly target: string;
	readonly headers: IncomingHttpHeaders;
}

export interface ProxyStandIn extends AsyncDisposable {
	readonly url: string;
	readonly asked: Asked[];
	/** Bytes that went through tunnels, towards the upstream. */
	tunneledBytes(): number;
	/** Answers every CONNECT with this status where it is not 200. */
	status: number;
	/** Takes connections and says nothing. */
	isSilent: boolean;
}

export async function startProxy(): Promise<ProxyStandIn> {
	const sockets = new Set<Socket>();
	let bytes = 0;
	const server = createServer((request, response) => {
		proxy.asked.push({ method: request.method ?? '', target: request.url ?? '', headers: request.headers });
		const outgoing = ask(request.url ?? '', { method: request.method ?? 'GET', headers: request.headers }, (reply) => {
			response.writeHead(reply.statusCode ?? 502, reply.headers);
			reply.pipe(response);
		});
		outgoing.on('error', () => response.destroy());
		response.on('close', () => outgoing.destroy());
		request.pipe(outgoing);
	});
	server.on('connect', (request, socket: Socket, head) => {
		proxy.asked.push({ method: 'CONNECT', target: request.url ?? '', headers: request.headers });
		socket.on('error', () => {});
		if (proxy.isSilent) return;
		if (proxy.status !== 200) return void socket.end(`HTTP/1.1 ${proxy.status} No\r\ncontent-length: 0\r\n\r\n`);
		const [host = '', port = ''] = (request.url ?? '').split(':');
		const onward = connect(Number(port), host, () => {
			socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
			onward.write(head);
			socket.on('data', (chunk: Buffer) => {
				bytes += chunk.length;
			});
			socket.pipe(onward).pipe(socket);
		});
		onward.on('error', () => socket.destroy());
		socket.on('close', () => onward.destroy());
	});
	server.on('connection', (socket) => {
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket));
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const proxy: ProxyStandIn = {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		asked: [],
		tunneledBytes: () => bytes,
		status: 200,
		isSilent: false,
		async [Symbol.asyncDispose]() {
			for (const socket of sockets) socket.destroy();
			await new Promise((resolve) => server.close(resolve));
		},
	};
	return proxy;
}
