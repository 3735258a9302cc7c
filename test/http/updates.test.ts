/** Updates asked for over HTTP: the service writes a wish down, and the updater beside it carries it out. */

import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UpdateReport } from '../../appliance/protocol/admin.ts';
import { apply, check, rollback } from '../../appliance/update/update.ts';
import { takeRequest } from '../../appliance/update/update-request.ts';
import { TestBox as Releases } from '../update/support/box.ts';
import { startBox, type TestBox, testConfig } from './support/start-box.ts';

let releases: Releases;
let box: TestBox;
beforeAll(async () => {
	releases = await new Releases().open();
	box = await startBox({ config: { ...testConfig({}), update: { source: releases.source } }, env: { INNERLOOP_ROOT: releases.root } });
});
afterAll(async () => {
	await box[Symbol.asyncDispose]();
	await releases.close();
});

const report = async () => (await box.admin('GET', '/update')).json as UpdateReport;
const ask = (action: string, over: object = {}) => box.admin('POST', '/update', { action, ...over });

/** What innerloop-update.service does as root. */
async function carryOut(): Promise<void> {
	const { action, mayRestore } = await takeRequest(box.dataDir);
	const updater = releases.updateBox();
	if (action === 'check') await check(updater);
	else if (action === 'apply') await apply(updater, false);
	else await rollback(updater, mayRestore);
}

describe('a box that was made from the image', () => {
	it('says what runs, asks for what is offered, installs it and goes back', async () => {
		expect(await report()).toEqual({ isManaged: true, hasSource: true, running: '1.0.0', isNewer: false, isRequested: false });
		expect((await ask('rollback')).status).toBe(400);

		await releases.offer({ version: '1.1.0' });
		expect((await ask('check')).status).toBe(202);
		expect(await report()).toMatchObject({ isRequested: true });
		expect((await ask('apply')).status).toBe(400);
		await carryOut();
		expect(await report()).toMatchObject({ isRequested: false, offered: '1.1.0', isNewer: true });

		await releases.boot();
		expect((await ask('apply')).status).toBe(202);
		await carryOut();
		expect(await report()).toMatchObject({
			running: '1.1.0',
			other: '1.0.0',
			isNewer: false,
			last: { version: '1.1.0', outcome: 'applied' },
		});

		expect((await ask('rollback')).status).toBe(202);
		await carryOut();
		expect(await report()).toMatchObject({ running: '1.0.0', other: '1.1.0', last: { version: '1.0.0', outcome: 'applied' } });
	});

	it('says why the source could not be asked', async () => {
		for (const file of readdirSync(releases.source)) rmSync(join(releases.source, file));
		await ask('check');
		await expect(carryOut()).rejects.toThrow();
		expect((await report()).checkFailure).toMatch(/./);
	});

	it('takes no place or file from the page, and nothing that it does not know', async () => {
		expect((await ask('apply', { from: 'https://attacker.example' })).status).toBe(400);
		expect((await ask('install')).status).toBe(400);
		expect(existsSync(join(box.dataDir, 'update-request.json'))).toBe(false);
	});
});

it('a box that was not made from the image says so, and leaves no wish', async () => {
	await using clone = await startBox({ config: testConfig({}), env: { INNERLOOP_ROOT: join(releases.folder, 'nothing') } });
	expect((await clone.admin('GET', '/update')).json).toEqual({ isManaged: false, hasSource: false, isNewer: false, isRequested: false });
	expect((await clone.admin('POST', '/update', { action: 'apply' })).status).toBe(400);
	expect(existsSync(join(clone.dataDir, 'update-request.json'))).toBe(false);
});
