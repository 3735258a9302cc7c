/** A hub on loopback that serves one file and can misbehave in every way that a real one does. */

import { statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
	readonly path: string;
	readonly range: string | undefined;
	readonly ifRange: string | undefined;
	readonly authorization: string | undefined;
}

export type Answer = (server: FileServer, request: SeenRequest, response: ServerResponse) => void;

export class FileServer {
	content: Buffer;
	etag: string;
	/** Where the reader keeps what has arrived: a connection is cut only when all that was sent stands there. */
	readersFile: string | undefined;
	readonly seen: SeenRequest[] = [];
	/** Consumed first to last; afterwards requests are answered properly. */
	readonly script: Answer[] = [];
	private readonly server: Server;

	constructor(content: Buffer) {
		this.content = content;
		this.etag = '"first"';
		this.server = createServer((request, response) => this.handle(request, response));
	}

	async start(): Promise<string> {
		await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
		return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/model.gguf`;
	}

	async stop(): Promise<void> {
		this.server.closeAllConnections();
		await new Promise((resolve) => this.server.close(resolve));
	}

	private handle(request: IncomingMessage, response: ServerResponse): void {
		const { range, authorization } = request.headers;
		const ifRange = request.headers['if-range'];
		const seen = { path: request.url ?? '', range, authorization, ifRange: typeof ifRange === 'string' ? ifRange : undefined };
		this.seen.push(seen);
		const answer = this.script.shift() ?? serve;
		answer(this, seen, response);
	}
}

/** As RFC 9110 wants it: ranges, If-Range, 416. */
function serve(server: FileServer, request: SeenRequest, response: ServerResponse): void {
	const { content, etag } = server;
	const start = startOf(request, etag);
	if (start > 0 && start >= content.length) {
		response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
		return;
	}
	const head = { etag, 'content-length': content.length - start };
	if (start === 0) response.writeHead(200, head);
	else response.writeHead(206, { ...head, 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` });
	response.end(content.subarray(start));
}

function startOf({ range, ifRange }: SeenRequest, etag: string): number {
	if (ifRange !== undefined && ifRange !== etag) return 0;
	return Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
}

/**
 * Sends that many bytes of what is due, and resets the connection once the reader has them on disk: a reader throws away
 * what it was sent and has not read when its connection is cut, so after a pause alone a busy one may have nothing.
 */
export function cutAfter(bytes: number): Answer {
	return (server, request, response) => {
		const start = startOf(request, server.etag);
		const end = Math.min(server.content.length, start + bytes);
		const head = { etag: server.etag, 'content-length': server.content.length - start };
		if (start === 0) response.writeHead(200, head);
		else response.writeHead(206, { ...head, 'content-range': `bytes ${start}-${server.content.length - 1}/${server.content.length}` });
		response.write(server.content.subarray(start, end));
		const look = setInterval(() => {
			if (!response.destroyed && sizeOf(server.readersFile) < end) return;
			clearInterval(look);
			response.destroy();
		}, 2);
	};
}

function sizeOf(file: string | undefined): number {
	if (file === undefined) throw new Error('the server was not told where its reader keeps what arrives');
	return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

export function ignoreRange(server: FileServer, _request: SeenRequest, response: ServerResponse): void {
	response.writeHead(200, { etag: server.etag, 'content-length': server.content.length }).end(server.content);
}

export function status(code: number, headers: Record<string, string> = {}): Answer {
	return (_server, _request, response) => void response.writeHead(code, headers).end('no');
}

/** Sends the head and a few bytes, then nothing more. */
export function stall(server: FileServer, _request: SeenRequest, response: ServerResponse): void {
	response.writeHead(200, { etag: server.etag, 'content-length': server.content.length });
	response.write(server.content.subarray(0, 10));
}
