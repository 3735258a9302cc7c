/** Pairs a client with the box: finds the code that it means, counts wrong ones, and gives whoever proved it a key. */

import type { FinishResult, Proven } from '../../pairing/box-end.ts';
import { BoxEnd } from '../../pairing/box-end.ts';
import type { Paired, PairingAnswer, PairingFinish, PairingFinished, PairingStart, PairingStarted } from '../../pairing/messages.ts';
import type { Key } from '../../protocol/member.ts';
import type { Clock, Member, MemberStore } from '../../protocol/ports.ts';
import { Problem } from '../../protocol/problem.ts';
import { TIERS } from '../../protocol/words.ts';
import type { AccessDesk } from './access-desk.ts';

export interface PairingPlace {
	readonly version: string;
	/** DER of the certificate that this connection shows. */
	readonly certificate: Uint8Array;
	/** PEM; undefined where everybody trusts the certificate. */
	readonly authority: string | undefined;
	/** Over TLS, the best first. */
	readonly addresses: readonly string[];
}

export interface PairingResult {
	readonly reply: PairingFinished;
	/** For the audit log; undefined where the box refused under the seal. */
	readonly key: Key | undefined;
}

export class PairingDesk {
	readonly #access: AccessDesk;
	readonly #members: MemberStore;
	readonly #end: BoxEnd;

	constructor(access: AccessDesk, members: MemberStore, clock: Clock) {
		this.#access = access;
		this.#members = members;
		this.#end = new BoxEnd(clock.nowMs);
	}

	start(body: PairingStart, place: PairingPlace, from: string): PairingStarted {
		const started = this.#end.start(body, this.#secretOf(body.slot), place.certificate, from);
		if (started === undefined)
			throw new Problem('rate-limited', 'Too many pairings at once. Try again in a minute.', { retryAfterSeconds: 60 });
		return started;
	}

	#secretOf(slot: string | undefined): string {
		const { claim, codes } = this.#access;
		if (slot === undefined) claim.assertListens();
		const code = slot === undefined ? claim.code() : codes.find(slot)?.code;
		if (code === undefined) throw wrongCode();
		return code;
	}

	async finish(body: PairingFinish, place: PairingPlace, from: string): Promise<PairingResult> {
		this.#access.assertMayTry([from]);
		const result = this.#end.finish(body);
		if (result === undefined) throw new Problem('forbidden', 'This pairing is over: begin anew.');
		// Runs that were begun before a wrong code came have to wait like all others.
		if (result.slot === undefined) this.#access.claim.assertListens();
		if ('isWrong' in result) throw await this.#countWrong(result);
		this.#access.forgetTries([from]);
		return await this.#answer(result, place);
	}

	async #countWrong({ slot }: NonNullable<FinishResult>): Promise<Problem> {
		const row = slot === undefined ? undefined : this.#access.codes.find(slot);
		if (slot === undefined) await this.#access.claim.noteWrong();
		else if (row !== undefined) await this.#access.codes.noteWrong(row);
		return wrongCode();
	}

	async #answer(proven: Proven, place: PairingPlace): Promise<PairingResult> {
		const say = (answer: PairingAnswer): PairingFinished => proven.answer(JSON.stringify(answer));
		try {
			const { member, isOwner } = await this.#take(proven);
			const { key, secret } = await this.#members.addKey({ ...KEY, memberId: member.id, isOwner, mayForce: isOwner });
			const { version, authority, addresses } = place;
			const paired: Paired = {
				version,
				member: { id: member.id, name: member.name },
				role: isOwner ? 'owner' : 'member',
				key: { id: key.id, secret },
				...(authority === undefined ? {} : { authority }),
				addresses,
			};
			return { reply: say({ paired }), key };
		} catch (error) {
			if (error instanceof Problem && error.status < 500) return { reply: say({ refused: error.message }), key: undefined };
			throw error;
		}
	}

	/** Uses the code up. */
	async #take({ slot, request }: Proven): Promise<{ readonly member: Member; readonly isOwner: boolean }> {
		const { claim, codes } = this.#access;
		if (slot === undefined) {
			if (claim.code() === undefined) throw wrongCode();
			if (typeof request.password !== 'string') throw new Problem('invalid-call', 'Claiming the box takes a password for its owner.');
			return { member: await this.#access.makeOwner(request.name, request.password), isOwner: true };
		}
		const row = codes.find(slot);
		const member = this.#members.listMembers().find(({ id }) => id === row?.memberId);
		if (row === undefined || member === undefined) throw wrongCode();
		if (this.#access.roleOf(member.id) === 'viewer') throw new Problem('invalid-call', `${member.name} is a viewer, who has no keys.`);
		await codes.use(row);
		return { member, isOwner: false };
	}
}

const KEY = { allowedTiers: TIERS, hasCeiling: true, treeCeilingNanoUsd: undefined, expiresAtMs: undefined };

const wrongCode = () => new Problem('forbidden', 'This code is wrong, used or expired, or somebody stands between you and the box.');
