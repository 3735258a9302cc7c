/** Text that comes in pieces is the text of the whole. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TextPieces } from '../../../appliance/dialect/text-pieces.ts';

/** Characters of every length, byte order marks, and bytes that are no UTF-8. */
const bytes = fc
	.array(
		fc.oneof(
			fc.constantFrom('a', 'é', '€', '😀', '\ufeff').map((text) => Buffer.from(text)),
			fc.uint8Array({ maxLength: 2 }),
		),
		{ maxLength: 12 },
	)
	.map((parts) => Buffer.concat(parts));

it('wherever the bytes are cut, and whatever they are', () => {
	fc.assert(
		fc.property(bytes, fc.array(fc.nat(40), { maxLength: 6 }), (all, cuts) => {
			const places = [0, ...cuts.map((cut) => Math.min(cut, all.length)).sort((a, b) => a - b), all.length];
			const pieces = new TextPieces();
			const text = places.slice(1).map((to, index) => pieces.push(all.subarray(places[index], to)));
			expect(text.join('') + pieces.end()).toBe(new TextDecoder().decode(all));
		}),
		{ numRuns: 2_000 },
	);
});
