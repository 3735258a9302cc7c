/** Memory of the engine child, in bytes as the kernel counts them. */

import { expect, test } from 'vitest';
import { childMemory } from '../../bench/kv-memory/child-memory.ts';
import { smallModel } from '../support/local-engine.ts';

/** 98·10⁶ bytes of weights that are read, not mapped: of files, only programs are left. */
const MOST_FILE_BYTES = 100e6;
/** Weights, cache, vocabulary, V8 and programs together: 244·10⁶ were measured. */
const MOST_BYTES = 300e6;

test('the child holds the weights once, and not in a mapping of the file', async () => {
	const settings = {
		build: { kind: 'prebuilt' },
		slots: 1,
		contextTokens: 2_048,
		threads: 1,
		prefillChunkTokens: 64,
		kvCache: 'auto',
		kvCalibrationFile: undefined,
	} as const;
	const memory = await childMemory({ modelPath: smallModel(), ...settings });
	expect(memory.fileBytes).toBeLessThan(MOST_FILE_BYTES);
	expect(memory.rssBytes).toBeLessThan(MOST_BYTES);
	// The weights are there.
	expect(memory.anonBytes).toBeGreaterThan(98e6);
});
