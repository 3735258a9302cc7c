/** The whole scene for a client: two vendors' stand-ins, the box between, and a tap on the client's wire. */

import type { Decision } from '../../appliance/protocol/decision.ts';
import type { CallRecord } from '../../appliance/protocol/ports.ts';
import { type ConfigInput, type Service, startService } from './start-service.ts';
import { startAnthropicUpstream } from './upstream/anthropic.ts';
import { startChatCompletionsUpstream } from './upstream/chat-completions.ts';
import type { Script } from './upstream/script.ts';
import type { StandIn } from './upstream/stand-in.ts';
import { type Exchange, headerOf, startWiretap, type Wiretap } from './wiretap.ts';

/** What the stand-ins take as their own keys; a caller's key must never reach them. */
export const UPSTREAM_KEYS = { anthropic: 'sk-stand-in-anthropic', openai: 'sk-stand-in-openai' } as const;

const price = (inputUsdPerMillion: number, outputUsdPerMillion: number) => ({
	inputUsdPerMillion,
	outputUsdPerMillion,
	source: 'test',
	date: '2026-01-01',
});

export interface BoxOptions {
	readonly script: Script;
	readonly chatScript?: Script;
	/** Whether the box answers by its own model too; then it waits until the engine is ready. */
	readonly hasEngine: boolean;
	readonly config?: Partial<Omit<ConfigInput, 'version'>>;
}

export interface Box {
	readonly service: Service;
	readonly anthropic: StandIn;
	readonly openai: StandIn;
	readonly wire: Wiretap;
	/** Where clients go: the tapped wire to the box. */
	readonly url: string;
	/** What the box decided and what became of it, for an exchange on the wire. */
	recordOf(exchange: Exchange): Promise<CallRecord>;
	stop(): Promise<void>;
}

function boxConfig(anthropicUrl: string, openaiUrl: string, options: BoxOptions): Omit<ConfigInput, 'version'> {
	const common = { contextTokens: 1_000_000, maxOutputTokens: 128_000 };
	return {
		local: { isEnabled: options.hasEngine, model: 'smollm2-135m' },
		providers: {
			anthropic: { baseUrl: anthropicUrl, dialects: ['anthropic'], keyEnv: 'STAND_IN_ANTHROPIC_KEY', auth: 'x-api-key' },
			openai: { baseUrl: openaiUrl, dialects: ['chat-completions'], keyEnv: 'STAND_IN_OPENAI_KEY', auth: 'bearer' },
		},
		deployments: [
			{ id: 'frontier', provider: 'anthropic', model: 'claude-opus-4-8', tier: 'frontier', price: price(5, 25), ...common },
			{ id: 'mid', provider: 'anthropic', model: 'claude-sonnet-4-6', tier: 'mid', price: price(3, 15), ...common },
			{ id: 'openai-frontier', provider: 'openai', model: 'gpt-5.5', tier: 'frontier', price: price(5, 30), ...common },
			{ id: 'openai-mid', provider: 'openai', model: 'gpt-5.4-mini', tier: 'mid', price: price(0.75, 4.5), ...common },
		],
		// Wide enough that no budget touches an output cap: what is compared here is bytes.
		budgets: { treeUsd: 500, teamDayUsd: 5_000, teamMonthUsd: 5_000 },
		...options.config,
	};
}

export async function startBox(options: BoxOptions): Promise<Box> {
	const anthropic = await startAnthropicUpstream({ script: options.script });
	const openai = await startChatCompletionsUpstream({ script: options.chatScript ?? options.script });
	const stopUpstreams = () => Promise.all([anthropic.close(), openai.close()]);
	try {
		const service = await startService({
			config: boxConfig(anthropic.url, openai.url, options),
			env: { STAND_IN_ANTHROPIC_KEY: UPSTREAM_KEYS.anthropic, STAND_IN_OPENAI_KEY: UPSTREAM_KEYS.openai },
			readyTimeoutMs: 300_000,
		});
		if (options.hasEngine) await service.waitForEngine();
		const wire = await startWiretap(service.url);
		return {
			service,
			anthropic,
			openai,
			wire,
			url: wire.url,
			recordOf: (exchange) => service.explain(callIdOf(exchange)),
			async stop() {
				await wire.close();
				await service.stop();
				await stopUpstreams();
			},
		};
	} catch (error) {
		await stopUpstreams();
		throw error;
	}
}

function callIdOf({ replyHead }: Exchange): string {
	const callId = headerOf(replyHead, 'x-innerloop-call');
	if (callId === undefined) throw new Error(`a reply without x-innerloop-call:\n${replyHead}`);
	return callId;
}

/** One line a decision, for the message of a failed expectation. */
export function describeDecision({ role, candidates, reasons, rejected }: Decision): string {
	const why = [...reasons, ...rejected.flatMap((deployment) => deployment.reasons)].map(
		(reason) => `${reason.deployment ?? ''} ${reason.code}`,
	);
	return `${role} → ${candidates.map((candidate) => candidate.deployment).join(', ')} (${why.join('; ')})`;
}

const SPLICED = /"(model|max_tokens|max_completion_tokens)":\s*("[^"]*"|\d+)/g;

/** A body with the values of the fields that the box may change blanked out; all other bytes stay. */
export function withoutSplices(body: Buffer): string {
	return body.toString('latin1').replace(SPLICED, '"$1":…');
}
