import { expect, it } from 'vitest';
import { BackOff } from '../../../appliance/server/access/back-off.ts';

it('lets five failures pass, then doubles the wait up to five minutes, and forgets after an hour or a success', () => {
	let nowMs = 0;
	const backOff = new BackOff(() => nowMs);
	const waits = Array.from({ length: 15 }, () => {
		backOff.note('ada');
		const waitMs = backOff.waitMs('ada');
		nowMs += waitMs;
		return waitMs / 1000;
	});
	expect(waits).toEqual([0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
	expect(backOff.waitMs('grace')).toBe(0);
	nowMs += 3_600_001;
	backOff.note('ada');
	expect(backOff.waitMs('ada')).toBe(0);
	for (let n = 0; n < 5; n += 1) backOff.note('ada');
	expect(backOff.waitMs('ada')).toBeGreaterThan(0);
	backOff.forget('ada');
	expect(backOff.waitMs('ada')).toBe(0);
});
