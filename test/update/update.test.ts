/** Updates of a box with two slots: applied, refused, taken back, rolled back. */

import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeKeyPair } from '../../appliance/update/signature.ts';
import { apply, check, readState, rollback } from '../../appliance/update/update.ts';
import { TestBox } from './support/box.ts';

const arch = process.arch === 'arm64' ? 'arm64' : 'x64';

describe('an update', () => {
	let box: TestBox;
	beforeEach(async () => {
		box = await new TestBox().open();
		expect(await box.boot()).toBe('1.0.0');
	});
	afterEach(() => box.close());

	it('is installed in the other slot and runs', async () => {
		await box.offer({ version: '1.1.0' });
		expect(await check(box.updateBox())).toMatchObject({ isNewer: true, manifest: { version: '1.1.0' } });
		await apply(box.updateBox(), false);
		expect(box.current()).toBe('slots/b');
		expect(box.steps).toEqual(['unpack', 'probe', 'stop', 'backup', 'trial', 'switch', 'start', 'health', 'commit']);
		expect(await readState(box.updateBox())).toMatchObject({ running: '1.1.0', other: '1.0.0', last: { outcome: 'applied' } });
		expect(existsSync(join(box.root, 'update', 'trial'))).toBe(false);
		expect(box.database().notes).toContain('written by 1.1.0');
	});

	const impatient = { gate: { patienceMs: 3_000, settleMs: 300, pollMs: 50 } };

	it.each(['dies', 'silent'] as const)('is taken back when the new release %s', async (health) => {
		await box.offer({ version: '1.1.0', health });
		await expect(apply(box.updateBox(impatient), false)).rejects.toThrow('1.1.0 did not answer within 3 s. The box runs 1.0.0 again');
		expect(box.current()).toBe('slots/a');
		expect(box.lastOutcome().outcome).toBe('failed');
		expect(existsSync(join(box.root, 'update', 'trial'))).toBe(false);
	});

	it('that migrates and fails gives the database back as it was', async () => {
		await box.offer({ version: '2.0.0', health: 'dies', databaseVersion: 2 });
		await expect(apply(box.updateBox(impatient), false)).rejects.toThrow('2.0.0 did not answer');
		const { version, notes } = box.database();
		expect(version).toBe(1);
		expect(notes).toContain('before');
		expect(notes).not.toContain('written by 2.0.0');
	});

	it('that migrates is rolled back only with the database of before, and only when asked for', async () => {
		await box.offer({ version: '2.0.0', databaseVersion: 2 });
		await apply(box.updateBox(), false);
		expect(box.database().version).toBe(2);
		await expect(rollback(box.updateBox(), false)).rejects.toThrow('add --restore');
		expect(box.current()).toBe('slots/b');
		expect(await rollback(box.updateBox(), true)).toBe('1.0.0');
		expect(box.current()).toBe('slots/a');
		expect(box.database().version).toBe(1);
		expect(box.database().notes).not.toContain('written by 2.0.0');
	});

	it('without a migration is rolled back with all that was recorded since', async () => {
		await box.offer({ version: '1.1.0' });
		await apply(box.updateBox(), false);
		expect(await rollback(box.updateBox(), false)).toBe('1.0.0');
		expect(box.database().notes).toContain('written by 1.1.0');
	});

	it('to an older release needs the owner’s word', async () => {
		await box.offer({ version: '0.9.0' });
		await expect(apply(box.updateBox(), false)).rejects.toThrow('--allow-downgrade');
		expect(box.current()).toBe('slots/a');
		await apply(box.updateBox(), true);
		expect(box.current()).toBe('slots/b');
	});

	it('is refused unless a trusted key signed exactly these bytes', async () => {
		await box.offer({ version: '1.1.0' }, makeKeyPair('stranger'));
		await expect(apply(box.updateBox(), false)).rejects.toThrow('which this box does not trust');
		await box.offer({ version: '1.1.0' }, { ...makeKeyPair('test-key') });
		await expect(apply(box.updateBox(), false)).rejects.toThrow('The signature does not fit');
		await box.offer({ version: '1.1.0' });
		const description = join(box.source, `innerloop-latest-${arch}.json`);
		writeFileSync(description, readFileSync(description, 'utf8').replace('1.1.0', '1.1.1'));
		await expect(apply(box.updateBox(), false)).rejects.toThrow('The signature does not fit');
		expect(box.current()).toBe('slots/a');
	});

	it('is refused when its archive is not the one that was signed', async () => {
		await box.offer({ version: '1.1.0' });
		appendFileSync(join(box.source, `innerloop-1.1.0-${arch}.tar.zst`), 'x');
		await expect(apply(box.updateBox(), false)).rejects.toThrow(/bytes|sha256|hash/i);
		expect(box.current()).toBe('slots/a');
	});

	it('brings new keys along and retires old ones, which then sign nothing any more', async () => {
		const next = makeKeyPair('next-key');
		await box.offer({ version: '1.1.0', keys: { add: [next.key], retire: ['test-key'] } });
		await apply(box.updateBox(), false);
		await box.offer({ version: '1.2.0' });
		await expect(apply(box.updateBox(), false)).rejects.toThrow('which this box does not trust (it trusts next-key)');
		await box.offer({ version: '1.2.0' }, next);
		await apply(box.updateBox(), false);
		expect((await readState(box.updateBox())).running).toBe('1.2.0');
	});

	it('is refused by a box that trusts nobody', async () => {
		await box.offer({ version: '1.1.0' });
		box.trust([]);
		await expect(check(box.updateBox())).rejects.toThrow('trusts no key');
	});
});
