import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Limiter, type Ticket } from '../../../../appliance/router/traffic/limiter.ts';

const tokens = (count: number, cacheReadTokens = 0) => ({ tokens: count, cacheReadTokens });

describe('a limiter', () => {
	it('is never above a limit under any interleaving of calls that begin and end, whatever the clock does', () => {
		const event = fc.record({
			pauseMs: fc.oneof({ weight: 9, arbitrary: fc.nat(4_000) }, { weight: 1, arbitrary: fc.constantFrom(-50_000, 3_600_000) }),
			tokens: fc.integer({ min: 0, max: 400 }),
			/** Which of the running calls ends first, and what it took; none where there is none. */
			ends: fc.option(fc.record({ at: fc.nat(20), used: fc.option(fc.integer({ min: 0, max: 400 }), { nil: undefined }) }), {
				nil: undefined,
			}),
		});
		fc.assert(
			fc.property(fc.array(event, { minLength: 1, maxLength: 200 }), (events) => {
				const limits = { requestsPerMinute: 12, tokensPerMinute: 1_000, parallelCalls: 4 };
				const limiter = new Limiter(limits);
				const running: Ticket[] = [];
				const begun: { atMs: number; tokens: number }[] = [];
				let nowMs = 0;
				let latestMs = 0;
				for (const { pauseMs, tokens: count, ends } of events) {
					nowMs = Math.max(0, nowMs + pauseMs);
					latestMs = Math.max(latestMs, nowMs);
					const [ended] = ends === undefined ? [] : running.splice(ends.at % Math.max(1, running.length), 1);
					// Less than the estimate only: what an upstream counts above it is no admission of ours.
					if (ended !== undefined)
						limiter.leave(ended, ends?.used === undefined ? undefined : tokens(Math.min(ends.used, ended.tokens)), nowMs);
					if (limiter.refusal(tokens(count), nowMs) !== undefined) continue;
					running.push(limiter.enter(tokens(count), nowMs));
					begun.push({ atMs: latestMs, tokens: count });
					expect(running.length).toBeLessThanOrEqual(limits.parallelCalls);
					expect(limiter.use(nowMs).runningCalls).toBe(running.length);
					expect(limiter.use(nowMs).tokens).toBeLessThanOrEqual(limits.tokensPerMinute);
				}
				for (const { atMs } of begun) {
					const inWindow = begun.filter((one) => one.atMs >= atMs && one.atMs < atMs + 60_000);
					expect(inWindow.length).toBeLessThanOrEqual(limits.requestsPerMinute);
				}
			}),
			{ numRuns: 300 },
		);
	});

	it('counts what a call really took in the place of its estimate', () => {
		const limiter = new Limiter({ tokensPerMinute: 1_000 });
		const ticket = limiter.enter(tokens(600), 0);
		expect(limiter.refusal(tokens(600), 10)).toMatchObject({ limit: 'tokens', most: 1_000 });
		limiter.leave(ticket, tokens(100), 20);
		expect(limiter.refusal(tokens(600), 30)).toBeUndefined();
		limiter.leave(limiter.enter(tokens(600), 30), tokens(2_000), 40);
		expect(limiter.refusal(tokens(1), 50)).toMatchObject({ limit: 'tokens' });
	});

	it('leaves cache reads out where the vendor does', () => {
		const limiter = new Limiter({ tokensPerMinute: 1_000, isCacheReadCounted: false });
		expect(limiter.refusal(tokens(90_000, 89_500), 0)).toBeUndefined();
		limiter.leave(limiter.enter(tokens(90_000, 89_500), 0), tokens(90_100, 89_400), 10);
		expect(limiter.use(10).tokens).toBe(700);
	});

	it('says that a call which is above the limit alone never fits', () => {
		expect(new Limiter({ tokensPerMinute: 1_000 }).refusal(tokens(1_001), 0)?.waitMs).toBe(Number.POSITIVE_INFINITY);
	});

	it('guesses from how long calls take when a place is free', () => {
		const limiter = new Limiter({ parallelCalls: 2 });
		limiter.leave(limiter.enter(tokens(1), 0), undefined, 12_000);
		limiter.enter(tokens(1), 12_000);
		limiter.enter(tokens(1), 12_000);
		expect(limiter.refusal(tokens(1), 12_000)).toEqual({ limit: 'parallel', most: 2, waitMs: 6_000 });
	});

	it('tells the longest of several waits', () => {
		const limiter = new Limiter({ parallelCalls: 1, requestsPerMinute: 1 });
		limiter.enter(tokens(1), 0);
		expect(limiter.refusal(tokens(1), 1_000)).toMatchObject({ limit: 'requests', waitMs: 59_100 });
	});
});
