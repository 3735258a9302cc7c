import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClockSync } from '../../../appliance/system/clock-sync.ts';

const NOON_MS = Date.UTC(2026, 10, 23, 12);

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'innerloop-clock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const places = () => ({ service: join(folder, 'timesync'), battery: join(folder, 'since_epoch') });

describe('a machine', () => {
	it('without a battery clock follows its time service: not running, waiting, answered, and then for good', () => {
		const isSynchronised = createClockSync(() => NOON_MS, places());
		expect(isSynchronised()).toBeUndefined();
		mkdirSync(places().service);
		expect(isSynchronised()).toBe(false);
		writeFileSync(join(places().service, 'synchronized'), '');
		expect(isSynchronised()).toBe(true);
		rmSync(places().service, { recursive: true });
		expect(isSynchronised()).toBe(true);
	});

	it.each([
		['agrees', NOON_MS / 1_000 + 3, undefined],
		['runs in local time', NOON_MS / 1_000 - 8 * 3_600, undefined],
		['has no battery and began at 1970', 57, false],
		['says nothing', 'x', false],
	])('whose battery clock %s, while no time server answers', (_, seconds, expected) => {
		mkdirSync(places().service);
		writeFileSync(places().battery, `${seconds}\n`);
		expect(createClockSync(() => NOON_MS, places())()).toBe(expected);
	});
});
