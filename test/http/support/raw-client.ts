/** An HTTP client that hides nothing: bytes as they come, when they came, and whether the reply was cut. */

import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { connect } from 'node:net';

export interface Exchange {
	readonly status: number;
	readonly headers: IncomingHttpHeaders;
	readonly body: Buffer;
	readonly text: string;
	/** The connection broke before the reply's end. */
	readonly isCut: boolean;
	readonly chunks: readonly { readonly atMs: number; readonly bytes: Buffer }[];
}

export interface Send {
	readonly method?: string;
	readonly headers?: OutgoingHttpHeaders;
	readonly body?: string | Uint8Array;
	readonly signal?: AbortSignal;
	/** Hears every piece of the reply's body when it comes. */
	readonly onChunk?: (bytes: Buffer) => void;
	/** For https: the one authority that is trusted. */
	readonly ca?: string;
	/** For https: of an attacker, who does not look at it. */
	readonly isAnyCertificate?: boolean;
}

export function send(
	url: string,
	{ method = 'POST', headers = {}, body, signal, onChunk, ca, isAnyCertificate }: Send = {},
): Promise<Exchange> {
	return new Promise((resolve, reject) => {
		const options = {
			method,
			headers,
			...(signal === undefined ? {} : { signal }),
			...(ca === undefined ? {} : { ca }),
			rejectUnauthorized: isAnyCertificate !== true,
		};
		const outgoing = (url.startsWith('https:') ? secureRequest : request)(url, options, (response) => {
			const chunks: { atMs: number; bytes: Buffer }[] = [];
			let isCut = false;
			response.on('data', (bytes: Buffer) => {
				chunks.push({ atMs: performance.now(), bytes });
				onChunk?.(bytes);
			});
			response.on('error', () => {
				isCut = true;
			});
			response.on('close', () => {
				const all = Buffer.concat(chunks.map(({ bytes }) => bytes));
				const { statusCode: status = 0, headers: replyHeaders } = response;
				resolve({ status, headers: replyHeaders, body: all, text: all.toString('utf8'), isCut: isCut || !response.complete, chunks });
			});
		});
		outgoing.on('error', reject);
		outgoing.end(body);
	});
}

/** Writes raw bytes to the port and resolves to all that comes back until the connection ends or `quietMs` pass in silence. */
export function sendRaw(url: string, bytes: string | Uint8Array, quietMs = 1_000): Promise<string> {
	const { hostname, port } = new URL(url);
	return new Promise((resolve) => {
		const socket = connect(Number(port), hostname);
		let heard = '';
		socket.setTimeout(quietMs, () => socket.destroy());
		socket.on('data', (chunk: Buffer) => {
			heard += chunk.toString('latin1');
		});
		socket.on('error', () => {});
		socket.on('close', () => resolve(heard));
		socket.write(bytes);
	});
}
