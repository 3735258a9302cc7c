/** Everybody who comes to the page: claims the box, logs in, joins with a code, changes a password, leaves. */

import { readTypedCode } from '../../pairing/code.ts';
import type { AccountReport, AccountRole, ClaimRequest, JoinRequest, LoginRequest } from '../../protocol/access.ts';
import type { AccessStore, AccountRow } from '../../protocol/access-store.ts';
import type { Clock, Member, MemberStore } from '../../protocol/ports.ts';
import { Problem } from '../../protocol/problem.ts';
import { BackOff } from './back-off.ts';
import type { ClaimDesk } from './claim-desk.ts';
import type { CodeDesk } from './code-desk.ts';
import { hashPassword, isPassword } from './password.ts';
import { checkPassword } from './password-rules.ts';
import type { Session, Sessions } from './sessions.ts';

export interface AccessParts {
	readonly store: AccessStore;
	readonly members: MemberStore;
	readonly clock: Clock;
	readonly sessions: Sessions;
	readonly claim: ClaimDesk;
	readonly codes: CodeDesk;
}

const OWNER_NAME = 'owner';

export class AccessDesk {
	readonly sessions: Sessions;
	readonly claim: ClaimDesk;
	readonly codes: CodeDesk;
	readonly #store: AccessStore;
	readonly #members: MemberStore;
	readonly #backOff: BackOff;

	constructor({ store, members, clock, sessions, claim, codes }: AccessParts) {
		this.sessions = sessions;
		this.claim = claim;
		this.codes = codes;
		this.#store = store;
		this.#members = members;
		this.#backOff = new BackOff(clock.nowMs);
	}

	/** @returns the token of the owner's session */
	async takeClaim({ code, name, password }: ClaimRequest): Promise<string> {
		await this.claim.check(code);
		const { id } = await this.makeOwner(name, password);
		return await this.sessions.begin(id);
	}

	/** For whoever has proved to know the claim code. Sets the password, ends the code and the account's sessions. */
	async makeOwner(name: string | undefined, password: string): Promise<Member> {
		const wanted = name?.trim() || this.#ownerName();
		await checkPassword(password, [wanted]);
		const hash = await hashPassword(password);
		const member = this.#memberNamed(wanted) ?? (await this.#members.addMember(wanted, {}));
		await this.claim.done();
		await this.#store.putAccount({ memberId: member.id, role: 'owner', password: hash });
		await this.sessions.endAll(member.id);
		return member;
	}

	/** On a reset the only owner there is; else the member that the first start made. */
	#ownerName(): string {
		const owners = this.#store.accounts().filter(({ role }) => role === 'owner');
		if (owners.length > 1) throw new Problem('invalid-call', 'name: there are several owners; say whose password is set.');
		const [owner] = owners;
		return this.#members.listMembers().find(({ id }) => id === owner?.memberId)?.name ?? OWNER_NAME;
	}

	/** @returns the session's token; throws the same words for a wrong name and a wrong password */
	async login({ name, password }: LoginRequest, from: string): Promise<string> {
		const tries = [`name ${name}`, from];
		this.assertMayTry(tries);
		const account = this.#accountNamed(name);
		const isRight = await isPassword(password.slice(0, 1_024), account?.password);
		if (!isRight || account === undefined) throw new Problem('unauthenticated', 'Name or password is wrong.');
		this.forgetTries(tries);
		return await this.sessions.begin(account.memberId);
	}

	/**
	 * Throws `rate-limited` where a name or address has failed too often of late. Counts the try before it is looked at, so
	 * that many at once are no way around.
	 */
	assertMayTry(names: readonly string[]): void {
		const waitMs = Math.max(...names.map((name) => this.#backOff.waitMs(name)));
		if (waitMs > 0)
			throw new Problem('rate-limited', 'Too many wrong tries. Wait, and try again.', { retryAfterSeconds: Math.ceil(waitMs / 1000) });
		for (const name of names) this.#backOff.note(name);
	}

	forgetTries(names: readonly string[]): void {
		for (const name of names) this.#backOff.forget(name);
	}

	/** A member sets a password of their own with the code that an owner gave them. */
	async join({ code, password }: JoinRequest, from: string): Promise<string> {
		this.assertMayTry([from]);
		const memberId = await this.codes.check(readTypedCode(code));
		const member = this.#memberOf(memberId);
		await checkPassword(password, [member.name]);
		const hash = await hashPassword(password);
		await this.codes.use(readTypedCode(code));
		this.forgetTries([from]);
		await this.#store.putAccount({ memberId, role: this.#store.account(memberId)?.role ?? 'member', password: hash });
		await this.sessions.endAll(memberId);
		return await this.sessions.begin(memberId);
	}

	async changePassword({ key, id }: Session, current: string, next: string, from: string): Promise<void> {
		const account = this.#store.account(key.memberId);
		const tries = [`name ${key.memberName}`, from];
		this.assertMayTry(tries);
		if (account === undefined || !(await isPassword(current, account.password)))
			throw new Problem('forbidden', 'current: this is not your password.');
		this.forgetTries(tries);
		await checkPassword(next, [key.memberName]);
		await this.#store.putAccount({ ...account, password: await hashPassword(next) });
		await this.sessions.endAll(key.memberId, id);
	}

	accounts(): AccountReport[] {
		return this.#members.listMembers().map((member) => this.#reportOf(member));
	}

	roleOf(memberId: string): AccountRole {
		return this.#store.account(memberId)?.role ?? 'member';
	}

	async setRole(memberId: string, role: AccountRole): Promise<AccountReport> {
		const member = this.#memberOf(memberId);
		if (role !== 'owner') this.assertOwnerStays(memberId);
		if (role === 'viewer' && this.#members.listKeys().some((key) => key.memberId === memberId && !key.isRevoked))
			throw new Problem('invalid-call', `A viewer has no keys: revoke those of ${member.name} first.`);
		await this.#store.putAccount({ memberId, role, password: this.#store.account(memberId)?.password });
		return this.#reportOf(member);
	}

	async removeAccount(memberId: string): Promise<void> {
		this.assertOwnerStays(memberId);
		this.#memberOf(memberId);
		await this.#store.removeAccount(memberId);
	}

	/** A claimed box without an owner could only be reset at the device. */
	assertOwnerStays(memberId: string): void {
		const isOwner = ({ role, password }: AccountRow) => role === 'owner' && password !== undefined;
		const owners = this.#store.accounts().filter(isOwner);
		if (owners.length === 1 && owners[0]?.memberId === memberId)
			throw new Problem('invalid-call', 'This is the last owner with a password: make another one first.');
	}

	#reportOf({ id, name }: Member): AccountReport {
		const account = this.#store.account(id);
		return {
			memberId: id,
			name,
			role: account?.role ?? 'member',
			hasPassword: account?.password !== undefined,
			openSessions: this.sessions.of(id).length,
		};
	}

	#memberOf(id: string): Member {
		const member = this.#members.listMembers().find((one) => one.id === id);
		if (member === undefined) throw new Problem('not-found', `There is no member ${JSON.stringify(id.slice(0, 100))}.`);
		return member;
	}

	#memberNamed(name: string): Member | undefined {
		return this.#members.listMembers().find((member) => member.name === name);
	}

	#accountNamed(name: string): AccountRow | undefined {
		const member = this.#memberNamed(name.trim());
		return member && this.#store.account(member.id);
	}
}
