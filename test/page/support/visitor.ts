/** A person at the page: signs in, goes from view to view, and looks at it with axe's eyes too. */

import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { CLAIM_CODE, OWNER, PROVIDER_KEY } from './scene.ts';

/** Kept for a person to look at; `$INNERLOOP_SCREENSHOTS` says where. */
const SCREENSHOTS = process.env.INNERLOOP_SCREENSHOTS ?? join(tmpdir(), 'innerloop-screenshots');

export interface Visitor extends AsyncDisposable {
	readonly page: Page;
	/** What the browser complained about: errors, refusals of the content policy. */
	readonly complaints: readonly string[];
	goTo(view: string): Promise<void>;
	/** Violations as sentences; empty where axe finds none. */
	violations(): Promise<readonly string[]>;
	picture(name: string): Promise<void>;
}

/** Answers that a test asks for show in the browser's own log; they are no complaint. */
const EXPECTED = /Failed to load resource: the server responded with a status of (401|403|400|404|429|503)/;

export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visitor> {
	const context = await browser.newContext({ ...options, permissions: ['clipboard-write'] });
	const page = await context.newPage();
	const complaints: string[] = [];
	page.on('console', (message) => {
		if (message.type() === 'error' && !EXPECTED.test(message.text())) complaints.push(message.text());
	});
	page.on('pageerror', (error) => complaints.push(String(error)));
	await page.goto(`${url}/admin/`);
	await page.waitForSelector('h1');
	const name = `${options.viewport?.width ?? 'default'}-${options.colorScheme ?? 'light'}`;
	return {
		page,
		complaints,
		async goTo(view) {
			await page.goto(`${url}/admin/#/${view}`);
			await page.waitForSelector('main h1');
			while ((await page.locator('.skeleton').count()) > 0) await page.waitForTimeout(30);
		},
		async violations() {
			// The page's own policy lets no script in: this one comes by the browser's back door, as a person's extension would.
			await page.evaluate(axe.source);
			const found = (await page.evaluate(RUN_AXE)) as { id: string; help: string; nodes: string[] }[];
			return found.map(({ id, help, nodes }) => `${id}: ${help} at ${nodes.join(', ')}`);
		},
		async picture(view) {
			mkdirSync(SCREENSHOTS, { recursive: true });
			await page.screenshot({ path: join(SCREENSHOTS, `${view.replaceAll('/', '-')}-${name}.png`), fullPage: true });
		},
		[Symbol.asyncDispose]: () => context.close(),
	};
}

const RUN_AXE = `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
	.then(({ violations }) => violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map((node) => node.html.slice(0, 200)) })))`;

export async function signIn({ page }: Visitor): Promise<void> {
	await page.getByLabel('Name').fill(OWNER.name);
	await page.getByLabel('Password').fill(OWNER.password);
	await page.getByRole('button', { name: 'Sign in' }).click();
	await page.getByRole('navigation', { name: 'Views' }).waitFor();
}

/** Types a key in for the first vendor and has it tried. */
export async function keepProviderKey(page: Page, value: string): Promise<void> {
	await page.getByLabel(/^(?:Key|New key) for anthropic$/).fill(value);
	await page
		.locator('form', { has: page.getByLabel(/ey for anthropic$/) })
		.getByRole('button', { name: 'Test and keep' })
		.click();
}

/** What the terminal shows at the start of an unclaimed box of the scene. */
export async function firstVisit({ page }: Pick<Visitor, 'page'>, look: (step: string) => Promise<void>): Promise<string> {
	await page.getByLabel('Claim code').fill(CLAIM_CODE);
	await page.getByLabel('Your name').fill(OWNER.name);
	await page.getByLabel('New password').fill(OWNER.password);
	await page.getByLabel('The same again').fill(OWNER.password);
	await look('claim');
	await page.getByRole('button', { name: 'Claim the box' }).click();
	await keepProviderKey(page, 'sk-ant-mistyped');
	await page.getByText(/refuses the key/).waitFor();
	await look('refused-key');
	await keepProviderKey(page, PROVIDER_KEY);
	await page.getByText('The provider takes the key. It is kept.').waitFor();
	await look('provider');
	await page.getByRole('button', { name: 'Next' }).click();
	await page.getByRole('button', { name: 'Make a key' }).click();
	await page.locator('.secret').waitFor();
	await look('key');
	await page.getByRole('button', { name: 'I have copied it' }).click();
	await page.getByRole('button', { name: 'Send' }).click();
	const answered = page.getByText(/Answered by/);
	await answered.waitFor({ timeout: 120_000 });
	await look('call');
	return (await answered.textContent()) ?? '';
}
