/** What a browser does for the page: keeps the cookie, says where the page comes from, and sends the token against forgery. */

import { CSRF_HEADER, type SessionReport } from '../../../appliance/protocol/access.ts';
import { send } from './raw-client.ts';

interface Answer<T> {
	readonly status: number;
	readonly text: string;
	readonly json: T;
	/** The whole Set-Cookie line; empty without one. */
	readonly cookie: string;
}

/** @param origin `http://127.0.0.1:7341`; over https the caller trusts the certificate by `ca` */
export type Browser = ReturnType<typeof createBrowser>;

export function createBrowser(origin: string, over: { readonly headers?: Readonly<Record<string, string>>; readonly ca?: string } = {}) {
	let cookie = '';
	let csrf = '';
	const browser = {
		/** The cookie as it is sent, for a test that steals it. */
		cookie: () => cookie,
		csrf: () => csrf,
		async send<T = unknown>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
			const reply = await send(origin + path, {
				method,
				headers: {
					...(body === undefined ? {} : { 'content-type': 'application/json' }),
					...(cookie === '' ? {} : { cookie }),
					...(csrf === '' || method === 'GET' ? {} : { [CSRF_HEADER]: csrf }),
					...(method === 'GET' ? {} : { origin, 'sec-fetch-site': 'same-origin' }),
					...over.headers,
				},
				...(body === undefined ? {} : { body: JSON.stringify(body) }),
				...(over.ca === undefined ? {} : { ca: over.ca }),
			});
			const set = [reply.headers['set-cookie']].flat()[0] ?? '';
			if (set !== '') cookie = set.split(';')[0] ?? '';
			const json = (/^[[{]/.test(reply.text) ? JSON.parse(reply.text) : undefined) as T;
			const told = (json as { csrf?: string } | undefined)?.csrf;
			if (told !== undefined) csrf = told;
			return { status: reply.status, text: reply.text, json, cookie: set };
		},
		get: <T = SessionReport>(path: string) => browser.send<T>('GET', `/innerloop/v1${path}`),
		post: <T = unknown>(path: string, body: unknown) => browser.send<T>('POST', `/innerloop/v1${path}`, body),
		patch: <T = unknown>(path: string, body: unknown) => browser.send<T>('PATCH', `/innerloop/v1${path}`, body),
		delete: (path: string) => browser.send('DELETE', `/innerloop/v1${path}`),
	};
	return browser;
}
