/** Every field and tool that can cost more than its bytes, sent to a running box with a key that has a ceiling. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NewKeyReport } from '../../appliance/protocol/admin.ts';
import type { CallSize } from '../../appliance/protocol/call.ts';
import type { CallRecord } from '../../appliance/protocol/ports.ts';
import { COST_CASES } from '../support/cost-cases.ts';
import { startAnthropicUpstream } from '../support/upstream/anthropic.ts';
import { startChatCompletionsUpstream } from '../support/upstream/chat-completions.ts';
import { startResponsesUpstream } from '../support/upstream/responses.ts';
import type { StandIn } from '../support/upstream/stand-in.ts';
import type { Exchange } from './support/raw-client.ts';
import { startBox, type TestBox } from './support/start-box.ts';

const WINDOW_TOKENS = 200_000;
const CAP_TOKENS = 100;
/** The dearest input rate of the test's price (an hour-long cache write) and its output rate, nano-USD a token. */
const INPUT_NANO_USD = 6_000;
const OUTPUT_NANO_USD = 15_000;

const messages = [{ role: 'user', content: 'x' }];
const SENT = {
	anthropic: { path: '/v1/messages', body: { model: 'claude-opus-4-8', max_tokens: CAP_TOKENS, messages } },
	'chat-completions': { path: '/v1/chat/completions', body: { model: 'gpt-5.4', max_completion_tokens: CAP_TOKENS, messages } },
	responses: { path: '/v1/responses', body: { model: 'gpt-5.4', max_output_tokens: CAP_TOKENS, input: messages } },
} as const;

const START = {
	anthropic: startAnthropicUpstream,
	'chat-completions': startChatCompletionsUpstream,
	responses: startResponsesUpstream,
} as const;

type Spoken = keyof typeof SENT;

interface Party {
	readonly vendor: StandIn;
	readonly box: TestBox;
	/** A key with a ceiling, and one without. */
	readonly capped: string;
	readonly free: string;
}

let parties: Readonly<Record<Spoken, Party>>;

/** One vendor with a box of its own for each dialect. */
async function startParty(dialect: Spoken): Promise<Party> {
	const vendor = await START[dialect]({ script: () => ({ content: ['well'] }) });
	const box = await startBox({ [dialect === 'anthropic' ? 'anthropic' : 'openai']: vendor.url });
	const newKey = async (more: object) => ((await box.admin('POST', '/keys', { member: 'owner', ...more })).json as NewKeyReport).secret;
	return { vendor, box, capped: await newKey({ treeCeilingUsd: 45 }), free: await newKey({ hasCeiling: false }) };
}

beforeAll(async () => {
	const [anthropic, chat, responses] = await Promise.all([
		startParty('anthropic'),
		startParty('chat-completions'),
		startParty('responses'),
	]);
	parties = { anthropic, 'chat-completions': chat, responses };
});
afterAll(async () => {
	for (const { box, vendor } of Object.values(parties)) {
		await box[Symbol.asyncDispose]();
		await vendor.close();
	}
});

async function ask(dialect: Spoken, more: object, paidBy: 'capped' | 'free') {
	const { path, body } = SENT[dialect];
	const { vendor, box, [paidBy]: key } = parties[dialect];
	const calls = vendor.calls.length;
	const reply = await box.call(path, { ...body, ...more }, { headers: { 'x-api-key': key } });
	return { reply, sent: vendor.calls.length - calls };
}

const explain = async (box: TestBox, { headers }: Exchange) =>
	(await box.admin('GET', `/explain/${String(headers['x-innerloop-call'])}`)).json as CallRecord;

/** The least that a reservation must hold for what the size says. */
function leastNanoUsd({ hasHeldInput, choiceCount = 1, serverToolUses, addedTokens = 0 }: Partial<CallSize>): number {
	const rounds = serverToolUses === undefined ? 1 : 10;
	const input = hasHeldInput || serverToolUses !== undefined ? WINDOW_TOKENS : addedTokens;
	// Without a cache mark the dialect rules the hour-long write out, and a plain write is the dearest.
	const rate = hasHeldInput || serverToolUses !== undefined ? 3_750 : INPUT_NANO_USD / 2;
	const fees = (serverToolUses?.['web-search'] ?? 0) * 10_000_000;
	return rounds * (input * rate + CAP_TOKENS * choiceCount * OUTPUT_NANO_USD) + fees;
}

const cases = (Object.keys(SENT) as Spoken[]).flatMap((dialect) => (COST_CASES[dialect] ?? []).map((one) => ({ dialect, ...one })));

describe('on a key with a ceiling', () => {
	it.each(cases)('$dialect $field = $value', async ({ dialect, field, value, becomes, named = field }) => {
		const { reply, sent } = await ask(dialect, { [field]: value }, 'capped');
		if (becomes === 'refused') {
			expect(reply.status).toBe(400);
			expect(reply.text).toContain(`cannot be bounded, and its key has a ceiling: ${named}`);
			expect(sent).toBe(0);
			return;
		}
		expect(reply.status).toBe(200);
		const { decision, outcome } = await explain(parties[dialect].box, reply);
		const { worstCostNanoUsd = 0 } = decision.candidates[0] ?? {};
		expect(worstCostNanoUsd).toBeGreaterThanOrEqual(leastNanoUsd(becomes));
		expect(outcome?.costNanoUsd).toBeLessThanOrEqual(worstCostNanoUsd);
	});

	it.each(Object.keys(SENT) as Spoken[])('%s: a field of tomorrow is refused', async (dialect) => {
		const { reply, sent } = await ask(dialect, { a_field_of_tomorrow: 1 }, 'capped');
		expect([reply.status, sent]).toEqual([400, 0]);
		expect(reply.text).toContain('a_field_of_tomorrow');
	});

	it.each(Object.keys(SENT) as Spoken[])('%s: or priced at the whole window, where the operator says so', async (dialect) => {
		const { url } = parties[dialect].vendor;
		const vendor = { [dialect === 'anthropic' ? 'anthropic' : 'openai']: url };
		await using open = await startBox({ ...vendor, config: { routing: { unknownFields: 'worst-case' } } });
		const { path, body } = SENT[dialect];
		const reply = await open.call(path, { ...body, a_field_of_tomorrow: 1 });
		expect(reply.status).toBe(200);
		expect((await explain(open, reply)).decision.candidates[0]?.worstCostNanoUsd).toBeGreaterThan(WINDOW_TOKENS * 3_750);
	});
});

describe('on a key without a ceiling', () => {
	it.each(cases.filter(({ becomes }) => becomes === 'refused'))(
		'$dialect $field = $value goes through',
		async ({ dialect, field, value }) => {
			const { reply, sent } = await ask(dialect, { [field]: value }, 'free');
			expect([reply.status, sent]).toEqual([200, 1]);
		},
	);
});

describe('the vendor’s own searches', () => {
	const search = (max_uses: number) => ({ tools: [{ type: 'web_search_20250305', name: 'web_search', max_uses }] });

	it.each([false, true])('are settled with their fees, to the nano-dollar of the vendor’s bill (stream: %s)', async (stream) => {
		const { vendor: anthropic } = parties.anthropic;
		anthropic.setScript(() => ({ content: ['found'], usage: { inputTokens: 20_000, webSearches: 2 } }));
		const before = anthropic.bill.totalNanoUsd();
		const { reply } = await ask('anthropic', { ...search(2), stream }, 'capped');
		anthropic.setScript(() => ({ content: ['well'] }));
		expect(reply.text).toContain('found');
		const { outcome } = await explain(parties.anthropic.box, reply);
		expect(outcome?.costNanoUsd).toBe(anthropic.bill.totalNanoUsd() - before);
		expect(outcome?.costNanoUsd).toBeGreaterThan(20_000_000 + 20_000 * 3_000);
	});

	it('are settled at their bound where the stream was cut: rounds are counted at its end', async () => {
		const { vendor: anthropic } = parties.anthropic;
		anthropic.setScript(() => ({ content: ['found a few words'], usage: { webSearches: 2 }, cutAfterEvents: 4 }));
		const { reply } = await ask('anthropic', { ...search(2), stream: true }, 'capped');
		anthropic.setScript(() => ({ content: ['well'] }));
		expect(reply.isCut).toBe(true);
		const { decision, outcome } = await explain(parties.anthropic.box, reply);
		expect(outcome).toMatchObject({ isCostBound: true, costNanoUsd: decision.candidates[0]?.worstCostNanoUsd });
	});

	it('reserve less on the operator’s word about the size of a result', async () => {
		await using told = await startBox({ anthropic: parties.anthropic.vendor.url, config: { routing: { serverToolResultTokens: 2_000 } } });
		const reply = await told.call(SENT.anthropic.path, { ...SENT.anthropic.body, ...search(2) });
		expect(reply.status).toBe(200);
		const { worstCostNanoUsd = Number.NaN } = (await explain(told, reply)).decision.candidates[0] ?? {};
		expect(worstCostNanoUsd).toBeLessThan(10 * 10_000 * 3_750);
		expect(worstCostNanoUsd).toBeGreaterThan(10 * 4_000 * 3_750);
	});
});
