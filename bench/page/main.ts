/** `npm run bench:page`: what the page weighs, when it first paints, and how long the first visit takes up to a first answered call. */

import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { openChromium } from '../../test/page/support/chromium.ts';
import { NO_KEYS, startScene } from '../../test/page/support/scene.ts';
import { firstVisit, visit } from '../../test/page/support/visitor.ts';
import { smallModel, until } from '../../test/support/local-engine.ts';
import { type Figure, makeReport, printTargets, writeReport } from '../lib/report.ts';

const USAGE = `npm run bench:page [-- --json FILE]

A box that nobody has claimed, its embedded model on disk, a real Chromium. The program goes the first visit as a quick
person would: claim, password, provider key tried live, first key, first call. What a person thinks and types is not in it.`;

const { values } = parseArgs({ options: { json: { type: 'string' }, help: { type: 'boolean', short: 'h' } } });

if (values.help) console.log(USAGE);
else {
	const figures = await measure();
	printTargets(figures);
	if (values.json !== undefined) writeReport(values.json, makeReport(import.meta.dirname, figures));
}

async function measure(): Promise<readonly Figure[]> {
	const browser = await openChromium();
	const startMs = performance.now();
	await using scene = await startScene({
		isClaimed: false,
		env: NO_KEYS,
		model: smallModel(),
		local: { slots: 1, contextTokens: 1_024, build: 'prebuilt' },
	});
	const listensMs = performance.now() - startMs;
	try {
		const openMs = performance.now();
		await using visitor = await visit(browser, scene.box.url, { viewport: { width: 1_440, height: 900 } });
		const load = await readLoad(visitor.page);
		const answer = await firstVisit(visitor, async (step) => {
			if (step === 'key') await until(() => scene.box.service.engine().state === 'ready');
		});
		const answeredMs = performance.now() - openMs;
		console.log(`${answer}\n`);
		return [
			{ name: 'page/transferred', value: load.bytes / 1_000, unit: 'kB', target: { is: '<', value: 150 } },
			{ name: 'page/requests', value: load.requests, unit: 'requests', target: { is: '<', value: 10 } },
			{ name: 'page/first-contentful-paint', value: load.paintMs, unit: 'ms', target: { is: '<', value: 1_500 } },
			{ name: 'page/start-to-listening', value: listensMs / 1_000, unit: 's', target: { is: '<', value: 60 } },
			{ name: 'page/opened-to-first-answer', value: answeredMs / 1_000, unit: 's', target: { is: '<', value: 300 } },
		];
	} finally {
		await browser.close();
	}
}

/** Everything that the first view asked for, as it travelled; the page is made at this very visit. */
async function readLoad(page: Page): Promise<{ readonly bytes: number; readonly requests: number; readonly paintMs: number }> {
	const text = await page.evaluate(`JSON.stringify({
		entries: [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].map(({ transferSize }) => transferSize),
		paintMs: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN,
	})`);
	const { entries, paintMs } = JSON.parse(String(text)) as { readonly entries: readonly number[]; readonly paintMs: number };
	return { bytes: entries.reduce((sum, one) => sum + one, 0), requests: entries.length, paintMs };
}
