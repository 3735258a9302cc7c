/** A digest that is remembered is the one that would be made. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { digest } from '../../../appliance/server/decode.ts';
import { DigestMemory } from '../../../appliance/server/digest-memory.ts';

it('whatever texts come, in whatever order', () => {
	const memory = new DigestMemory(digest);
	const text = fc
		.tuple(fc.constantFrom('a', 'b', 'é'), fc.constantFrom(1, 40, 41, 300_000))
		.map(([letter, length]) => letter.repeat(length));
	fc.assert(
		fc.property(fc.array(text, { maxLength: 8 }), (texts) => {
			for (const one of texts) expect(memory.digest(one)).toBe(digest(one));
		}),
		{ numRuns: 50 },
	);
});

it('makes the digest of a long text once while it comes again and again, and forgets the oldest when there are too many', () => {
	let made = 0;
	const memory = new DigestMemory((text) => {
		made += 1;
		return digest(text);
	});
	for (let n = 0; n < 5; n += 1) memory.digest('x'.repeat(100));
	expect(made).toBe(1);
	for (let n = 0; n < 9; n += 1) memory.digest('y'.repeat(250_000 + n));
	memory.digest('x'.repeat(100));
	expect(made).toBe(1 + 9 + 1);
});
