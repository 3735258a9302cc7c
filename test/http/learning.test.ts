/** The score, the mean and the rewards over real HTTP: what is chosen and why, what is refused, what is learned, what survives. */

import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { NewKeyReport } from '../../appliance/protocol/admin.ts';
import type { RewardRow } from '../../appliance/protocol/learning.ts';
import type { CallRecord } from '../../appliance/protocol/ports.ts';
import { startAnthropicUpstream } from '../support/upstream/anthropic.ts';
import type { StandIn } from '../support/upstream/stand-in.ts';
import { admin, ask, startBox, type TestBox } from './support/start-box.ts';

interface Learned {
	readonly mean?: { readonly sums: { calls: number; settledNanoUsd: number; exceptions: number }; readonly limitNanoUsd: number };
	readonly rewards: readonly RewardRow[];
}

const SCORED = { preset: 'best', roles: ['outer', 'mid', 'inner'], chancePercent: 0 };
const HAIKU = 'claude-haiku-4-5';

let vendor: StandIn;
let box: TestBox;

beforeAll(async () => {
	vendor = await startAnthropicUpstream({ script: () => ({ content: ['well'], usage: { inputTokens: 1_000, outputTokens: 500 } }) });
});
afterAll(() => vendor.close());
afterEach(() => box[Symbol.asyncDispose]());

const start = async (learning: object) => {
	box = await startBox({ anthropic: vendor.url, config: { learning } });
};
const explain = async (id: unknown) => (await box.admin('GET', `/explain/${String(id)}`)).json as CallRecord;
const learned = async () => (await box.admin('GET', '/learning')).json as Learned;
const call = (text: string, over: object = {}) => box.call('/v1/messages', ask(text, { max_tokens: 1_024, ...over }));
const idOf = (reply: { readonly headers: Readonly<Record<string, unknown>> }) => String(reply.headers['x-innerloop-call']);

describe('the score', () => {
	it('is off by default: rules choose, and no word of it is in a decision', async () => {
		await start({});
		const { decision } = await explain(idOf(await call('x')));
		expect(decision.policy).toBeUndefined();
		expect(await learned()).toEqual({ rewards: [] });
	});

	it('chooses, adds up in explain, and carries its propensity', async () => {
		await start({ ...SCORED, chancePercent: 10 });
		const { decision } = await explain(idOf(await call('x')));
		const { policy } = decision;
		expect(policy).toMatchObject({ features: 'call-shape-1', x: expect.any(Array) });
		expect([0.1 / 2, 1 - 0.1 + 0.1 / 2].map((share) => share.toFixed(6))).toContain(policy?.propensity.toFixed(6));
		for (const { quality, exploration, cost, budget, time, stickiness, total } of policy?.scores ?? [])
			expect(quality + exploration + cost + budget + time + stickiness).toBeCloseTo(total, 0);
		expect(decision.candidates[0]?.deployment).toBe(policy?.arm);
		const words = decision.reasons.find(({ step }) => step === 'choose');
		expect(words?.text).toMatch(/points \(quality .*, uncertainty .*, price .*, budget .*, time .*, move .*\)/);
	});

	it('leaves forced calls and the roles that are not named to the rules', async () => {
		await start({ ...SCORED, roles: ['inner'] });
		expect((await explain(idOf(await call('x', { model: 'claude-opus-4-8' })))).decision.policy).toBeUndefined();
	});

	it('learns from what callers say of their own calls, until the other one is better', async () => {
		await start(SCORED);
		const first = await explain(idOf(await call('x')));
		const disliked = first.decision.policy?.arm;
		let arm = disliked;
		for (let turn = 0; turn < 60 && arm === disliked; turn++) {
			const id = idOf(await call(`question ${turn}`));
			arm = (await explain(id)).decision.policy?.arm;
			if (arm === disliked) expect((await box.admin('POST', '/feedback', { call: id, verdict: 'bad' })).json).toEqual({ isCounted: true });
		}
		expect(arm).not.toBe(disliked);
		expect((await learned()).rewards[0]).toMatchObject({ arm: disliked, kind: 'feedback', reward: 0, weight: 1, propensity: 1 });
	});

	it('learns nothing from others’ calls, said twice, or said too often', async () => {
		await start(SCORED);
		const id = idOf(await call('x'));
		await explain(id);
		const { secret } = (await box.admin('POST', '/keys', { member: 'owner' })).json as NewKeyReport;
		const stranger = await admin(box.url, secret, 'POST', '/feedback', { call: id, verdict: 'bad' });
		expect(stranger.status).toBe(404);
		for (let i = 0; i < 60; i++) await box.admin('POST', '/feedback', { call: id, verdict: 'good' });
		expect((await box.admin('POST', '/feedback', { call: id, verdict: 'good' })).status).toBe(429);
		expect((await learned()).rewards).toHaveLength(1);
	});

	it('learns from the next turn: a repeated call, and tools that the client marks as failed', async () => {
		await start(SCORED);
		const headers = { 'x-claude-code-session-id': 's1' };
		const messages = [{ role: 'user', content: 'read it' }];
		const tools = [{ name: 'Read', input_schema: { type: 'object' } }];
		const turn = (over: object) => box.call('/v1/messages', ask('x', { tools, messages, ...over }), { headers });
		await turn({});
		await turn({});
		await turn({
			messages: [
				...messages,
				{ role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'Read', input: {} }] },
				{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', is_error: true, content: 'no such file' }] },
			],
		});
		expect((await learned()).rewards.map(({ kind }) => kind)).toEqual(['tool-failed', 'repeated']);
	});
});

describe('the mean', () => {
	const paced = (over: object) => ({ pacing: { targetUsdPerCall: 0.002, openingCreditCalls: 20, ...over } });

	it('is never exceeded: calls without room go elsewhere or are refused, and the sums prove it', async () => {
		await start(paced({}));
		const replies = [];
		for (let turn = 0; turn < 25; turn++) replies.push(await call(`question ${turn}`, { model: HAIKU }));
		const { mean } = await learned();
		const refused = replies.filter(({ status }) => status !== 200);
		expect(refused.length).toBeGreaterThan(0);
		expect(refused[0]?.text).toMatch(/mean cost that calls of this period may have/);
		expect(mean?.sums.calls).toBe(25 - refused.length);
		expect(mean?.sums.settledNanoUsd).toBeLessThanOrEqual(mean?.limitNanoUsd ?? 0);
		expect(mean?.sums.settledNanoUsd).toBeGreaterThan(0.8 * 20 * 0.002 * 1e9);
	});

	it('lets calls side by side spend no more than one after the other', async () => {
		await start(paced({}));
		await Promise.all(Array.from({ length: 40 }, (_, turn) => call(`question ${turn}`, { model: HAIKU })));
		const { mean } = await learned();
		expect(mean?.sums.settledNanoUsd).toBeLessThanOrEqual(mean?.limitNanoUsd ?? 0);
	});

	it('counts what it lets through as an exception, where the operator wants that', async () => {
		await start(paced({ withoutRoom: 'exception', openingCreditCalls: 0 }));
		const reply = await call('x', { model: HAIKU });
		expect(reply.status).toBe(200);
		expect((await explain(idOf(reply))).decision.reasons.map(({ code }) => code)).toContain('mean-exception');
		expect((await learned()).mean?.sums).toMatchObject({ calls: 0, settledNanoUsd: 0, exceptions: 1 });
	});

	it('holds a call back for as long as it may, and says so', async () => {
		await start(paced({ withoutRoom: 'queue', queueMs: 600, openingCreditCalls: 0 }));
		const began = performance.now();
		const reply = await call('x', { model: HAIKU });
		expect(reply.status).not.toBe(200);
		expect(performance.now() - began).toBeGreaterThan(550);
		expect((await explain(idOf(reply))).decision.reasons.map(({ code }) => code)).toContain('held-back');
	});

	it('comes back after a restart, with what was learned', async () => {
		const dataDir = await mkdtemp(join(tmpdir(), 'innerloop-learning-'));
		const learning = { ...SCORED, ...paced({}) };
		box = await startBox({ anthropic: vendor.url, dataDir, config: { learning } });
		const { key } = box;
		const id = idOf(await call('x', { model: HAIKU }));
		await box.admin('POST', '/feedback', { call: id, verdict: 'bad' });
		const { mean, rewards } = await learned();
		const believed = async () => {
			const reply = await box.call('/innerloop/v1/explain/v1/messages', ask('x', { model: HAIKU }), { headers: { 'x-api-key': key } });
			const { decision } = JSON.parse(reply.text) as CallRecord;
			// In no order: where the prompt cache is warm is not kept, and it weighs on the order.
			return decision.policy?.scores.map(({ deployment, quality }) => `${deployment} ${quality}`).toSorted();
		};
		const before = await believed();
		await box.service.stop();
		box = await startBox({ anthropic: vendor.url, dataDir, config: { learning } });
		const after = JSON.parse(
			(await box.call('/innerloop/v1/learning', undefined, { method: 'GET', headers: { 'x-api-key': key } })).text,
		) as Learned;
		expect(after).toEqual({ mean, rewards });
		expect(await believed()).toEqual(before);
	});
});
