/** Asks the box, with the session's cookie and its CSRF token; every failure is a sentence for the person. */

import { signal } from '@preact/signals';
import { CSRF_HEADER, type SessionReport } from '../../../protocol/access.ts';

export class ApiError extends Error {
	readonly status: number;
	/** Seconds to wait, where the box says so. */
	readonly retryAfterSeconds: number | undefined;

	constructor(status: number, message: string, retryAfterSeconds?: number) {
		super(message);
		this.name = 'ApiError';
		this.status = status;
		this.retryAfterSeconds = retryAfterSeconds;
	}
}

/** Undefined until the box has said who is here. */
export const session = signal<SessionReport | undefined>(undefined);

/** The server decides; this only leaves out what it would refuse. */
export const mayChange = (): boolean => session.value?.who?.role === 'owner';

const BASE = '/innerloop/v1';

export const get = <T>(path: string): Promise<T> => ask<T>('GET', path);
export const post = <T>(path: string, body?: unknown): Promise<T> => ask<T>('POST', path, body);
export const put = <T>(path: string, body: unknown): Promise<T> => ask<T>('PUT', path, body);
export const patch = <T>(path: string, body: unknown): Promise<T> => ask<T>('PATCH', path, body);
export const remove = (path: string): Promise<void> => ask<void>('DELETE', path);

/** Where a plain link may lead: the cookie goes along, and a GET changes nothing. */
export const linkTo = (path: string): string => BASE + path;

async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
	const isBytes = body instanceof Blob;
	const headers: Record<string, string> = { accept: 'application/json' };
	if (body !== undefined) headers['content-type'] = isBytes ? 'application/octet-stream' : 'application/json';
	if (session.value?.csrf !== undefined) headers[CSRF_HEADER] = session.value.csrf;
	const reply = await send(BASE + path, {
		method,
		headers,
		credentials: 'same-origin',
		...(body === undefined ? {} : { body: isBytes ? body : JSON.stringify(body) }),
	});
	if (reply.status === 401 && session.value?.who !== undefined) void refreshSession();
	if (!reply.ok) throw await errorOf(reply);
	return (reply.status === 204 ? undefined : await reply.json()) as T;
}

/** The box may be away: a restart, a pulled plug, another network. */
export async function send(url: string, init: RequestInit): Promise<Response> {
	try {
		return await fetch(url, init);
	} catch (error) {
		if (error instanceof DOMException && error.name === 'AbortError') throw error;
		throw new ApiError(0, 'The box does not answer. Is it on, and are you in its network?');
	}
}

export async function errorOf(reply: Response): Promise<ApiError> {
	const wait = Number(reply.headers.get('retry-after') ?? Number.NaN);
	const text = await reply.text().catch(() => '');
	return new ApiError(reply.status, messageOf(text) ?? `The box answered ${reply.status}.`, Number.isNaN(wait) ? undefined : wait);
}

function messageOf(text: string): string | undefined {
	try {
		const { error } = JSON.parse(text) as { readonly error?: { readonly message?: string } };
		return error?.message;
	} catch {
		return undefined;
	}
}

export async function refreshSession(): Promise<void> {
	session.value = await get<SessionReport>('/session');
}

export async function signOut(): Promise<void> {
	await remove('/session');
	await refreshSession();
}

/** The sentence of a failure, whatever was thrown. */
export const say = (error: unknown): string => (error instanceof Error ? error.message : String(error));
