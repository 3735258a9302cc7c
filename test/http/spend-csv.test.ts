import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NewKeyReport, SpendDaysReport } from '../../appliance/protocol/admin.ts';
import { createSpendExport } from '../../appliance/store/spend-export.ts';
import { type LoopbackUpstream, startUpstream } from './support/loopback-upstream.ts';
import { send } from './support/raw-client.ts';
import { admin, ask, startBox, type TestBox } from './support/start-box.ts';

const REPLY =
	'{"id":"m","type":"message","role":"assistant","model":"claude-opus-4-8","content":[{"type":"text","text":"well"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":1000,"output_tokens":100}}';
/** 1000 × $3 + 100 × $15 a million. */
const EACH_USD = '0.004500000';
const today = new Date().toISOString().slice(0, 10);

let upstream: LoopbackUpstream;
let box: TestBox;
let ada: string;

const csv = async (query: string, key = box.key) =>
	await send(`${box.url}/innerloop/v1/spend.csv${query}`, { method: 'GET', headers: { 'x-api-key': key } });
const rows = async (query: string) => {
	const lines = (await csv(query)).text.split('\r\n');
	expect(lines.at(-1)).toBe('');
	const [head = '', ...records] = lines.slice(0, -1);
	return records.map((line) => Object.fromEntries(line.split(',').map((cell, index) => [head.split(',')[index], cell])));
};

beforeAll(async () => {
	upstream = await startUpstream((_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(REPLY));
	box = await startBox({ anthropic: upstream.baseUrl });
	await box.admin('POST', '/members', { name: '=cmd|ada' });
	ada = ((await box.admin('POST', '/keys', { member: '=cmd|ada' })).json as NewKeyReport).secret;
	const turn = (text: string) => ask(text, { max_tokens: 4_000 });
	const as = (key: string) => ({ headers: { 'x-api-key': key, 'x-innerloop-tree': '+tree' } });
	for (const text of ['one', 'two']) await box.call('/v1/messages', turn(text), as(ada));
	await box.call('/v1/messages', turn('three'), as(box.key));
	const kept = { headers: { 'x-api-key': ada, 'x-innerloop-data': 'local-only' } };
	await box.call('/v1/messages', ask('refused', { model: '=HYPERLINK("http://x","y")' }), kept);
});
afterAll(async () => {
	await box[Symbol.asyncDispose]();
	await upstream[Symbol.asyncDispose]();
});

describe('spend.csv', () => {
	it('is a download for owners only', async () => {
		const reply = await csv('');
		expect(reply.status).toBe(200);
		expect(reply.headers['content-type']).toContain('text/csv');
		expect(reply.headers['content-disposition']).toBe(`attachment; filename="innerloop-spend-by-day-${today.slice(0, 7)}-01-${today}.csv"`);
		expect(reply.text).toBe(`day,spent_usd\r\n${today},0.013500000\r\n`);
		expect((await csv('', ada)).status).toBe(403);
		expect((await csv('', 'il_no')).status).toBe(401);
	});

	it('by member, deployment and tree adds up to the same', async () => {
		expect(await rows('?by=member')).toMatchObject([
			{ member: "'=cmd|ada", days: '1', spent_usd: '0.009000000' },
			{ member: 'owner', spent_usd: EACH_USD },
		]);
		expect(await rows('?by=deployment')).toMatchObject([{ deployment: 'opus', calls: '3', bound_calls: '0', spent_usd: '0.013500000' }]);
		const trees = await rows('?by=tree');
		expect(trees).toMatchObject([
			{ member: "'=cmd|ada", calls: '2', spent_usd: '0.009000000' },
			{ member: 'owner', calls: '1' },
		]);
		expect(trees[0]?.tree).toMatch(/\/tree\/\+tree$/);
	});

	it('by call has tokens and what cost nothing, with every formula disarmed', async () => {
		const calls = await rows('?by=call');
		expect(calls).toHaveLength(4);
		expect(calls[0]).toMatchObject({
			member: "'=cmd|ada",
			deployment: 'opus',
			spent_usd: EACH_USD,
			is_bound: 'false',
			status: '200',
			input_tokens: '1000',
			output_tokens: '100',
			is_own_login: 'false',
		});
		expect(Date.parse(calls[0]?.at ?? '')).toBeGreaterThan(Date.now() - 600_000);
		const { text } = await csv('?by=call');
		expect(text).toContain(`"'=HYPERLINK(""http://x"",""y"")"`);
		expect(text).not.toMatch(/(?:^|,|\n)"?[=+@]/);
	});

	it('holds the days that were asked for, and says what it does not understand', async () => {
		expect(await rows('?from=2026-01-01&to=2026-01-02')).toEqual([]);
		expect(await rows(`?by=call&from=${today}&to=${today}`)).toHaveLength(4);
		for (const query of ['?by=week', '?from=yesterday', '?from=2026-02-30', '?from=2026-03-02&to=2026-03-01', '?form=2026-03-02'])
			expect((await csv(query)).status, query).toBe(400);
	});

	it('is made a piece at a time, two at once, and ends with its reader', async () => {
		const path = `${box.dataDir}/innerloop.db`;
		const make = createSpendExport(path);
		const request = { by: 'call', from: '2026-01-01', to: '2099-01-01' } as const;
		const [first, second] = [make(request), make(request)];
		expect(() => make(request)).toThrow('exports are running');
		expect((await first.next()).value).toContain('at,call,member');
		await first.return();
		let text = '';
		for await (const piece of second) text += piece;
		expect(text.split('\r\n')).toHaveLength(6);
		const third = make(request);
		await third.next();
		await third.return();
		const broken = createSpendExport(`${path}-none`)(request);
		await expect(broken.next()).rejects.toMatchObject({ code: 'internal' });
	});
});

describe('spend/days', () => {
	it('is JSON, of the team and of those whom the key may see', async () => {
		const all = (await box.admin('GET', '/spend/days?days=7')).json as SpendDaysReport;
		expect(all.days.map(({ day, scope, name, settledNanoUsd }) => [day, scope, name, settledNanoUsd]).toSorted()).toEqual([
			[today, 'member', '=cmd|ada', 9_000_000],
			[today, 'member', 'owner', 4_500_000],
			[today, 'team', 'team', 13_500_000],
		]);
		const own = (await admin(box.url, ada, 'GET', '/spend/days')).json as SpendDaysReport;
		expect(own.days.map(({ name }) => name).toSorted()).toEqual(['=cmd|ada', 'team']);
		expect((await box.admin('GET', '/spend/days?days=none')).status).toBe(400);
	});
});
