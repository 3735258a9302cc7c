/** Chance that can be repeated: the same seed gives the same world. */

export class Random {
	#state: number;

	constructor(seed: number) {
		this.#state = seed >>> 0;
	}

	/** Uniform [0, 1): mulberry32, a public-domain generator of 32 bits of state. */
	next(): number {
		this.#state = (this.#state + 0x6d2b79f5) >>> 0;
		let mixed = this.#state;
		mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	}

	chance(share: number): boolean {
		return this.next() < share;
	}

	/** From 0 up to and without `below`. */
	nat(below: number): number {
		return Math.floor(this.next() * below);
	}

	pick<T>(from: readonly [T, ...T[]]): T {
		return from[this.nat(from.length)] as T;
	}
}
