/** Days, months and sane clocks. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instantText, nextPeriodDate, periodsAt } from '../../../appliance/router/budget/ledger-period.ts';

const NOON = Date.UTC(2026, 10, 23, 12);
const DAY = 86_400_000;

describe('periods', () => {
	it('are the UTC date of any time, leap years and centuries included', () => {
		const times = fc.integer({ min: 0, max: Date.UTC(2450, 0, 1) });
		fc.assert(
			fc.property(times, (wallMs) => {
				const periods = periodsAt(wallMs);
				const day = new Date(wallMs).toISOString().slice(0, 10);
				expect(periods).toEqual({ day, month: day.slice(0, 7), dayEndsMs: Date.parse(day) + DAY });
			}),
		);
		for (const day of ['2000-02-29', '2026-12-31', '2027-01-01', '2028-02-29', '2100-02-28', '2100-03-01', '2400-02-29'])
			expect(periodsAt(Date.parse(day)).day).toBe(day);
	});

	it('say when the next ones begin', () => {
		expect(nextPeriodDate(periodsAt(NOON), 'day')).toBe('2026-11-24');
		expect(nextPeriodDate(periodsAt(NOON), 'month')).toBe('2026-12-01');
		expect(nextPeriodDate(periodsAt(Date.UTC(2026, 11, 31, 23)), 'day')).toBe('2027-01-01');
		expect(nextPeriodDate(periodsAt(Date.UTC(2026, 11, 31, 23)), 'month')).toBe('2027-01-01');
	});

	it('are said to the minute', () => {
		for (const text of ['1970-01-01T00:00Z', '2026-11-23T16:05Z', '2028-02-29T23:59Z']) expect(instantText(Date.parse(text))).toBe(text);
		expect(instantText(-60_000)).toBe('1969-12-31T23:59Z');
	});
});
