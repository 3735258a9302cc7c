/** Somebody in the middle: shows a certificate of their own, reads everything, and passes it on to the real box, changed at will. */

import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { makeAuthority, makeLeaf } from '../../../appliance/server/tls/certificate.ts';

export interface FalseBox extends AsyncDisposable {
	readonly url: string;
	/** All bodies that came by, both ways. */
	readonly seen: string[];
}

/** @param change of what the real box says; default nothing */
export async function startFalseBox(
	realUrl: string,
	change: (path: string, body: string) => string = (_, body) => body,
): Promise<FalseBox> {
	const span = { from: new Date(Date.now() - 86_400_000), until: new Date(Date.now() + 86_400_000) };
	const authority = makeAuthority('A stranger', ['localhost'], span);
	const { key, certificate } = makeLeaf(authority, { dns: ['localhost'], ip: ['127.0.0.1'] }, span);
	const seen: string[] = [];
	const server = createServer({ key, cert: certificate }, (incoming, reply) => {
		const pieces: Buffer[] = [];
		incoming.on('data', (piece: Buffer) => pieces.push(piece));
		incoming.on('end', () => {
			const body = Buffer.concat(pieces);
			seen.push(body.toString('utf8'));
			const { connection: _, ...headers } = incoming.headers;
			const options = { method: incoming.method, headers, rejectUnauthorized: false };
			const onward = request(new URL(incoming.url ?? '/', realUrl), options, (answer) => {
				let text = '';
				answer.setEncoding('utf8');
				answer.on('data', (piece: string) => {
					text += piece;
				});
				answer.on('end', () => {
					seen.push(text);
					const changed = change(incoming.url ?? '/', text);
					reply.writeHead(answer.statusCode ?? 500, { 'content-type': 'application/json' }).end(changed);
				});
			});
			onward.on('error', () => reply.destroy());
			onward.end(body);
		});
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
		seen,
		[Symbol.asyncDispose]: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
}
