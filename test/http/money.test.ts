import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { NewKeyReport, SpendReport } from '../../appliance/protocol/admin.ts';
import type { CallRecord } from '../../appliance/protocol/ports.ts';
import { startAnthropicUpstream } from '../support/upstream/anthropic.ts';
import type { Answer } from '../support/upstream/script.ts';
import type { StandIn } from '../support/upstream/stand-in.ts';
import { ask, startBox, type TestBox } from './support/start-box.ts';

let vendor: StandIn;
let box: TestBox;

const say = (text: string, over: Partial<Answer> = {}): Answer => ({ content: [text], ...over });

beforeAll(async () => {
	vendor = await startAnthropicUpstream({ script: () => say('well') });
});
afterAll(() => vendor.close());
beforeEach(async () => {
	vendor.setScript(() => say('well'));
	box = await startBox({ anthropic: vendor.url });
	return () => box[Symbol.asyncDispose]();
});

async function teamDay() {
	const { json } = await box.admin('GET', '/spend');
	const row = (json as SpendReport).rows.find(({ scope, period }) => scope === 'team' && period === 'day');
	if (row === undefined) throw new Error('the team has no day');
	return row;
}

const explain = async (id: unknown) => (await box.admin('GET', `/explain/${String(id)}`)).json as CallRecord;

async function keyWith(treeCeilingUsd: number): Promise<string> {
	const { json } = await box.admin('POST', '/keys', { member: 'owner', treeCeilingUsd });
	return (json as NewKeyReport).secret;
}

describe('what the ledger settles', () => {
	it.each([false, true])('is the vendor’s own bill to the nano-dollar (stream: %s)', async (stream) => {
		const before = vendor.bill.totalNanoUsd();
		for (const text of ['one', 'two words', 'a longer question than the others']) await box.call('/v1/messages', ask(text, { stream }));
		const billed = vendor.bill.totalNanoUsd() - before;
		const { settledNanoUsd } = await teamDay();
		expect(billed).toBeGreaterThan(0);
		expect(settledNanoUsd).toBe(billed);
	});

	it('counts cache writes and reads at their own price', async () => {
		vendor.setScript(() =>
			say('x', { usage: { inputTokens: 3, cacheReadTokens: 1_000, cacheWriteTokens: 200, cacheWrite1hTokens: 100, outputTokens: 7 } }),
		);
		const reply = await box.call('/v1/messages', ask('x', { stream: true }));
		const { outcome } = await explain(reply.headers['x-innerloop-call']);
		expect(outcome?.costNanoUsd).toBe((3 * 3_000_000 + 1_000 * 300_000 + 200 * 3_750_000 + 100 * 6_000_000 + 7 * 15_000_000) / 1_000);
		expect(outcome).toMatchObject({ isCostBound: false, cacheReadTokens: 1_000 });
	});

	it('is nothing for an error, and nothing stays reserved', async () => {
		vendor.setScript(() => ({ status: 400 }));
		await box.call('/v1/messages', ask('x'));
		expect(await teamDay()).toMatchObject({ settledNanoUsd: 0 });
	});

	it('is at least the vendor’s bill and at most the reservation for a stream that was cut', async () => {
		const before = vendor.bill.totalNanoUsd();
		vendor.setScript(() => say('a few words that are never finished', { cutAfterEvents: 4 }));
		const reply = await box.call('/v1/messages', ask('x', { stream: true }));
		expect(reply.isCut).toBe(true);
		const { decision, outcome } = await explain(reply.headers['x-innerloop-call']);
		expect(outcome?.isCostBound).toBe(true);
		expect(outcome?.costNanoUsd).toBeGreaterThanOrEqual(vendor.bill.totalNanoUsd() - before);
		expect(outcome?.costNanoUsd).toBeLessThanOrEqual(decision.reservedNanoUsd);
	});

	it('is the bound for a caller who left before the first byte: the vendor may generate on', async () => {
		vendor.setScript(() => say('x', { hangAfterEvents: -1 }));
		const gone = new AbortController();
		const call = box.call('/v1/messages', ask('x'), { signal: gone.signal }).catch(() => undefined);
		const calls = vendor.calls.length;
		while (vendor.calls.length === calls) await new Promise((resolve) => setTimeout(resolve, 5));
		gone.abort();
		await call;
		while (box.service.runningCalls() > 0) await new Promise((resolve) => setTimeout(resolve, 5));
		const { json } = await box.admin('GET', '/calls?limit=1');
		const [record] = (json as { calls: CallRecord[] }).calls;
		expect(record?.outcome).toMatchObject({ isCostBound: true, problemCode: 'canceled', status: 499 });
		expect((await teamDay()).settledNanoUsd).toBe(record?.outcome?.costNanoUsd);
		expect(record?.outcome?.costNanoUsd).toBeGreaterThan(0);
	});
});

describe('a ceiling', () => {
	it('refuses in the dialect what cannot fit, before anything is sent', async () => {
		const key = await keyWith(0.000_01);
		const calls = vendor.calls.length;
		const reply = await box.call('/v1/messages', ask('x'), { headers: { 'x-api-key': key } });
		expect(reply.status).toBe(402);
		expect(JSON.parse(reply.text)).toMatchObject({ type: 'error', error: { message: expect.stringMatching(/budget|ceiling/i) } });
		expect(vendor.calls.length).toBe(calls);
	});

	it('lowers the output cap where that makes the call fit, and says so', async () => {
		const key = await keyWith(0.05);
		const reply = await box.call('/v1/messages', ask('x', { max_tokens: 32_000 }), { headers: { 'x-api-key': key } });
		expect(reply.status).toBe(200);
		const sent = JSON.parse(String(vendor.calls.at(-1)?.body)) as { max_tokens: number };
		expect(sent.max_tokens).toBeLessThan(32_000);
		expect(sent.max_tokens).toBeGreaterThanOrEqual(1_024);
		expect((sent.max_tokens * 15_000_000) / 1_000).toBeLessThanOrEqual(0.05 * 1e9);
		expect(reply.headers['x-innerloop-reasons']).toMatch(/cap/);
	});

	it('holds for all calls of a tree together', async () => {
		const key = await keyWith(0.02);
		const before = vendor.bill.totalNanoUsd();
		const headers = { 'x-api-key': key, 'x-innerloop-tree': 'one' };
		vendor.setScript(() => say('word '.repeat(300)));
		const replies = await Promise.all(
			Array.from({ length: 30 }, () => box.call('/v1/messages', ask('x', { max_tokens: 1_024 }), { headers })),
		);
		expect(replies.map(({ status }) => status)).toContain(402);
		expect(vendor.bill.totalNanoUsd() - before).toBeLessThanOrEqual(0.02 * 1e9);
	});
});

it('never lets parallel calls of all members spend more than the team’s day', async () => {
	await using tight = await startBox({ anthropic: vendor.url, config: { budgets: { teamDayUsd: 0.05, treeUsd: 0.02 } } });
	const before = vendor.bill.totalNanoUsd();
	vendor.setScript(() => say('word '.repeat(200)));
	const replies = await Promise.all(
		Array.from({ length: 60 }, (_, index) =>
			tight.call('/v1/messages', ask(`question ${index}`, { max_tokens: 1_024, stream: index % 2 === 0 })),
		),
	);
	expect(new Set(replies.map(({ status }) => status))).toContain(402);
	expect(vendor.bill.totalNanoUsd() - before).toBeLessThanOrEqual(0.05 * 1e9);
});
