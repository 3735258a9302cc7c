/** A wire between a client and the box that passes every byte on and remembers each exchange. */

import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { HttpReader } from './http-reader.ts';

/** One request and its reply; exchanges of one connection follow each other. */
export interface Exchange {
	readonly requestHead: string;
	readonly requestBody: Buffer;
	/** Empty until the reply's head came. */
	replyHead: string;
	/** Grows while the reply comes. */
	replyBody: Buffer;
}

export interface Wiretap {
	readonly url: string;
	/** In the order in which their requests were complete. */
	readonly exchanges: readonly Exchange[];
	close(): Promise<void>;
}

/** Value of a header in a head, or undefined. */
export function headerOf(head: string, name: string): string | undefined {
	return new RegExp(`^${name}: *(.*)$`, 'im').exec(head)?.[1]?.trim();
}

function tap(client: Socket, box: Socket, exchanges: Exchange[]): void {
	const open: Exchange[] = [];
	let requestHead = '';
	let pieces: Buffer[] = [];
	const request = new HttpReader({
		head(text) {
			requestHead = text;
			pieces = [];
		},
		body: (piece) => void pieces.push(Buffer.from(piece)),
		end() {
			const exchange = { requestHead, requestBody: Buffer.concat(pieces), replyHead: '', replyBody: Buffer.alloc(0) };
			open.push(exchange);
			exchanges.push(exchange);
		},
	});
	const reply = new HttpReader({
		head(text) {
			if (open[0] !== undefined) open[0].replyHead = text;
		},
		body(piece) {
			if (open[0] !== undefined) open[0].replyBody = Buffer.concat([open[0].replyBody, piece]);
		},
		end: () => void open.shift(),
	});
	client.on('data', (bytes: Buffer) => {
		request.push(bytes);
		box.write(bytes);
	});
	box.on('data', (bytes: Buffer) => {
		reply.push(bytes);
		client.write(bytes);
	});
	for (const [one, other] of [
		[client, box],
		[box, client],
	] as const) {
		one.on('end', () => other.end());
		one.on('error', () => other.destroy());
		one.on('close', () => other.destroy());
	}
}

/** @param target `http://HOST:PORT` of the box */
export async function startWiretap(target: string): Promise<Wiretap> {
	const { hostname, port } = new URL(target);
	const exchanges: Exchange[] = [];
	const sockets = new Set<Socket>();
	const server = createServer((client) => {
		const box = connect(Number(port), hostname);
		sockets.add(client).add(box);
		tap(client, box, exchanges);
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		exchanges,
		close: () =>
			new Promise((resolve) => {
				for (const socket of sockets) socket.destroy();
				server.close(() => resolve());
			}),
	};
}
