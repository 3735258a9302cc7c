/** Request bodies in zstd, gzip, br or deflate: decoded within the limit of a plain body, or refused in words. */

import type { FastifyReply } from 'fastify';
import { Problem } from '../../protocol/problem.ts';
import { CODINGS, codingsOf, decodeBytes, TooManyBytes } from '../../provider/content-coding.ts';

const KNOWN = CODINGS.join(', ');

/** The problem of a coding that the box does not read; undefined where it does. Looks before the body is read. */
export function refuseCoding(field: string, reply: FastifyReply): Problem | undefined {
	if (codingsOf(field) !== undefined) return undefined;
	// RFC 9110 §15.5.16: how the client may come again.
	reply.header('accept-encoding', KNOWN);
	return new Problem(
		'unsupported-media-type',
		`The box reads bodies in ${KNOWN}, at most two of them on each other. Send the body in one of these, or as it is.`,
	);
}

/** Rejects with `call-too-large` once more than `mostBytes` come out, and with `invalid-call` where the bytes are broken. */
export async function decodeBody(bytes: Buffer, field: string, mostBytes: number): Promise<Buffer> {
	const codings = codingsOf(field) ?? [];
	try {
		return await decodeBytes(bytes, codings, mostBytes);
	} catch (cause) {
		if (cause instanceof TooManyBytes)
			throw new Problem('call-too-large', 'The decoded body is larger than server.limits.bodyBytes of this box allows.');
		throw new Problem('invalid-call', `The body is not the ${codings.join(', ')} that content-encoding says: it is broken or cut.`, {
			cause,
		});
	}
}
