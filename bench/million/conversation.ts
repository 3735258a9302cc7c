/** One conversation of a random client: text that grows, is rewritten and compacted, and what each tokenizer makes of it. */

import type { Random } from './random.ts';

/** A piece of text, known by its number. */
export interface Segment {
	readonly id: number;
	readonly bytes: number;
}

/** JSON around the messages; a tokenizer may make a token of each of its bytes. */
const FRAME_BYTES = 200;
/** The tokens that a cut may add at each of its two sides, together. */
const SEAM_TOKENS = 16;

export class Conversation {
	segments: readonly Segment[] = [];
	#nextId: number;

	constructor(firstId: number) {
		this.#nextId = firstId;
	}

	/** The client's next turn: mostly more text, sometimes old text replaced by new, or all but the end dropped. */
	turn(random: Random): void {
		const added = this.#write(random);
		const kept = this.segments.filter(() => !random.chance(0.03));
		if (random.chance(0.04)) this.segments = [added, ...this.segments.slice(-2)];
		else if (random.chance(0.06)) this.segments = kept.map((one) => (random.chance(0.2) ? this.#write(random) : one)).concat(added);
		else this.segments = [...this.segments, added];
	}

	#write(random: Random): Segment {
		return { id: this.#nextId++, bytes: random.pick([40, 400, 3_000, 20_000]) + random.nat(200) };
	}
}

export function bytesOf(segments: readonly Segment[]): number {
	return FRAME_BYTES + segments.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Bytes of `now` outside the head and tail that it shares with `before`. */
export function unseenBytes(before: readonly Segment[], now: readonly Segment[]): number {
	let head = 0;
	while (head < Math.min(before.length, now.length) && before[head]?.id === now[head]?.id) head += 1;
	let tail = 0;
	const most = Math.min(before.length, now.length) - head;
	while (tail < most && before.at(-1 - tail)?.id === now.at(-1 - tail)?.id) tail += 1;
	return now.slice(head, now.length - tail).reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Tokens that a model's tokenizer makes of the text: of some pieces one for each byte, of others fewer; it differs by model. */
export function tokensOf(segments: readonly Segment[], model: string, isKnownInPart: boolean): number {
	const text = segments.reduce((sum, { id, bytes }) => sum + Math.ceil(bytes * density(id, model)), 0);
	return Math.min(bytesOf(segments), FRAME_BYTES + text + (isKnownInPart ? SEAM_TOKENS : 0));
}

const DENSITIES = [1, 1, 0.7, 0.4, 0.25] as const;

function density(id: number, model: string): number {
	let hash = Math.imul(id + 1, 0x9e3779b1);
	for (let at = 0; at < model.length; at += 1) hash = Math.imul(hash ^ model.charCodeAt(at), 0x85ebca6b);
	return DENSITIES[((hash ^ (hash >>> 15)) >>> 0) % DENSITIES.length] ?? 1;
}
