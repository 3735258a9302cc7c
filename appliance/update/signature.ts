/** Ed25519 signatures over a release's description, and the keys that a box trusts. */

import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { z } from 'zod';
import type { ReleaseManifest, TrustedKey } from './release-manifest.ts';
import { UpdateFailure } from './update-failure.ts';

const envelope = z.strictObject({ keyId: z.string().max(40), signature: z.base64().max(100) });

/** Text of the `.sig` file beside a description. */
export function signManifest(bytes: Uint8Array, keyId: string, privateKeyPem: string): string {
	const signature = sign(null, bytes, createPrivateKey(privateKeyPem)).toString('base64');
	return `${JSON.stringify({ keyId, signature })}\n`;
}

/** Checks the bytes as they came, before anything in them is read. @throws UpdateFailure */
export function verifyManifest(bytes: Uint8Array, signatureText: string, keys: readonly TrustedKey[]): void {
	if (keys.length === 0)
		throw new UpdateFailure('This box trusts no key, so it takes no updates. Put the public key into its update/keys.json.');
	const { keyId, signature } = parseEnvelope(signatureText);
	const key = keys.find(({ id }) => id === keyId);
	if (key === undefined) {
		const known = keys.map(({ id }) => id).join(', ');
		throw new UpdateFailure(
			`The release is signed with the key ${JSON.stringify(keyId)}, which this box does not trust (it trusts ${known}).`,
		);
	}
	const publicKey = createPublicKey({ key: Buffer.from(key.publicKey, 'base64'), format: 'der', type: 'spki' });
	if (publicKey.asymmetricKeyType !== 'ed25519' || !verify(null, bytes, publicKey, Buffer.from(signature, 'base64')))
		throw new UpdateFailure(
			'The signature does not fit the release: it was changed on its way, or signed by somebody else. Nothing was installed.',
		);
}

/** The keys after a release that adds or retires some. @throws UpdateFailure when none would be left */
export function rotateKeys(keys: readonly TrustedKey[], change: ReleaseManifest['keys']): readonly TrustedKey[] {
	if (change === undefined) return keys;
	const added = change.add.filter(({ id }) => !keys.some((key) => key.id === id));
	const left = [...keys, ...added].filter(({ id }) => !change.retire.includes(id));
	if (left.length === 0) throw new UpdateFailure('The release would retire the last key that this box trusts.');
	return left;
}

export function makeKeyPair(id: string): { readonly key: TrustedKey; readonly privateKeyPem: string } {
	const { publicKey, privateKey } = generateKeyPairSync('ed25519');
	return {
		key: { id, publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64') },
		privateKeyPem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
	};
}

function parseEnvelope(text: string): z.infer<typeof envelope> {
	try {
		return envelope.parse(JSON.parse(text));
	} catch (cause) {
		throw new UpdateFailure('The signature file cannot be read. Fetch the release again.', { cause });
	}
}
