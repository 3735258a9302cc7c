/** An upstream that codes its reply although it was asked not to: the caller never agreed to it, and the usage in it must be readable. */

import type { UpstreamReply } from '../../protocol/ports.ts';
import { Problem } from '../../protocol/problem.ts';
import { codingsOf, decodeStream } from '../content-coding.ts';

/** The reply as it should have come. One in a coding that we do not know passes as it is, and is billed at its bound. */
export function decodeReply(reply: UpstreamReply, deployment: string): UpstreamReply {
	const { 'content-encoding': field = '', 'content-length': _length, ...headers } = reply.headers;
	const codings = codingsOf(field);
	if (codings === undefined) return reply;
	return { status: reply.status, headers, body: decoded(decodeStream(reply.body, codings), deployment) };
}

async function* decoded(body: AsyncIterable<Uint8Array>, deployment: string): AsyncGenerator<Uint8Array> {
	try {
		yield* body;
	} catch (cause) {
		if (cause instanceof Problem) throw cause;
		throw new Problem('upstream-failed', `Deployment ${deployment} sent a reply whose coding is broken or cut.`, {
			isRetryable: true,
			details: { deployment, wasSent: true },
			cause,
		});
	}
}
