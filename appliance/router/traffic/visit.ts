/** One try of a call at a deployment, from its admission to its end: what it learned counts for the calls that follow. */

import type { TokenCount } from '../../protocol/limits.ts';
import { CLOSED, type Cooldown, type CooldownEvent, type FailureClass, isTrialDue, nextCooldown } from '../cooldown.ts';
import type { OutputClass } from './first-token.ts';
import type { Limiter, Ticket } from './limiter.ts';
import type { ProviderKey, Station, StationKey } from './station.ts';

/** What speaks of the key alone: others may still be served. */
const OF_THE_KEY: ReadonlySet<FailureClass> = new Set(['rate-limited', 'unauthorized']);

/** Something with a cooldown: a station, a key at a station, a key. */
type Rests = { cooldown: Cooldown };

export class Visit {
	readonly key: StationKey | undefined;
	readonly #station: Station;
	readonly #nowMs: () => number;
	readonly #startMs: number;
	readonly #tickets: readonly (readonly [Limiter, Ticket])[];
	/** Those whose trial this visit is. */
	readonly #trials: readonly Rests[];
	#isOpen = true;

	/**
	 * The station and the key have to take it: ask them in the same turn of the loop.
	 *
	 * @param tokens about what it takes; undefined for a call that no limit counts
	 */
	constructor(station: Station, key: StationKey | undefined, tokens: TokenCount | undefined, nowMs: () => number) {
		this.key = key;
		this.#station = station;
		this.#nowMs = nowMs;
		this.#startMs = nowMs();
		this.#tickets = tokens === undefined ? NONE : enter(station.limiter, key?.shared.limiter, tokens, this.#startMs);
		station.runningCalls += 1;
		if (key !== undefined) key.shared.runningCalls += 1;
		this.#trials = trialsOf(station, key, this.#startMs);
		for (const one of this.#trials) step(one, { type: 'sent', nowMs: this.#startMs });
	}

	/** The upstream took the call. */
	succeeded(): void {
		this.#succeed(this.#station);
		if (this.key === undefined) return;
		this.#succeed(this.key);
		this.#succeed(this.key.shared);
	}

	#succeed(one: Rests): void {
		if (one.cooldown !== CLOSED) step(one, { type: 'succeeded', sentMs: this.#startMs, isTrial: this.#trials.includes(one) });
	}

	/** The first token is on its way to the caller. */
	began(output: OutputClass): void {
		const nowMs = this.#nowMs();
		this.#station.firstTokens.note(output, nowMs - this.#startMs, nowMs);
	}

	/** @returns what rests now or counts the failure: the key where its provider has others, else the deployment */
	failed(failure: FailureClass, retryAfterMs: number | undefined, isOfAccount: boolean): 'key' | 'deployment' {
		const { key } = this;
		const isOfKey = key !== undefined && this.#station.keys.length > 1 && OF_THE_KEY.has(failure);
		const one: StationKey | ProviderKey | Station = !isOfKey ? this.#station : isOfAccount ? key.shared : key;
		const isTrial = this.#trials.includes(one);
		step(one, { type: 'failed', class: failure, retryAfterMs, nowMs: this.#nowMs(), isTrial });
		return isOfKey ? 'key' : 'deployment';
	}

	/**
	 * Idempotent.
	 *
	 * @param used what it took of the limits in tokens; undefined leaves the estimate standing
	 */
	leave(used?: TokenCount): void {
		if (!this.#isOpen) return;
		this.#isOpen = false;
		const { key } = this;
		const nowMs = this.#nowMs();
		this.#station.runningCalls -= 1;
		if (key !== undefined) key.shared.runningCalls -= 1;
		for (const [limiter, ticket] of this.#tickets) limiter.leave(ticket, used, nowMs);
		// A trial that neither succeeded nor failed is left to the next call.
		for (const one of this.#trials) step(one, { type: 'abandoned', nowMs });
	}
}

const NONE: readonly never[] = [];

function enter(own: Limiter | undefined, ofKey: Limiter | undefined, tokens: TokenCount, nowMs: number) {
	if (own === undefined && ofKey === undefined) return NONE;
	return [own, ofKey].filter((one) => one !== undefined).map((one) => [one, one.enter(tokens, nowMs)] as const);
}

function trialsOf(station: Station, key: StationKey | undefined, nowMs: number): readonly Rests[] {
	if (station.cooldown === CLOSED && (key === undefined || (key.cooldown === CLOSED && key.shared.cooldown === CLOSED))) return NONE;
	return [station, key, key?.shared].filter((one) => one !== undefined).filter(({ cooldown }) => isTrialDue(cooldown, nowMs));
}

function step(one: Rests, event: CooldownEvent): void {
	one.cooldown = nextCooldown(one.cooldown, event);
}
