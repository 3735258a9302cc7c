import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RETRY_ON, type RetrySettings } from '../../../appliance/protocol/retries.ts';
import { afterFailure, delayMs, type FailureKind, type Situation } from '../../../appliance/router/retry.ts';

const SETTINGS: RetrySettings = { repeats: 2, on: RETRY_ON, prefer: 'next', backoffMs: 500, longestWaitMs: 5_000, reservedRepeats: 0 };
const KINDS: readonly FailureKind[] = [
	...RETRY_ON,
	'unauthorized',
	'not-found',
	'context-window',
	'content-policy',
	'unsuited',
	'busy',
	'final',
];
const later = (contextTokens = 200_000, takesRefusedContent = false) => ({ contextTokens, takesRefusedContent });

const situation = (
	kind: FailureKind,
	part: Partial<Omit<Situation, 'failure'>> & { readonly failure?: Partial<Situation['failure']> } = {},
): Situation => ({
	repeats: 0,
	contextTokens: 200_000,
	later: [],
	canPayRepeat: true,
	random: 0.5,
	...part,
	failure: { kind, mayBeBilled: false, ...part.failure },
});

describe('after a failure', () => {
	it('never repeats more often than allowed, what is not on the list, or what cannot be paid', () => {
		const situations = fc.record({
			kind: fc.constantFrom(...KINDS),
			repeats: fc.nat(4),
			mayBeBilled: fc.boolean(),
			canPayRepeat: fc.boolean(),
			retryAfterMs: fc.option(fc.nat(20_000), { nil: undefined }),
			rest: fc.array(fc.record({ contextTokens: fc.constantFrom(100_000, 200_000, 300_000), takesRefusedContent: fc.boolean() }), {
				maxLength: 2,
			}),
			on: fc.subarray([...RETRY_ON]),
			prefer: fc.constantFrom('next' as const, 'same' as const),
			random: fc.double({ min: 0, max: 0.999, noNaN: true }),
		});
		fc.assert(
			fc.property(situations, ({ kind, repeats, mayBeBilled, canPayRepeat, retryAfterMs, rest, on, prefer, random }) => {
				const settings = { ...SETTINGS, on, prefer };
				const step = afterFailure(
					situation(kind, { repeats, canPayRepeat, later: rest, random, failure: { mayBeBilled, retryAfterMs } }),
					settings,
				);
				if (step.type === 'again') {
					expect(on).toContain(kind);
					expect(repeats).toBeLessThan(settings.repeats);
					expect(mayBeBilled && !canPayRepeat).toBe(false);
					expect(step.delayMs).toBeGreaterThanOrEqual(retryAfterMs ?? 0);
					expect(step.delayMs).toBeLessThanOrEqual(settings.longestWaitMs);
				}
				if (step.type === 'next') {
					const target = rest[step.skip - 1];
					expect(target).toBeDefined();
					if (kind === 'context-window') expect(target?.contextTokens).toBeGreaterThan(200_000);
					if (kind === 'content-policy') expect(target?.takesRefusedContent).toBe(true);
				}
				if (kind === 'final') expect(step.type).toBe('stop');
			}),
			{ numRuns: 1_000 },
		);
	});

	it('asks the next candidate first, or the same one where that is preferred', () => {
		const one = situation('overloaded', { later: [later()] });
		expect(afterFailure(one, SETTINGS)).toEqual({ type: 'next', skip: 1 });
		expect(afterFailure(one, { ...SETTINGS, prefer: 'same' })).toMatchObject({ type: 'again', isRepeat: true });
	});

	it('takes another key of the same provider before anything else, at once', () => {
		const one = situation('unauthorized', { later: [later()], failure: { hasOtherKey: true } });
		expect(afterFailure(one, SETTINGS)).toEqual({ type: 'again', delayMs: 0, isRepeat: false });
	});

	it('skips candidates that would fail the same way', () => {
		const list = [later(200_000), later(300_000, true)];
		expect(afterFailure(situation('context-window', { later: list }), SETTINGS)).toEqual({ type: 'next', skip: 2 });
		expect(afterFailure(situation('content-policy', { later: list }), SETTINGS)).toEqual({ type: 'next', skip: 2 });
		expect(afterFailure(situation('context-window', { later: [later()] }), SETTINGS)).toEqual({ type: 'stop' });
	});

	it('is switched off by repeats 0', () => {
		for (const kind of RETRY_ON) expect(afterFailure(situation(kind), { ...SETTINGS, repeats: 0 })).toEqual({ type: 'stop' });
	});
});

describe('the wait', () => {
	it('doubles, between half and all of its base, within its bound', () => {
		const waits = (random: number) => [0, 1, 2, 3, 4, 9].map((repeats) => delayMs(repeats, undefined, random, SETTINGS));
		expect(waits(0)).toEqual([250, 500, 1_000, 2_000, 2_500, 2_500]);
		expect(waits(1)).toEqual([500, 1_000, 2_000, 4_000, 5_000, 5_000]);
	});

	it('is as long as the upstream asks, unless that is too long', () => {
		expect(delayMs(0, 3_000, 0.5, SETTINGS)).toBe(3_000);
		expect(delayMs(0, 5_001, 0.5, SETTINGS)).toBeUndefined();
		expect(delayMs(0, 0, 0, SETTINGS)).toBe(250);
	});
});
