/** Earned local with the real small model: watched, promoted, kept over a restart, and sent back to the cloud. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCommandLine } from '../../appliance/cli/run-command-line.ts';
import type { EarnedReport, Standing } from '../../appliance/protocol/earned.ts';
import { type LoopbackUpstream, startUpstream } from '../http/support/loopback-upstream.ts';
import { admin, ask, startBox, type TestBox } from '../http/support/start-box.ts';
import { smallModel, untilReady } from '../support/local-engine.ts';
import { recordedContext } from '../unit/cli/recording-terminal.ts';

const CLASS = 'inner/auxiliary/start';
const EARNED = { mode: 'on', fewestComparisons: 3, barPercent: 50, windowComparisons: 6, auditPercent: 0, idleMs: 100, classes: {} };
const QUESTION = ask('Say one word.', { max_tokens: 4, temperature: 0 });

let upstream: LoopbackUpstream;
let box: TestBox;
let dataDir: string;
let key: string;
/** What the cloud says: an oracle says what the box's own model says. */
let cloudSays = '';

const start = async (earned: object = EARNED) => {
	box = await startBox({
		anthropic: upstream.baseUrl,
		model: smallModel(),
		dataDir,
		config: {
			earned,
			local: { isEnabled: true, slots: 1, contextTokens: 2_048, threads: 1, build: 'prebuilt', admission: 'off' },
			roles: { inner: { deadlineMs: 900_000 } },
			routing: { mostTimesCloud: 1_000_000 },
		},
	});
	key ??= box.key;
	if (box.engine === undefined) throw new Error('no engine');
	await untilReady(box.engine);
};
const call = async (headers: Readonly<Record<string, string>> = {}) => {
	const reply = await box.call('/v1/messages', QUESTION, { headers: { 'x-api-key': key, ...headers } });
	expect(reply.status).toBe(200);
	const { content } = JSON.parse(reply.text) as { readonly content: readonly { readonly text?: string }[] };
	return {
		tier: String(reply.headers['x-innerloop-tier']),
		text: content.map((one) => one.text ?? '').join(''),
		reasons: String(reply.headers['x-innerloop-reasons']),
	};
};
const report = async () => (await admin(box.url, key, 'GET', '/earned')).json as EarnedReport;
const standing = async (): Promise<Standing | undefined> => (await report()).standings.find(({ className }) => className === CLASS);

/** Until so many comparisons are counted; the test's own time-out ends a wait in vain. */
async function compared(count: number): Promise<Standing> {
	for (;;) {
		const one = await standing();
		if (one !== undefined && one.compared >= count) return one;
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}

beforeAll(async () => {
	dataDir = await mkdtemp(join(tmpdir(), 'innerloop-earned-'));
	upstream = await startUpstream((_, response) => {
		const content = [{ type: 'text', text: cloudSays }];
		const usage = { input_tokens: 10, output_tokens: 2 };
		const body = { id: 'm', type: 'message', role: 'assistant', model: 'm', content, stop_reason: 'end_turn', stop_sequence: null, usage };
		response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
	});
	await start();
});
afterAll(async () => {
	await box[Symbol.asyncDispose]();
	await upstream[Symbol.asyncDispose]();
	await rm(dataDir, { recursive: true, force: true });
});

it('goes to the cloud until the box has agreed often enough, then to the box, also after a restart', async () => {
	cloudSays = (await call({ 'x-innerloop-tier': 'local' })).text;
	expect(cloudSays.trim()).not.toBe('');
	for (let count = 1; count <= 3; count += 1) {
		const before = await call();
		expect(before.tier).not.toBe('local');
		expect(await compared(count)).toMatchObject({ agreed: count, isLocal: count === 3 });
	}
	expect(upstream.received).toHaveLength(3);
	expect((await call()).tier).toBe('local');
	expect(upstream.received).toHaveLength(3);
	const context = recordedContext({ INNERLOOP_KEY: key }, dataDir);
	expect(await runCommandLine(['earned', '--address', box.url], context)).toBe(0);
	expect(context.out()).toMatch(/inner\/auxiliary\/start +box +3 of 3 +52\.6 % +50\.0 % +0 +earned/);
	await box[Symbol.asyncDispose]();
	await start({ ...EARNED, auditPercent: 50 });
	expect(await standing()).toMatchObject({ agreed: 3, isLocal: true });
});

it('is audited in part, and goes back to the cloud when the cloud says something else', async () => {
	cloudSays = 'an answer that no model of this size gives';
	let cloud = 0;
	for (let count = 0; count < 100; count += 1) {
		const { tier } = await call();
		if (tier === 'local') continue;
		cloud += 1;
		if (!(await compared(3 + Math.min(3, cloud))).isLocal) break;
	}
	expect(await standing()).toMatchObject({ isLocal: false, why: 'below-bar' });
	expect((await call()).tier).not.toBe('local');
});

it('gives way to whoever calls, and answers the shadow in the next quiet', async () => {
	const long = ask('Tell a long story of a fox, a crow and a river.', { max_tokens: 256, temperature: 0 });
	for (;;) {
		const { shadows } = await report();
		await box.call('/v1/messages', long, { headers: { 'x-api-key': key } });
		// A shadow that ended before anybody could call is no test: once more.
		while (box.engine?.status().busySlots === 0 && (await report()).shadows === shadows)
			await new Promise((resolve) => setTimeout(resolve, 10));
		await call();
		if ((await report()).givenUp > 0) break;
	}
	const { shadows } = await report();
	while ((await report()).shadows < shadows + 1) await new Promise((resolve) => setTimeout(resolve, 50));
});

it('compares answers that came in another dialect as well', async () => {
	const { shadows } = await report();
	const messages = [{ role: 'user', content: 'Say one word.' }];
	const reply = await box.call(
		'/v1/chat/completions',
		{ model: 'claude-haiku', max_tokens: 4, messages },
		{ headers: { 'x-api-key': key } },
	);
	expect([reply.status, reply.headers['x-innerloop-tier']]).toEqual([200, 'mid']);
	while ((await report()).shadows === shadows) await new Promise((resolve) => setTimeout(resolve, 50));
});

it('leaves calls alone whose place is demanded, or must be here', async () => {
	expect((await call({ 'x-innerloop-data': 'local-only' })).tier).toBe('local');
	expect((await call({ 'x-innerloop-tier': 'local' })).tier).toBe('local');
});
