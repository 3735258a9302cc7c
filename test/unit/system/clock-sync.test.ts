import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createClockSync } from '../../../appliance/system/clock-sync.ts';

it('follows the time service of the machine: not running, waiting, confirmed, and then for good', () => {
	const folder = mkdtempSync(join(tmpdir(), 'innerloop-clock-'));
	const service = join(folder, 'timesync');
	const isSynchronised = createClockSync(service);
	try {
		expect(isSynchronised()).toBeUndefined();
		mkdirSync(service);
		expect(isSynchronised()).toBe(false);
		writeFileSync(join(service, 'synchronized'), '');
		expect(isSynchronised()).toBe(true);
		rmSync(service, { recursive: true });
		expect(isSynchronised()).toBe(true);
	} finally {
		rmSync(folder, { recursive: true });
	}
});
