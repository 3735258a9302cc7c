/** What a token costs in the cache of our build, in bytes of resident memory beside the formula. */

import { beforeAll, expect, test } from 'vitest';
import { bytesPerToken } from '../../bench/kv-memory/cache-bytes.ts';
import { readModelShape } from '../../bench/kv-memory/cache-shape.ts';
import { openKvTools, type RunKvTool } from '../../bench/lib/kv-tools.ts';
import { tinyGemma4 } from '../support/gguf-gemma4.ts';

const BUILD_TIMEOUT_MS = 40 * 60_000;
/** Position and sequences of a cell, and what the heap rounds up to. */
const MOST_BYTES_OF_A_CELL = 96;

let run: RunKvTool;

beforeAll(async () => {
	run = await openKvTools();
}, BUILD_TIMEOUT_MS);

test.each(['f16', 'q8_0', 'tq4'])('a token in a cache of %s takes what its blocks take, and a cell', async (type) => {
	const model = await tinyGemma4();
	const lines = await run('kv_memory', [model, type, '64', '8192', '65536']);
	const [shorter, longer] = lines.filter(({ when }) => when === 'opened').map(({ anonBytes }) => Number(anonBytes));
	const measured = ((longer ?? Number.NaN) - (shorter ?? Number.NaN)) / (65_536 - 8_192);
	const computed = bytesPerToken(await readModelShape(model), type);
	expect(measured).toBeGreaterThan(computed * 0.98);
	expect(measured).toBeLessThan(computed + MOST_BYTES_OF_A_CELL);
});
