/** The calls that hold money now, and the latest that no longer do, so that replays change nothing. */

import type { Tree } from './ledger-tree.ts';

export interface HeldCall {
	readonly callId: string;
	readonly memberId: string;
	readonly keyId: string;
	/** Undefined for a call that can cost nothing and came while its tree was closed. */
	readonly tree: Tree | undefined;
	readonly nanoUsd: number;
	isDispatched: boolean;
}

/** At least so many ended calls are remembered, at most twice as many: replays come within seconds, this is minutes at full load. */
const REMEMBERED = 10_000;

export class Calls {
	readonly held = new Map<string, HeldCall>();
	/** A settled call is remembered by its id alone: what else it was, nobody asks. */
	#settled = new Set<string>();
	#settledBefore = new Set<string>();
	#released = new Map<string, HeldCall>();
	#releasedBefore = new Map<string, HeldCall>();

	isSettled(callId: string): boolean {
		return this.#settled.has(callId) || this.#settledBefore.has(callId);
	}

	/** A call that gave its hold back; a bill may still come for it. */
	released(callId: string): HeldCall | undefined {
		return this.#released.get(callId) ?? this.#releasedBefore.get(callId);
	}

	hold(call: HeldCall): void {
		this.#forget(call.callId);
		this.held.set(call.callId, call);
	}

	end(call: HeldCall, end: 'settled' | 'released'): void {
		this.held.delete(call.callId);
		if (this.#released.size + this.#releasedBefore.size > 0) this.#forget(call.callId);
		if (end === 'settled') this.#settled.add(call.callId);
		else this.#released.set(call.callId, call);
		if (this.#settled.size + this.#released.size < REMEMBERED) return;
		this.#settledBefore = this.#settled;
		this.#settled = new Set();
		this.#releasedBefore = this.#released;
		this.#released = new Map();
	}

	#forget(callId: string): void {
		for (const ended of [this.#settled, this.#settledBefore, this.#released, this.#releasedBefore]) ended.delete(callId);
	}
}
