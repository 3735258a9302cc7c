/** What a trim is worth: the tokens now, their read from the cache on every turn to come, less what a false trim costs. */

import type { Price } from '../../protocol/deployment.ts';

export interface TrimStakes {
	readonly savedTokens: number;
	/** Of the whole call; a false trim costs a turn that reads all of it. */
	readonly promptTokens: number;
	readonly expectedTurns: number;
	/** Chance that a trim is false, 0 to 1. */
	readonly falseShare: number;
	/** Undefined: nobody bills this by the token, and tokens alone count. */
	readonly price: Price | undefined;
}

/** Output of a turn that does nothing but read the original. */
const READ_BACK_TOKENS = 150;

/** Nano-USD; where nothing is billed, 1 for a trim that leaves tokens out. */
export function gainOf({ savedTokens, promptTokens, expectedTurns, falseShare, price }: TrimStakes): number {
	if (price === undefined) return savedTokens > 0 ? 1 : 0;
	const gain = savedTokens * (price.inputPicoUsd + expectedTurns * price.cacheReadPicoUsd);
	const readBack = promptTokens * price.cacheReadPicoUsd + savedTokens * price.inputPicoUsd + READ_BACK_TOKENS * price.outputPicoUsd;
	return Math.round((gain - falseShare * readBack) / 1_000);
}

const FEWEST_TURNS = 4;
const MOST_TURNS = 64;

/** How long a session lasts has a long tail: as many turns as it had already, within bounds. */
export const expectedTurnsAfter = (turns: number): number => Math.min(MOST_TURNS, Math.max(FEWEST_TURNS, turns));

/** Begins at the bar that trims are held to, as if a hundred had been seen. */
export const falseShareOf = (falseTrims: number, trims: number): number => (falseTrims + 1) / (trims + 100);
