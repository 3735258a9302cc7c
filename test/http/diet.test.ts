/** The context diet over real HTTP: what the upstream gets, turn after turn, over a restart; and the way back to the original. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../appliance/cli/run-command-line.ts';
import type { SavingsReport } from '../../appliance/protocol/admin.ts';
import type { CallRecord } from '../../appliance/protocol/ports.ts';
import { recordedContext } from '../unit/cli/recording-terminal.ts';
import { type LoopbackUpstream, startUpstream } from './support/loopback-upstream.ts';
import { admin, startBox, type TestBox } from './support/start-box.ts';
import { reply } from './support/two-deployments.ts';

const LOG = Array.from({ length: 600 }, (_, index) =>
	index === 300 ? 'FAIL test/a.test.ts: expected 1' : `✓ test number ${index} passed`,
).join('\n');
const FILE = Array.from({ length: 200 }, (_, index) => `export const value${index} = ${index};`).join('\n');

const use = (id: string, name: string, input: object) => ({ role: 'assistant', content: [{ type: 'tool_use', id, name, input }] });
const result = (id: string, content: unknown) => ({
	role: 'user',
	content: [{ type: 'tool_result', tool_use_id: id, content, cache_control: { type: 'ephemeral' } }],
});
const RUN = { command: 'npm test' };
const OPENING = [{ role: 'user', content: 'mend it' }, use('t1', 'Bash', RUN), result('t1', LOG)];

let upstream: LoopbackUpstream;
let box: TestBox;
let dataDir: string;
let key: string;
const sent: string[] = [];

const start = () =>
	startBox({
		anthropic: upstream.baseUrl,
		openai: upstream.baseUrl,
		dataDir,
		config: { diet: { mode: 'on', members: { eve: 'off', ada: 'observe' } } },
	});

beforeAll(async () => {
	dataDir = await mkdtemp(join(tmpdir(), 'innerloop-diet-'));
	upstream = await startUpstream((request, response) => {
		sent.push(String(request.body));
		response.writeHead(200, { 'content-type': 'application/json' }).end(reply('m'));
	});
	box = await start();
	key = box.key;
});
afterAll(async () => {
	await box[Symbol.asyncDispose]();
	await upstream[Symbol.asyncDispose]();
	await rm(dataDir, { recursive: true, force: true });
});

const ask = (method: string, path: string, body?: unknown) => admin(box.url, key, method, path, body);

/** What the upstream got for these messages. */
async function send(messages: readonly unknown[], headers: Readonly<Record<string, string>> = {}) {
	const body = { model: 'claude-opus-4-8', max_tokens: 256, tools: [{ name: 'Bash', input_schema: { type: 'object' } }], messages };
	const answer = await box.call('/v1/messages', body, { headers: { 'x-api-key': key, ...headers } });
	expect(answer.status).toBe(200);
	return { body: JSON.stringify(body), upstream: sent.at(-1) ?? '', headers: answer.headers };
}

const contentOf = (body: string, index: number): string => JSON.parse(body).messages[index].content[0].content;
const recordOf = async (id: unknown) => (await ask('GET', `/calls/${String(id)}`)).json as CallRecord;
const dietOf = async () => ((await ask('GET', '/savings?days=1')).json as SavingsReport).diet;
const sumsOf = async (mode: 'on' | 'observe') => (await dietOf()).find((one) => one.mode === mode);

async function keyFor(name: string) {
	const member = (await ask('POST', '/members', { name })).json as { readonly id: string };
	const made = (await ask('POST', '/keys', { member: name })).json as { readonly secret: string };
	return { memberId: member.id, headers: { 'x-api-key': made.secret } };
}

describe('a long log', () => {
	let first: Awaited<ReturnType<typeof send>>;

	it('is trimmed when it first appears, and no other byte changes', async () => {
		first = await send(OPENING);
		const trimmed = contentOf(first.upstream, 2);
		expect(trimmed).toContain('FAIL test/a.test.ts');
		expect(trimmed).toMatch(
			/\[innerloop left out \d+ of 600 lines\. The whole text, should it be needed: curl -sS http:\/\/127\.0\.0\.1:\d+\/innerloop\/v1\/originals\/[0-9a-f]{32}\]$/,
		);
		expect(trimmed.length).toBeLessThan(LOG.length / 3);
		expect(first.upstream).toBe(first.body.replace(JSON.stringify(LOG), JSON.stringify(trimmed)));
		expect(String(first.headers['x-innerloop-reasons'])).toContain('trimmed');
		const { decision } = await recordOf(first.headers['x-innerloop-call']);
		expect(decision.diet).toMatchObject({ mode: 'on', trimmed: 1, rules: ['long-log'] });
		expect(decision.diet?.gainNanoUsd).toBeGreaterThan(0);
		expect(decision.reasons.find(({ code }) => code === 'trimmed')?.text).toMatch(
			/^1 tool results were trimmed by about \d+ tokens \(long-log\): worth \$0\.0/,
		);
	});

	it('stays the same bytes on every later turn, when asked again, and after a restart', async () => {
		const prefix = first.upstream.slice(0, first.upstream.lastIndexOf(']'));
		const later = [...OPENING, use('t2', 'Edit', { file_path: 'a.ts' }), result('t2', 'done')];
		const second = await send(later);
		expect(second.upstream.startsWith(prefix)).toBe(true);
		expect(String(second.headers['x-innerloop-reasons'])).not.toContain('trimmed');
		const { decision } = await recordOf(second.headers['x-innerloop-call']);
		expect(decision.diet).toMatchObject({ trimmed: 0, gainNanoUsd: 0 });
		expect(decision.diet?.savedNanoUsd).toBeGreaterThan(0);
		expect((await send(OPENING)).upstream).toBe(first.upstream);
		await box[Symbol.asyncDispose]();
		box = await start();
		expect((await send(later)).upstream).toBe(second.upstream);
	});

	it('is read back by its address, once counted as false, and by no other', async () => {
		const url = /http:\S+originals\/[0-9a-f]{32}/.exec(contentOf(first.upstream, 2))?.[0] ?? '';
		const path = new URL(url).pathname;
		const original = await fetch(box.url + path);
		expect([original.status, await original.text()]).toEqual([200, LOG]);
		await fetch(box.url + path);
		for (const wrong of [`${path.slice(0, -32)}${'0'.repeat(32)}`, path.slice(0, -1), `${path}%27`])
			expect((await fetch(box.url + wrong)).status).toBe(404);
		expect(await sumsOf('on')).toMatchObject({ trimmed: 1, falseTrims: 1 });
	});

	it('is counted as false when its command is run again with nothing changed in between', async () => {
		const again = [{ role: 'user', content: 'another' }, use('f1', 'Bash', { command: 'npm ci' }), result('f1', LOG)];
		await send(again);
		const before = (await sumsOf('on'))?.falseTrims ?? 0;
		const repeat = (between: readonly unknown[]) => [...again, ...between, use('f2', 'Bash', { command: 'npm ci' }), result('f2', 'short')];
		await send(repeat([use('e', 'Edit', {}), result('e', 'ok')]));
		expect((await sumsOf('on'))?.falseTrims).toBe(before);
		await send(repeat([use('r', 'Read', {}), result('r', 'ok')]));
		await send(repeat([]));
		expect((await sumsOf('on'))?.falseTrims).toBe(before + 1);
	});
});

describe('what is left alone', () => {
	it('is a log that stood in the conversation before the diet, a call that says so, and one of a member without it', async () => {
		const old = [
			{ role: 'user', content: 'x' },
			use('o1', 'Bash', RUN),
			result('o1', LOG),
			{ role: 'assistant', content: 'seen' },
			{ role: 'user', content: 'go on' },
		];
		const eve = await keyFor('eve');
		for (const [messages, headers] of [
			[old, {}],
			[[{ role: 'user', content: 'x' }, use('o2', 'Bash', RUN), result('o2', LOG)], { 'x-innerloop-diet': 'off' }],
			[[{ role: 'user', content: 'x' }, use('o3', 'Bash', RUN), result('o3', LOG)], eve.headers],
		] as const) {
			const { body, upstream: got } = await send(messages, headers);
			expect(got).toBe(body);
		}
	});

	it('is a file, an unknown tool’s result, and text beside an image', async () => {
		for (const [name, input, content] of [
			['Read', { file_path: 'a.ts' }, FILE],
			['Bash', { command: 'cat a.log' }, LOG],
			['mcp__x__run', {}, LOG],
			[
				'Bash',
				RUN,
				[
					{ type: 'text', text: LOG },
					{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aGk=' } },
				],
			],
		] as const) {
			const { body, upstream: got } = await send([
				{ role: 'user', content: 'x' },
				use(`k-${name}`, name, input),
				result(`k-${name}`, content),
			]);
			expect(got).toBe(body);
		}
	});

	it('is everything where the diet only observes, and what it would have done is counted', async () => {
		const ada = await keyFor('ada');
		const {
			body,
			upstream: got,
			headers,
		} = await send([{ role: 'user', content: 'x' }, use('a1', 'Bash', RUN), result('a1', LOG)], ada.headers);
		expect(got).toBe(body);
		expect(String(headers['x-innerloop-reasons'])).toContain('trim-observed');
		expect(await sumsOf('observe')).toMatchObject({ results: 1, trimmed: 1, falseTrims: 0 });
	});
});

describe('a file that is read again unchanged', () => {
	const read = (id: string) => use(id, 'Read', { file_path: 'a.ts' });
	const twice = [{ role: 'user', content: 'x' }, read('r1'), result('r1', FILE), read('r2'), result('r2', FILE)];

	it('is left out the second time, as long as the first one stands', async () => {
		const whole = await send(twice.slice(0, 3));
		expect(whole.upstream).toBe(whole.body);
		const again = await send(twice);
		expect(contentOf(again.upstream, 2)).toBe(FILE);
		expect(contentOf(again.upstream, 4)).toMatch(/^\[innerloop: the same text, to the letter, as an earlier tool result/);
		const compacted = await send([{ role: 'user', content: 'a summary' }, ...twice.slice(3)]);
		expect(compacted.upstream).toBe(compacted.body);
	});

	it('is sent whole when a byte of it has changed', async () => {
		const changed = await send([...twice, read('r3'), result('r3', `${FILE}\n`)]);
		expect(contentOf(changed.upstream, 6)).toBe(`${FILE}\n`);
	});
});

describe('the other dialects', () => {
	const call = {
		id: 'c1',
		type: 'function',
		function: { name: 'shell', arguments: JSON.stringify({ command: ['bash', '-lc', 'npm test'] }) },
	};
	const messages = [
		{ role: 'user', content: 'x' },
		{ role: 'assistant', content: null, tool_calls: [call] },
		{ role: 'tool', tool_call_id: 'c1', content: LOG },
	];
	const input = [
		{ role: 'user', content: 'x' },
		{ type: 'function_call', call_id: 'c1', name: 'shell', arguments: call.function.arguments },
		{ type: 'function_call_output', call_id: 'c1', output: LOG },
	];

	it.each([
		['/v1/chat/completions', { model: 'gpt-5.4', messages }],
		['/v1/responses', { model: 'gpt-5.4', input }],
	])('are trimmed at %s, and stay so', async (path, body) => {
		const headers = { 'x-api-key': key };
		const got = async () => {
			await box.call(path, body, { headers });
			return sent.at(-1) ?? '';
		};
		const first = await got();
		expect(first).toContain('innerloop left out');
		expect(first).not.toContain('test number 100 passed');
		const trimmed = /"(?:content|output)":("(?:[^"\\]|\\.)*originals[^"]*")/.exec(first)?.[1] ?? '';
		const untouched = JSON.stringify(body).replace(JSON.stringify(LOG), trimmed);
		expect(first.replace(/^\{"max_\w+":\d+,/, '{')).toBe(untouched);
		expect(await got()).toBe(first);
	});
});

it('is told by the command line, and forgotten with its member', async () => {
	const context = recordedContext({ INNERLOOP_KEY: key }, dataDir);
	expect(await runCommandLine(['spend', 'saved', '--address', box.url], context)).toBe(0);
	expect(context.out()).toMatch(/The diet trimmed \d+ of \d+ long tool results by about \d+ tokens, expected to be worth \$\d/);
	expect(context.out()).toMatch(/The diet would have trimmed 1 of 1 /);
	const bob = await keyFor('bob');
	const { upstream: got } = await send([{ role: 'user', content: 'x' }, use('b1', 'Bash', RUN), result('b1', LOG)], bob.headers);
	const path = new URL(/http:\S+originals\/[0-9a-f]{32}/.exec(contentOf(got, 2))?.[0] ?? '').pathname;
	expect((await fetch(box.url + path)).status).toBe(200);
	expect((await ask('DELETE', `/members/${bob.memberId}`)).status).toBeLessThan(300);
	expect((await fetch(box.url + path)).status).toBe(404);
});
