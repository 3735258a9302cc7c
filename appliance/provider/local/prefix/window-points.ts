/** States of sliding windows in memory, by the prefix they stand behind: few and small, the least used goes first. */

interface Point {
	readonly digest: string;
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
	add(digest: string, rows: Buffer): readonly string[] {
		if (this.#points.has(digest) || rows.length > this.#mostBytes) return [];
		const gone: string[] = [];
		while (this.#bytes + rows.length > this.#mostBytes) {
			const victim = this.#leastUsed();
			this.#points.delete(victim.digest);
			this.#bytes -= victim.rows.length;
			gone.push(victim.digest);
		}
		this.#points.set(digest, { digest, rows, uses: 0 });
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
