/** Ledger time: UTC days and months. */

const DAY_MS = 86_400_000;

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

/** `2026-11-23T16:05Z` of an epoch time. */
export function instantText(wallMs: number): string {
	const minutes = Math.floor(wallMs / 60_000);
	const ofDay = ((minutes % 1_440) + 1_440) % 1_440;
	return `${dateOf(Math.floor(minutes / 1_440))}T${pad(Math.floor(ofDay / 60))}:${pad(ofDay % 60)}Z`;
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
