/** Claim, login, sessions, roles and the audit log, over real HTTP on loopback. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccountReport, AuditReport, NewPairingCodeReport, SessionReport } from '../../appliance/protocol/access.ts';
import { createBrowser } from './support/browser.ts';
import { admin, startBox, type TestBox } from './support/start-box.ts';

const PASSWORD = 'plinth otter 91 gauze';
let box: TestBox;

beforeAll(async () => {
	box = await startBox();
});
afterAll(() => box[Symbol.asyncDispose]());

const claimCode = () => box.service.claim?.code ?? '';
/** Without its first two lines a claim is what the first visitor makes of the box. */
const claimed = async () => {
	const browser = createBrowser(box.url);
	if (box.service.claim === undefined) throw new Error('the box shows no claim code');
	const { json } = await browser.get<SessionReport>('/session');
	if (json.claim.state === 'open') expect((await browser.post('/claim', { code: claimCode(), password: PASSWORD })).status).toBe(201);
	else expect((await browser.post('/session', { name: 'owner', password: PASSWORD })).status).toBe(201);
	return browser;
};

describe('a fresh box', () => {
	it('says that it waits for its owner, and shows the code to whoever is at the device', async () => {
		const { json } = await createBrowser(box.url).get<SessionReport>('/session');
		expect(json).toMatchObject({ claim: { state: 'open', isReset: false }, transport: 'loopback' });
		expect(json.who).toBeUndefined();
		expect(claimCode()).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
		expect(readFileSync(join(box.dataDir, 'claim.txt'), 'utf8')).toContain(claimCode());
	});

	it('refuses a wrong code and a password that everybody tries first', async () => {
		const browser = createBrowser(box.url);
		const wrong = await browser.post('/claim/check', { code: claimCode() === 'AAAA-AAAA' ? 'BBBB-BBBB' : 'AAAA-AAAA' });
		expect(wrong.status).toBe(403);
		expect(wrong.text).toContain('9 tries left');
		expect((await browser.post('/claim/check', { code: claimCode() })).status).toBe(429);
		await new Promise((resolve) => setTimeout(resolve, 1_050));
		expect((await browser.post('/claim/check', { code: claimCode().toLowerCase().replace('-', ' ') })).status).toBe(204);
		const weak = await browser.post('/claim', { code: claimCode(), password: 'password1!' });
		expect(weak).toMatchObject({ status: 400, text: expect.stringContaining('not taken') });
	});

	it('takes its owner once: claim → who am I → logout → login', async () => {
		const browser = await claimed();
		const { json } = await browser.get<SessionReport>('/session');
		expect(json).toMatchObject({ claim: { state: 'claimed' }, who: { name: 'owner', role: 'owner' } });
		expect(existsSync(join(box.dataDir, 'claim.txt'))).toBe(false);
		expect((await createBrowser(box.url).post('/claim', { code: claimCode(), password: PASSWORD })).status).toBe(403);
		expect((await browser.delete('/session')).status).toBe(204);
		expect((await browser.get<SessionReport>('/session')).json.who).toBeUndefined();
		expect((await browser.get('/members')).status).toBe(401);
		expect((await browser.post('/session', { name: 'owner', password: 'something else' })).status).toBe(401);
		expect((await browser.post('/session', { name: 'owner', password: PASSWORD })).status).toBe(201);
		expect((await browser.get('/members')).status).toBe(200);
	});
});

describe('a session', () => {
	it('is a cookie that scripts cannot read and other sites cannot send', async () => {
		const browser = createBrowser(box.url);
		const { cookie } = await browser.post('/session', { name: 'owner', password: PASSWORD });
		expect(cookie).toMatch(/^innerloop=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/);
		const kept = (await import('node:sqlite')).DatabaseSync;
		const db = new kept(join(box.dataDir, 'innerloop.db'), { readOnly: true });
		const rows = JSON.stringify(db.prepare('SELECT * FROM access').all());
		db.close();
		expect(rows).not.toContain(/innerloop=([\w-]+)/.exec(cookie)?.[1]);
		expect(rows).not.toContain(PASSWORD);
		expect(rows).toContain('scrypt$32768$8$3$');
	});

	it('is no key for calls', async () => {
		const browser = await claimed();
		expect((await browser.send('POST', '/v1/messages', {})).status).toBe(401);
	});

	it('ends with a change of the password elsewhere', async () => {
		const [one, other] = [await claimed(), await claimed()];
		expect((await one.post('/session/password', { current: 'not this one', next: PASSWORD })).status).toBe(403);
		expect((await one.post('/session/password', { current: PASSWORD, next: PASSWORD })).status).toBe(204);
		expect((await one.get('/members')).status).toBe(200);
		expect((await other.get('/members')).status).toBe(401);
	});
});

describe('people with roles', () => {
	const join_ = async (name: string): Promise<readonly [browser: ReturnType<typeof createBrowser>, id: string]> => {
		const owner = await claimed();
		const made = (await owner.post<{ id: string }>('/members', { name })).json;
		const { code } = (await owner.post<NewPairingCodeReport>('/pairing/codes', { member: name })).json;
		const browser = createBrowser(box.url);
		expect((await browser.post('/join', { code, password: `${PASSWORD} of ${name}` })).status).toBe(201);
		expect((await createBrowser(box.url).post('/join', { code, password: PASSWORD })).status).toBe(403);
		return [browser, made.id];
	};

	it('come in with a code of one use, and may do what their role says', async () => {
		const [ada, id] = await join_('ada');
		expect((await ada.get<SessionReport>('/session')).json.who).toEqual({ memberId: id, name: 'ada', role: 'member' });
		expect((await ada.get('/calls')).status).toBe(200);
		expect((await ada.get('/members')).status).toBe(403);
		const owner = await claimed();
		expect((await owner.patch<AccountReport>(`/accounts/${id}`, { role: 'viewer' })).json).toMatchObject({ role: 'viewer' });
		expect((await ada.get('/calls')).status).toBe(200);
		expect((await ada.post('/explain', { dialect: 'anthropic', body: '{}' })).status).toBe(403);
		expect((await owner.post('/keys', { member: 'ada' })).status).toBe(400);
		expect((await owner.delete(`/accounts/${id}`)).status).toBe(204);
		expect((await ada.get('/calls')).status).toBe(401);
	});

	it('cannot take the last owner away', async () => {
		const owner = await claimed();
		const { who } = (await owner.get<SessionReport>('/session')).json;
		expect((await owner.patch(`/accounts/${who?.memberId}`, { role: 'member' })).status).toBe(400);
		expect((await owner.delete(`/accounts/${who?.memberId}`)).status).toBe(400);
		expect((await owner.delete(`/members/${who?.memberId}`)).status).toBe(400);
	});

	it('stand in the audit log with what they did, and no value of it', async () => {
		const owner = await claimed();
		await owner.post('/members', { name: 'grace', dayUsd: 77.25 });
		await createBrowser(box.url).post('/session', { name: 'my password by mistake', password: 'x' });
		const { entries } = (await owner.get<AuditReport>('/audit?limit=1000')).json;
		expect(entries.find(({ action, subject }) => action === 'POST members' && subject === 'grace')).toMatchObject({
			who: 'owner',
			via: 'session',
			status: 201,
			from: '127.0.0.1',
			fields: ['name', 'dayUsd'],
		});
		expect(entries.find(({ action, status }) => action === 'POST session' && status === 401)).toMatchObject({ who: 'nobody', via: 'none' });
		const text = JSON.stringify(entries);
		for (const secret of ['77.25', PASSWORD, claimCode(), 'by mistake']) expect(text).not.toContain(secret);
	});
});

describe('a lost password', () => {
	it('is set anew with a code that only the device itself makes', async () => {
		await claimed();
		expect((await admin(box.url, box.key, 'POST', '/claim/code')).status).toBe(403);
		const { token } = await box.serviceFile();
		const { status, json } = await admin(box.url, token, 'POST', '/claim/code');
		expect(status).toBe(200);
		const browser = createBrowser(box.url);
		expect((await browser.get<SessionReport>('/session')).json.claim).toMatchObject({ state: 'open', isReset: true });
		const { code } = json as { code: string };
		expect((await browser.post('/claim', { code, password: `${PASSWORD} anew` })).status).toBe(201);
		expect((await browser.get<SessionReport>('/session')).json).toMatchObject({ claim: { state: 'claimed' }, who: { name: 'owner' } });
		expect((await createBrowser(box.url).post('/session', { name: 'owner', password: PASSWORD })).status).toBe(401);
	});

	it('is set anew with the code that a file on the device asks for, once', async () => {
		const folder = await mkdtemp(join(tmpdir(), 'innerloop-reset-'));
		const claimResetFile = join(folder, 'claim-reset');
		const start = () => startBox({ dataDir: folder, config: { access: { claimResetFile } } });
		try {
			const first = await start();
			expect((await createBrowser(first.url).post('/claim', { code: first.service.claim?.code ?? '', password: PASSWORD })).status).toBe(
				201,
			);
			await first[Symbol.asyncDispose]();
			writeFileSync(claimResetFile, '');
			const second = await start();
			const { code = '' } = second.service.claim ?? {};
			expect(existsSync(claimResetFile)).toBe(false);
			expect((await createBrowser(second.url).get<SessionReport>('/session')).json.claim).toMatchObject({ state: 'open', isReset: true });
			expect((await createBrowser(second.url).post('/claim', { code, password: `${PASSWORD} anew` })).status).toBe(201);
			await second[Symbol.asyncDispose]();
			await using third = await start();
			expect((await createBrowser(third.url).get<SessionReport>('/session')).json.claim).toMatchObject({ state: 'claimed' });
			expect((await createBrowser(third.url).post('/session', { name: 'owner', password: PASSWORD })).status).toBe(401);
			expect((await createBrowser(third.url).post('/session', { name: 'owner', password: `${PASSWORD} anew` })).status).toBe(201);
		} finally {
			await rm(folder, { recursive: true, force: true });
		}
	});
});
