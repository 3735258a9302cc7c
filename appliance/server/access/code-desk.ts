/** Pairing codes of one use that owners make for members: for the page (`join`) and for `innerloop connect`. */

import { timingSafeEqual } from 'node:crypto';
import { newCode, newSlot, showCode, type TypedCode } from '../../pairing/code.ts';
import type { NewPairingCodeReport, PairingCodeReport } from '../../protocol/access.ts';
import type { AccessStore, PairingCodeRow } from '../../protocol/access-store.ts';
import type { Clock, Member } from '../../protocol/ports.ts';
import { Problem } from '../../protocol/problem.ts';

/** 5 tries at 40 bits, then the code is void. */
const MOST_TRIES = 5;
/** Of 1024 slots; beyond it the oldest goes. */
const MOST_CODES = 200;

export class CodeDesk {
	readonly #store: AccessStore;
	readonly #clock: Clock;
	readonly #members: () => readonly Member[];

	constructor(store: AccessStore, clock: Clock, members: () => readonly Member[]) {
		this.#store = store;
		this.#clock = clock;
		this.#members = members;
	}

	async make(member: Member, minutes: number): Promise<NewPairingCodeReport> {
		await this.#sweep();
		const row: PairingCodeRow = {
			slot: this.#freeSlot(),
			memberId: member.id,
			code: newCode(),
			expiresMs: this.#clock.wallMs() + minutes * 60_000,
			tries: 0,
		};
		await this.#store.putCode(row);
		return { ...this.#reportOf(row), code: showCode(row.code, row.slot) };
	}

	list(): PairingCodeReport[] {
		return this.#store
			.codes()
			.filter((row) => this.#isGood(row))
			.map((row) => this.#reportOf(row));
	}

	async remove(slot: string): Promise<boolean> {
		const isKnown = this.#store.codes().some((row) => row.slot === slot);
		if (isKnown) await this.#store.removeCode(slot);
		return isKnown;
	}

	/** The good code of a slot: what the pairing works with. */
	find(slot: string | undefined): PairingCodeRow | undefined {
		return this.#store.codes().find((row) => row.slot === slot && this.#isGood(row));
	}

	/** @returns whose it is; throws `forbidden` for a wrong, used or expired one, and counts it */
	async check({ slot, code }: TypedCode): Promise<string> {
		const row = this.find(slot);
		if (row !== undefined && row.code.length === code.length && timingSafeEqual(Buffer.from(row.code), Buffer.from(code)))
			return row.memberId;
		if (row !== undefined) await this.noteWrong(row);
		throw wrongCode();
	}

	/** It has served. Throws where somebody else was faster. */
	async use({ slot, code }: TypedCode): Promise<void> {
		const row = this.find(slot);
		if (row?.code !== code) throw wrongCode();
		await this.#store.removeCode(row.slot);
	}

	async noteWrong({ slot }: PairingCodeRow): Promise<void> {
		const row = this.#store.codes().find((one) => one.slot === slot);
		if (row === undefined) return;
		if (row.tries + 1 >= MOST_TRIES) await this.#store.removeCode(slot);
		else await this.#store.putCode({ ...row, tries: row.tries + 1 });
	}

	#isGood({ expiresMs, tries }: PairingCodeRow): boolean {
		return tries < MOST_TRIES && expiresMs > this.#clock.wallMs();
	}

	async #sweep(): Promise<void> {
		const codes = [...this.#store.codes()].sort((one, other) => other.expiresMs - one.expiresMs);
		for (const row of codes.filter((one, at) => at >= MOST_CODES - 1 || !this.#isGood(one))) await this.#store.removeCode(row.slot);
	}

	#freeSlot(): string {
		const taken = new Set(this.#store.codes().map(({ slot }) => slot));
		for (let slot = newSlot(); ; slot = newSlot()) if (!taken.has(slot)) return slot;
	}

	#reportOf({ slot, memberId, expiresMs }: PairingCodeRow): PairingCodeReport {
		const memberName = this.#members().find(({ id }) => id === memberId)?.name ?? '';
		return { slot, memberId, memberName, expiresAt: new Date(expiresMs).toISOString() };
	}
}

const wrongCode = () => new Problem('forbidden', 'This code is wrong, used or expired. An owner makes another one.');
