/** Encrypts what lies on disk: AES-256-GCM under a key of this box, which also tells whether every byte is as it was written. */

import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

export class Seal {
	readonly #key: Buffer;

	constructor(key: Buffer) {
		if (key.length !== KEY_BYTES) throw new Error(`the key of the prefix store has ${key.length} bytes, not ${KEY_BYTES}`);
		this.#key = key;
	}

	/** A file's name, which tells nothing of the text. */
	name(what: string): string {
		return createHmac('sha256', this.#key).update(what).digest('hex').slice(0, 40);
	}

	/** `label` says what this is: the same bytes under another label do not open. */
	close(plain: Buffer, label: string): Buffer {
		const iv = randomBytes(IV_BYTES);
		const cipher = createCipheriv('aes-256-gcm', this.#key, iv).setAAD(Buffer.from(label));
		return Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
	}

	/** @returns undefined when a byte is missing, added or changed */
	open(sealed: Buffer, label: string): Buffer | undefined {
		if (sealed.length < IV_BYTES + TAG_BYTES) return undefined;
		const end = sealed.length - TAG_BYTES;
		const decipher = createDecipheriv('aes-256-gcm', this.#key, sealed.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
		decipher.setAAD(Buffer.from(label)).setAuthTag(sealed.subarray(end));
		try {
			return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, end)), decipher.final()]);
		} catch {
			return undefined;
		}
	}
}

/** The key in this file; made, for this user alone, where there is none. A damaged one is replaced: what it locked is lost. */
export function openSeal(keyFile: string, onLog: (message: string) => void): Seal {
	if (existsSync(keyFile)) {
		const key = readFileSync(keyFile);
		if (key.length === KEY_BYTES) return new Seal(key);
		onLog(`${keyFile} holds no key of ${KEY_BYTES} bytes: a new one is made, and prefixes stored under the old one are dropped`);
	}
	const key = randomBytes(KEY_BYTES);
	mkdirSync(dirname(keyFile), { recursive: true, mode: 0o700 });
	writeFileSync(keyFile, key, { mode: 0o600 });
	chmodSync(keyFile, 0o600);
	return new Seal(key);
}
