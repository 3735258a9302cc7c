import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearest } from '../../../appliance/config/nearest.ts';

describe('nearest', () => {
	it.each([
		['prot', 'port'],
		['baseURL', 'baseUrl'],
		['treeUSD', 'treeUsd'],
		['bxo', 'box'],
		['zzzzzz', undefined],
	])('%s → %s', (name, expected) => {
		expect(nearest(name, ['host', 'box', 'port', 'baseUrl', 'treeUsd'])).toBe(expected);
	});

	it('measures a distance: zero only for equals, the same both ways, at most the longer length', () => {
		fc.assert(
			fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
				const distance = editDistance(a, b);
				expect(distance === 0).toBe(a === b);
				expect(distance).toBe(editDistance(b, a));
				expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
			}),
		);
	});
});
