/** Caches of the codec's types that are saved, read again and moved to other positions, in the real engine. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openKvTools, type RunKvTool } from '../../bench/lib/kv-tools.ts';
import { tinyGemma4 } from '../support/gguf-gemma4.ts';
import { smallModel } from '../support/local-engine.ts';

/** The build, where own-build.test.ts or the preparation has not made it yet. */
const BUILD_TIMEOUT_MS = 40 * 60_000;
/** Tokens in other cells are summed in another order, with weights rounded to bytes: measured up to 3e-7 nats. */
const ROUNDING = 1e-5;

const folder = mkdtempSync(join(tmpdir(), 'innerloop-kv-changes-'));
const text = join(folder, 'text.txt');
let run: RunKvTool;

beforeAll(async () => {
	run = await openKvTools();
	writeFileSync(text, 'The quick brown fox jumps over the lazy dog, and reads the user model in order. '.repeat(40));
}, BUILD_TIMEOUT_MS);

afterAll(() => {
	rmSync(folder, { recursive: true, force: true });
});

interface Changes {
	readonly type: string;
	readonly sameState: boolean;
	readonly restoredKld: number;
	readonly stillKld: number;
	readonly canShift: boolean;
	readonly movedKld: number;
	readonly returnedKld: number;
	/** What keys that were not moved would give. */
	readonly misplacedKld: number;
}

async function change(model: string, types: readonly string[]): Promise<readonly Changes[]> {
	return (await run('kv_changes', [model, text, '256', '1', ...types])) as unknown as readonly Changes[];
}

const TYPES = ['f16', 'tq4', 'tq6/tq3', 'tqs35/tq4', 'tqs40/tq4', 'tqs60/tq6', 'tqj4'];

test('a saved cache is read to the same bytes and the same predictions, windows, shared layers and segments included', async () => {
	const results = await change(await tinyGemma4(), TYPES);
	expect(results.map(({ type, sameState }) => [type, sameState])).toEqual(TYPES.map((type) => [type, true]));
	expect(results.filter(({ restoredKld }) => !(restoredKld < ROUNDING))).toEqual([]);
});

test.each(['Gemma 4', 'heads of 64'])('keys that are moved to other positions stay what they were: %s', async (shape) => {
	const isGemma = shape === 'Gemma 4';
	const types = isGemma ? TYPES : ['f16', 'tq6', 'tq5'];
	const results = await change(isGemma ? await tinyGemma4() : smallModel(), types);
	expect(results.map(({ type, canShift }) => [type, canShift])).toEqual(types.map((type) => [type, true]));
	// Each move rounds once more; keys left behind or undone by the wrong transform would be as far off as misplaced ones.
	const most = ({ stillKld, misplacedKld }: Changes): number => 1.5 * stillKld + misplacedKld / 16;
	expect(results.filter((each) => !(each.movedKld <= most(each) && each.returnedKld <= most(each)))).toEqual([]);
	expect(results.filter(({ stillKld, misplacedKld }) => !(misplacedKld > 4 * stillKld))).toEqual([]);
});
