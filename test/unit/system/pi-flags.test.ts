import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parsePiFlags, readPiFlags } from '../../../appliance/system/pi-flags.ts';

const QUIET = {
	isUnderVoltage: false,
	isCapped: false,
	isThrottled: false,
	isSoftTemperatureLimited: false,
	wasUnderVoltage: false,
	wasCapped: false,
	wasThrottled: false,
	wasSoftTemperatureLimited: false,
};

describe('the bits of the firmware', () => {
	it.each([
		['0x0', QUIET],
		['throttled=0x50005\n', { ...QUIET, isUnderVoltage: true, isThrottled: true, wasUnderVoltage: true, wasThrottled: true }],
		['0xa0000', { ...QUIET, wasCapped: true, wasSoftTemperatureLimited: true }],
		['e0008', { ...QUIET, isSoftTemperatureLimited: true, wasCapped: true, wasThrottled: true, wasSoftTemperatureLimited: true }],
	])('%s', (text, flags) => {
		expect(parsePiFlags(text)).toEqual(flags);
	});

	it.each(['', 'VCHI initialization failed', 'throttled=', '0x123456789', 'throttled=0x5 0x5'])('%j is not an answer', (text) => {
		expect(parsePiFlags(text)).toBeUndefined();
	});
});

describe('where the bits come from', () => {
	let folder: string;
	beforeAll(async () => {
		folder = await mkdtemp(join(tmpdir(), 'innerloop-flags-'));
	});
	afterAll(() => rm(folder, { recursive: true }));

	it('is the kernel’s file first, then the program, and nothing on another machine', async () => {
		const file = join(folder, 'get_throttled');
		const program = join(folder, 'vcgencmd');
		expect(await readPiFlags({ file, program })).toBeUndefined();
		await writeFile(program, '#!/bin/sh\n[ "$1" = get_throttled ] && echo throttled=0x20000\n');
		await chmod(program, 0o755);
		expect(await readPiFlags({ file, program })).toEqual({ ...QUIET, wasCapped: true });
		await writeFile(file, '1\n');
		expect(await readPiFlags({ file, program })).toEqual({ ...QUIET, isUnderVoltage: true });
	});
});
