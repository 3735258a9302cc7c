import { expect, test } from 'vitest';
import { safeRollbackFloor } from '../../../appliance/provider/local/child/sliding-window.ts';
import { chooseSlot, sharedPrefix } from '../../../appliance/provider/local/child/slot-choice.ts';
import { outputCap } from '../../../appliance/provider/local/prompt/prepare-prompt.ts';
import { estimateMs, RateTable } from '../../../appliance/provider/local/rates.ts';
import { decideReload, decideRestart } from '../../../appliance/provider/local/restart-policy.ts';

const slot = (tokens: readonly number[], parts: { isBusy?: boolean; affinityKey?: string; lastUse?: number } = {}) => ({
	tokens,
	isBusy: false,
	affinityKey: undefined,
	lastUse: 0,
	...parts,
});

test('the slot with the longest shared prefix is taken', () => {
	expect(sharedPrefix([1, 2, 3], [1, 2, 4])).toBe(2);
	expect(chooseSlot([slot([1, 9]), slot([1, 2, 3]), slot([])], [1, 2, 3, 4], 'x')).toBe(1);
});

test('a busy slot is passed over, and with none free there is none', () => {
	expect(chooseSlot([slot([1, 2], { isBusy: true }), slot([])], [1, 2, 3], 'x')).toBe(1);
	expect(chooseSlot([slot([], { isBusy: true })], [1], 'x')).toBe(-1);
});

test('with equal prefixes the caller’s own slot wins', () => {
	expect(chooseSlot([slot([1, 2], { affinityKey: 'other' }), slot([1, 2], { affinityKey: 'mine' })], [1, 2, 3], 'mine')).toBe(1);
});

test('another session’s long recent history is spared for a small gain, and given up once it is old', () => {
	const long = [1, ...Array.from({ length: 400 }, () => 7)];
	const recent = [slot(long, { affinityKey: 'a', lastUse: 10 }), slot([5], { affinityKey: 'b', lastUse: 10 })];
	expect(chooseSlot(recent, [1, 2, 3], 'new')).toBe(1);
	const old = [slot(long, { affinityKey: 'a', lastUse: 1 }), slot([1, 2, ...long.slice(0, 100)], { affinityKey: 'b', lastUse: 200 })];
	expect(chooseSlot(old, [9], 'new')).toBe(0);
});

test('rates are kept by depth, blended, and borrowed from the nearest shallower bucket', () => {
	const rates = new RateTable();
	expect(rates.rate('decode', 0)).toBeUndefined();
	rates.measure({ kind: 'decode', depthTokens: 10, tokens: 10, durationMs: 1_000 });
	rates.measure({ kind: 'decode', depthTokens: 20, tokens: 20, durationMs: 1_000 });
	expect(rates.rate('decode', 0)).toBeCloseTo(11);
	expect(rates.rate('decode', 50_000)).toBeCloseTo(11);
	rates.measure({ kind: 'decode', depthTokens: 5_000, tokens: 4, durationMs: 1_000 });
	expect(rates.rate('decode', 50_000)).toBeCloseTo(4);
	expect(rates.rate('decode', 2_000)).toBeCloseTo(11);
	rates.measure({ kind: 'prefill', depthTokens: 0, tokens: 3, durationMs: 1 });
	expect(rates.rate('prefill', 0)).toBeUndefined();
	rates.measure({ kind: 'prefill', depthTokens: 0, tokens: 100, durationMs: 1_000 });
	expect(estimateMs(rates, 200, 22)).toBeCloseTo(2_000 + 2_000);
	expect(rates.byDepth().map(({ depthTokens }) => depthTokens)).toEqual([0, 4_096]);
});

test('a child that dies quickly is restarted ever later, then given up; a healthy life starts anew', () => {
	const delays: number[] = [];
	let decision = decideRestart(0, 0);
	while (!decision.isFailed) {
		delays.push(decision.delayMs);
		decision = decideRestart(decision.quickDeaths, 100);
	}
	expect(delays).toEqual([250, 500, 1_000, 2_000, 4_000]);
	expect(decision.delayMs).toBeGreaterThan(60_000);
	expect(decideRestart(decision.quickDeaths, 61_000)).toMatchObject({ delayMs: 250, isFailed: false });
	expect(decideReload(0)).toMatchObject({ isFailed: true });
});

test('the cap is lowered to the room that is left, and a prompt that leaves none is refused', () => {
	expect(outputCap(1_000, 500, 4_096)).toBe(500);
	expect(outputCap(3_900, 500, 4_096)).toBe(196);
	expect(outputCap(4_090, 5, 4_096)).toBe(5);
	expect(() => outputCap(4_000, 500, 4_096)).toThrow(/4000 tokens.*500.*4096/);
});

test('a rollback needs a whole window of cells before it', () => {
	expect(safeRollbackFloor(-1, 512)).toBe(-1);
	expect(safeRollbackFloor(0, 512)).toBe(0);
	expect(safeRollbackFloor(100, 512)).toBe(612);
});
