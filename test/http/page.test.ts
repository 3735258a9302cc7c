/** The page's files and its live feed over real HTTP: strict, small, scoped, and over when its reader is. */

import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NewKeyReport } from '../../appliance/protocol/admin.ts';
import type { LiveCall, LiveState } from '../../appliance/protocol/live.ts';
import { createBrowser } from './support/browser.ts';
import { type LoopbackUpstream, startUpstream } from './support/loopback-upstream.ts';
import { send } from './support/raw-client.ts';
import { ask, startBox, type TestBox } from './support/start-box.ts';

/** All that a first visit loads, as it travels. */
const MOST_BYTES = 150_000;
const WELL =
	'{"id":"m","type":"message","role":"assistant","model":"claude-opus-4-8","content":[{"type":"text","text":"well"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":5}}';

let vendor: LoopbackUpstream;
let box: TestBox;
beforeAll(async () => {
	vendor = await startUpstream((_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(WELL));
	box = await startBox({ anthropic: vendor.baseUrl, config: { access: { claimCode: 'ABCD2345' } } });
});
afterAll(async () => {
	await box[Symbol.asyncDispose]();
	await vendor[Symbol.asyncDispose]();
});

const getRaw = (path: string, headers: Record<string, string> = {}) => fetch(box.url + path, { headers, redirect: 'manual' });

describe('the files', () => {
	it('are under 150 kB together, named by content, and asked for once', async () => {
		const index = await getRaw('/admin/', { 'accept-encoding': 'identity' });
		const html = await index.text();
		const names = [...html.matchAll(/(?:src|href)="(\/admin\/[^"]+)"/g)].map((match) => match[1] ?? '');
		expect(names.map((name) => name.replace(/-[A-Z0-9]{8}\./, '-HASH.')).sort()).toEqual([
			'/admin/assets/icon.svg',
			'/admin/assets/main-HASH.css',
			'/admin/assets/main-HASH.js',
		]);
		let bytes = 0;
		for (const name of ['/admin/', ...names]) {
			const reply = await getRaw(name, { 'accept-encoding': 'br' });
			expect(reply.status, name).toBe(200);
			expect(reply.headers.get('content-encoding'), name).toBe('br');
			bytes += Number(reply.headers.get('content-length'));
			const again = await getRaw(name, { 'if-none-match': reply.headers.get('etag') ?? '' });
			expect(again.status, name).toBe(304);
			const isNamed = /-[A-Z0-9]{8}\./.test(name);
			expect(reply.headers.get('cache-control'), name).toBe(isNamed ? 'public, max-age=31536000, immutable' : 'no-cache');
		}
		expect(bytes).toBeLessThan(MOST_BYTES);
		expect(bytes).toBeGreaterThan(10_000);
	});

	it('let nothing in from elsewhere, and stand in no other page', async () => {
		const { headers } = await getRaw('/admin/');
		const policy = headers.get('content-security-policy') ?? '';
		for (const rule of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"])
			expect(policy).toContain(rule);
		expect(policy).not.toMatch(/unsafe|https?:|\*/);
		expect(headers.get('x-content-type-options')).toBe('nosniff');
	});

	it('are found by a person at the bare address, and by a link from another page', async () => {
		const reply = await getRaw('/', { accept: 'text/html' });
		expect([reply.status, reply.headers.get('location')]).toEqual([302, '/admin/']);
		expect((await getRaw('/')).headers.get('content-type')).toContain('json');
		const visit = async (path: string, headers: Record<string, string>) => (await send(box.url + path, { method: 'GET', headers })).status;
		const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
		expect(await visit('/admin/', link)).toBe(200);
		expect(await visit('/innerloop/v1/session', link)).toBe(403);
		expect(await visit('/admin/', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' })).toBe(403);
	});

	it('come plain and in gzip for whoever takes nothing else', async () => {
		const plain = Buffer.from(await (await getRaw('/admin/', { 'accept-encoding': 'identity' })).arrayBuffer());
		const zipped = await getRaw('/admin/', { 'accept-encoding': 'gzip, br;q=0' });
		expect(zipped.headers.get('content-encoding')).toBe('gzip');
		expect(await zipped.text()).toBe(plain.toString('utf8'));
		expect(plain.toString('utf8')).toMatch(/^<!doctype html>/);
	});
});

interface Heard {
	readonly name: string;
	readonly data: unknown;
}

/** Reads the feed until it ends or is let go. */
async function listen(headers: Record<string, string>) {
	const stop = new AbortController();
	const reply = await fetch(`${box.url}/admin/live`, { headers, signal: stop.signal });
	const heard: Heard[] = [];
	const ended = (async () => {
		let text = '';
		try {
			for await (const chunk of reply.body ?? []) {
				text += Buffer.from(chunk).toString('utf8');
				const events = text.split('\n\n');
				text = events.pop() ?? '';
				for (const one of events) {
					const match = /^event: (\w+)\ndata: (.*)$/.exec(one);
					if (match) heard.push({ name: match[1] ?? '', data: JSON.parse(match[2] ?? '') });
				}
			}
		} catch {
			// Let go by the test itself.
		}
	})();
	return {
		reply,
		heard,
		ended,
		stop: () => stop.abort(),
		named: (name: string) => heard.filter((one) => one.name === name).map(({ data }) => data),
	};
}

async function until(isSo: () => boolean): Promise<void> {
	for (const end = performance.now() + 20_000; !isSo(); await delay(20)) if (performance.now() > end) throw new Error('it never happened');
}

describe('the live feed', () => {
	it('begins with everything, then says only what changed, and calls as they end', async () => {
		const feed = await listen({ 'x-api-key': box.key });
		await until(() => feed.named('state').length > 0);
		const [whole] = feed.named('state') as [LiveState];
		expect(Object.keys(whole).sort()).toEqual(
			['admission', 'box', 'conditions', 'deployments', 'engine', 'machine', 'pulse', 'runningCalls', 'spend'].sort(),
		);
		await box.call('/v1/messages', ask('x'));
		await until(() => feed.named('call').length === 1);
		expect(feed.named('begin')).toMatchObject([{ member: 'owner', deployment: 'sonnet', role: 'inner' }]);
		expect(feed.named('call')).toMatchObject([
			{ member: 'owner', deployment: 'sonnet', tier: 'mid', status: 200, why: expect.stringMatching(/./) },
		]);
		await until(() =>
			feed.named('state').some((part) => (part as LiveState).pulse?.calls.at(-1) === 1 || (part as LiveState).pulse?.calls.at(-2) === 1),
		);
		const later = feed.named('state').slice(1) as LiveState[];
		expect(later.every((part) => part.box === undefined)).toBe(true);
		feed.stop();
	});

	it('shows a member their own calls alone, and ends when their key is revoked', async () => {
		await box.admin('POST', '/members', { name: 'grace' });
		const { key, secret } = (await box.admin('POST', '/keys', { member: 'grace' })).json as NewKeyReport;
		const feed = await listen({ 'x-api-key': secret });
		await until(() => feed.named('state').length > 0);
		await box.call('/v1/messages', ask('of the owner'));
		await box.call('/v1/messages', ask('of grace'), { headers: { 'x-api-key': secret } });
		await until(() => feed.named('call').length > 0);
		expect((feed.named('call') as LiveCall[]).map(({ member }) => member)).toEqual(['grace']);
		expect((feed.named('state')[0] as LiveState).spend.filter(({ scope, name }) => scope === 'member' && name !== 'grace')).toEqual([]);
		await box.admin('DELETE', `/keys/${key.id}`);
		await feed.ended;
		expect(feed.heard.at(-1)).toEqual({ name: 'end', data: { reason: 'signed-out' } });
	});

	it('ends with its session, and is for nobody without one', async () => {
		const browser = createBrowser(box.url);
		await browser.post('/claim', { code: 'ABCD2345', name: 'ada', password: 'a lighthouse in the fog' });
		const feed = await listen({ cookie: browser.cookie() });
		await until(() => feed.named('state').length > 0);
		await browser.delete('/session');
		await feed.ended;
		expect(feed.heard.at(-1)?.name).toBe('end');
		expect((await getRaw('/admin/live')).status).toBe(401);
	});

	it('takes 64 readers and then no more, and a stop of the box ends them all', async () => {
		const other = await startBox({});
		const readers = await Promise.all(
			Array.from({ length: 64 }, () => fetch(`${other.url}/admin/live`, { headers: { 'x-api-key': other.key } })),
		);
		expect((await fetch(`${other.url}/admin/live`, { headers: { 'x-api-key': other.key } })).status).toBe(429);
		const texts = Promise.all(readers.map((reader) => reader.text()));
		await other[Symbol.asyncDispose]();
		expect((await texts).every((text) => text.includes('"reason":"stopping"'))).toBe(true);
	});
});
