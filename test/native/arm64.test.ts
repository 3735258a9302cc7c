/** What a Raspberry Pi will load, in Node for arm64 under emulation: the codec's addon, and an engine that decodes. */

import { beforeAll, describe, expect, test } from 'vitest';
import { obtainAddon } from '../../native/build/turboquant-build.ts';
import { type Arm64, openArm64, runHere } from '../support/arm64.ts';
import { tinyGemma4 } from '../support/gguf-gemma4.ts';
import { ADDON_BUILD_TIMEOUT_MS, nativeCache, turboquantAddonFile } from '../support/turboquant.ts';

const ENCODE = new URL('./encode-block-child.ts', import.meta.url);
const DECODE = new URL('./decode-child.ts', import.meta.url);

// On a Pi itself the other tests run all this without an emulator.
describe.skipIf(process.arch === 'arm64')('under emulation', () => {
	let arm64: Arm64;

	beforeAll(async () => {
		arm64 = await openArm64();
	}, ADDON_BUILD_TIMEOUT_MS);

	test(
		'the addon loads and encodes blocks to the same bytes, with and without the dot product',
		async () => {
			const file = await obtainAddon(nativeCache(), new AbortController().signal, 'arm64');
			const here = await runHere(ENCODE, [await turboquantAddonFile()]);
			const a76 = await arm64.run(ENCODE, [file]);
			expect(a76).toMatchObject({ architecture: 'arm64', blocks: here.blocks });
			const a72 = await arm64.run(ENCODE, [file], 'cortex-a72');
			expect(a72).toMatchObject({ architecture: 'arm64', blocks: here.blocks });
			// The older core lacks the instructions: that it was noticed is why it lived.
			expect(Number((a72.instructionSets as string[]).length)).toBeLessThan((a76.instructionSets as string[]).length);
		},
		ADDON_BUILD_TIMEOUT_MS,
	);

	test('the prebuilt engine decodes the tiny Gemma 4 to the same text', async () => {
		const model = await tinyGemma4();
		const here = await runHere(DECODE, [model]);
		const there = await arm64.run(DECODE, [model]);
		expect(String(here.text).length).toBeGreaterThan(0);
		expect(there).toEqual({ ...here, architecture: 'arm64' });
	});
});
