/** Two hundred call trees over HTTP: half of them are not routed, and the difference is what the stand-in billed. */

import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCommandLine } from '../../appliance/cli/run-command-line.ts';
import type { SavingsReport } from '../../appliance/protocol/admin.ts';
import { recordedContext } from '../unit/cli/recording-terminal.ts';
import { type LoopbackUpstream, startUpstream } from './support/loopback-upstream.ts';
import { ask, startBox, type TestBox } from './support/start-box.ts';
import { answerWell } from './support/two-deployments.ts';

const TREES = 200;
const USD_PER_MILLION = { 'claude-opus-4-8': 30, 'claude-sonnet-4-6': 3 } as const;
const OUTPUT_TOKENS = 100;

let upstream: LoopbackUpstream;
let box: TestBox;
/** Nano-USD by model, as the stand-in counts. */
const billed = new Map<string, number[]>();

const price = (output: number) => ({
	inputUsdPerMillion: 0,
	outputUsdPerMillion: output,
	cacheReadUsdPerMillion: 0,
	cacheWriteUsdPerMillion: 0,
	cacheWrite1hUsdPerMillion: 0,
	source: 'test',
	date: '2026-01-01',
});

beforeAll(async () => {
	upstream = await startUpstream((request, response) => {
		const { model } = JSON.parse(String(request.body)) as { readonly model: keyof typeof USD_PER_MILLION };
		billed.set(model, [...(billed.get(model) ?? []), OUTPUT_TOKENS * USD_PER_MILLION[model] * 1_000]);
		const usage = { input_tokens: 10, output_tokens: OUTPUT_TOKENS };
		answerWell(response, model, usage);
	});
	const deployment = (id: string, model: keyof typeof USD_PER_MILLION, tier: string) => ({
		id,
		model,
		tier,
		provider: 'anthropic',
		contextTokens: 200_000,
		maxOutputTokens: 32_000,
		modalities: ['text'],
		price: price(USD_PER_MILLION[model]),
	});
	box = await startBox({
		anthropic: upstream.baseUrl,
		config: {
			deployments: [deployment('opus', 'claude-opus-4-8', 'frontier'), deployment('sonnet', 'claude-sonnet-4-6', 'mid')],
			routing: { control: { percent: 50 } },
		},
	});
});
afterAll(async () => {
	await box[Symbol.asyncDispose]();
	await upstream[Symbol.asyncDispose]();
});

it('is measured as billed, told over HTTP and by the command line, and holds no tree that nothing was routed in', async () => {
	// Sub-agents' calls that name the frontier model: routing moves them to the middle.
	for (let index = 0; index < TREES; index += 1) {
		const headers = {
			'user-agent': 'claude-cli/2.1.330 (external, cli)',
			'x-claude-code-session-id': `session-${index}`,
			'x-claude-code-agent-id': 'a1',
		};
		const reply = await box.call('/v1/messages', ask('find it', { max_tokens: 500 }), { headers });
		expect(reply.status).toBe(200);
	}
	const { measured } = (await box.admin('GET', '/savings?days=1')).json as SavingsReport;
	const [opus = [], sonnet = []] = ['claude-opus-4-8', 'claude-sonnet-4-6'].map((model) => billed.get(model));
	expect(opus.length + sonnet.length).toBe(TREES);
	expect(measured).toMatchObject({ share: 0.5, controlTrees: opus.length, routedTrees: sonnet.length });
	expect(Math.min(opus.length, sonnet.length)).toBeGreaterThan(TREES / 4);
	expect(measured?.means?.costNanoUsd).toMatchObject({
		control: opus[0],
		routed: sonnet[0],
		difference: (opus[0] ?? 0) - (sonnet[0] ?? 0),
	});
	expect(measured?.means?.calls).toMatchObject({ control: 1, routed: 1, low: 0, high: 0 });

	// Main loops are the frontier's with and without routing: they change nothing.
	const tools = [{ name: 'Edit', description: 'Edit a file.', input_schema: { type: 'object' } }];
	for (let index = 0; index < 5; index += 1) {
		const headers = { 'user-agent': 'claude-cli/2.1.330 (external, cli)', 'x-claude-code-session-id': `main-${index}` };
		const reply = await box.call('/v1/messages', ask('plan', { max_tokens: 4_096, tools }), { headers });
		expect(reply.headers['x-innerloop-role']).toBe('outer');
	}
	const after = (await box.admin('GET', '/savings?days=1')).json as SavingsReport;
	expect(after.measured).toEqual(measured);

	const context = recordedContext({ INNERLOOP_KEY: box.key }, box.dataDir);
	expect(await runCommandLine(['spend', 'saved', '--address', box.url], context)).toBe(0);
	expect(context.out()).toContain(`${opus.length} trees not routed, ${sonnet.length} routed`);
	expect(context.out()).toMatch(/cost +\$0\.003 +\$0\.0003 +\$0\.0027/);
});
