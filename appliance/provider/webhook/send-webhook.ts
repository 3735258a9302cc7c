/** One signed POST to an operator's webhook: addresses are looked at before they are asked, redirects are not followed. */

import { createHmac } from 'node:crypto';
import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { isLinkLocalOrMetadata } from '../../config/check-address.ts';
import { Problem } from '../../protocol/problem.ts';
import { type Egress, proxyFor } from '../cloud/proxy-for.ts';
import { sendByProxy } from './send-by-proxy.ts';

export interface WebhookRequest {
	readonly url: string;
	readonly secret: string;
	/** The same for every try, so that the receiver can tell a repetition. */
	readonly id: string;
	/** JSON. */
	readonly body: string;
	/** Epoch ms, signed with the body. */
	readonly wallMs: number;
	readonly signal: AbortSignal;
	/** Undefined where the environment names no proxy. */
	readonly egress?: Egress | undefined;
}

const TIMEOUT_MS = 10_000;

/** `t=SECONDS,v1=HEX`: HMAC-SHA256 of `SECONDS.BODY` under the webhook's secret. */
function signatureOf(secret: string, body: string, wallMs: number): string {
	const seconds = Math.floor(wallMs / 1_000);
	return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
}

type Resolve = (
	hostname: string,
	options: LookupOptions,
	callback: (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void,
) => void;

/** A name may lead where no address of the configuration may: the clouds' metadata services, for one. */
export const checkedLookup =
	(resolve: Resolve): LookupFunction =>
	(hostname, options, callback) =>
		resolve(hostname, options, (error, address, family) => {
			const addresses = typeof address === 'string' ? [address] : (address ?? []).map((one) => one.address);
			const isForbidden = addresses.some(isLinkLocalOrMetadata);
			callback(isForbidden ? new Error('its name leads to a link-local or metadata address') : error, address, family);
		});

/** Resolves once the receiver said 2xx; rejects with a Problem that names neither address nor secret. */
export async function sendWebhook({ url, secret, id, body, wallMs, signal, egress }: WebhookRequest): Promise<void> {
	const post: Post = {
		url: new URL(url),
		headers: {
			'content-type': 'application/json',
			'content-length': String(Buffer.byteLength(body)),
			'x-innerloop-alert': id,
			'x-innerloop-signature': signatureOf(secret, body, wallMs),
		},
		body,
		signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
	};
	const sent = isProxied(post.url, egress) ? sendByProxy(post, egress, TIMEOUT_MS) : sendStraight(post);
	const status = await sent.catch((error: Error) => {
		throw error instanceof Problem ? error : failure(`could not be reached (${reasonOf(error)})`);
	});
	if (status < 200 || status >= 300) throw failure(`answered ${status}`);
}

/** One request, and the status that it was answered with. */
export interface Post {
	readonly url: URL;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: string;
	readonly signal: AbortSignal;
}

/** What is no address of a proxy is told by who tries to use it. */
function isProxied(url: URL, egress: Egress | undefined): egress is Egress {
	try {
		return proxyFor(url, egress) !== undefined;
	} catch {
		return true;
	}
}

function sendStraight({ url, headers, body, signal }: Post): Promise<number> {
	const send = url.protocol === 'https:' ? requestHttps : requestHttp;
	return new Promise((resolve, reject) => {
		const request = send(url, { method: 'POST', headers, lookup: checkedLookup(lookup), signal, agent: false });
		request.on('response', (response) => {
			response.destroy();
			resolve(response.statusCode ?? 0);
		});
		request.on('error', reject);
		request.end(body);
	});
}

const failure = (why: string) => new Problem('upstream-failed', `The webhook ${why}.`, { isRetryable: true });

function reasonOf(error: Error): string {
	return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
