import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { soak } from '../../../bench/soak-prefix/soak.ts';

test('a store in constant use stays within its bytes, gives back what it got, and drops nothing over restarts', async () => {
	const folder = mkdtempSync(join(tmpdir(), 'innerloop-soak-'));
	try {
		const { samples, wrong, dropped } = await soak({ folder, rounds: 45, blockBytes: 400, mostBytes: 40_000, reopenEvery: 15 });
		expect(wrong).toBe(0);
		expect(dropped).toBe(0);
		expect(Math.max(...samples.map(({ bytes }) => bytes))).toBeLessThanOrEqual(40_000);
		expect(samples.at(-1)?.blocks).toBeGreaterThan(50);
		const files = readdirSync(join(folder, 'blocks'));
		const onDisk = files.reduce((sum, name) => sum + (name === 'journal' ? 0 : statSync(join(folder, 'blocks', name)).size), 0);
		expect(onDisk).toBeLessThanOrEqual(40_000 + 100 * 28);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
});
