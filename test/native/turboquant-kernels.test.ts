/** The kernels of every instruction set of this machine against the scalar reference, under the sanitizers. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { obtainKernelCheck } from '../../native/build/turboquant-build.ts';
import { ADDON_BUILD_TIMEOUT_MS, nativeCache } from '../support/turboquant.ts';

let program: string;

beforeAll(async () => {
	program = await obtainKernelCheck(nativeCache(), new AbortController().signal);
}, ADDON_BUILD_TIMEOUT_MS);

test('each gives the reference’s own bits for every shape, and touches no byte beyond its buffers', async () => {
	const { stdout } = await promisify(execFile)(program, []);
	const lines = stdout.trim().split('\n');
	expect(lines.length).toBeGreaterThan(0);
	for (const line of lines) expect(line).toMatch(/^[a-z0-9-]+: 2268 cases equal the reference$/);
});
