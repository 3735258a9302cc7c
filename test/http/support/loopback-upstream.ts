/** A bare HTTP server on loopback that records what reaches it, byte for byte, and answers as a test says. */

import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface Received {
	readonly method: string;
	readonly url: string;
	readonly headers: IncomingHttpHeaders;
	readonly rawHeaders: readonly string[];
	readonly body: Buffer;
	/** Resolves with the monotonic time (ms) at which the connection was found closed before the reply ended. */
	readonly aborted: Promise<number>;
}

export type Answer = (received: Received, response: ServerResponse) => void;

export interface LoopbackUpstream extends AsyncDisposable {
	readonly baseUrl: string;
	readonly received: Received[];
	answer: Answer;
	/** Open connections now. */
	connections(): number;
}

export async function startUpstream(answer: Answer): Promise<LoopbackUpstream> {
	const received: Received[] = [];
	const sockets = new Set<Socket>();
	const server = createServer((request, response) => {
		const chunks: Buffer[] = [];
		request.on('data', (chunk: Buffer) => chunks.push(chunk));
		request.on('error', () => {});
		request.on('end', () => {
			const aborted = new Promise<number>((resolve) => {
				response.on('close', () => {
					if (!response.writableFinished) resolve(performance.now());
				});
			});
			const { method = '', url = '', headers, rawHeaders } = request;
			const one: Received = { method, url, headers, rawHeaders, body: Buffer.concat(chunks), aborted };
			received.push(one);
			upstream.answer(one, response);
		});
	});
	server.on('connection', (socket) => {
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket));
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const upstream: LoopbackUpstream = {
		baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		received,
		answer,
		connections: () => sockets.size,
		async [Symbol.asyncDispose]() {
			for (const socket of sockets) socket.destroy();
			await new Promise((resolve) => server.close(resolve));
		},
	};
	return upstream;
}
