/** A box with two deployments of one tier at two bare upstreams, for tests of what happens between them. */

import type { ServerResponse } from 'node:http';
import type { DeploymentReport } from '../../../appliance/protocol/admin.ts';
import { type LoopbackUpstream, startUpstream } from './loopback-upstream.ts';
import { ask, startBox, type TestBox } from './start-box.ts';

const price = { inputUsdPerMillion: 3, outputUsdPerMillion: 15, source: 'test', date: '2026-01-01' };
export const figures = { contextTokens: 200_000, maxOutputTokens: 32_000, tier: 'frontier', price };

export const provider = (baseUrl: string, over: Readonly<Record<string, unknown>> = {}) => ({
	baseUrl,
	dialects: ['anthropic'],
	auth: 'x-api-key',
	...('keys' in over ? {} : { keyEnv: 'TEST_ANTHROPIC_KEY' }),
	...over,
});

export interface Scene extends AsyncDisposable {
	readonly box: TestBox;
	readonly first: LoopbackUpstream;
	readonly second: LoopbackUpstream;
	/** A call that names no deployment's model. */
	call(over?: Readonly<Record<string, unknown>>, headers?: Readonly<Record<string, string>>): ReturnType<TestBox['call']>;
	report(id: string): Promise<DeploymentReport>;
}

export interface SceneOptions {
	/** Over deployment `a` at the first upstream, and `b` at the second. */
	readonly a?: Readonly<Record<string, unknown>>;
	readonly b?: Readonly<Record<string, unknown>>;
	readonly firstProvider?: Readonly<Record<string, unknown>>;
	readonly config?: Readonly<Record<string, unknown>>;
	/** Only deployment `a`. */
	readonly isAlone?: boolean;
	readonly env?: Readonly<Record<string, string>>;
}

export const reply = (model: string, usage: Readonly<Record<string, number>> = { input_tokens: 10, output_tokens: 5 }): string =>
	JSON.stringify({
		id: 'm',
		type: 'message',
		role: 'assistant',
		model,
		content: [{ type: 'text', text: 'well' }],
		stop_reason: 'end_turn',
		stop_sequence: null,
		usage,
	});

export const answerWell = (response: ServerResponse, model: string, usage?: Readonly<Record<string, number>>): void => {
	response.writeHead(200, { 'content-type': 'application/json' }).end(reply(model, usage));
};

export async function startScene(options: SceneOptions = {}): Promise<Scene> {
	const first = await startUpstream((_, response) => answerWell(response, 'model-a'));
	const second = await startUpstream((_, response) => answerWell(response, 'model-b'));
	const b = { id: 'b', provider: 'two', model: 'model-b', order: 1, ...figures, ...options.b };
	const box = await startBox({
		...(options.env === undefined ? {} : { env: options.env }),
		config: {
			providers: { one: provider(first.baseUrl, options.firstProvider), two: provider(second.baseUrl) },
			deployments: [{ id: 'a', provider: 'one', model: 'model-a', order: 0, ...figures, ...options.a }, ...(options.isAlone ? [] : [b])],
			roles: { outer: { tiers: ['frontier'] }, mid: { tiers: ['frontier'] }, inner: { tiers: ['frontier'] } },
			budgets: { treeUsd: 500, teamDayUsd: 5_000, teamMonthUsd: 5_000 },
			...options.config,
		},
	});
	return {
		box,
		first,
		second,
		call: (over = {}, headers = {}) => box.call('/v1/messages', ask('x', { model: 'any', ...over }), { headers }),
		async report(id) {
			const { json } = await box.admin('GET', '/deployments');
			const found = (json as { deployments: DeploymentReport[] }).deployments.find(({ deployment }) => deployment.id === id);
			if (found === undefined) throw new Error(`no deployment ${id}`);
			return found;
		},
		async [Symbol.asyncDispose]() {
			await box[Symbol.asyncDispose]();
			await first[Symbol.asyncDispose]();
			await second[Symbol.asyncDispose]();
		},
	};
}

/** Resolves when `condition` holds; the test's own time-out ends a wait in vain. */
export async function until(condition: () => boolean): Promise<void> {
	while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
