/** The scene of the table: an upstream of each dialect, the box between, and a call that is forced to one of them. */

import { startBox, type TestBox } from '../http/support/start-box.ts';
import { startAnthropicUpstream } from '../support/upstream/anthropic.ts';
import { startChatCompletionsUpstream } from '../support/upstream/chat-completions.ts';
import { startResponsesUpstream } from '../support/upstream/responses.ts';
import type { Script } from '../support/upstream/script.ts';
import type { StandIn } from '../support/upstream/stand-in.ts';
import type { Tongue, Wire } from './talk.ts';
import { anthropicTongue } from './tongues/anthropic.ts';
import { chatTongue } from './tongues/chat-completions.ts';
import { responsesTongue } from './tongues/responses.ts';

export const TONGUES: readonly Tongue[] = [anthropicTongue, chatTongue, responsesTongue];

const STARTERS = { anthropic: startAnthropicUpstream, 'chat-completions': startChatCompletionsUpstream, responses: startResponsesUpstream };
const MODELS = { anthropic: 'claude-test', 'chat-completions': 'gpt-test', responses: 'gpt-test' };
const VENDORS = { anthropic: 'anthropic', 'chat-completions': 'openai', responses: 'openai' };

const PRICE = { inputUsdPerMillion: 3, outputUsdPerMillion: 15, cacheReadUsdPerMillion: 0.3, source: 'test', date: '2026-01-01' };
const WINDOW = {
	tier: 'frontier',
	contextTokens: 200_000,
	maxOutputTokens: 32_000,
	modalities: ['text', 'image', 'document'],
	price: PRICE,
};

export interface Scene extends AsyncDisposable {
	readonly box: TestBox;
	readonly upstreams: Readonly<Record<Tongue['name'], StandIn>>;
	/** Sends a call of one dialect to the upstream of another. */
	ask(caller: Tongue, upstream: Tongue, body: object, over?: Parameters<TestBox['call']>[2]): ReturnType<TestBox['call']>;
	/** The newest body that an upstream got, parsed. */
	heard(upstream: Tongue): Wire;
	answer(upstream: Tongue, script: Script): void;
}

const provider = (name: Tongue['name'], baseUrl: string) => ({
	baseUrl,
	dialects: [name],
	keyEnv: name === 'anthropic' ? 'TEST_ANTHROPIC_KEY' : 'TEST_OPENAI_KEY',
	auth: name === 'anthropic' ? 'x-api-key' : 'bearer',
	vendor: VENDORS[name],
});

export async function openScene(): Promise<Scene> {
	const script: Script = () => ({ content: ['Done.'] });
	const started = await Promise.all(TONGUES.map(async ({ name }) => [name, await STARTERS[name]({ script })] as const));
	const upstreams = Object.fromEntries(started) as Scene['upstreams'];
	const box = await startBox({
		config: {
			providers: Object.fromEntries(started.map(([name, { url }]) => [name, provider(name, url)])),
			routing: { unknownFields: 'worst-case' },
			budgets: { treeUsd: 500, teamDayUsd: 50_000, teamMonthUsd: 50_000, openTreesPerMember: 5_000 },
			deployments: TONGUES.map(({ name }) => ({ id: `at-${name}`, provider: name, model: MODELS[name], ...WINDOW })),
		},
	});
	return {
		box,
		upstreams,
		ask: (caller, upstream, body, over = {}) =>
			box.call(caller.path, body, { ...over, headers: { 'x-innerloop-deployment': `at-${upstream.name}`, ...over.headers } }),
		heard: ({ name }) => JSON.parse(String(upstreams[name].calls.at(-1)?.body)),
		answer: ({ name }, next) => upstreams[name].setScript(next),
		async [Symbol.asyncDispose]() {
			await box[Symbol.asyncDispose]();
			await Promise.all(Object.values(upstreams).map((one) => one.close()));
		},
	};
}
