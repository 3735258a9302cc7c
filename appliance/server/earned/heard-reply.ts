/** Keeps what an upstream answered, beside its reading for usage, so that it can be compared when nobody calls. */

import type { Dialect, ReplyTap } from '../../protocol/ports.ts';

/** A longer answer is none that the box would have given. */
const MOST_BYTES = 262_144;

export class HeardReply implements ReplyTap {
	/** In whose words it is. */
	readonly dialect: Dialect;
	readonly #tap: ReplyTap;
	#chunks: Uint8Array[] = [];
	#bytes = 0;

	constructor(tap: ReplyTap, dialect: Dialect) {
		this.dialect = dialect;
		this.#tap = tap;
	}

	push(chunk: Uint8Array): void {
		this.#tap.push(chunk);
		this.#bytes += chunk.length;
		if (this.#bytes <= MOST_BYTES) this.#chunks.push(chunk.slice());
		else this.#chunks = [];
	}

	summary() {
		return this.#tap.summary();
	}

	/** Undefined where it was too long. */
	bytes(): Uint8Array | undefined {
		return this.#bytes > MOST_BYTES ? undefined : Buffer.concat(this.#chunks);
	}
}
