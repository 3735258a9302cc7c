/** Ledger time: UTC days and months, and whether a wall clock can be believed. */

const DAY_MS = 86_400_000;

/** No build of this program ran before this instant (2026-01-01): an earlier clock was never set. */
const PROGRAM_EPOCH_MS = 20_454 * DAY_MS;

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

/** The UTC day and month of an epoch time: without summer time, and where the vendors' bills are cut. */
export function periodsAt(wallMs: number): Periods {
	const days = Math.floor(wallMs / DAY_MS);
	const day = dateOf(days);
	return { day, month: day.slice(0, 7), dayEndsMs: (days + 1) * DAY_MS };
}

/** The day on which the next day's (or month's) budget opens, as a date. */
export function nextPeriodDate(periods: Periods, period: 'day' | 'month'): string {
	if (period === 'day') return dateOf(periods.dayEndsMs / DAY_MS);
	let days = periods.dayEndsMs / DAY_MS;
	while (dateOf(days).startsWith(periods.month)) days += 1;
	return dateOf(days);
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

/** Days of the Gregorian calendar in so many years from year 0 of the 400-year cycle that began 1600-01-01. */
const daysBefore = (years: number): number => years * 365 + Math.ceil(years / 4) - Math.ceil(years / 100) + Math.ceil(years / 400);

/** Days from 1600-01-01 to 1970-01-01. */
const EPOCH_DAYS = daysBefore(370);

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** ISO date of a count of days since 1970-01-01, in whole-number arithmetic: this room has no clock and no calendar. */
function dateOf(days: number): string {
	let rest = days + EPOCH_DAYS;
	let years = Math.floor(rest / 366);
	while (daysBefore(years + 1) <= rest) years += 1;
	rest -= daysBefore(years);
	const isLeap = daysBefore(years + 1) - daysBefore(years) === 366;
	let month = 0;
	for (const length of MONTH_DAYS) {
		const monthDays = month === 1 && isLeap ? 29 : length;
		if (rest < monthDays) break;
		rest -= monthDays;
		month += 1;
	}
	return `${1600 + years}-${pad(month + 1)}-${pad(rest + 1)}`;
}

const pad = (value: number): string => String(value).padStart(2, '0');
