import { expect, test } from 'vitest';
import { type LocalAnswer, LocalTimes } from '../../../appliance/router/local-times.ts';

const MARK = { memberId: 'ada', session: 's1', prefixDigest: 'd1' };

function answer(parts: Partial<LocalAnswer> = {}): LocalAnswer {
	const rest = { promptTokens: 1_000, foundTokens: 0, outputTokens: 50, expectedMs: undefined, actualMs: 1_000, hadCompany: false };
	return { ...MARK, role: 'inner', ...rest, ...parts };
}

test('a conversation goes on from its last prompt and answer; a new one from what such a beginning was seen to find', () => {
	const times = new LocalTimes();
	expect(times.forecast(MARK, false).heldTokens).toBe(0);
	times.note(answer());
	expect(times.forecast(MARK, false).heldTokens).toBe(1_050);
	times.note(answer({ session: 's2', foundTokens: 800 }));
	expect(times.forecast({ ...MARK, session: 's3' }, false).heldTokens).toBe(800);
	expect(times.forecast({ ...MARK, memberId: 'bob', session: 's3' }, false).heldTokens).toBe(0);
});

test('the usual output of a role is known after three answers', () => {
	const times = new LocalTimes();
	for (const outputTokens of [10, 90]) times.note(answer({ outputTokens }));
	expect(times.forecast(MARK, false).outputTokens.inner).toBeUndefined();
	times.note(answer({ outputTokens: 30 }));
	expect(times.forecast(MARK, false).outputTokens.inner).toBe(30);
});

test('estimates that are always half of the truth are corrected, apart for calls in company; their errors are told', () => {
	const times = new LocalTimes();
	for (let call = 0; call < 40; call += 1) {
		const { correction } = times.forecast(MARK, true);
		times.note(answer({ expectedMs: 500 * correction, actualMs: 1_000, hadCompany: true }));
	}
	expect(times.forecast(MARK, true).correction).toBeCloseTo(2, 1);
	expect(times.forecast(MARK, false).correction).toBe(1);
	expect(times.errors().calls).toBe(40);
	expect(times.errors().medianPercent).toBeLessThan(1);
	expect(times.errors().p90Percent).toBeGreaterThan(5);
});

test('the memory of prompts is bounded', () => {
	const times = new LocalTimes();
	for (let index = 0; index < 3_000; index += 1) times.note(answer({ session: `s${index}` }));
	expect(times.forecast({ ...MARK, session: 's2999', prefixDigest: 'd1' }, false).heldTokens).toBe(1_050);
	expect(times.forecast({ ...MARK, session: 's0' }, false).heldTokens).toBe(0);
});
