import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StepCutter } from '../../../../appliance/router/confidence/cut-steps.ts';
import { type Mixture, observeStep, posteriorOfSure, startOf } from '../../../../appliance/router/confidence/mixture.ts';
import { agreementOf, canonicalForm, isSameForm } from '../../../../appliance/router/confidence/semantic-entropy.ts';
import { meanProbability, stepScore } from '../../../../appliance/router/confidence/step-score.ts';

/** One token a piece. */
function cut(pieces: readonly string[]): readonly string[] {
	const cutter = new StepCutter();
	const steps = pieces.flatMap((piece) => cutter.push(piece, [0.5]));
	const last = cutter.flush();
	return [...steps, ...(last === undefined ? [] : [last])].map(({ text }) => text);
}

describe('steps', () => {
	it('are sentences and lines, and end on no blank', () => {
		expect(cut(['The', ' sum', ' is', ' 1', '.5', '.', ' It', ' was', ' wrong', '.'])).toEqual(['The sum is 1.5.', ' It was wrong.']);
		expect(cut(['- a', '\n', '- b', '\n\n', 'End'])).toEqual(['- a', '\n- b', '\n\nEnd']);
		expect(cut(['他', '来', '了', '。', '好'])).toEqual(['他来了。', '好']);
	});

	it('are never so short that they say nothing, nor so long that somebody waits', () => {
		expect(cut(['Yes', '.', ' It', ' is', ' so', '.', ' Now'])).toEqual(['Yes. It is so.', ' Now']);
		const long = cut(Array.from({ length: 200 }, () => ' word'));
		expect(long.every((step) => step.length <= 260)).toBe(true);
		expect(long.length).toBeGreaterThan(3);
	});

	it('lose no character and no probability, wherever the pieces are cut', () => {
		fc.assert(
			fc.property(fc.array(fc.stringMatching(/^[a-z .!?\n]{0,6}$/), { maxLength: 40 }), (pieces) => {
				const cutter = new StepCutter();
				const steps = pieces.flatMap((piece, i) => cutter.push(piece, [i / 100]));
				const last = cutter.flush();
				const all = last === undefined ? steps : [...steps, last];
				expect(all.map(({ text }) => text).join('')).toBe(pieces.join(''));
				const probabilities = all.flatMap((step) => step.probabilities);
				expect(probabilities).toEqual(pieces.map((_, i) => i / 100).slice(0, probabilities.length));
				if (pieces.join('') !== '') expect(probabilities.length).toBeGreaterThan(0);
			}),
		);
	});
});

const PRIOR: Mixture = { unsure: { weight: 0.5, mean: 0, variance: 1 }, sure: { weight: 0.5, mean: 3, variance: 1 } };

/** Deterministic normal values (Box–Muller over a linear congruential generator). */
function normals(count: number, mean: number, deviation: number, seed: number): number[] {
	let state = seed;
	const uniform = () => {
		state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
		return (state + 0.5) / 2_147_483_648;
	};
	return Array.from({ length: count }, () => mean + deviation * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()));
}

describe('the mixture', () => {
	it('finds two groups of steps by itself', () => {
		const low = normals(150, -1, 0.5, 1);
		const high = normals(350, 2.5, 0.6, 2);
		const mixed = low.flatMap((x, i) => [high[2 * i] ?? 2.5, x, high[2 * i + 1] ?? 2.5]);
		const { mixture } = mixed.reduce((state, x) => observeStep(state, x, PRIOR), startOf(PRIOR));
		expect(mixture.unsure.mean).toBeCloseTo(-1, 0);
		expect(mixture.sure.mean).toBeCloseTo(2.5, 0);
		expect(mixture.sure.weight).toBeGreaterThan(0.55);
		expect(mixture.sure.weight).toBeLessThan(0.75);
		expect(posteriorOfSure(-1, mixture)).toBeLessThan(0.05);
		expect(posteriorOfSure(2.5, mixture)).toBeGreaterThan(0.95);
	});

	it('never calls a step less sure because it scored more, however the two lie', () => {
		const gaussian = fc.record({
			weight: fc.double({ min: 0.02, max: 0.98, noNaN: true }),
			variance: fc.double({ min: 0.01, max: 9, noNaN: true }),
		});
		fc.assert(
			fc.property(
				gaussian,
				gaussian,
				fc.double({ min: -8, max: 8, noNaN: true }),
				fc.double({ min: 0, max: 4, noNaN: true }),
				(a, b, x, more) => {
					const mixture = { unsure: { ...a, mean: 0 }, sure: { ...b, mean: 2 } };
					const [less, moreSure] = [posteriorOfSure(x, mixture), posteriorOfSure(x + more, mixture)];
					expect(less).toBeGreaterThanOrEqual(0);
					expect(moreSure).toBeLessThanOrEqual(1);
					// Between the means the logit is a parabola that may bend once where variances differ much.
					if (x <= 0 || x + more >= 2)
						expect(moreSure).toBeGreaterThanOrEqual(Math.min(less, posteriorOfSure(2, mixture), posteriorOfSure(0, mixture)) - 1e-9);
				},
			),
		);
	});

	it('keeps to what is known beforehand while steps are few or all alike', () => {
		const few = [2, 2, 2].reduce((state, x) => observeStep(state, x, PRIOR), startOf(PRIOR));
		expect(few.mixture).toEqual(PRIOR);
		const alike = Array.from({ length: 600 }, () => 3).reduce((state, x) => observeStep(state, x, PRIOR), startOf(PRIOR));
		expect(alike.recent).toHaveLength(512);
		expect(posteriorOfSure(3, alike.mixture)).toBeGreaterThan(0.9);
		expect(posteriorOfSure(-2, alike.mixture)).toBeLessThan(0.1);
	});
});

describe('scores', () => {
	it('are the geometric mean of the probabilities, on the logit', () => {
		expect(meanProbability([0.25, 1])).toBeCloseTo(0.5);
		expect(meanProbability([])).toBe(1);
		expect(stepScore([0.5])).toBeCloseTo(0);
		expect(stepScore([1, 1])).toBeLessThan(6.1);
		expect(stepScore([0.9, 0])).toBeGreaterThan(-10);
	});
});

describe('semantic entropy', () => {
	const of = (...texts: string[]) =>
		agreementOf(
			texts.map((text) => ({ text, weight: 1 })),
			isSameForm,
		);

	it('is 0 where all say the same, 1 where none does, and weighs answers by their likelihood', () => {
		expect(of('42', 'The answer is 42.', '**42**')).toEqual({ clusters: [[0, 1, 2]], entropy: 0 });
		expect(of('41', '42', '43').entropy).toBeCloseTo(1);
		const two = of('a', 'b', 'a', 'b').entropy;
		expect(two).toBeCloseTo(Math.log(2) / Math.log(4));
		const weighed = agreementOf(
			[
				{ text: 'a', weight: 0.1 },
				{ text: 'b', weight: 0.9 },
			],
			isSameForm,
		);
		expect(weighed.clusters).toEqual([[1], [0]]);
		expect(weighed.entropy).toBeLessThan(0.5);
	});

	it.each([
		['Paris', 'paris.'],
		['1,024', '1024'],
		['12.0', '12'],
		['Yes, it does.', 'true'],
		['No.', 'false'],
		['{"b":2,"a":1}', '{ "a": 1, "b": 2 }'],
		['It is the cart module', 'cart module'],
	])('takes %j and %j for one', (a, b) => {
		expect(canonicalForm(a)).toBe(canonicalForm(b));
	});

	it.each([
		['12', '-12'],
		['12', '1.2'],
		['north', 'no'],
		['C', 'C++'],
		['{"a":1}', '{"a":2}'],
	])('tells %j from %j', (a, b) => {
		expect(canonicalForm(a)).not.toBe(canonicalForm(b));
	});
});
