/** The known name that a misspelt one was probably meant to be. */

/** Levenshtein's distance with swapped neighbours counted once (optimal string alignment), since fingers swap letters. */
export function editDistance(from: string, to: string): number {
	let before: number[] = [];
	let row = Array.from({ length: to.length + 1 }, (_, index) => index);
	for (let i = 1; i <= from.length; i += 1) {
		const next = [i];
		for (let j = 1; j <= to.length; j += 1) {
			const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
			const isSwap = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
			const swapped = isSwap ? (before[j - 2] ?? 0) + 1 : replaced;
			next.push(Math.min(replaced, swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
		}
		before = row;
		row = next;
	}
	return row[to.length] ?? 0;
}

/** Undefined when nothing is near: more than half of the letters would have to change. */
export function nearest(name: string, known: readonly string[]): string | undefined {
	// Beyond this no key of ours is meant, and the cost of comparing grows with the product of the lengths.
	if (name.length > 64) return undefined;
	let best: string | undefined;
	let bestDistance = Number.POSITIVE_INFINITY;
	for (const candidate of known) {
		const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
		if (distance < bestDistance) {
			best = candidate;
			bestDistance = distance;
		}
	}
	return best !== undefined && bestDistance <= Math.max(1, Math.floor(Math.max(name.length, best.length) / 2)) ? best : undefined;
}
