import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { StatusReport } from '../../appliance/protocol/admin.ts';
import { type LoopbackUpstream, startUpstream } from './support/loopback-upstream.ts';
import { admin, ask, startBox, type TestBox } from './support/start-box.ts';

const REPLY =
	'{"id":"m","type":"message","role":"assistant","model":"claude-opus-4-8","content":[],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":5}}';
const KNOWN = 'claude-cli/2.1.330 (external, cli)';
const NEWER = 'claude-cli/2.9.0 (external, cli)';
const STRANGER = 'brand-new-agent/0.1 (+https://agent.example)';

let upstream: LoopbackUpstream;
let dataDir: string;
let box: TestBox;
let key: string;

const callAs = (agent: string) => box.call('/v1/messages', ask('x'), { headers: { 'user-agent': agent, 'x-api-key': key } });
const clients = async () => ((await admin(box.url, key, 'GET', '/status')).json as StatusReport).clients;
const warnings = async () => {
	box.service.flushLog();
	const lines = (await readFile(box.logFile, 'utf8')).split('\n').filter((line) => line.includes('"msg":"a client that'));
	return lines.map((line) => (JSON.parse(line) as { readonly client: string }).client);
};

beforeAll(async () => {
	upstream = await startUpstream((_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(REPLY));
	dataDir = await mkdtemp(join(tmpdir(), 'innerloop-clients-'));
	box = await startBox({ anthropic: upstream.baseUrl, dataDir });
	key = box.key;
});
afterAll(async () => {
	await box[Symbol.asyncDispose]();
	await upstream[Symbol.asyncDispose]();
	await rm(dataDir, { recursive: true, force: true });
});

it('an unknown client or version is served like any other, as it is, and said once', async () => {
	for (const agent of [KNOWN, NEWER, STRANGER, STRANGER, NEWER]) {
		const reply = await callAs(agent);
		expect(reply.status).toBe(200);
		expect(upstream.received.at(-1)?.headers['user-agent']).toBe(agent);
	}
	expect(await clients()).toMatchObject([
		{ name: 'claude-code', version: '2.9.0', state: 'unknown-version', calls: 2 },
		{ name: 'brand-new-agent', version: '0.1', state: 'unknown-client', calls: 2 },
		{ name: 'claude-code', version: '2.1.330', state: 'known', calls: 1 },
	]);
	expect(await warnings()).toEqual(['claude-code', 'brand-new-agent']);
	const metrics = await box.call('/metrics', '', { method: 'GET' });
	expect(metrics.text).toContain('innerloop_client_calls{state="unknown-client"} 2');
	expect(metrics.text).not.toContain('brand-new-agent');
});

it('is remembered over a restart, and not said again', async () => {
	const before = await clients();
	await box[Symbol.asyncDispose]();
	box = await startBox({ anthropic: upstream.baseUrl, dataDir });
	expect(await clients()).toEqual(before);
	await callAs(STRANGER);
	const [latest] = await clients();
	expect(latest).toMatchObject({
		name: 'brand-new-agent',
		calls: 3,
		firstSeenAt: before.find(({ name }) => name === 'brand-new-agent')?.firstSeenAt,
	});
	expect(await warnings()).toEqual(['claude-code', 'brand-new-agent']);
});

it('cannot fill the list with names of its own', async () => {
	const names = Array.from({ length: 230 }, (_, at) => `agent-${at}/1`);
	for (let at = 0; at < names.length; at += 10) await Promise.all(names.slice(at, at + 10).map(callAs));
	const list = await clients();
	expect(list.length).toBeLessThanOrEqual(201);
	expect(list.find(({ name }) => name === 'others')?.calls).toBeGreaterThanOrEqual(30);
});
