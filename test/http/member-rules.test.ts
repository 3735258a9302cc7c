import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { NewKeyReport } from '../../appliance/protocol/admin.ts';
import type { CallRecord, ListedKey, Member } from '../../appliance/protocol/ports.ts';
import { type LoopbackUpstream, startUpstream } from './support/loopback-upstream.ts';
import { ask, startBox, type TestBox, testConfig } from './support/start-box.ts';

const REPLY =
	'{"id":"m","type":"message","role":"assistant","model":"claude-opus-4-8","content":[{"type":"text","text":"well"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":5}}';

let upstream: LoopbackUpstream;
let box: TestBox;
let ada: Member;
let key: string;
let keyId: string;

beforeAll(async () => {
	upstream = await startUpstream(() => {});
});
afterAll(() => upstream[Symbol.asyncDispose]());
beforeEach(async () => {
	upstream.received.length = 0;
	upstream.answer = (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(REPLY);
	box = await startBox({ anthropic: upstream.baseUrl, config: { aliases: { 'claude-secret-project': { data: 'local-only' } } } });
	ada = (await box.admin('POST', '/members', { name: 'ada' })).json as Member;
	const made = (await box.admin('POST', '/keys', { member: 'ada' })).json as NewKeyReport;
	key = made.secret;
	keyId = made.key.id;
	return () => box[Symbol.asyncDispose]();
});

const callAs = (secret: string, body: unknown, headers: Readonly<Record<string, string>> = {}, path = '/v1/messages') =>
	box.call(path, body, { headers: { 'x-api-key': secret, ...headers } });
const setMember = (change: unknown) => box.admin('PATCH', `/members/${ada.id}`, change);
/** Its cap makes it an inner call, which prefers a cheap model. */
const small = (model: string) => ask(`a question for ${model}`, { model, max_tokens: 100 });

describe('a data rule', () => {
	const rules: readonly (readonly [string, () => Promise<unknown>, Readonly<Record<string, string>>, string])[] = [
		['the member', () => setMember({ isLocalOnly: true }), {}, 'claude-opus-4-8'],
		['the key', () => box.admin('PATCH', `/keys/${keyId}`, { isLocalOnly: true }), {}, 'claude-opus-4-8'],
		['a header of the call', async () => {}, { 'x-innerloop-data': 'local-only' }, 'claude-opus-4-8'],
		['the model name', async () => {}, {}, 'claude-secret-project'],
	];

	it.each(rules)('of %s refuses in dialect what the box cannot answer itself, and sends nothing', async (by, set, headers, model) => {
		await set();
		const bodies: readonly (readonly [string, unknown])[] = [
			['/v1/messages', ask('x', { model })],
			['/v1/messages/count_tokens', { model, messages: [{ role: 'user', content: 'x' }] }],
		];
		for (const [path, body] of bodies) {
			const reply = await callAs(key, body, headers, path);
			expect(reply.status).toBe(403);
			const { type, error } = JSON.parse(reply.text) as { type: string; error: { type: string; message: string } };
			expect({ type, kind: error.type }).toEqual({ type: 'error', kind: 'permission_error' });
			expect(error.message).toContain(`A data rule of ${by} keeps this text on the box`);
			expect(reply.headers['x-innerloop-reasons']).toContain('kept-here');
		}
		expect(upstream.received).toHaveLength(0);
	});

	it('is a reason at every deployment, and cannot be lifted by a header, an alias or the right to force', async () => {
		await setMember({ isLocalOnly: true });
		const forcing = ((await box.admin('POST', '/keys', { member: 'ada', mayForce: true, isLocalOnly: false })).json as NewKeyReport).secret;
		const reply = await callAs(forcing, ask('x'), { 'x-innerloop-deployment': 'opus', 'x-innerloop-tier': 'frontier' });
		expect(reply.status).toBe(403);
		const { decision } = (await box.admin('GET', `/explain/${reply.headers['x-innerloop-call']}`)).json as CallRecord;
		expect(decision.rejected.map(({ deployment, reasons }) => [deployment, reasons.some(({ code }) => code === 'data-rule')])).toEqual([
			['opus', true],
			['sonnet', true],
		]);
		expect((await callAs(key, ask('x'), { 'x-innerloop-data': 'anywhere' })).status).toBe(400);
		expect((await callAs(key, ask('x'), { 'x-innerloop-data': '' })).status).toBe(400);
		expect(upstream.received).toHaveLength(0);
	});

	it('holds from the next call on, until it is taken away', async () => {
		expect((await callAs(key, ask('x'))).status).toBe(200);
		await setMember({ isLocalOnly: true });
		expect((await callAs(key, ask('x'))).status).toBe(403);
		await setMember({ dayUsd: 5 });
		expect((await callAs(key, ask('x'))).status).toBe(403);
		await setMember({ isLocalOnly: false });
		expect((await callAs(key, ask('x'))).status).toBe(200);
		expect(((await setMember({ monthUsd: 7 })).json as Member).rules).toBeUndefined();
	});
});

describe('tiers and deployments', () => {
	it('of a member bound each of its keys', async () => {
		await setMember({ allowedTiers: ['mid'] });
		expect((await callAs(key, ask('x', { max_tokens: 4_000 }))).headers['x-innerloop-deployment']).toBe('sonnet');
		await setMember({ allowedTiers: null, allowedDeployments: ['opus'] });
		const reply = await callAs(key, small('claude-sonnet-4-6'));
		expect(reply.headers['x-innerloop-deployment']).toBe('opus');
		expect(
			((await box.admin('GET', '/keys')).json as { keys: ListedKey[] }).keys.find(({ id }) => id === keyId)?.allowedDeployments,
		).toEqual(['opus']);
	});

	it.each([
		[{ allowedTiers: [] }, 'allowedTiers'],
		[{ allowedTiers: ['huge'] }, 'allowedTiers'],
		[{ allowedDeployments: ['opsu'] }, 'Known: local, opus, sonnet'],
		[{ requestsPerMinute: 0 }, 'requestsPerMinute'],
		[{ isLocalOnly: 'yes' }, 'isLocalOnly'],
		[{ isLocalOnyl: true }, 'isLocalOnyl'],
	])('that make no sense are refused: %j', async (change, words) => {
		const { status, json } = await setMember(change);
		expect(status).toBe(400);
		expect(JSON.stringify(json)).toContain(words);
	});
});

describe('never below what was asked', () => {
	const answered = async (model: string) => (await callAs(key, small(model))).headers['x-innerloop-deployment'];

	it('gives the model that was named, where its role would take a cheaper one; the reply says who answered', async () => {
		expect(await answered('claude-opus-4-8')).toBe('sonnet');
		await setMember({ neverBelowAsked: true });
		expect(await answered('claude-opus-4-8')).toBe('opus');
		expect(await answered('claude-sonnet-4-6')).toBe('sonnet');
		// A frontier model that is not configured: only that tier is above doubt.
		expect(await answered('claude-opus-9')).toBe('opus');
	});

	it('refuses by the budget rather than give less', async () => {
		await setMember({ neverBelowAsked: true, dayUsd: 0.001 });
		const reply = await callAs(key, ask('word '.repeat(2_000), { max_tokens: 2_000 }));
		expect(reply.status).toBe(402);
		expect(JSON.parse(reply.text)).toMatchObject({ error: { type: 'billing_error' } });
		expect(upstream.received).toHaveLength(0);
	});

	it('says an error where no such model can answer', async () => {
		await setMember({ neverBelowAsked: true, allowedTiers: ['mid'] });
		const reply = await callAs(key, small('claude-opus-4-8'));
		expect(reply.status).toBe(503);
		expect(upstream.received).toHaveLength(0);
	});

	it('takes a role, tier or deployment that is demanded for what was asked', async () => {
		await setMember({ neverBelowAsked: true });
		const forcing = ((await box.admin('POST', '/keys', { member: 'ada', mayForce: true })).json as NewKeyReport).secret;
		const reply = await callAs(forcing, small('claude-opus-4-8'), { 'x-innerloop-tier': 'mid' });
		expect(reply.headers['x-innerloop-deployment']).toBe('sonnet');
	});
});

describe('limits', () => {
	it('of calls at once count all keys of a member together, and count down when a call ends', async () => {
		await setMember({ parallelCalls: 1 });
		const second = ((await box.admin('POST', '/keys', { member: 'ada' })).json as NewKeyReport).secret;
		const arrived = Promise.withResolvers<void>();
		const go = Promise.withResolvers<void>();
		upstream.answer = (_, response) => {
			arrived.resolve();
			void go.promise.then(() => response.writeHead(200, { 'content-type': 'application/json' }).end(REPLY));
		};
		const first = callAs(key, ask('x'));
		await arrived.promise;
		const refused = await callAs(second, ask('x'));
		expect(refused.status).toBe(429);
		expect(refused.headers['retry-after']).toBe('1');
		expect(JSON.parse(refused.text)).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } });
		expect((await box.call('/v1/messages', ask('x'), { method: 'GET' })).status).toBe(405);
		go.resolve();
		expect((await first).status).toBe(200);
		expect((await callAs(second, ask('x'))).status).toBe(200);
	});

	it('of requests a minute say when to come again', async () => {
		await setMember({ requestsPerMinute: 3 });
		const statuses = [];
		for (let at = 0; at < 4; at += 1) statuses.push((await callAs(key, ask('x'))).status);
		expect(statuses).toEqual([200, 200, 200, 429]);
		const retryAfter = Number((await callAs(key, ask('x'))).headers['retry-after']);
		expect(retryAfter).toBeGreaterThan(30);
		expect(retryAfter).toBeLessThanOrEqual(61);
		expect((await box.call('/v1/messages', ask('x'))).status).toBe(200);
		await setMember({ requestsPerMinute: null });
		expect((await callAs(key, ask('x'))).status).toBe(200);
	});
});

describe('what is kept', () => {
	const MARK = 'the-text-that-nobody-keeps';
	const files = async () => {
		box.service.flushLog();
		const names = await readdir(box.dataDir);
		return (await Promise.all(names.map((name) => readFile(join(box.dataDir, name), 'latin1')))).join('');
	};

	it('is never the text, of prompt or reply', async () => {
		upstream.answer = (_, response) =>
			response.writeHead(200, { 'content-type': 'application/json' }).end(REPLY.replace('well', `${MARK}-reply`));
		const reply = await callAs(key, ask(MARK, { system: `${MARK}-system`, metadata: { user_id: `${MARK}-user` } }));
		expect(reply.text).toContain(MARK);
		await box.admin('GET', `/explain/${reply.headers['x-innerloop-call']}`);
		const kept = await files();
		expect(kept.includes(String(reply.headers['x-innerloop-call']))).toBe(true);
		expect(kept.includes(MARK)).toBe(false);
	});

	it('follows the configuration while the box runs', async () => {
		const { headers } = await callAs(key, ask('x'));
		const find = async () => (await box.admin('GET', `/calls/${headers['x-innerloop-call']}`)).status;
		expect(await find()).toBe(200);
		await box.writeConfig({ ...testConfig({ anthropic: upstream.baseUrl }), retention: { calls: 0 } });
		await expect.poll(find).toBe(404);
		const later = await callAs(key, ask('x'));
		expect((await box.admin('GET', `/calls/${later.headers['x-innerloop-call']}`)).status).toBe(404);
	});

	it('of a member goes with the member', async () => {
		const { headers } = await callAs(key, ask('x'));
		expect((await box.admin('DELETE', `/members/${ada.id}`)).status).toBe(204);
		expect((await callAs(key, ask('x'))).status).toBe(401);
		expect((await box.admin('GET', `/calls/${headers['x-innerloop-call']}`)).status).toBe(404);
		expect(JSON.stringify((await box.admin('GET', '/spend')).json)).not.toContain('ada');
		expect((await box.admin('DELETE', '/members/ada')).status).toBe(404);
		const owner = (await box.admin('DELETE', '/members/owner')).json;
		expect(JSON.stringify(owner)).toContain('last owner');
	});
});
