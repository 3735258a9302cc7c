/** The whole scene for a client: two vendors' stand-ins, the box between, and a tap on the client's wire. */

import type { Decision } from '../../appliance/protocol/decision.ts';
import type { CallRecord } from '../../appliance/protocol/ports.ts';
import { type ConfigInput, type Service, startService } from './start-service.ts';
import { startAnthropicUpstream } from './upstream/anthropic.ts';
import type { ListPrice } from './upstream/bill.ts';
import { startOpenAiUpstream } from './upstream/responses.ts';
import type { Script } from './upstream/script.ts';
import type { StandIn } from './upstream/stand-in.ts';
import { type Exchange, headerOf, startWiretap, type Wiretap } from './wiretap.ts';

/** What the stand-ins take as their own keys; a caller's key must never reach them. */
export const UPSTREAM_KEYS = { anthropic: 'sk-stand-in-anthropic', openai: 'sk-stand-in-openai' } as const;

/** List prices in USD per million tokens: what the box is told, and what the stand-ins bill. */
const PRICES = {
	'claude-opus-4-8': { input: 5, output: 25 },
	'claude-sonnet-4-6': { input: 3, output: 15 },
	'gpt-5.5': { input: 5, output: 30 },
	'gpt-5.4-mini': { input: 1, output: 4 },
} as const;

/** The usual multipliers of a prompt cache. */
const CACHE = { read: 0.1, write: 1.25, write1h: 2 };

function toldPrice(model: keyof typeof PRICES) {
	const { input, output } = PRICES[model];
	return {
		inputUsdPerMillion: input,
		outputUsdPerMillion: output,
		cacheReadUsdPerMillion: input * CACHE.read,
		cacheWriteUsdPerMillion: input * CACHE.write,
		cacheWrite1hUsdPerMillion: input * CACHE.write1h,
		source: 'test',
		date: '2026-01-01',
	};
}

function listPrices(): Record<string, ListPrice> {
	return Object.fromEntries(
		Object.entries(PRICES).map(([model, { input, output }]) => [
			model,
			{
				inputPicoUsd: input * 1e6,
				outputPicoUsd: output * 1e6,
				cacheReadPicoUsd: Math.round(input * CACHE.read * 1e6),
				cacheWritePicoUsd: Math.round(input * CACHE.write * 1e6),
				cacheWrite1hPicoUsd: Math.round(input * CACHE.write1h * 1e6),
			},
		]),
	);
}

export interface BoxOptions {
	readonly script: Script;
	readonly chatScript?: Script;
	/** Whether the box answers by its own model too; then it waits until the engine is ready. */
	readonly hasEngine: boolean;
	/** Whose models it has; default: both vendors', so that a call may cross from one wire to the other. */
	readonly vendors?: readonly ('anthropic' | 'openai')[];
	/** What the box is told that OpenAI's stand-in speaks; default: both of its wires. */
	readonly openaiDialects?: readonly ('chat-completions' | 'responses')[];
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

function deployment(id: string, provider: 'anthropic' | 'openai', model: keyof typeof PRICES, tier: 'frontier' | 'mid') {
	return { id, provider, model, tier, price: toldPrice(model), contextTokens: 1_000_000, maxOutputTokens: 128_000 };
}

function boxConfig(anthropicUrl: string, openaiUrl: string, options: BoxOptions): Omit<ConfigInput, 'version'> {
	return {
		// One thread: where other work has the cores, threads that wait for each other stand still.
		// The own build has a test of its own; here it would only take the cores.
		local: { isEnabled: options.hasEngine, model: 'smollm2-135m', threads: 1, build: 'prebuilt' },
		providers: {
			anthropic: { baseUrl: anthropicUrl, dialects: ['anthropic'], keyEnv: 'STAND_IN_ANTHROPIC_KEY', auth: 'x-api-key' },
			openai: {
				baseUrl: openaiUrl,
				dialects: [...(options.openaiDialects ?? ['chat-completions', 'responses'])],
				keyEnv: 'STAND_IN_OPENAI_KEY',
				auth: 'bearer',
			},
		},
		deployments: [
			deployment('frontier', 'anthropic', 'claude-opus-4-8', 'frontier'),
			deployment('mid', 'anthropic', 'claude-sonnet-4-6', 'mid'),
			deployment('openai-frontier', 'openai', 'gpt-5.5', 'frontier'),
			deployment('openai-mid', 'openai', 'gpt-5.4-mini', 'mid'),
		].filter(({ provider }) => options.vendors?.includes(provider) ?? true),
		// A test machine may be slow beyond any deadline; that calls go elsewhere then is shown by the router's own tests.
		roles: { inner: { deadlineMs: 900_000 } },
		// Nor is a stand-in for the cloud, which answers at once, what local answers are held against.
		routing: { mostTimesCloud: 1_000_000 },
		// Wide enough that no budget touches an output cap: what is compared here is bytes.
		budgets: { treeUsd: 500, teamDayUsd: 5_000, teamMonthUsd: 5_000 },
		...options.config,
	};
}

export async function startBox(options: BoxOptions): Promise<Box> {
	const anthropic = await startAnthropicUpstream({ script: options.script, prices: listPrices() });
	const openai = await startOpenAiUpstream({ script: options.chatScript ?? options.script, prices: listPrices() });
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
	const why = [...reasons, ...rejected.flatMap((refused) => refused.reasons)].map((reason) => `${reason.deployment ?? ''} ${reason.code}`);
	return `${role} → ${candidates.map((candidate) => candidate.deployment).join(', ')} (${why.join('; ')})`;
}

const SPLICED = /"(model|max_tokens|max_completion_tokens|max_output_tokens)":\s*("[^"]*"|\d+)/g;

/** A cap that the box put in front where the caller named none. */
const INSERTED = /^\{"max_(?:output_|completion_)?tokens":\d+,/;

/** A body with the values of the fields that the box may change blanked out, and its inserted cap left out; all other bytes stay. */
export function withoutSplices(body: Buffer): string {
	return body.toString('latin1').replace(INSERTED, '{').replace(SPLICED, '"$1":…');
}
