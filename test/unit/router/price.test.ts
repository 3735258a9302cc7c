import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_USAGE } from '../../../appliance/protocol/stream.ts';
import { formatUsd } from '../../../appliance/router/budget/usd.ts';
import { paybackTurns } from '../../../appliance/router/expect.ts';
import { boundInputTokens, estimateInputTokens } from '../../../appliance/router/input-size.ts';
import { boundCost, costNanoUsd, worstCostNanoUsd } from '../../../appliance/router/price.ts';
import { priceUsage } from '../../../appliance/router/price-usage.ts';
import { affinity, call, LOCAL, OPUS, price } from './make-input.ts';

describe('costNanoUsd', () => {
	it('is exact, and rounds a fraction of a nano-USD up', () => {
		expect(costNanoUsd([[1_000_000, 5_000_000]])).toBe(5_000_000_000);
		expect(costNanoUsd([[1, 6_000]])).toBe(6);
		expect(costNanoUsd([[1, 1]])).toBe(1);
		expect(costNanoUsd([])).toBe(0);
	});

	it('does not overflow, but stays at what a number holds', () => {
		expect(costNanoUsd([[33_554_432, 1_000_000_000_000]])).toBe(Number.MAX_SAFE_INTEGER);
		expect(costNanoUsd([[33_554_432, 100_000_000]])).toBe(3_355_443_200_000);
	});

	it('is exact where floating point would not be, and on both sides of that border', () => {
		const most = BigInt(Number.MAX_SAFE_INTEGER);
		const exact = (parts: readonly (readonly [number, number])[]) => {
			const nano = (parts.reduce((sum, [tokens, rate]) => sum + BigInt(tokens) * BigInt(rate), 0n) + 999n) / 1_000n;
			return nano > most ? most : nano;
		};
		const tokens = fc.integer({ min: 0, max: 33_554_432 });
		const rates = fc.oneof(fc.integer({ min: 0, max: 1_000_000 }), fc.integer({ min: 0, max: 2 ** 40 }));
		fc.assert(
			fc.property(fc.array(fc.tuple(tokens, rates), { maxLength: 6 }), (parts) => {
				expect(BigInt(costNanoUsd(parts))).toBe(exact(parts));
			}),
			{
				numRuns: 500,
				examples: [
					[
						[
							[33_554_432, 2 ** 31 - 1],
							[8_001, 1],
							[2 ** 25, 2 ** 31],
						],
					],
				],
			},
		);
	});

	it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses %s tokens as a programmer’s error', (tokens) => {
		expect(() => costNanoUsd([[tokens, 1]])).toThrow(RangeError);
	});
});

describe('the bound of input tokens', () => {
	const size = { bodyBytes: 9_000 };

	it('is a token a byte, and what the vendor puts in front', () => {
		expect(boundInputTokens(call({ size }), OPUS, undefined)).toBe(9_000);
		expect(boundInputTokens(call({ size: { ...size, addedTokens: 600 } }), OPUS, undefined)).toBe(9_600);
		expect(boundInputTokens(call({ size, signals: { toolNames: ['Read'] } }), OPUS, undefined)).toBe(10_500);
	});

	it('takes the count of the same deployment for the part it has seen', () => {
		const seen = affinity({ promptTokens: 1_500, bodyBytes: 5_000, unseenBytes: 4_000 });
		expect(boundInputTokens(call({ size }), OPUS, seen)).toBe(1_500 + 4_000 + 16);
		expect(boundInputTokens(call({ size }), LOCAL, seen)).toBe(9_000);
		expect(boundInputTokens(call({ size: { bodyBytes: 1_000 } }), OPUS, seen)).toBe(1_000);
	});

	it('does not trust the sizes of two bodies alone, since a history can be rewritten', () => {
		const seen = affinity({ promptTokens: 1_500, bodyBytes: 9_000, unseenBytes: 8_990 });
		expect(boundInputTokens(call({ size }), OPUS, seen)).toBe(9_000);
		expect(boundInputTokens(call({ size }), OPUS, { ...seen, unseenBytes: undefined })).toBe(9_000);
	});

	it('takes the vendor’s formula for images, and the window where no bytes bound', () => {
		const media = { bodyBytes: 9_000, inlineMediaBytes: 8_000, inlineMediaCount: 2 };
		expect(boundInputTokens(call({ size: media, modalities: ['text', 'image'] }), OPUS, undefined)).toBe(1_000 + 4_000);
		expect(boundInputTokens(call({ size: media, modalities: ['text', 'document'] }), OPUS, undefined)).toBe(1_000 + OPUS.contextTokens);
		expect(boundInputTokens(call({ size, modalities: ['text', 'document'] }), OPUS, undefined)).toBe(9_000);
	});

	it('is never under the estimate', () => {
		const number = fc.nat(2_000_000);
		fc.assert(
			fc.property(number, number, number, (bodyBytes, before, promptTokens) => {
				const one = call({ size: { bodyBytes } });
				const unseen = Math.max(0, bodyBytes - before - 1);
				const tokens = Math.min(promptTokens, before + 1);
				const seen = affinity({ bodyBytes: before + 1, promptTokens: tokens, unseenBytes: unseen });
				expect(boundInputTokens(one, OPUS, seen)).toBeGreaterThanOrEqual(
					Math.min(bodyBytes, estimateInputTokens(one, OPUS, undefined, seen)),
				);
			}),
		);
	});
});

describe('the bound of a cost', () => {
	const step = { ...price(2, 10), aboveTokens: 100_000 };
	const stepped = { ...OPUS, price: { ...price(1, 5), longContext: step } };

	it('covers every usage that stays within the bound of tokens and the cap, whatever was cached', () => {
		const share = fc.nat(100);
		fc.assert(
			fc.property(fc.integer({ min: 1, max: 400_000 }), fc.nat(64_000), share, share, share, share, (bodyBytes, cap, a, b, c, out) => {
				const one = call({ size: { bodyBytes } });
				const total = a + b + c + 1;
				const part = (weight: number) => Math.floor((bodyBytes * weight) / total);
				const usage = {
					inputTokens: part(a),
					cacheReadTokens: part(b),
					cacheWriteTokens: part(c),
					cacheWrite1hTokens: undefined,
					outputTokens: Math.floor((cap * out) / 100),
				};
				const worst = worstCostNanoUsd(one, stepped, cap);
				expect(priceUsage(usage, stepped, worst).costNanoUsd).toBeLessThanOrEqual(worst);
			}),
		);
	});

	it('counts hour-long cache writes unless the dialect rules them out', () => {
		const hourly = { ...OPUS, price: { ...price(5, 25), cacheWrite1hPicoUsd: 10_000_000 } };
		expect(worstCostNanoUsd(call({ size: { bodyBytes: 1_000 } }), hourly, 0)).toBe(10_000_000);
		expect(worstCostNanoUsd(call({ size: { bodyBytes: 1_000, hasLongCacheWrite: false } }), hourly, 0)).toBe(6_250_000);
	});

	it('gives the largest cap that money buys', () => {
		fc.assert(
			fc.property(fc.nat(300_000), fc.nat(10_000_000_000), (bodyBytes, money) => {
				const bound = boundCost(call({ size: { bodyBytes } }), stepped, undefined);
				const cap = bound.capWithin(money);
				if (cap < 0) expect(bound.worstNanoUsd(0)).toBeGreaterThan(money);
				else {
					expect(bound.worstNanoUsd(cap)).toBeLessThanOrEqual(money);
					expect(bound.worstNanoUsd(cap + 1)).toBeGreaterThan(money);
				}
			}),
		);
	});
});

describe('priceUsage', () => {
	const usage = { inputTokens: 10, cacheReadTokens: 1_000, cacheWriteTokens: 100, cacheWrite1hTokens: undefined, outputTokens: 50 };

	it('prices each kind of token', () => {
		expect(priceUsage(usage, OPUS, 9e9)).toEqual({ costNanoUsd: 10 * 5_000 + 1_000 * 500 + 100 * 6_250 + 50 * 25_000, isBound: false });
	});

	it('takes the dearer rates for the whole call above the step', () => {
		const stepped = { ...OPUS, price: { ...price(1, 5), longContext: { ...price(2, 10), aboveTokens: 1_000 } } };
		expect(priceUsage({ ...usage, cacheReadTokens: 890 }, stepped, 0).costNanoUsd).toBe(10_000 + 89_000 + 125_000 + 250_000);
		expect(priceUsage({ ...usage, cacheReadTokens: 891 }, stepped, 0).costNanoUsd).toBe(20_000 + 178_200 + 250_000 + 500_000);
	});

	it('charges the bound where input, output or price are unknown, and zero only for the free', () => {
		expect(priceUsage(NO_USAGE, OPUS, 77)).toEqual({ costNanoUsd: 77, isBound: true });
		expect(priceUsage({ ...usage, outputTokens: undefined }, OPUS, 77)).toEqual({ costNanoUsd: 77, isBound: true });
		expect(priceUsage(usage, { ...OPUS, price: null }, 77)).toEqual({ costNanoUsd: 77, isBound: true });
		expect(priceUsage(usage, LOCAL, 0)).toEqual({ costNanoUsd: 0, isBound: false });
	});
});

describe('paybackTurns', () => {
	const opus = price(5, 25);
	const sonnet = price(3, 15);
	const haiku = price(1, 5);

	it.each([
		['Opus → Sonnet', opus, sonnet, 18],
		['Opus → Haiku', opus, haiku, 3],
		['Sonnet → Haiku', sonnet, haiku, 6],
		['Sonnet → Opus', sonnet, opus, Number.POSITIVE_INFINITY],
		['anything → free', opus, price(0, 0), 0],
	])('%s', (_, from, to, turns) => {
		expect(paybackTurns(from, to)).toBe(turns);
	});
});

describe('formatUsd', () => {
	it.each([
		[0, '$0.0000'],
		[1_250_000_000, '$1.2500'],
		[1_234_000, '$0.0013'],
		[1, '$0.0001'],
	])('%i → %s', (nanoUsd, text) => {
		expect(formatUsd(nanoUsd)).toBe(text);
	});
});
