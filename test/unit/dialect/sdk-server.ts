/** A loopback server that answers every request with given wire text, for the vendors' own SDKs to read. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import type { WireReply } from '../../../appliance/protocol/ports.ts';

export interface Sdks {
	readonly anthropic: Anthropic;
	readonly openai: OpenAI;
}

export async function withSdks<T>(reply: WireReply, use: (sdks: Sdks) => Promise<T>): Promise<T> {
	const server = createServer((request, response) => {
		request.resume();
		response.writeHead(reply.status, reply.headers);
		response.end(reply.body);
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	try {
		return await use({
			anthropic: new Anthropic({ apiKey: 'k', baseURL: address, maxRetries: 0 }),
			openai: new OpenAI({ apiKey: 'k', baseURL: `${address}/v1`, maxRetries: 0 }),
		});
	} finally {
		server.closeAllConnections();
		await new Promise((resolve) => server.close(resolve));
	}
}

export function ok(body: string, contentType = 'application/json'): WireReply {
	return { status: 200, headers: { 'content-type': contentType }, body };
}

export const EVENT_STREAM = 'text/event-stream';
