/** Every view in a real Chromium: on a phone and a wide screen, light and dark, without a violation, a complaint or a sideways scroll. */

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../http/support/start-box.ts';
import { openChromium } from './support/chromium.ts';
import { type Scene, startScene } from './support/scene.ts';
import { signIn, type Visitor, visit } from './support/visitor.ts';

const VIEWS = ['now', 'money', 'calls', 'calls/try', 'team', 'tiers', 'tiers/providers', 'tiers/configuration', 'box'] as const;

let browser: Browser;
let scene: Scene;
beforeAll(async () => {
	[browser, scene] = await Promise.all([openChromium(), startScene({ isClaimed: true })]);
}, 300_000);
afterAll(async () => {
	await browser?.close();
	await scene?.[Symbol.asyncDispose]();
});

/** Nothing of it may depend on luck: the same view, looked at by eye and by axe. */
async function look(visitor: Visitor, view: string): Promise<void> {
	const wide = Number(await visitor.page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'));
	await visitor.picture(view);
	expect.soft(await visitor.violations(), view).toEqual([]);
	expect.soft(wide, `${view} scrolls sideways`).toBeLessThanOrEqual(0);
}

describe.each([360, 1_440])('at %i px', (width) => {
	it.each(['light', 'dark'] as const)('every view is good in %s colours', async (colorScheme) => {
		await using visitor = await visit(browser, scene.box.url, { viewport: { width, height: 900 }, colorScheme });
		await look(visitor, 'login');
		await signIn(visitor);
		for (const view of VIEWS) {
			await visitor.goTo(view);
			await look(visitor, view);
		}
		const { page } = visitor;
		await visitor.goTo('calls');
		await page.locator('.calls a').first().click();
		await page.getByRole('heading', { name: 'Why', exact: true }).waitFor();
		await look(visitor, 'one-call');
		await visitor.goTo('team');
		await page.getByRole('link', { name: 'grace' }).click();
		await page.getByRole('button', { name: 'New key' }).waitFor();
		await look(visitor, 'one-member');
		await page.getByRole('button', { name: 'New key' }).click();
		await look(visitor, 'new-key');
		expect(visitor.complaints).toEqual([]);
	});
});

it('tells of a call the moment it ends, without asking', async () => {
	await using visitor = await visit(browser, scene.box.url, { viewport: { width: 1_440, height: 900 } });
	await signIn(visitor);
	await visitor.page.getByText('Live', { exact: true }).waitFor();
	const requests: string[] = [];
	visitor.page.on('request', (request) => requests.push(request.url()));
	await scene.box.call('/v1/messages', ask('hello', { model: 'claude-haiku-4-5' }), {
		headers: { 'x-api-key': scene.keys.get('grace') ?? '' },
	});
	await visitor.page.locator('.calls tbody tr').first().getByText('haiku').first().waitFor();
	expect(await visitor.page.locator('.calls tbody tr').first().textContent()).toMatch(/grace.*haiku/);
	expect(requests).toEqual([]);
});
