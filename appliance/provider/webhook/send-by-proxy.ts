/** A webhook's POST by the proxy that the environment names; the proxy looks its name up. */

import type { Egress } from '../cloud/proxy-for.ts';
import { openWay } from '../cloud/way.ts';
import type { Post } from './send-webhook.ts';

/** Resolves with the status; rejects where proxy or receiver cannot be reached in time. */
export async function sendByProxy({ url, headers, body, signal }: Post, egress: Egress, timeoutMs: number): Promise<number> {
	const way = openWay({ baseUrl: url.origin, connectTimeoutMs: timeoutMs, egress });
	const answer = Promise.withResolvers<number>();
	const giveUp = () => answer.reject(signal.reason);
	if (signal.aborted) giveUp();
	signal.addEventListener('abort', giveUp, { once: true });
	way.dispatch(
		{
			method: 'POST',
			path: url.pathname + url.search,
			headers: Object.entries(headers).flat(),
			body,
			headersTimeout: timeoutMs,
			bodyTimeout: timeoutMs,
		},
		{
			// None of these may be absent: undici refuses a handler of another shape.
			onRequestStart: () => undefined,
			onResponseData: () => undefined,
			onResponseEnd: () => undefined,
			onResponseStart: (_, status) => {
				if (status >= 200) answer.resolve(status);
			},
			onResponseError: (_, error) => answer.reject(error),
		},
	);
	try {
		return await answer.promise;
	} finally {
		signal.removeEventListener('abort', giveUp);
		await way.close();
	}
}
