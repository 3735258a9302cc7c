/** States of sliding windows in memory, by the prefix they stand behind: few and small, the least used goes first. */

interface Point {
	readonly digests: readonly string[];
	readonly rows: Buffer;
	uses: number;
}

export class WindowPoints {
	/** In the order of their last use. */
	readonly #points = new Map<string, Point>();
	readonly #mostBytes: number;
	#bytes = 0;

	constructor(mostBytes: number) {
		this.#mostBytes = mostBytes;
	}

	get bytes(): number {
		return this.#bytes;
	}

	get(digest: string): Buffer | undefined {
		const point = this.#points.get(digest);
		if (point === undefined) return undefined;
		point.uses += 1;
		this.#points.delete(digest);
		this.#points.set(digest, point);
		return point.rows;
	}

	/** @returns the prefixes whose states had to go */
	add(digests: readonly string[], rows: Buffer): readonly (readonly string[])[] {
		const digest = digests.at(-1);
		if (digest === undefined || this.#points.has(digest) || rows.length > this.#mostBytes) return [];
		const gone: (readonly string[])[] = [];
		while (this.#bytes + rows.length > this.#mostBytes) {
			const victim = this.#leastUsed();
			this.#points.delete(victim.digests.at(-1) ?? '');
			this.#bytes -= victim.rows.length;
			gone.push(victim.digests);
		}
		this.#points.set(digest, { digests, rows, uses: 0 });
		this.#bytes += rows.length;
		return gone;
	}

	/** Never used before used; among those the one that came, or was used, longest ago. What goes unharmed ages, so that no old favourite stays for ever. */
	#leastUsed(): Point {
		let least: Point | undefined;
		for (const point of this.#points.values()) if (least === undefined || point.uses < least.uses) least = point;
		for (const point of this.#points.values()) point.uses /= 2;
		if (least === undefined) throw new Error('no point is left to forget');
		return least;
	}
}
