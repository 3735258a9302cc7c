/** The kernels of a Raspberry Pi 5 under emulation: equal to the reference, and left alone on a core without their instructions. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { CROSS_CXX, EMULATOR, obtainCrossTools } from '../../native/build/cross-compiler.ts';
import { type Arm64KernelPrograms, obtainArm64KernelPrograms } from '../../native/build/turboquant-build.ts';
import { ADDON_BUILD_TIMEOUT_MS, nativeCache } from '../support/turboquant.ts';

// On a Pi itself turboquant-kernels.test.ts runs the same check without an emulator.
describe.skipIf(process.arch === 'arm64')('under emulation', () => {
	let programs: Arm64KernelPrograms;

	const emulate = async (cpu: string, program: string, ...args: readonly string[]): Promise<{ code: number; out: string }> => {
		try {
			const { stdout } = await promisify(execFile)(EMULATOR, ['-cpu', cpu, program, ...args]);
			return { code: 0, out: stdout.trim() };
		} catch (error) {
			const { code, stdout } = error as { readonly code?: unknown; readonly stdout?: string };
			if (typeof code !== 'number' || stdout === undefined) throw error;
			return { code, out: stdout.trim() };
		}
	};

	beforeAll(async () => {
		const { signal } = new AbortController();
		await obtainCrossTools([CROSS_CXX, EMULATOR, 'cmake'], signal);
		programs = await obtainArm64KernelPrograms(nativeCache(), signal);
	}, ADDON_BUILD_TIMEOUT_MS);

	test(
		'a Cortex-A76 gives the reference’s own bits for every shape',
		async () => {
			expect(await emulate('cortex-a76', programs.check, 'few')).toEqual({ code: 0, out: 'neon-dotprod: 540 cases equal the reference' });
		},
		ADDON_BUILD_TIMEOUT_MS,
	);

	test('a Cortex-A72, which has no dot product, takes the fallback and lives', async () => {
		expect(await emulate('cortex-a76', programs.count, '4', 'scores', '64')).toEqual({ code: 0, out: 'neon-dotprod' });
		expect(await emulate('cortex-a72', programs.count, '4', 'scores', '64')).toEqual({ code: 0, out: 'scalar' });
		expect(await emulate('cortex-a72', programs.count, '4', 'accumulate', '64')).toEqual({ code: 0, out: 'scalar' });
	});
});
