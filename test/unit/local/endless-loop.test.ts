/** When a reply has become a circle. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isEndlessLoop } from '../../../appliance/provider/local/reply/endless-loop.ts';

/** Length of the reply at which it is stopped; undefined when it is never. */
function stopsAt(tokens: readonly number[], from = 0): number | undefined {
	for (let length = from; length <= tokens.length; length += 1) if (isEndlessLoop(tokens.slice(0, length), from)) return length;
	return undefined;
}

const repeated = (phrase: readonly number[], length: number) => Array.from({ length }, (_, at) => phrase[at % phrase.length] ?? 0);

test('any phrase of up to 128 tokens is seen within 416 tokens of its first turn, whatever came before', () => {
	const phrase = fc.array(fc.integer({ min: 0, max: 50_000 }), { minLength: 1, maxLength: 128 });
	const before = fc.array(fc.integer({ min: 0, max: 50_000 }), { maxLength: 300 });
	fc.assert(
		fc.property(before, phrase, (prelude, words) => {
			const stop = stopsAt([...prelude, ...repeated(words, 450)]);
			expect(stop).toBeDefined();
			expect(stop ?? 0).toBeLessThanOrEqual(prelude.length + 416);
		}),
		{ numRuns: 50 },
	);
});

test('a reply that repeats itself for less, or with changes, goes on', () => {
	expect(stopsAt(repeated([7, 8, 9], 255))).toBeUndefined();
	const counting = Array.from({ length: 900 }, (_, at) => (at % 5 === 0 ? at : at % 5));
	expect(stopsAt(counting)).toBeUndefined();
});

test('the prompt in front of the reply does not count', () => {
	expect(stopsAt(repeated([1], 400), 300)).toBeUndefined();
});
