/** What the benchmark can measure: nothing in between, Innerloop, and its peers, each set up as its own manual says. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DIALECTS } from '../../appliance/protocol/words.ts';
import { answers, startChildProgram } from '../../test/support/child-program.ts';
import { type ConfigInput, startService } from '../../test/support/start-service.ts';
import { freePort } from '../lib/free-port.ts';
import { MODELS } from './dialect-bodies.ts';
import type { PeerPaths } from './install-peers.ts';

const MODEL = 'claude-sonnet-4-6';
const READY_TIMEOUT_MS = 90_000;

export interface Target {
	readonly name: string;
	start(upstreamUrl: string): Promise<RunningTarget>;
}

export interface RunningTarget {
	/** Where Anthropic Messages calls go. */
	readonly url: string;
	readonly headers: Readonly<Record<string, string>>;
	/** Empty where there is no program of its own. */
	pids(): number[];
	stop(): Promise<void>;
}

export const direct: Target = {
	name: 'direct',
	start: async (upstreamUrl) => ({ url: `${upstreamUrl}/v1/messages`, headers: {}, pids: () => [], stop: async () => undefined }),
};

const PRICE = { inputUsdPerMillion: 3, outputUsdPerMillion: 15, source: 'benchmark', date: '2026-01-01' };

/** The whole walk, with a ceiling on the key, the ledger and the log as delivered. */
function innerloopConfig(upstreamUrl: string, hasEngine: boolean): Omit<ConfigInput, 'version'> {
	return {
		local: { isEnabled: hasEngine, build: 'prebuilt' },
		providers: { upstream: { baseUrl: upstreamUrl, dialects: ['anthropic'], auth: 'none' } },
		deployments: [
			// A window wider than any body, since a body's bytes bound its tokens.
			{ id: 'mid', provider: 'upstream', model: MODEL, tier: 'mid', contextTokens: 4_000_000, maxOutputTokens: 64_000, price: PRICE },
		],
		budgets: { treeUsd: 900_000, teamDayUsd: 1_000_000, teamMonthUsd: 1_000_000 },
	};
}

export function innerloop(hasEngine: boolean): Target {
	return {
		name: hasEngine ? 'innerloop with engine' : 'innerloop',
		async start(upstreamUrl) {
			const service = await startService({ config: innerloopConfig(upstreamUrl, hasEngine), readyTimeoutMs: READY_TIMEOUT_MS });
			return {
				url: `${service.url}/v1/messages`,
				headers: { authorization: `Bearer ${service.key}` },
				pids: service.program.pids,
				stop: service.stop,
			};
		},
	};
}

/** One upstream of every dialect, and a deployment in each. */
export function innerloopOfAllDialects(): Target {
	return {
		name: 'innerloop of all dialects',
		async start(upstreamUrl) {
			const { budgets } = innerloopConfig(upstreamUrl, false);
			const size = { tier: 'mid', contextTokens: 4_000_000, maxOutputTokens: 64_000, price: PRICE } as const;
			const service = await startService({
				config: {
					local: { isEnabled: false },
					providers: Object.fromEntries(
						DIALECTS.map((dialect) => [dialect, { baseUrl: upstreamUrl, dialects: [dialect], auth: 'none' as const }]),
					),
					deployments: DIALECTS.map((dialect) => ({ id: dialect, provider: dialect, model: MODELS[dialect], ...size })),
					budgets,
				},
				readyTimeoutMs: READY_TIMEOUT_MS,
			});
			return {
				url: service.url,
				headers: { authorization: `Bearer ${service.key}` },
				pids: service.program.pids,
				stop: service.stop,
			};
		},
	};
}

export function portkey(peers: PeerPaths): Target {
	return {
		name: 'Portkey',
		async start(upstreamUrl) {
			const port = await freePort();
			const program = await startChildProgram({
				command: process.execPath,
				args: [peers.portkey, `--port=${port}`, '--headless'],
				cwd: tmpdir(),
				isReady: () => answers(`http://127.0.0.1:${port}/`),
				readyTimeoutMs: READY_TIMEOUT_MS,
			});
			return {
				url: `http://127.0.0.1:${port}/v1/messages`,
				headers: { 'x-api-key': 'k', 'x-portkey-provider': 'anthropic', 'x-portkey-custom-host': `${upstreamUrl}/v1` },
				pids: program.pids,
				stop: program.stop,
			};
		},
	};
}

export function claudeCodeRouter(peers: PeerPaths): Target {
	return {
		name: 'claude-code-router',
		async start(upstreamUrl) {
			const [port, managementPort] = [await freePort(), await freePort()];
			const home = mkdtempSync(join(tmpdir(), 'innerloop-ccr-'));
			const provider = { name: 'upstream', api_base_url: `${upstreamUrl}/v1/messages`, api_key: 'x', models: [MODEL] };
			mkdirSync(join(home, '.claude-code-router'));
			writeFileSync(
				join(home, '.claude-code-router/config.json'),
				JSON.stringify({
					HOST: '127.0.0.1',
					PORT: port,
					APIKEY: 'k',
					LOG: false,
					Providers: [{ ...provider, transformer: { use: ['Anthropic'] } }],
					Router: { default: `upstream,${MODEL}` },
				}),
			);
			const program = await startChildProgram({
				command: process.execPath,
				args: [peers.claudeCodeRouter, 'serve', '--no-open', '--host', '127.0.0.1', '--port', String(managementPort)],
				cwd: home,
				env: { HOME: home },
				isReady: () => answers(`http://127.0.0.1:${port}/`),
				readyTimeoutMs: READY_TIMEOUT_MS,
			});
			return {
				url: `http://127.0.0.1:${port}/v1/messages`,
				headers: { 'x-api-key': 'k' },
				pids: program.pids,
				async stop() {
					await program.stop();
					rmSync(home, { recursive: true, force: true });
				},
			};
		},
	};
}

export function litellm(peers: PeerPaths): Target {
	return {
		name: 'LiteLLM',
		async start(upstreamUrl) {
			const port = await freePort();
			const home = mkdtempSync(join(tmpdir(), 'innerloop-litellm-'));
			const config = join(home, 'config.json');
			// JSON is YAML.
			writeFileSync(
				config,
				JSON.stringify({
					model_list: [{ model_name: MODEL, litellm_params: { model: `anthropic/${MODEL}`, api_base: upstreamUrl, api_key: 'x' } }],
					general_settings: { master_key: 'sk-bench' },
				}),
			);
			const program = await startChildProgram({
				command: peers.litellm,
				args: ['--config', config, '--port', String(port), '--host', '127.0.0.1', '--telemetry', 'False'],
				cwd: home,
				env: { HOME: home, LITELLM_LOG: 'ERROR', LITELLM_LOCAL_MODEL_COST_MAP: 'True' },
				isReady: () => answers(`http://127.0.0.1:${port}/health/liveliness`),
				readyTimeoutMs: READY_TIMEOUT_MS,
			});
			return {
				url: `http://127.0.0.1:${port}/v1/messages`,
				headers: { 'x-api-key': 'sk-bench' },
				pids: program.pids,
				async stop() {
					await program.stop();
					rmSync(home, { recursive: true, force: true });
				},
			};
		},
	};
}
