/** The power is cut at each step of an update: the next boot serves, with a database that its release can read. */

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SWITCH_STEPS } from '../../appliance/update/switch-release.ts';
import { apply } from '../../appliance/update/update.ts';
import { TestBox } from './support/box.ts';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const CHILD = path('./support/interrupted-child.ts');
const SETTLE = path('../../image/pi-gen/stage-innerloop/03-system/files/settle-update');

const STEPS = ['unpack', 'probe', ...SWITCH_STEPS] as const;
/** Somewhere inside the steps, in ms after the start. */
const MOMENTS = ['200', '300', '400', '550', '800'];

describe('an update whose power is cut', () => {
	let box: TestBox;
	beforeEach(async () => {
		box = await new TestBox().open();
		await box.offer({ version: '2.0.0', databaseVersion: 2 });
	});
	afterEach(() => box.close());

	it.each([...STEPS, ...MOMENTS])('at %s serves after the next boot, and the update goes through at the next try', async (when) => {
		await interrupted(when);
		box.cutPower();
		const inTrial = existsSync(join(box.root, 'update', 'trial'));
		// The moment may have come after the last step.
		const isOver = !inTrial && existsSync(join(box.root, 'update', 'previous.json'));
		execFileSync('sh', [SETTLE], { env: { PATH: process.env.PATH, INNERLOOP_ROOT: box.root, INNERLOOP_DATA: box.dataDir } });
		expect(existsSync(join(box.root, 'update', 'trial'))).toBe(false);
		if (inTrial) expect(box.lastOutcome().outcome).toBe('taken-back');
		const version = await box.boot();
		expect(version).toBe(isOver ? '2.0.0' : '1.0.0');
		expect(box.database().notes).toContain('before');
		expect(box.database().version).toBe(version === '2.0.0' ? 2 : 1);
		if (version === '2.0.0') return;
		expect(box.database().notes).not.toContain('written by 2.0.0');
		await apply(box.updateBox(), false);
		expect(box.current()).toBe('slots/b');
	});

	it('tells no release to take anything back that was not on trial', () => {
		execFileSync('sh', [SETTLE], { env: { PATH: process.env.PATH, INNERLOOP_ROOT: box.root, INNERLOOP_DATA: box.dataDir } });
		expect(box.current()).toBe('slots/a');
		expect(existsSync(join(box.root, 'update', 'last.json'))).toBe(false);
	});

	it('is settled by a script that belongs to no release', () => {
		expect(readFileSync(SETTLE, 'utf8')).not.toContain('bin/innerloop update');
	});

	function interrupted(when: string): Promise<void> {
		return new Promise((resolve, reject) => {
			const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', CHILD, box.folder, when], {
				stdio: ['ignore', 'ignore', 'inherit'],
			});
			child.once('error', reject);
			child.once('exit', () => resolve());
		});
	}
});
