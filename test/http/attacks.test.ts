/** The attack list, each one tried: rebinding, forgery, SSRF, guessing, one member against another, hostile JSON, keys in the log. False boxes: pairing.test.ts. */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CSRF_HEADER, type NewPairingCodeReport } from '../../appliance/protocol/access.ts';
import type { CallsReport, SpendReport } from '../../appliance/protocol/admin.ts';
import { type Browser, createBrowser } from './support/browser.ts';
import { type LoopbackUpstream, startUpstream } from './support/loopback-upstream.ts';
import { send } from './support/raw-client.ts';
import { ask, startBox, type TestBox, testConfig } from './support/start-box.ts';

const PASSWORD = 'plinth otter 91 gauze';
let upstream: LoopbackUpstream;
let box: TestBox;
let people: Record<'owner' | 'member' | 'viewer', Browser>;
const memberKeys: Record<string, string> = {};

/** Every address as the server itself was given it: what a person forgets to list is here all the same. */
const routes: { readonly method: string; readonly url: string; readonly access: string }[] = [];
const onServer = (message: unknown) =>
	(message as { readonly fastify: FastifyInstance }).fastify.addHook('onRoute', ({ method, url, config }) => {
		for (const one of [method].flat().filter((name) => name !== 'HEAD'))
			routes.push({ method: one, url, access: (config as { readonly access?: string } | undefined)?.access ?? 'caller' });
	});

beforeAll(async () => {
	upstream = await startUpstream((_request, reply) => {
		const usage = { input_tokens: 5, output_tokens: 2 };
		const body = {
			id: 'msg_1',
			type: 'message',
			role: 'assistant',
			model: 'claude-opus-4-8',
			content: [{ type: 'text', text: 'ok' }],
			usage,
		};
		reply
			.writeHead(200, { 'content-type': 'application/json' })
			.end(JSON.stringify({ ...body, stop_reason: 'end_turn', stop_sequence: null }));
	});
	subscribe('fastify.initialization', onServer);
	box = await startBox({ anthropic: upstream.baseUrl });
	unsubscribe('fastify.initialization', onServer);
	const owner = createBrowser(box.url);
	await owner.post('/claim', { code: box.service.claim?.code, password: PASSWORD });
	const joined = async (name: string) => {
		const { id } = (await owner.post<{ id: string }>('/members', { name })).json;
		memberKeys[name] = (await owner.post<{ secret: string }>('/keys', { member: name })).json.secret;
		const { code } = (await owner.post<NewPairingCodeReport>('/pairing/codes', { member: name })).json;
		const browser = createBrowser(box.url);
		expect((await browser.post('/join', { code, password: PASSWORD })).status).toBe(201);
		return { browser, id };
	};
	const [ada, eve] = [await joined('ada'), await joined('eve')];
	const keys = (await owner.get<{ keys: { id: string; memberName: string }[] }>('/keys')).json.keys;
	await owner.delete(`/keys/${keys.find(({ memberName }) => memberName === 'eve')?.id}`);
	expect((await owner.patch(`/accounts/${eve.id}`, { role: 'viewer' })).status).toBe(200);
	people = { owner, member: ada.browser, viewer: eve.browser };
});
afterAll(async () => {
	await box[Symbol.asyncDispose]();
	await upstream[Symbol.asyncDispose]();
});

describe('rebinding: a page under a name that points here', () => {
	it.each(['attacker.example', 'attacker.example:7341', '127.0.0.1.attacker.example'])('is not answered as %j', async (host) => {
		for (const path of ['/innerloop/v1/session', '/innerloop/v1/members', '/'])
			expect(
				(await send(box.url + path, { method: 'GET', headers: { host, cookie: people.owner.cookie() } })).status,
			).toBeGreaterThanOrEqual(400);
	});
});

describe('forgery: a page of another site with the owner’s cookie', () => {
	const forge = (headers: Record<string, string>, body = '{"name":"mallory"}') =>
		send(`${box.url}/innerloop/v1/members`, {
			headers: { 'content-type': 'application/json', cookie: people.owner.cookie(), ...headers },
			body,
		});

	it.each<[string, Record<string, string>]>([
		['without the token', {}],
		['with a wrong token', { [CSRF_HEADER]: 'A'.repeat(43) }],
		['with an empty token', { [CSRF_HEADER]: '' }],
	])('changes nothing %s', async (_, headers) => {
		expect((await forge(headers)).status).toBe(403);
	});
	it('changes nothing from another origin or site, even with the token', async () => {
		const token = { [CSRF_HEADER]: people.owner.csrf() };
		expect((await forge({ ...token, origin: 'http://attacker.example' })).status).toBe(403);
		expect((await forge({ ...token, origin: 'null' })).status).toBe(403);
		expect((await forge({ ...token, 'sec-fetch-site': 'cross-site' })).status).toBe(403);
		expect((await forge({ ...token, 'content-type': 'text/plain' })).status).toBe(415);
	});
	it('cannot log a victim into the attacker’s account', async () => {
		const body = JSON.stringify({ name: 'ada', password: PASSWORD });
		const headers = { 'content-type': 'application/json', origin: 'http://attacker.example' };
		expect((await send(`${box.url}/innerloop/v1/session`, { headers, body })).status).toBe(403);
	});
	it('does not take another person’s token', async () => {
		expect((await forge({ [CSRF_HEADER]: people.member.csrf() })).status).toBe(403);
		const { json } = await people.owner.get<{ members: { name: string }[] }>('/members');
		expect(json.members.map(({ name }) => name)).not.toContain('mallory');
	});
});

describe('SSRF: an address that leads the box where it must not go', () => {
	it.each([
		'http://169.254.169.254',
		'http://[fe80::1]',
		'http://[::ffff:169.254.169.254]',
		'http://metadata.google.internal',
		'http://2852039166',
	])('does not start with %s as a provider', async (baseUrl) => {
		const providers = { anthropic: { baseUrl, dialects: ['anthropic'], keyEnv: 'TEST_ANTHROPIC_KEY', auth: 'x-api-key' } };
		await expect(startBox({ config: { ...testConfig({ anthropic: baseUrl }), providers } })).rejects.toThrow(/link-local or metadata/);
	});
	it('does not follow a redirect elsewhere with its key', async () => {
		let visits = 0;
		await using elsewhere = await startUpstream((_request, reply) => {
			visits += 1;
			reply.writeHead(200).end('{}');
		});
		await using bad = await startUpstream(
			(_request, reply) => void reply.writeHead(307, { location: `${elsewhere.baseUrl}/v1/messages` }).end(),
		);
		await using other = await startBox({ anthropic: bad.baseUrl });
		expect((await other.call('/v1/messages', ask('hi'))).status).toBe(502);
		expect(visits).toBe(0);
	});
});

describe('one member against another', () => {
	/** Every admin address: the least role that gets in. `self` is the person's own business, whatever the role. */
	const TABLE: readonly (readonly [method: string, path: string, least: 'viewer' | 'member' | 'owner' | 'console'])[] = [
		['GET', '/status', 'viewer'],
		['GET', '/deployments', 'viewer'],
		['GET', '/box', 'viewer'],
		['POST', '/session/password', 'viewer'],

		['GET', '/log', 'owner'],
		['GET', '/support', 'owner'],
		['GET', '/backup', 'owner'],
		['POST', '/restore', 'owner'],
		['GET', '/update', 'owner'],
		['POST', '/update', 'owner'],
		['GET', '/config', 'owner'],
		['PUT', '/config', 'owner'],
		['POST', '/config/check', 'owner'],
		['GET', '/providers', 'owner'],
		['POST', '/providers/none/test', 'owner'],
		['GET', '/models', 'viewer'],
		['GET', '/calls', 'viewer'],
		['GET', '/calls/call_none', 'viewer'],
		['GET', '/explain/call_none', 'viewer'],
		['GET', '/earned', 'viewer'],
		['GET', '/savings', 'viewer'],
		['GET', '/learning', 'owner'],
		['GET', '/spend', 'viewer'],
		['GET', '/spend/days', 'viewer'],
		['POST', '/explain', 'member'],
		['POST', '/explain/v1/messages', 'member'],
		['POST', '/explain/v1/chat/completions', 'member'],
		['POST', '/explain/v1/responses', 'member'],
		['POST', '/feedback', 'member'],
		['GET', '/spend.csv', 'owner'],
		['GET', '/alerts', 'owner'],
		['GET', '/members', 'owner'],
		['POST', '/members', 'owner'],
		['PATCH', '/members/none', 'owner'],
		['DELETE', '/members/none', 'owner'],
		['GET', '/keys', 'owner'],
		['POST', '/keys', 'owner'],
		['PATCH', '/keys/none', 'owner'],
		['DELETE', '/keys/none', 'owner'],
		['GET', '/accounts', 'owner'],
		['PATCH', '/accounts/none', 'owner'],
		['DELETE', '/accounts/none', 'owner'],
		['GET', '/pairing/codes', 'owner'],
		['POST', '/pairing/codes', 'owner'],
		['DELETE', '/pairing/codes/ZZ', 'owner'],
		['GET', '/audit', 'owner'],
		['GET', '/secrets', 'owner'],
		['PUT', '/secrets/NONE', 'owner'],
		['DELETE', '/secrets/NONE', 'owner'],
		['POST', '/claim/code', 'console'],
	];
	const RANK = { viewer: 0, member: 1, owner: 2, console: 3 };
	/** For everybody: the way in, what a client needs before it trusts the box, and what has no secrets. */
	const OPEN: ReadonlySet<string> = new Set([
		'GET /',
		'GET /healthz',
		'GET /readyz',
		'GET /admin',
		'GET /admin/',
		'GET /admin/assets/:name',
		'GET /connect',
		'GET /connect.mjs',
		'GET /innerloop/v1/authority.pem',
		// By an id that nobody can guess, which stands only in the trimmed text.
		'GET /innerloop/v1/originals/:id',
		'GET /innerloop/v1/session',
		...['session', 'claim', 'claim/check', 'join', 'pairing/start', 'pairing/finish'].map((path) => `POST /innerloop/v1/${path}`),
	]);
	/** For a member's key alone: calls. */
	const CALLS: ReadonlySet<string> = new Set([
		...['messages', 'messages/count_tokens', 'chat/completions'].map((path) => `POST /v1/${path}`),
		...['responses', 'responses/compact', 'responses/input_tokens'].map((path) => `POST /v1/${path}`),
		...['responses', 'models', 'models/:id'].map((path) => `GET /v1/${path}`),
	]);
	/** For viewers, and not tried row by row: one streams without end, one ends the session that the rows are tried with. */
	const VIEWERS: ReadonlySet<string> = new Set(['GET /metrics', 'GET /admin/live', 'DELETE /innerloop/v1/session']);

	it('every address that the server has stands in one of these lists, with the role that it asks for', () => {
		expect(routes.length).toBeGreaterThan(40);
		const isRow = (method: string, url: string, access: string) => {
			const pattern = new RegExp(`^${url.replaceAll(/:\w+/g, '[^/]+').replaceAll('*', '.+')}$`);
			return TABLE.some(([rowMethod, path, least]) => rowMethod === method && least === access && pattern.test(`/innerloop/v1${path}`));
		};
		const unlisted = routes.filter(({ method, url, access }) => {
			const name = `${method} ${url}`;
			if (access === 'open') return !OPEN.has(name);
			if (access === 'caller') return !CALLS.has(name);
			return !isRow(method, url, access) && !(access === 'viewer' && VIEWERS.has(name));
		});
		expect(unlisted).toEqual([]);
	});

	const body = (method: string) => (method === 'GET' || method === 'DELETE' ? undefined : {});

	it.each(TABLE)('%s %s is for %s and above', async (method, path, least) => {
		for (const role of ['viewer', 'member', 'owner'] as const) {
			const { status } = await people[role].send(method, `/innerloop/v1${path}`, body(method));
			if (RANK[role] < RANK[least]) expect([role, status]).toEqual([role, 403]);
			else expect([401, 403]).not.toContain(status);
		}
		const stranger = await createBrowser(box.url).send(method, `/innerloop/v1${path}`, body(method));
		expect(stranger.status).toBe(401);
	});

	it('sees neither calls nor spending of others, and no difference between theirs and none', async () => {
		const { headers } = await box.call('/v1/messages', ask('the owner’s own'));
		const id = String(headers['x-innerloop-call']);
		expect((await people.owner.get(`/calls/${id}`)).status).toBe(200);
		for (const role of ['member', 'viewer'] as const) {
			const [theirs, none] = [await people[role].get(`/calls/${id}`), await people[role].get('/calls/call_0')];
			expect([theirs.status, theirs.text.replace(id, 'X')]).toEqual([404, none.text.replace('call_0', 'X')]);
			expect((await people[role].get<CallsReport>('/calls')).json.calls).toEqual([]);
			const { rows } = (await people[role].get<SpendReport>('/spend')).json;
			expect(rows.filter(({ scope, name }) => scope !== 'team' && name !== 'ada' && name !== 'eve')).toEqual([]);
		}
	});
});

describe('hostile JSON', () => {
	const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
	const SCHEMA = {
		type: 'object',
		$ref: '#',
		properties: { __proto__: { polluted: true }, constructor: { type: 'string', pattern: '^(a+)+$' }, self: { $ref: '#/properties/self' } },
		allOf: Array.from({ length: 500 }, () => ({ $ref: '#' })),
	};
	it.each<[string, string]>([
		['nested without end', deep],
		['with a prototype in it', '{"__proto__":{"isOwner":true},"name":"x","password":"y"}'],
		['of another shape', '[1,2,3]'],
		['cut short', '{"name":'],
		['null', 'null'],
	])('%s is refused at every door, and the box lives', async (_, text) => {
		for (const path of ['session', 'claim', 'join', 'pairing/start', 'pairing/finish', 'claim/check']) {
			const reply = await send(`${box.url}/innerloop/v1/${path}`, { headers: { 'content-type': 'application/json' }, body: text });
			expect([path, reply.status >= 400 && reply.status < 500]).toEqual([path, true]);
		}
		expect((await people.owner.send('POST', '/innerloop/v1/members', undefined)).status).toBeGreaterThanOrEqual(400);
		expect((await send(`${box.url}/healthz`, { method: 'GET' })).status).toBe(200);
	});
	it('as a tool’s schema does not hold the box up', async () => {
		const tools = [{ name: 'Evil', description: 'x', input_schema: SCHEMA }];
		const [reply, health] = await Promise.all([
			box.call('/v1/messages', ask('hi', { tools })),
			send(`${box.url}/healthz`, { method: 'GET' }),
		]);
		expect(reply.status).toBeLessThan(500);
		expect(health.status).toBe(200);
		expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
	});
});

describe('guessing', () => {
	it('waits after five wrong passwords, however many come at once, and whoever is in stays in', async () => {
		const guess = (_: unknown, n: number) =>
			send(`${box.url}/innerloop/v1/session`, {
				headers: { 'content-type': 'application/json' },
				body: JSON.stringify({ name: 'owner', password: `guess ${n}` }),
			});
		const answers = await Promise.all(Array.from({ length: 12 }, guess));
		expect(answers.filter(({ status }) => status === 401)).toHaveLength(5);
		const late = answers.filter(({ status }) => status === 429);
		expect(late).toHaveLength(7);
		for (const { headers } of late) expect(Number(headers['retry-after'])).toBeGreaterThan(0);
		expect((await people.owner.get('/members')).status).toBe(200);
	});
});

describe('keys in the log', () => {
	it('there is none, nor a password, cookie, token or code, after all of the above', async () => {
		box.service.flushLog();
		const text = await readFile(box.logFile, 'utf8');
		expect(text).toContain('"msg"');
		const { token } = await box.serviceFile();
		const secrets = [box.key, token, PASSWORD, 'sk-ant-of-the-box', ...Object.values(memberKeys), box.service.claim?.code ?? ''];
		for (const person of Object.values(people)) secrets.push(person.cookie().split('=')[1] ?? '', person.csrf());
		for (const secret of secrets) {
			expect(secret.length).toBeGreaterThan(7);
			expect(text).not.toContain(secret);
		}
	});
});
