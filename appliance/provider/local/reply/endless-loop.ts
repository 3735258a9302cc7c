/** Sees that a model repeats itself word for word and will not stop: greedy decoding never leaves such a circle. */

/** Longest phrase that is looked for, tokens. */
const LONGEST_PERIOD = 128;
/** So much of the end must be nothing but the phrase, and the phrase at least three times: tables and lists of zeros end sooner. */
const LEAST_TOKENS = 256;
const LEAST_TURNS = 3;
/** A look every so many tokens costs nothing beside decoding them. */
const STRIDE_TOKENS = 32;

/** @param tokens of one reply, from `from` on */
export function isEndlessLoop(tokens: readonly number[], from: number): boolean {
	const length = tokens.length - from;
	if (length < LEAST_TOKENS || length % STRIDE_TOKENS !== 0) return false;
	for (let period = 1; period <= LONGEST_PERIOD; period += 1) {
		const span = Math.max(LEAST_TOKENS, LEAST_TURNS * period);
		if (span <= length && repeats(tokens, period, span - period)) return true;
	}
	return false;
}

function repeats(tokens: readonly number[], period: number, count: number): boolean {
	for (let back = 1; back <= count; back += 1) {
		if (tokens[tokens.length - back] !== tokens[tokens.length - back - period]) return false;
	}
	return true;
}
