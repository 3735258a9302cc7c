/** The kernels that decode on a Raspberry Pi 5, under emulation: the codes met in registers give what the way through memory gives. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { CROSS_CXX, EMULATOR, obtainCrossTools } from '../../native/build/cross-compiler.ts';
import { obtainFusedCheck } from '../../native/build/fused-check.ts';
import { nativeCache } from '../support/turboquant.ts';

/** The build, where own-build.test.ts or the preparation has not made it yet. */
const BUILD_TIMEOUT_MS = 40 * 60_000;
/** Types × heads that their blocks fit × numbers of rows × numbers of tokens. */
const CASES = (4 * 2 + 4 * 3 + 4 * 4) * 6 * 5;

// On a Pi itself attention.test.ts and llama-tools.test.ts run the same kernels without an emulator.
describe.skipIf(process.arch === 'arm64')('under emulation', () => {
	let program: string;

	beforeAll(async () => {
		const { signal } = new AbortController();
		await obtainCrossTools([CROSS_CXX, EMULATOR], signal);
		program = await obtainFusedCheck({ folder: nativeCache(), onProgress: () => undefined, signal });
	}, BUILD_TIMEOUT_MS);

	test('a Cortex-A76 scores and sums up every type alike, whether its blocks are unpacked or not', async () => {
		const { stdout } = await promisify(execFile)(EMULATOR, ['-cpu', 'cortex-a76', program]);
		expect(stdout.trim()).toBe(`${CASES} of ${CASES} cases are the same`);
	});
});
