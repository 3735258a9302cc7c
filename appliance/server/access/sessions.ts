/** Sessions of the page: random tokens of which only a hash is kept, with an idle and a certain end. */

import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { AccountRole } from '../../protocol/access.ts';
import type { AccessStore, SessionRow } from '../../protocol/access-store.ts';
import type { Key } from '../../protocol/member.ts';
import type { Clock, MemberStore } from '../../protocol/ports.ts';

const TOKEN_BYTES = 32;
/** How often it is written down that a session is in use. */
const SEEN_EVERY_MS = 300_000;
/** More than one person's browsers; the oldest ends. */
const MOST_OF_ACCOUNT = 20;

export interface SessionTimes {
	readonly idleMs: number;
	readonly absoluteMs: number;
}

export interface Session {
	readonly id: string;
	readonly role: AccountRole;
	/** What it may do, as a key of its member would. */
	readonly key: Key;
	readonly csrf: string;
	/** Epoch ms. */
	readonly expiresMs: number;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Follows from the token, so that nothing more has to be kept; tells nothing of it. */
const csrfOf = (token: string): string => createHmac('sha256', token).update('innerloop csrf').digest('base64url');

export function isCsrf(session: Session, given: unknown): boolean {
	const known = Buffer.from(session.csrf);
	const bytes = Buffer.from(typeof given === 'string' ? given : '');
	return bytes.length === known.length && timingSafeEqual(bytes, known);
}

export class Sessions {
	readonly #store: AccessStore;
	readonly #members: Pick<MemberStore, 'keyOfPerson'>;
	readonly #clock: Clock;
	readonly #times: () => SessionTimes;

	constructor(store: AccessStore, members: Pick<MemberStore, 'keyOfPerson'>, clock: Clock, times: () => SessionTimes) {
		this.#store = store;
		this.#members = members;
		this.#clock = clock;
		this.#times = times;
	}

	/** @returns the cookie's token, which is kept nowhere */
	async begin(memberId: string): Promise<string> {
		const token = randomBytes(TOKEN_BYTES).toString('base64url');
		const nowMs = this.#clock.wallMs();
		const own = this.of(memberId).sort((one, other) => other.seenMs - one.seenMs);
		const gone = this.#store.sessions().filter((row) => this.#isOver(row));
		await this.#store.endSessions([...own.slice(MOST_OF_ACCOUNT - 1), ...gone].map(({ tokenSha256 }) => tokenSha256));
		await this.#store.putSession({ tokenSha256: sha256(token), memberId, createdMs: nowMs, seenMs: nowMs });
		return token;
	}

	/** Undefined for an unknown or ended one, and where the account is gone. */
	find(token: string): Session | undefined {
		const row = this.#store.session(sha256(token));
		if (row === undefined || this.#isOver(row)) return undefined;
		const account = this.#store.account(row.memberId);
		const key = account && this.#members.keyOfPerson(row.memberId, account.role === 'owner');
		if (account === undefined || key === undefined) return undefined;
		this.#see(row);
		const expiresMs = row.createdMs + this.#times().absoluteMs;
		return { id: row.tokenSha256, role: account.role, key, csrf: csrfOf(token), expiresMs };
	}

	of(memberId: string): SessionRow[] {
		return this.#store.sessions().filter((row) => row.memberId === memberId && !this.#isOver(row));
	}

	async end(id: string): Promise<void> {
		await this.#store.endSessions([id]);
	}

	/** All of an account, but perhaps one. */
	async endAll(memberId: string, but?: string): Promise<void> {
		const ids = this.of(memberId).map(({ tokenSha256 }) => tokenSha256);
		await this.#store.endSessions(ids.filter((id) => id !== but));
	}

	/** A wall clock that leapt back must not lengthen a session's life. */
	#isOver({ createdMs, seenMs }: SessionRow): boolean {
		const { idleMs, absoluteMs } = this.#times();
		const nowMs = this.#clock.wallMs();
		return nowMs >= createdMs + absoluteMs || nowMs >= seenMs + idleMs || nowMs < createdMs - absoluteMs;
	}

	#see(row: SessionRow): void {
		const seenMs = this.#clock.wallMs();
		// Where the disk refuses it, the session ends a little early.
		if (seenMs - row.seenMs >= SEEN_EVERY_MS) this.#store.putSession({ ...row, seenMs }).catch(() => {});
	}
}
