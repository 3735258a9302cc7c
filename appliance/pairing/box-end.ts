/** The box's end of a pairing: answers with its point, then looks at the client's proof. Who counts wrong codes is the caller. */

import { randomBytes } from 'node:crypto';
import { channelOf, decode, encode, NOTES } from './channel.ts';
import { drawScalar, sessionKey, shareOf } from './cpace.ts';
import type { PairingFinish, PairingFinished, PairingRequest, PairingStart, PairingStarted } from './messages.ts';
import { isProof, sideKeys } from './seal.ts';

const LIFE_MS = 60_000;
const MOST_RUNS = 64;
const MOST_OF_ADDRESS = 8;

interface Run {
	readonly key: Uint8Array | undefined;
	readonly slot: string | undefined;
	readonly from: string;
	readonly endMs: number;
}

export interface Proven {
	readonly slot: string | undefined;
	readonly request: PairingRequest;
	/** Seals the box's answer, with its own proof. */
	answer(text: string): PairingFinished;
}

export type FinishResult = Proven | { readonly slot: string | undefined; readonly isWrong: true } | undefined;

export class BoxEnd {
	readonly #nowMs: () => number;
	readonly #runs = new Map<string, Run>();

	/** @param nowMs monotonic */
	constructor(nowMs: () => number) {
		this.#nowMs = nowMs;
	}

	/**
	 * @param secret the code that the slot names
	 * @param certificate DER of the box's own, as this connection showed it
	 * @returns undefined while too many runs are open
	 */
	start({ slot, sessionId, share }: PairingStart, secret: string, certificate: Uint8Array, from: string): PairingStarted | undefined {
		if (!this.#makeRoom(from)) return undefined;
		const input = { secret, channel: channelOf(certificate), sessionId: decode(sessionId) };
		const scalar = drawScalar();
		const client = { point: decode(share), note: NOTES.client };
		const box = { point: shareOf(input, scalar), note: NOTES.box };
		const key = sessionKey(scalar, client.point, input.sessionId, client, box);
		const pairing = randomBytes(16).toString('base64url');
		this.#runs.set(pairing, { key, slot, from, endMs: this.#nowMs() + LIFE_MS });
		return { pairing, share: encode(box.point) };
	}

	/** Undefined for an unknown run; each is good for one look. */
	finish({ pairing, proof, sealed }: PairingFinish): FinishResult {
		const run = this.#runs.get(pairing);
		this.#runs.delete(pairing);
		if (run === undefined || run.endMs < this.#nowMs()) return undefined;
		const wrong = { slot: run.slot, isWrong: true } as const;
		if (run.key === undefined) return wrong;
		const client = sideKeys(run.key, 'client');
		const text = isProof(decode(proof), client.proof) ? client.open(decode(sealed)) : undefined;
		if (text === undefined) return wrong;
		const box = sideKeys(run.key, 'box');
		return {
			slot: run.slot,
			request: JSON.parse(text) as PairingRequest,
			answer: (reply) => ({ proof: encode(box.proof), sealed: encode(box.seal(reply)) }),
		};
	}

	#makeRoom(from: string): boolean {
		const nowMs = this.#nowMs();
		for (const [id, run] of this.#runs) if (run.endMs < nowMs) this.#runs.delete(id);
		const own = [...this.#runs].filter(([, run]) => run.from === from);
		for (const [id] of own.slice(0, Math.max(0, own.length - MOST_OF_ADDRESS + 1))) this.#runs.delete(id);
		return this.#runs.size < MOST_RUNS;
	}
}
