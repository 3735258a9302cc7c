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

export interface EndedCall {
	readonly call: HeldCall;
	readonly end: 'settled' | 'released';
}

/** Ended calls that are remembered: replays come within seconds, this is minutes at full load. */
const REMEMBERED = 20_000;

export class Calls {
	readonly held = new Map<string, HeldCall>();
	readonly #ended = new Map<string, EndedCall>();

	ended(callId: string): EndedCall | undefined {
		return this.#ended.get(callId);
	}

	hold(call: HeldCall): void {
		this.#ended.delete(call.callId);
		this.held.set(call.callId, call);
	}

	end(call: HeldCall, end: EndedCall['end']): void {
		this.held.delete(call.callId);
		this.#ended.set(call.callId, { call, end });
		if (this.#ended.size <= REMEMBERED) return;
		for (const oldest of this.#ended.keys()) {
			this.#ended.delete(oldest);
			break;
		}
	}
}
