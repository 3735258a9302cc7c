/** Asks an address whether a box answers there, in a short time and without a secret. */

import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** A box on the same network answers in milliseconds; one that is unplugged never does. */
const TIMEOUT_MS = 2_000;
const LONGEST_REPLY = 65_536;

export interface Answer {
	readonly status: number;
	readonly text: string;
}

export interface ProbeOptions {
	/** PEM that the box's certificate is checked by; undefined for the usual authorities. */
	readonly ca?: string | undefined;
	/** False where nothing of the answer is trusted, and nothing secret is sent. */
	readonly isVerified?: boolean;
	readonly key?: string;
}

/** Undefined when nobody answers in time, or not with the right certificate. */
export function ask(url: string, { ca, isVerified = true, key }: ProbeOptions = {}): Promise<Answer | undefined> {
	const headers = key === undefined ? {} : { 'x-innerloop-key': key };
	return new Promise((resolve) => {
		const take = (reply: IncomingMessage) => {
			let text = '';
			reply.setEncoding('utf8');
			reply.on('data', (piece: string) => {
				if (text.length < LONGEST_REPLY) text += piece;
			});
			reply.on('error', () => resolve(undefined));
			reply.on('end', () => resolve({ status: reply.statusCode ?? 0, text }));
		};
		const signal = AbortSignal.timeout(TIMEOUT_MS);
		const outgoing = url.startsWith('https:')
			? httpsRequest(url, { headers, signal, rejectUnauthorized: isVerified, ...(ca !== undefined && { ca }) }, take)
			: httpRequest(url, { headers, signal }, take);
		outgoing.on('error', () => resolve(undefined));
		outgoing.end();
	});
}

/** The first of the addresses, in their order, at which a box answers. */
export async function firstAnswering(addresses: readonly string[], options: ProbeOptions): Promise<string | undefined> {
	const answers = await Promise.all(addresses.map((address) => ask(`${address}/healthz`, options)));
	return addresses.find((_, index) => answers[index]?.status === 200);
}
