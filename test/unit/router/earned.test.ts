/** Earned local, the pure part: what counts as agreement, when a class is local, and what the planner makes of it. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { earnedSchema, toEarned } from '../../../appliance/config/earned.ts';
import type { Verdict } from '../../../appliance/protocol/earned.ts';
import type { ReplyContent } from '../../../appliance/protocol/stream.ts';
import { compareAnswers } from '../../../appliance/router/earned/agreement.ts';
import { earnedPolicy, standingOf, wilsonLow } from '../../../appliance/router/earned/standing.ts';

const text = (said: string): ReplyContent => ({ type: 'text', text: said });
const tool = (name: string, input: Record<string, string | number>): ReplyContent => ({
	type: 'tool-call',
	id: String(name.length),
	name,
	input,
});

describe('two answers', () => {
	it.each<[string, readonly ReplyContent[], readonly ReplyContent[], Verdict]>([
		['the same call, fields in another order', [tool('Read', { path: 'a', limit: 1 })], [tool('Read', { limit: 1, path: 'a' })], 'agrees'],
		[
			'the same calls in another order, with words beside',
			[text('I look'), tool('Read', { p: 'a' }), tool('Grep', { p: 'b' })],
			[tool('Grep', { p: 'b' }), tool('Read', { p: 'a' })],
			'agrees',
		],
		['another argument', [tool('Read', { p: 'a' })], [tool('Read', { p: 'b' })], 'differs'],
		['one call less', [tool('Read', { p: 'a' }), tool('Read', { p: 'b' })], [tool('Read', { p: 'a' })], 'differs'],
		['a text for a call', [tool('Read', { p: 'a' })], [text('done')], 'differs'],
		['a call for a text', [text('done')], [tool('Read', { p: 'a' })], 'differs'],
		['the same short text, written otherwise', [text('**Yes.**')], [text('yes')], 'agrees'],
		['another short text', [text('Fix the parser')], [text('Mend the lexer')], 'differs'],
		['long texts', [text('x'.repeat(500))], [text('x'.repeat(500))], 'incomparable'],
		['nothing for a text', [text('done')], [], 'differs'],
	])('%s', (_, cloud, local, verdict) => expect(compareAnswers(cloud, local)).toBe(verdict));
});

const settings = toEarned(
	earnedSchema.parse({
		mode: 'on',
		fewestComparisons: 20,
		windowComparisons: 100,
		classes: { title: { starts: 'local' }, plan: { starts: 'never' }, easy: { barPercent: 50 } },
	}),
);
const verdicts = (agreed: number, differed: number): Verdict[] => [
	...Array<Verdict>(agreed).fill('agrees'),
	...Array<Verdict>(differed).fill('differs'),
];

describe('a class of calls', () => {
	it('is local while the lower bound passes its bar, and not before there is enough to say so', () => {
		expect(standingOf('c', verdicts(19, 0), settings)).toMatchObject({ isLocal: false, why: 'too-few' });
		expect(standingOf('c', verdicts(20, 0), settings)).toMatchObject({ isLocal: false, why: 'below-bar' });
		expect(standingOf('c', verdicts(40, 0), settings)).toMatchObject({ isLocal: true, why: 'earned', compared: 40 });
		expect(standingOf('c', verdicts(40, 6), settings)).toMatchObject({ isLocal: false, why: 'below-bar' });
		expect(standingOf('easy', verdicts(16, 4), settings)).toMatchObject({ isLocal: true, bar: 0.5 });
	});

	it('goes back by the same rule once the newest say so', () => {
		const earned = verdicts(100, 0);
		expect(standingOf('c', earned, settings).isLocal).toBe(true);
		expect(standingOf('c', [...earned, ...verdicts(0, 6)], settings).isLocal).toBe(false);
		expect(standingOf('c', [...verdicts(0, 500), ...earned], settings).isLocal).toBe(true);
	});

	it('may start on the box, or never come there', () => {
		expect(standingOf('title', [], settings)).toMatchObject({ isLocal: true, why: 'starts-local' });
		expect(standingOf('title', verdicts(0, 20), settings)).toMatchObject({ isLocal: false, why: 'below-bar' });
		expect(standingOf('plan', verdicts(100, 0), settings)).toMatchObject({ isLocal: false, why: 'never' });
	});

	it('counts nothing for texts that cannot be compared', () => {
		expect(standingOf('c', Array<Verdict>(90).fill('incomparable'), settings)).toMatchObject({
			compared: 0,
			incomparable: 90,
			low: 0,
			why: 'too-few',
		});
	});

	it('is refused with its evidence, and audited as often as configured', () => {
		const policy = earnedPolicy(
			(name) => standingOf(name, verdicts(name === 'good' ? 90 : 60, name === 'good' ? 0 : 30), settings),
			settings,
		);
		expect(policy.refusalOf('good', 0.9)).toBeUndefined();
		expect(policy.refusalOf('good', 0.01)).toMatchObject({ code: 'earned-audit' });
		expect(policy.refusalOf('bad', 0.9)).toMatchObject({
			code: 'not-earned',
			text: expect.stringMatching(/lower bound of its agreement is 5\d\.\d %, and its bar 90\.0 %/),
		});
	});
});

describe('Wilson’s lower bound', () => {
	it('has the values of the formula', () => {
		// (p + z²/2n − z√(p(1−p)/n + z²/4n²)) ÷ (1 + z²/n), by hand for 8 of 10 and z = 1.96.
		expect(wilsonLow(8, 10, 1.96)).toBeCloseTo(0.4902, 4);
		expect(wilsonLow(10, 10)).toBeCloseTo(10 / (10 + 1.6449 ** 2), 6);
		expect([wilsonLow(0, 0), wilsonLow(0, 10)]).toEqual([0, 0]);
	});

	it('stays below the share, and rises with evidence', () => {
		fc.assert(
			fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 0, max: 500 }), (agreed, differed) => {
				const compared = agreed + differed;
				const low = wilsonLow(agreed, compared);
				expect(low).toBeLessThan(agreed / compared);
				expect(wilsonLow(agreed + 1, compared + 1)).toBeGreaterThan(low);
				expect(wilsonLow(agreed, compared + 1)).toBeLessThan(low);
			}),
			{ seed: 11 },
		);
	});
});
