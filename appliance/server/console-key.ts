/** The credential of this machine's own command line: made anew at each start, good for administration and never for a call. */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Key } from '../protocol/member.ts';
import { TIERS } from '../protocol/words.ts';

export interface ConsoleKey {
	readonly token: string;
	/** The console's key for its token, undefined for anything else; in constant time. */
	find(secret: string): Key | undefined;
}

const KEY: Key = {
	id: 'console',
	memberId: 'console',
	memberName: 'console',
	isOwner: true,
	allowedTiers: TIERS,
	mayForce: true,
	hasCeiling: true,
	treeCeilingNanoUsd: undefined,
	expiresAtMs: undefined,
};

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

export function createConsoleKey(): ConsoleKey {
	const token = `ilc_${randomBytes(32).toString('base64url')}`;
	const hash = sha256(token);
	return { token, find: (secret) => (timingSafeEqual(sha256(secret), hash) ? KEY : undefined) };
}
