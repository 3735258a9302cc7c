/** Chance that can be repeated: the same seed gives the same world. */

import { mulberry32 } from '../../test/support/mulberry32.ts';

export class Random {
	/** Uniform [0, 1). */
	readonly next: () => number;

	constructor(seed: number) {
		this.next = mulberry32(seed);
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
