/** The claim code: made at the first start, taken for a while after each start, with few tries, until the box has its owner. */

import { timingSafeEqual } from 'node:crypto';
import { newCode, readCode, showCode } from '../../pairing/code.ts';
import type { ClaimState } from '../../protocol/access.ts';
import type { AccessStore, ClaimRow } from '../../protocol/access-store.ts';
import type { Clock } from '../../protocol/ports.ts';
import { Problem } from '../../protocol/problem.ts';

/** 10 tries at 40 bits: one chance in 10^11 a window. */
const MOST_TRIES = 10;
const FIRST_WAIT_MS = 1_000;

export interface ClaimOptions {
	readonly store: Pick<AccessStore, 'claim' | 'setClaim'>;
	readonly clock: Clock;
	readonly windowMs: () => number;
	/** Preset by the operator; undefined has one made. */
	readonly preset: string | undefined;
	/** Shows it on the device, or, for undefined, takes away what is shown. */
	readonly show: (code: ShownCode | undefined) => Promise<void>;
}

export interface ShownCode {
	/** As a person reads it: `ABCD-2345`. */
	readonly code: string;
	/** Epoch ms. */
	readonly untilMs: number;
	readonly isReset: boolean;
}

export class ClaimDesk {
	readonly #options: ClaimOptions;
	/** Monotonic ms; the window is a matter of time passed, whatever the wall clock does. */
	#openUntilMs = 0;
	#waitUntilMs = 0;
	#hide: NodeJS.Timeout | undefined;

	constructor(options: ClaimOptions) {
		this.#options = options;
	}

	get #row(): ClaimRow {
		return this.#options.store.claim() ?? { isClaimed: false, code: undefined, tries: 0 };
	}

	get isClaimed(): boolean {
		return this.#row.isClaimed;
	}

	state(): ClaimState {
		const { isClaimed, code, tries } = this.#row;
		const isOver = code === undefined || this.#options.clock.nowMs() >= this.#openUntilMs;
		if (isOver) return isClaimed ? 'claimed' : 'closed';
		return tries >= MOST_TRIES ? 'locked' : 'open';
	}

	/** Epoch ms at which the window closes; only while it is open. */
	untilMs(): number {
		const { clock } = this.#options;
		return clock.wallMs() + this.#openUntilMs - clock.nowMs();
	}

	/** The code while it is taken: the pairing proves its knowledge without sending it. */
	code(): string | undefined {
		return this.state() === 'open' ? this.#row.code : undefined;
	}

	/** What the device shows; undefined while no code is taken. */
	shown(): ShownCode | undefined {
		const code = this.code();
		return code === undefined ? undefined : { code: showCode(code), untilMs: this.untilMs(), isReset: this.isClaimed };
	}

	/** At a start: an unclaimed box opens its window; one that was guessed at gets another code. */
	async begin(): Promise<void> {
		const { code, tries, isClaimed } = this.#row;
		if (isClaimed) await this.#put({ isClaimed, code: undefined, tries: 0 });
		else await this.#open(tries > 0 ? undefined : code);
	}

	/** Somebody is at the device: a new code and a new window, also where the owner's password is lost. */
	async renew(): Promise<ShownCode> {
		await this.#open(undefined);
		return this.shown() ?? { code: '', untilMs: 0, isReset: this.isClaimed };
	}

	async #open(known: string | undefined): Promise<void> {
		const { preset, clock, windowMs } = this.#options;
		const code = preset === undefined ? (known ?? newCode()) : readCode(preset);
		this.#openUntilMs = clock.nowMs() + windowMs();
		this.#waitUntilMs = 0;
		await this.#put({ isClaimed: this.isClaimed, code, tries: 0 });
		clearTimeout(this.#hide);
		this.#hide = setTimeout(() => void this.#options.show(undefined).catch(() => {}), windowMs()).unref();
		await this.#options.show(this.shown());
	}

	/** Throws `rate-limited` or `forbidden` where no code is looked at now. */
	assertListens(): void {
		const state = this.state();
		if (state === 'claimed')
			throw new Problem('forbidden', 'This box has its owner already. For a lost password: innerloop claim new, on the device.');
		if (state !== 'open')
			throw new Problem(
				'forbidden',
				`${state === 'closed' ? 'The time for the claim code is over' : 'Too many wrong codes'}. Start the device anew, or run on it: innerloop claim new.`,
			);
		const waitMs = this.#waitUntilMs - this.#options.clock.nowMs();
		if (waitMs > 0)
			throw new Problem('rate-limited', 'A wrong code came just now. Wait a moment and try again.', {
				retryAfterSeconds: Math.ceil(waitMs / 1000),
			});
	}

	/** Throws `forbidden` for a wrong one, which counts. */
	async check(typed: string): Promise<void> {
		this.assertListens();
		const known = Buffer.from(this.#row.code ?? '');
		const given = Buffer.from(readCode(typed));
		if (given.length === known.length && timingSafeEqual(given, known)) return;
		const left = await this.noteWrong();
		throw new Problem(
			'forbidden',
			`This is not the claim code. ${left > 0 ? `${left} tries left.` : 'No try is left: start the device anew.'}`,
		);
	}

	/** @returns how many tries are left */
	async noteWrong(): Promise<number> {
		const tries = this.#row.tries + 1;
		// 1, 2, 4 … seconds: a person who mistypes hardly notices, ten guesses take a quarter of an hour.
		this.#waitUntilMs = this.#options.clock.nowMs() + FIRST_WAIT_MS * 2 ** (tries - 1);
		await this.#put({ ...this.#row, tries });
		if (tries >= MOST_TRIES) await this.#options.show(undefined);
		return Math.max(0, MOST_TRIES - tries);
	}

	/** The box has its owner, or the owner a password again: the code has served. */
	async done(): Promise<void> {
		await this.#put({ isClaimed: true, code: undefined, tries: 0 });
		await this.#options.show(undefined);
	}

	stop(): void {
		clearTimeout(this.#hide);
	}

	async #put(row: ClaimRow): Promise<void> {
		await this.#options.store.setClaim(row);
	}
}
