/** What binds a pairing to its TLS connection, and how binary values travel in JSON. */

import { createHash } from 'node:crypto';
import { withLengths } from './cpace.ts';

/** Who speaks, for the transcript. */
export const NOTES = { client: Buffer.from('client'), box: Buffer.from('box') } as const;

/**
 * Both sides put in the certificate that they see at their end of the connection. Somebody between them who speaks TLS to
 * both has another certificate than the box, so that the two sides never come to the same key, whatever is passed on.
 *
 * @param certificate DER
 */
export function channelOf(certificate: Uint8Array): Uint8Array {
	return withLengths(Buffer.from('innerloop pairing 1'), createHash('sha256').update(certificate).digest());
}

export const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
export const decode = (text: string): Uint8Array => Buffer.from(text, 'base64url');
