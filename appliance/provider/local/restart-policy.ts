/** Decides when a dead engine child is started again: at once, later, or hardly ever. */

/** A child that lived this long after loading was healthy: its death starts a new count. */
const HEALTHY_MS = 60_000;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 30_000;
/** After so many quick deaths in a row the engine is declared failed. */
const MOST_QUICK_DEATHS = 6;
/** A failed engine is still tried now and then: memory may be free again, or the file replaced. */
const FAILED_DELAY_MS = 120_000;

export interface RestartDecision {
	readonly delayMs: number;
	readonly isFailed: boolean;
	readonly quickDeaths: number;
}

/** What the model's loading reported will be reported again: it is not tried in quick succession. */
export function decideReload(quickDeaths: number): RestartDecision {
	return { delayMs: FAILED_DELAY_MS, isFailed: true, quickDeaths: quickDeaths + 1 };
}

/**
 * @param quickDeaths deaths in a row so far, as the last decision said
 * @param readyMs how long the child that died had been ready; 0 when it never was
 */
export function decideRestart(quickDeaths: number, readyMs: number): RestartDecision {
	const deaths = readyMs >= HEALTHY_MS ? 1 : quickDeaths + 1;
	if (deaths >= MOST_QUICK_DEATHS) return { delayMs: FAILED_DELAY_MS, isFailed: true, quickDeaths: deaths };
	return { delayMs: Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (deaths - 1)), isFailed: false, quickDeaths: deaths };
}
