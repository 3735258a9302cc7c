import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MinuteWindow } from '../../../../appliance/router/traffic/minute-window.ts';

/** Steps of a clock that mostly goes on, sometimes leaps an hour, and sometimes is set back. */
const step = fc.oneof(
	{ weight: 6, arbitrary: fc.nat(3_000) },
	{ weight: 3, arbitrary: fc.integer({ min: 0, max: 70_000 }) },
	{ weight: 1, arbitrary: fc.integer({ min: -120_000, max: -1 }) },
	{ weight: 1, arbitrary: fc.constant(3_600_000) },
);

describe('a minute window', () => {
	it('never lets more than the limit into any 60 seconds, however the calls come and the clock goes', () => {
		fc.assert(
			fc.property(
				fc.integer({ min: 1, max: 40 }),
				fc.array(fc.tuple(step, fc.integer({ min: 1, max: 15 })), { minLength: 1, maxLength: 300 }),
				(limit, calls) => {
					const window = new MinuteWindow();
					const admitted: { atMs: number; amount: number }[] = [];
					let nowMs = 0;
					let latestMs = 0;
					for (const [pauseMs, amount] of calls) {
						nowMs = Math.max(0, nowMs + pauseMs);
						latestMs = Math.max(latestMs, nowMs);
						if (window.waitMs(amount, limit, nowMs) > 0) continue;
						window.add(amount, nowMs);
						// A clock that was set back does not make the moment an earlier one.
						admitted.push({ atMs: latestMs, amount });
					}
					for (const { atMs } of admitted) {
						const inWindow = admitted.filter((one) => one.atMs >= atMs && one.atMs < atMs + 60_000);
						expect(inWindow.reduce((sum, { amount }) => sum + amount, 0)).toBeLessThanOrEqual(limit);
					}
				},
			),
			{ numRuns: 500 },
		);
	});

	it('says to the tenth of a second when there is room again', () => {
		fc.assert(
			fc.property(
				fc.integer({ min: 1, max: 20 }),
				fc.array(fc.nat(5_000), { minLength: 1, maxLength: 60 }),
				fc.integer({ min: 1, max: 20 }),
				(limit, pauses, amount) => {
					const { window, nowMs } = filled(limit, pauses);
					const waitMs = window.waitMs(amount, limit, nowMs);
					if (amount > limit) expect(waitMs).toBe(Number.POSITIVE_INFINITY);
					else expect(waitMs).toBeLessThanOrEqual(60_100);
					fc.pre(amount <= limit);
					expect(window.waitMs(amount, limit, nowMs + waitMs)).toBe(0);
					if (waitMs > 1) expect(filled(limit, pauses).window.waitMs(amount, limit, nowMs + waitMs - 1)).toBeGreaterThan(0);
				},
			),
			{ numRuns: 500 },
		);
	});

	it('admits as much as the limit says, and again a minute later', () => {
		const window = new MinuteWindow();
		for (let i = 0; i < 30; i++) {
			expect(window.waitMs(1, 30, i)).toBe(0);
			window.add(1, i);
		}
		expect(window.waitMs(1, 30, 50)).toBe(60_050);
		expect(window.waitMs(30, 30, 60_100)).toBe(0);
	});

	it('takes a correction while the amount counts, and none afterwards', () => {
		const window = new MinuteWindow();
		const slot = window.add(500, 0);
		window.correct(slot, 500, 900, 30_000);
		expect(window.sum(30_000)).toBe(900);
		expect(window.sum(60_100)).toBe(0);
		window.correct(slot, 900, 5, 61_000);
		expect(window.sum(61_000)).toBe(0);
	});
});

/** A window into which one was put after each pause, where there was room. */
function filled(limit: number, pauses: readonly number[]) {
	const window = new MinuteWindow();
	let nowMs = 0;
	for (const pauseMs of pauses) {
		nowMs += pauseMs;
		if (window.waitMs(1, limit, nowMs) === 0) window.add(1, nowMs);
	}
	return { window, nowMs };
}
