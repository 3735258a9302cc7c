/** What is offered for installation: the signed words about one archive. */

import { z } from 'zod';
import { UpdateFailure } from './update-failure.ts';

const VERSION = /^\d{1,6}\.\d{1,6}\.\d{1,6}$/;
const trustedKey = z.strictObject({
	id: z.string().regex(/^[a-z0-9-]{1,40}$/),
	/** Ed25519, SubjectPublicKeyInfo in DER, base64. */
	publicKey: z.base64(),
});

const manifest = z.strictObject({
	format: z.literal('innerloop-release/1'),
	version: z.string().regex(VERSION),
	arch: z.enum(['arm64', 'x64']),
	commit: z.string().regex(/^[0-9a-f]{40}$/),
	releasedAt: z.iso.datetime(),
	/** Schema that the release brings the database to. */
	databaseVersion: z.int().nonnegative(),
	archive: z.strictObject({
		// A name and never a path: it is joined to the source's address and to a folder of ours.
		name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,120}$/),
		bytes: z.int().positive().max(4e9),
		sha256: z.string().regex(/^[0-9a-f]{64}$/),
	}),
	/** Keys that are trusted, or no longer, once this release has proved itself. */
	keys: z.strictObject({ add: z.array(trustedKey).max(8), retire: z.array(z.string()).max(8) }).optional(),
});

export type ReleaseManifest = z.infer<typeof manifest>;
export type TrustedKey = z.infer<typeof trustedKey>;

/** Of bytes whose signature was checked before. @throws UpdateFailure */
export function parseManifest(bytes: Uint8Array): ReleaseManifest {
	const parsed = manifest.safeParse(parseJson(bytes));
	if (parsed.success) return parsed.data;
	const [issue] = parsed.error.issues;
	throw new UpdateFailure(
		`The release's description cannot be read (${issue?.path.join('.')}: ${issue?.message}). It may be of a newer form: update step by step.`,
	);
}

/** Below zero when `a` is older than `b`. Both are of the form 1.2.3. */
export function compareVersions(a: string, b: string): number {
	const [left, right] = [a, b].map((version) => version.split('.').map(Number));
	for (let place = 0; place < 3; place += 1) {
		const difference = (left?.[place] ?? 0) - (right?.[place] ?? 0);
		if (difference !== 0) return difference;
	}
	return 0;
}

export function parseTrustedKeys(text: string): TrustedKey[] {
	return z.array(trustedKey).parse(JSON.parse(text));
}

function parseJson(bytes: Uint8Array): unknown {
	try {
		return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
	} catch (cause) {
		throw new UpdateFailure("The release's description is no JSON.", { cause });
	}
}
