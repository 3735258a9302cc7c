/** One HTTP request for a file or the rest of it, with what the server says about the whole. */

import { ModelFailure } from './model-failure.ts';

const MAX_REDIRECTS = 5;

/** Statuses that another try may cure. */
const RETRYABLE = new Set([408, 425, 429, 500, 502, 503, 504]);

export interface TransferRequest {
	readonly url: string;
	/** Bytes that are already there. */
	readonly offset: number;
	/** The strong validator that those bytes came with; undefined asks for the rest unconditionally. */
	readonly validator: string | undefined;
	/** Bearer token for the first host only. */
	readonly token: string | undefined;
	readonly signal: AbortSignal;
}

export interface Transfer {
	/** Where the body's first byte belongs: the offset asked for, or 0 when the server starts anew. */
	readonly startsAt: number;
	readonly totalBytes: number | undefined;
	/** Strong ETag, or undefined. */
	readonly validator: string | undefined;
	/** sha256 that a model hub states beside its redirect. */
	readonly statedSha256: string | undefined;
	/** Null when nothing is left to send. */
	readonly body: AsyncIterable<Uint8Array> | null;
}

/** @throws ModelFailure for every answer that is not the file */
export async function openTransfer(request: TransferRequest): Promise<Transfer> {
	const { response, statedSha256 } = await follow(request);
	const validator = strongEtag(response.headers.get('etag'));
	if (response.status === 416) return whenRangeRefused(request, response, statedSha256);
	if (response.status !== 200 && response.status !== 206) throw await failureOf(response, request.url);
	const range = response.status === 206 ? parseContentRange(response.headers.get('content-range')) : undefined;
	if (response.status === 206 && range?.start !== request.offset) {
		throw new ModelFailure(`The server sent another part of ${request.url} than was asked for.`, { isRetryable: true });
	}
	const length = response.headers.get('content-length');
	return {
		startsAt: range?.start ?? 0,
		totalBytes: range ? range.total : length === null ? undefined : Number(length),
		validator,
		statedSha256,
		body: heldBody(response),
	};
}

/** Held by its reader from now on: Node cancels a body that nobody reads yet as soon as its response is garbage. */
function heldBody({ body }: Response): AsyncIterable<Uint8Array> | null {
	return body === null ? null : (body as ReadableStream<Uint8Array>).values();
}

async function follow(request: TransferRequest): Promise<{ response: Response; statedSha256: string | undefined }> {
	let url = new URL(request.url);
	const firstOrigin = url.origin;
	let statedSha256: string | undefined;
	for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
		const headers = headersFor(request, url.origin === firstOrigin);
		const response = await fetch(url, { headers, redirect: 'manual', signal: request.signal });
		statedSha256 ??= hexSha256(response.headers.get('x-linked-etag'));
		const location = response.headers.get('location');
		if (response.status < 300 || response.status >= 400 || location === null) return { response, statedSha256 };
		await response.body?.cancel();
		url = new URL(location, url);
	}
	throw new ModelFailure(`${request.url} redirects more than ${MAX_REDIRECTS} times.`);
}

function headersFor({ offset, validator, token }: TransferRequest, isFirstOrigin: boolean): Record<string, string> {
	return {
		// A compressed body would count other bytes than the file has.
		'accept-encoding': 'identity',
		...(offset > 0 && { range: `bytes=${offset}-` }),
		...(offset > 0 && validator !== undefined && { 'if-range': validator }),
		...(token !== undefined && isFirstOrigin && { authorization: `Bearer ${token}` }),
	};
}

/** 416 for a part that is the whole file means: done. Otherwise the part is worthless. */
async function whenRangeRefused(request: TransferRequest, response: Response, statedSha256: string | undefined): Promise<Transfer> {
	await response.body?.cancel();
	const total = /^bytes \*\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1];
	if (total !== undefined && Number(total) === request.offset) {
		return { startsAt: request.offset, totalBytes: request.offset, validator: request.validator, statedSha256, body: null };
	}
	return await openTransfer({ ...request, offset: 0, validator: undefined });
}

async function failureOf(response: Response, url: string): Promise<ModelFailure> {
	await response.body?.cancel();
	const { status } = response;
	const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
	const why =
		status === 401 || status === 403
			? ' The hub wants you to sign in: accept the licence there and set HF_TOKEN, or fetch the file by hand.'
			: status === 404 || status === 410
				? ' The file is not there (any more).'
				: '';
	return new ModelFailure(`${url} answered ${status}.${why}`, {
		isRetryable: RETRYABLE.has(status),
		retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : undefined,
	});
}

function strongEtag(etag: string | null): string | undefined {
	return etag?.startsWith('"') ? etag : undefined;
}

function hexSha256(etag: string | null): string | undefined {
	return /^(?:W\/)?"?([0-9a-f]{64})"?$/i.exec(etag ?? '')?.[1]?.toLowerCase();
}

function parseContentRange(header: string | null): { start: number; total: number | undefined } | undefined {
	const match = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(header ?? '');
	if (match === null) return undefined;
	return { start: Number(match[1]), total: match[2] === '*' ? undefined : Number(match[2]) };
}
