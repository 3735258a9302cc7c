import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeldBodies, unseenBytes } from '../../../appliance/router/held-bodies.ts';

const isEqual = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

/** The definition, byte by byte. */
function byDefinition(before: Uint8Array, now: Uint8Array): number {
	const shorter = Math.min(before.length, now.length);
	let head = 0;
	while (head < shorter && before[head] === now[head]) head++;
	let tail = 0;
	while (tail < shorter - head && before[before.length - 1 - tail] === now[now.length - 1 - tail]) tail++;
	return now.length - head - tail;
}

describe('unseenBytes', () => {
	it('is what lies between the shared head and tail, for any two bodies', () => {
		const few = fc.uint8Array({ max: 2, maxLength: 40 });
		fc.assert(
			fc.property(few, few, few, few, (head, a, b, tail) => {
				const before = Buffer.concat([head, a, tail]);
				const now = Buffer.concat([head, b, tail]);
				expect(unseenBytes(before, now, isEqual)).toBe(byDefinition(before, now));
			}),
		);
	});

	it.each([0, 1, 32_767, 32_768, 32_769, 70_000, 99_999])('finds the difference at byte %i of a large body', (at) => {
		const before = Buffer.alloc(100_000, 'x');
		const now = Buffer.concat([before.subarray(0, at), Buffer.from('new'), before.subarray(at)]);
		expect(unseenBytes(before, now, isEqual)).toBe(3);
		expect(unseenBytes(now, before, isEqual)).toBe(0);
	});

	it('counts a rewritten history of the same length as new', () => {
		expect(unseenBytes(Buffer.alloc(50_000, 'a'), Buffer.alloc(50_000, 'b'), isEqual)).toBe(50_000);
	});
});

describe('HeldBodies', () => {
	it('holds no more bytes than it may, and drops the oldest first', () => {
		const bodies = new HeldBodies(100);
		for (const id of ['a', 'b', 'a', 'c']) bodies.keep(id, new Uint8Array(40));
		expect([bodies.get('a')?.length, bodies.get('b'), bodies.get('c')?.length]).toEqual([40, undefined, 40]);
		expect(bodies.bytes).toBe(80);
	});

	it('does not hold a body that is larger than all', () => {
		const bodies = new HeldBodies(100);
		bodies.keep('a', new Uint8Array(40));
		bodies.keep('a', new Uint8Array(101));
		expect(bodies.get('a')).toBeUndefined();
		expect(bodies.bytes).toBe(0);
	});
});
