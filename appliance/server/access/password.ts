/** Passwords as they are kept: scrypt with its parameters and a salt in one text, few at a time. */

import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { Problem } from '../../protocol/problem.ts';

/** N = 2^15, r = 8, p = 3: 32 MiB and some 0.3 s of a Pi's core, one of the settings that OWASP's cheat sheet holds equal. */
const COST = { N: 32_768, r: 8, p: 3 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** Each takes 32 MiB for its time. */
const AT_ONCE = 2;
const MOST_WAITING = 16;

let running = 0;
const waiting: (() => void)[] = [];

/** `scrypt$N$r$p$salt$hash`, base64url. */
export async function hashPassword(password: string): Promise<string> {
	const salt = randomBytes(SALT_BYTES);
	const hash = await derive(password, salt, COST);
	return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

/** Takes as long for `undefined` (nobody of that name, or without a password), which is never right. */
export async function isPassword(password: string, kept: string | undefined): Promise<boolean> {
	const [, N, r, p, salt = '', hash = ''] = (kept ?? '').split('$');
	const cost = kept === undefined ? COST : { N: Number(N), r: Number(r), p: Number(p) };
	const derived = await derive(password, Buffer.from(salt, 'base64url'), cost);
	const known = kept === undefined ? randomBytes(HASH_BYTES) : Buffer.from(hash, 'base64url');
	return timingSafeEqual(derived, known);
}

async function derive(password: string, salt: Uint8Array, cost: Readonly<Record<'N' | 'r' | 'p', number>>): Promise<Buffer> {
	if (running >= AT_ONCE) {
		if (waiting.length >= MOST_WAITING)
			throw new Problem('rate-limited', 'The box checks as many passwords as it can. Try again in a moment.', { retryAfterSeconds: 2 });
		await new Promise<void>((resolve) => waiting.push(resolve));
	} else running += 1;
	try {
		// Twice what it needs: Node refuses the exact figure.
		return await run(password, salt, { ...cost, maxmem: 256 * cost.N * cost.r });
	} finally {
		const next = waiting.shift();
		if (next === undefined) running -= 1;
		else next();
	}
}

const run = (password: string, salt: Uint8Array, options: ScryptOptions): Promise<Buffer> =>
	new Promise((resolve, reject) =>
		scrypt(password.normalize('NFKC'), salt, HASH_BYTES, options, (error, key) => (error === null ? resolve(key) : reject(error))),
	);
