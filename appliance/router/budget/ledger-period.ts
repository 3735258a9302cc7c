/** Ledger time: UTC days and months, and whether a wall clock can be believed. */

const DAY_MS = 86_400_000;

/** No build of this program ran before this instant: an earlier clock was never set. */
const PROGRAM_EPOCH_MS = Date.UTC(2026, 0, 1);

/** Clocks are corrected by minutes; a step back beyond this is a clock that lost its time. */
const BACK_TOLERANCE_MS = 5 * 60_000;

/** A step ahead beyond this would open a budget that nobody granted. */
const AHEAD_TOLERANCE_MS = 400 * DAY_MS;

export interface Periods {
	/** `2026-11-23` */
	readonly day: string;
	/** `2026-11` */
	readonly month: string;
	/** Epoch ms at which the next day begins. */
	readonly dayEndsMs: number;
}

/** The UTC day and month of an epoch time: the days by which the vendors bill, and without summer time. */
export function periodsAt(wallMs: number): Periods {
	const day = new Date(wallMs).toISOString().slice(0, 10);
	return { day, month: day.slice(0, 7), dayEndsMs: (Math.floor(wallMs / DAY_MS) + 1) * DAY_MS };
}

/** First instant of the month after `month` (`2026-11`), epoch ms. */
export function monthEndsMs(month: string): number {
	return Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5, 7)), 1);
}

/**
 * Can this wall clock be believed, given the latest time that the ledger ever saw (epoch ms, 0 for none)?
 * False for a clock that was never set, that went back by more than minutes, or that leapt ahead by more than a year.
 */
export function isTimeSane(wallMs: number, lastSeenMs: number): boolean {
	if (!Number.isFinite(wallMs) || wallMs < PROGRAM_EPOCH_MS) return false;
	if (lastSeenMs <= 0) return true;
	return wallMs >= lastSeenMs - BACK_TOLERANCE_MS && wallMs <= lastSeenMs + AHEAD_TOLERANCE_MS;
}
