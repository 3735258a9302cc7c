/** From the session's key: proofs of its knowledge, and seals for what is said under it. */

import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

type Side = 'client' | 'box';

export interface SideKeys {
	/** What this side proves itself with. */
	readonly proof: Uint8Array;
	seal(text: string): Uint8Array;
	/** Undefined where the bytes were not sealed by this side under this session. */
	open(sealed: Uint8Array): string | undefined;
}

/** Each side has keys of its own, so that nothing can be sent back to whom it came from. */
export function sideKeys(sessionKey: Uint8Array, side: Side): SideKeys {
	const key = (use: string) => Buffer.from(hkdfSync('sha512', sessionKey, '', `innerloop pairing 1 ${side} ${use}`, KEY_BYTES));
	const sealKey = key('seal');
	return {
		proof: createHmac('sha256', key('proof')).update(`${side} knows the code`).digest(),
		seal(text) {
			const iv = randomBytes(IV_BYTES);
			const cipher = createCipheriv('aes-256-gcm', sealKey, iv);
			return Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
		},
		open(sealed) {
			if (sealed.length < IV_BYTES + TAG_BYTES) return undefined;
			const bytes = Buffer.from(sealed);
			const decipher = createDecipheriv('aes-256-gcm', sealKey, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
			decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
			try {
				return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8');
			} catch {
				return undefined;
			}
		},
	};
}

/** In constant time. */
export function isProof(given: Uint8Array, known: Uint8Array): boolean {
	return given.length === known.length && timingSafeEqual(given, known);
}
