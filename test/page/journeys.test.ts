/** The ways people go: the first visit to a first answer, a day's work by keyboard alone, and what a member does not see. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NewPairingCodeReport } from '../../appliance/protocol/access.ts';
import type { CallsReport } from '../../appliance/protocol/admin.ts';
import { check } from '../../appliance/update/update.ts';
import { takeRequest } from '../../appliance/update/update-request.ts';
import { createBrowser } from '../http/support/browser.ts';
import { ask } from '../http/support/start-box.ts';
import { smallModel, until } from '../support/local-engine.ts';
import { TestBox as Releases } from '../update/support/box.ts';
import { openChromium } from './support/chromium.ts';
import { NO_KEYS, PROVIDER_KEY, type Scene, startScene } from './support/scene.ts';
import { firstVisit, keepProviderKey, signIn, visit } from './support/visitor.ts';

let browser: Browser;
beforeAll(async () => {
	browser = await openChromium();
}, 300_000);
afterAll(() => browser?.close());

describe('the first visit', () => {
	it.each([
		[360, 'light'],
		[1_440, 'dark'],
	] as const)('goes from the claim to an answer of the box’s own model at %i px in %s colours', async (width, colorScheme) => {
		const local = { slots: 1, contextTokens: 1_024, threads: 1, build: 'prebuilt' } as const;
		await using scene = await startScene({ isClaimed: false, model: smallModel(), local, env: NO_KEYS });
		await using visitor = await visit(browser, scene.box.url, { viewport: { width, height: 900 }, colorScheme });
		const answer = await firstVisit(visitor, async (step) => {
			await visitor.picture(`first-${step}`);
			// The box is asked as soon as its model is here, however slow this machine is.
			if (step === 'key') await until(() => scene.box.service.engine().state === 'ready');
			expect.soft(await visitor.violations(), step).toEqual([]);
		});
		const last = (await scene.box.admin('GET', '/calls?limit=1')).json as CallsReport;
		expect(answer, JSON.stringify(last.calls[0]?.decision)).toMatch(/Answered by local in/);
		await visitor.page.getByRole('button', { name: 'To the box' }).click();
		await visitor.page.getByRole('navigation', { name: 'Views' }).waitFor();
		await visitor.page.locator('.calls').getByText('local').first().waitFor();
		expect(visitor.complaints).toEqual([]);
	});
});

describe('a provider’s key', () => {
	it.each([
		[360, 'light'],
		[360, 'dark'],
		[1_440, 'light'],
		[1_440, 'dark'],
	] as const)('is set, tried, replaced and taken away at %i px in %s colours, and shown nowhere', async (width, colorScheme) => {
		await using scene = await startScene({ isClaimed: true, env: NO_KEYS });
		const { box, vendor } = scene;
		await using visitor = await visit(browser, box.url, { viewport: { width, height: 900 }, colorScheme });
		const { page } = visitor;
		const answers: string[] = [];
		page.on(
			'response',
			(reply) =>
				void reply.text().then(
					(text) => answers.push(text),
					() => undefined,
				),
		);
		await signIn(visitor);
		await visitor.goTo('tiers/providers');
		await visitor.picture('provider-no-key');
		await keepProviderKey(page, PROVIDER_KEY);
		await page.getByText('The provider takes the key. It is kept.').waitFor();
		expect(await visitor.violations()).toEqual([]);
		await visitor.picture('provider-kept');
		const call = () =>
			box.call('/v1/messages', ask('x', { model: 'claude-haiku-4-5' }), { headers: { 'x-api-key': scene.keys.get('grace') ?? '' } });
		expect((await call()).status).toBe(200);
		expect(vendor.received.at(-1)?.headers['x-api-key']).toBe(PROVIDER_KEY);

		await page.getByRole('button', { name: 'Replace the key of anthropic' }).click();
		await keepProviderKey(page, 'sk-ant-mistyped');
		await page.getByText(/refuses the key.*Nothing was kept/).waitFor();
		expect(await visitor.violations()).toEqual([]);
		await visitor.picture('provider-refused');
		expect((await call()).status).toBe(200);
		await keepProviderKey(page, `${PROVIDER_KEY}-2`);
		await page.getByText('The provider takes the key. It is kept.').waitFor();
		expect((await call()).status).toBe(200);
		expect(vendor.received.at(-1)?.headers['x-api-key']).toBe(`${PROVIDER_KEY}-2`);

		await page.getByRole('button', { name: 'Take the key away from anthropic' }).click();
		await page.getByLabel('Key for anthropic').waitFor();
		expect((await call()).status).toBeGreaterThanOrEqual(400);
		expect(await page.content()).not.toContain(PROVIDER_KEY);
		expect(answers.length).toBeGreaterThan(5);
		expect(answers.join()).not.toContain(PROVIDER_KEY);
		box.service.flushLog();
		for (const { parentPath, name } of readdirSync(box.dataDir, { recursive: true, withFileTypes: true }).filter((one) => one.isFile()))
			expect.soft(readFileSync(join(parentPath, name)).includes(PROVIDER_KEY), name).toBe(false);
		expect(visitor.complaints).toEqual([]);
	});
});

describe('updates', () => {
	it.each([
		[360, 'dark'],
		[1_440, 'light'],
	] as const)('are asked for and confirmed at %i px in %s colours', async (width, colorScheme) => {
		const releases = await new Releases().open();
		try {
			await releases.offer({ version: '1.1.0' });
			await check(releases.updateBox());
			await using scene = await startScene({ isClaimed: true, env: { INNERLOOP_ROOT: releases.root }, updateSource: releases.source });
			await using visitor = await visit(browser, scene.box.url, { viewport: { width, height: 900 }, colorScheme });
			const { page } = visitor;
			await signIn(visitor);
			await visitor.goTo('box');
			await page.getByText('1.1.0 is offered').waitFor();
			await visitor.picture('updates');
			await page.getByRole('button', { name: 'Install 1.1.0' }).click();
			expect(await visitor.violations()).toEqual([]);
			await visitor.picture('update-confirm');
			await page.getByRole('button', { name: 'Install it' }).click();
			await page.getByText('under way').waitFor();
			expect(await takeRequest(scene.box.dataDir)).toEqual({ action: 'apply', mayRestore: false });
			// The page looks again by itself.
			await page.getByText('under way').waitFor({ state: 'detached' });
			expect(visitor.complaints).toEqual([]);
		} finally {
			await releases.close();
		}
	});
});

describe('a claimed box', () => {
	let scene: Scene;
	beforeAll(async () => {
		scene = await startScene({ isClaimed: true });
	});
	afterAll(() => scene[Symbol.asyncDispose]());

	it('is worked by keyboard alone: in, a member, a key, its revocation, out', async () => {
		await using visitor = await visit(browser, scene.box.url, { viewport: { width: 1_440, height: 900 } });
		const { page } = visitor;
		const { keyboard } = page;
		/** Tabs until the focus is on what is wanted; what cannot be reached so fails. */
		const tabTo = async (name: RegExp) => {
			for (let n = 0; n < 80; n += 1) {
				await keyboard.press('Tab');
				const said = String(
					await page.evaluate(
						'(() => { const e = document.activeElement; return e.getAttribute("aria-label") || (e.labels && e.labels[0] ? e.labels[0].textContent : "") || e.textContent; })()',
					),
				);
				if (name.test(said)) return;
			}
			throw new Error(`${name} cannot be reached by keyboard`);
		};
		await tabTo(/^Name$/);
		await keyboard.press('Control+a');
		await keyboard.type('ada');
		await tabTo(/^Password$/);
		await keyboard.type('a lighthouse in the fog');
		await keyboard.press('Enter');
		await page.getByRole('navigation', { name: 'Views' }).waitFor();
		await tabTo(/^Team$/);
		await keyboard.press('Enter');
		await page.getByRole('heading', { name: 'Team' }).waitFor();
		await tabTo(/^Add a member$/);
		await keyboard.press('Enter');
		await tabTo(/^Name$/);
		await keyboard.type('katherine');
		await keyboard.press('Enter');
		await page.getByRole('heading', { name: 'katherine' }).waitFor();
		await tabTo(/^New key$/);
		await keyboard.press('Enter');
		await tabTo(/^Make the key$/);
		await keyboard.press('Enter');
		const secret = await page.locator('.secret').textContent();
		expect(secret).toMatch(/^il_[\w-]{43}$/);
		await keyboard.press('Escape');
		await tabTo(/^Close$/);
		await keyboard.press('Enter');
		expect(await page.getByText(secret ?? '').count()).toBe(0);
		await tabTo(/^Revoke/);
		await keyboard.press('Enter');
		await tabTo(/^Revoke$/);
		await keyboard.press('Enter');
		await page.getByText('revoked', { exact: true }).waitFor();
		expect((await scene.box.call('/v1/messages', {}, { headers: { 'x-api-key': secret ?? '' } })).status).toBe(401);
		await tabTo(/^Sign out$/);
		await keyboard.press('Enter');
		await page.getByRole('heading', { name: 'Sign in' }).waitFor();
		expect(visitor.complaints).toEqual([]);
	});

	it('shows what a changed configuration would have changed before it is saved', async () => {
		await using visitor = await visit(browser, scene.box.url, { viewport: { width: 1_440, height: 900 } });
		const { page } = visitor;
		await signIn(visitor);
		await visitor.goTo('tiers/configuration');
		const editor = page.getByLabel('JSON');
		const text = await editor.inputValue();
		await editor.fill(text.replace('"frontier"', '"best"'));
		await page.getByRole('button', { name: 'Check and preview' }).click();
		await page.getByText(/tier/).first().waitFor();
		expect(await page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
		const config = JSON.parse(text) as { deployments: { id: string }[] };
		await editor.fill(JSON.stringify({ ...config, deployments: config.deployments.filter(({ id }) => id !== 'opus') }, undefined, 2));
		await page.getByRole('button', { name: 'Check and preview' }).click();
		await page.getByText(/would have gone elsewhere:/).waitFor();
		await visitor.picture('preview');
		expect(await visitor.violations()).toEqual([]);
		expect(await page.locator('table tbody tr').first().textContent()).toMatch(/opus/);
		await page.getByRole('button', { name: 'Save' }).click();
		// What was previewed goes once it is in force.
		await page.getByText(/would have gone elsewhere:/).waitFor({ state: 'detached' });
		await visitor.goTo('tiers');
		expect(await page.getByText('opus', { exact: true }).count()).toBe(0);
	});

	it('shows a member their own calls, and neither the team nor the configuration', async () => {
		const owner = createBrowser(scene.box.url);
		await owner.post('/session', { name: 'ada', password: 'a lighthouse in the fog' });
		const { json } = await owner.post<NewPairingCodeReport>('/pairing/codes', { member: 'grace' });
		await using visitor = await visit(browser, scene.box.url, { viewport: { width: 360, height: 800 } });
		const { page } = visitor;
		await page.getByRole('button', { name: 'I was given a code' }).click();
		await page.getByLabel('Code').fill(json.code);
		await page.getByLabel('New password').fill('seven seas and a harbour');
		await page.getByLabel('The same again').fill('seven seas and a harbour');
		await page.getByRole('button', { name: 'Join' }).click();
		await page.getByRole('navigation', { name: 'Views' }).waitFor();
		expect(await page.getByRole('navigation', { name: 'Views' }).getByRole('link').allTextContents()).toEqual([
			'Now',
			'Money',
			'Calls',
			'Tiers',
			'Box',
		]);
		await visitor.goTo('calls');
		await page.locator('.calls tbody tr').first().waitFor();
		const members = await page.locator('.calls tbody td:nth-child(2)').allTextContents();
		expect(new Set(members)).toEqual(new Set(['grace']));
		for (const view of ['now', 'money', 'tiers', 'box']) {
			await visitor.goTo(view);
			expect.soft(await visitor.violations(), view).toEqual([]);
		}
		expect(visitor.complaints).toEqual([]);
	});

	it('says what is wrong when the box does not answer, and goes on when it does', async () => {
		await using visitor = await visit(browser, scene.box.url, { viewport: { width: 1_440, height: 900 } });
		const { page } = visitor;
		await signIn(visitor);
		await page.route('**/innerloop/v1/spend**', (route) => route.abort());
		await visitor.goTo('money');
		await page.getByText('The box does not answer. Is it on, and are you in its network?').first().waitFor();
		await visitor.picture('failure');
		expect(await visitor.violations()).toEqual([]);
		await page.unroute('**/innerloop/v1/spend**');
		await page.getByRole('button', { name: 'Try again' }).first().click();
		await page.getByText('This month').first().waitFor();
	});
});
