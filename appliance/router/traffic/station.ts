/** One deployment while calls come and go: how many run there, how soon it answers, which limits and which keys hold it back. */

import type { Call } from '../../protocol/call.ts';
import type { Traffic } from '../../protocol/deployment.ts';
import type { LimitRefusal, Limits, TokenCount } from '../../protocol/limits.ts';
import { balance } from '../balance.ts';
import { CLOSED, type Cooldown, passedOverUntilMs } from '../cooldown.ts';
import { FirstTokenTimes, outputClassOf } from './first-token.ts';
import { Limiter } from './limiter.ts';

/** One of several keys of a provider, shared by all its deployments. */
export class ProviderKey {
	/** The environment variable that holds it. */
	readonly id: string;
	weight: number;
	limiter: Limiter | undefined;
	runningCalls = 0;
	/** Of a key that is no good anywhere: revoked, or its account is empty. */
	cooldown: Cooldown = CLOSED;

	constructor(id: string, weight: number, limits: Limits | undefined) {
		this.id = id;
		this.weight = weight;
		this.limiter = limits && new Limiter(limits);
	}
}

/** A key at one deployment: rate limits and permissions are mostly a model's. */
export class StationKey {
	readonly shared: ProviderKey;
	cooldown: Cooldown = CLOSED;

	constructor(shared: ProviderKey) {
		this.shared = shared;
	}

	restsUntilMs(nowMs: number): number {
		return Math.max(passedOverUntilMs(this.cooldown, nowMs), passedOverUntilMs(this.shared.cooldown, nowMs));
	}
}

const longer = (a: LimitRefusal | undefined, b: LimitRefusal | undefined) => ((a?.waitMs ?? 0) >= (b?.waitMs ?? 0) ? (a ?? b) : b);

/** Holds state; the clock is the caller's. */
export class Station implements Traffic {
	limiter: Limiter | undefined;
	/** Empty where the provider has one key without limits of its own: then the station itself rests and is limited. */
	keys: readonly StationKey[] = [];
	runningCalls = 0;
	cooldown: Cooldown = CLOSED;
	readonly firstTokens = new FirstTokenTimes();
	readonly #nowMs: () => number;

	constructor(nowMs: () => number) {
		this.#nowMs = nowMs;
	}

	firstTokenMs(call: Pick<Call, 'isStream' | 'outputCapTokens'>): number | undefined {
		return this.firstTokens.expectedMs(outputClassOf(call), this.#nowMs());
	}

	/** Whether anybody needs to know how many tokens a call takes. */
	get countsTokens(): boolean {
		if (this.limiter === undefined && this.keys.length === 0) return false;
		const limits = [this.limiter, ...this.keys.map(({ shared }) => shared.limiter)];
		return limits.some((one) => one?.limits.tokensPerMinute !== undefined);
	}

	/** Keys that rest hold nobody back here: that is what `restsUntilMs` tells. */
	refusal(tokens: TokenCount): LimitRefusal | undefined {
		if (this.limiter === undefined && this.keys.length === 0) return undefined;
		const nowMs = this.#nowMs();
		return longer(this.limiter?.refusal(tokens, nowMs), this.#keyRefusal(tokens, nowMs));
	}

	/** Monotonic ms until which it rests, whichever key is used. */
	ownRestUntilMs(): number {
		return passedOverUntilMs(this.cooldown, this.#nowMs());
	}

	/** Monotonic ms: its own rest, or the one of the key that is back first. */
	restsUntilMs(): number {
		const own = this.ownRestUntilMs();
		if (this.keys.length === 0) return own;
		const nowMs = this.#nowMs();
		return Math.max(own, Math.min(...this.keys.map((key) => key.restsUntilMs(nowMs))));
	}

	/**
	 * The key for a call: the one whose prompt cache holds its session, else the least busy by weight; undefined when all
	 * are `tried` or at their limits. Where all rest, the one that is back first.
	 */
	chooseKey(tokens: TokenCount, cached: string | undefined, tried: ReadonlySet<string>, random: number): StationKey | undefined {
		const nowMs = this.#nowMs();
		const open = this.#openKeys(tokens, tried, nowMs);
		const awake = open.filter((key) => key.restsUntilMs(nowMs) <= nowMs);
		if (awake.length === 0) return open.toSorted((a, b) => a.restsUntilMs(nowMs) - b.restsUntilMs(nowMs))[0];
		const held = awake.find(({ shared }) => shared.id === cached);
		if (held !== undefined) return held;
		const equals = awake.map((key) => ({ key, weight: key.shared.weight, runningCalls: key.shared.runningCalls, firstTokenMs: undefined }));
		return balance(equals, 'least-busy', random)[0]?.key;
	}

	/** Is there a key that could be asked at once? */
	hasKeyBeside(tokens: TokenCount, tried: ReadonlySet<string>): boolean {
		const nowMs = this.#nowMs();
		return this.#openKeys(tokens, tried, nowMs).some((key) => key.restsUntilMs(nowMs) <= nowMs);
	}

	#openKeys(tokens: TokenCount, tried: ReadonlySet<string>, nowMs: number): readonly StationKey[] {
		return this.keys.filter(({ shared }) => !tried.has(shared.id) && shared.limiter?.refusal(tokens, nowMs) === undefined);
	}

	/** All keys that are awake are at their limits: the one that is free first says how long. */
	#keyRefusal(tokens: TokenCount, nowMs: number): LimitRefusal | undefined {
		let soonest: LimitRefusal | undefined;
		for (const key of this.keys) {
			if (key.restsUntilMs(nowMs) > nowMs) continue;
			const refusal = key.shared.limiter?.refusal(tokens, nowMs);
			if (refusal === undefined) return undefined;
			if (soonest === undefined || refusal.waitMs < soonest.waitMs) soonest = refusal;
		}
		return soonest;
	}
}
