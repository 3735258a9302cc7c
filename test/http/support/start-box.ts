/** A whole service in this process: real rooms, a fresh data directory, upstreams that a test names. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalConfig } from '../../../appliance/config/schema.ts';
import type { ServiceFile } from '../../../appliance/protocol/admin.ts';
import type { Clock, LocalEngine } from '../../../appliance/protocol/ports.ts';
import { createLocalEngine } from '../../../appliance/provider/local/local-engine.ts';
import { systemClock } from '../../../appliance/server/compose-box.ts';
import { type RunningService, serve } from '../../../appliance/server/serve.ts';
import type { MachineReaders } from '../../../appliance/system/machine-sampler.ts';
import { type Exchange, type Send, send } from './raw-client.ts';

export interface BoxOptions {
	/** Base addresses of stand-ins. */
	readonly anthropic?: string;
	readonly openai?: string;
	/** Merged over the test's configuration, one level deep. */
	readonly config?: Readonly<Record<string, unknown>>;
	/** GGUF file for a box that answers itself. */
	readonly model?: string;
	readonly dataDir?: string;
	/** What the ledger goes by; default the machine's clock. */
	readonly clock?: Clock;
	/** How the machine is; default: as it is. */
	readonly machine?: MachineReaders;
	/** Beside the usual keys: more of them, or proxies. */
	readonly env?: Readonly<Record<string, string>>;
}

export interface TestBox extends AsyncDisposable {
	readonly url: string;
	/** Over TLS; empty where the box has none. */
	readonly secureUrl: string;
	/** The first key's secret. */
	readonly key: string;
	readonly service: RunningService;
	readonly dataDir: string;
	readonly configFile: string;
	readonly logFile: string;
	/** The local engine, where the box has one. */
	readonly engine: (LocalEngine & { readonly childPid: number | undefined }) | undefined;
	/** A call with the first key. */
	call(path: string, body: unknown, over?: Send): Promise<Exchange>;
	/** An admin request with the first key; JSON in and out. */
	admin(method: string, path: string, body?: unknown): Promise<{ readonly status: number; readonly json: unknown }>;
	serviceFile(): Promise<ServiceFile>;
	writeConfig(config: Readonly<Record<string, unknown>>): Promise<void>;
}

const PRICE = {
	inputUsdPerMillion: 3,
	outputUsdPerMillion: 15,
	cacheReadUsdPerMillion: 0.3,
	cacheWriteUsdPerMillion: 3.75,
	cacheWrite1hUsdPerMillion: 6,
	source: 'test',
	date: '2026-01-01',
};

const window = { contextTokens: 200_000, maxOutputTokens: 32_000, modalities: ['text', 'image', 'document'], price: PRICE };

/** One frontier and one mid deployment for each upstream that there is. */
export function testConfig(options: BoxOptions): Record<string, unknown> {
	const { anthropic, openai, config } = options;
	const providers: Record<string, unknown> = {};
	const deployments: unknown[] = [];
	if (anthropic !== undefined) {
		providers.anthropic = { baseUrl: anthropic, dialects: ['anthropic'], keyEnv: 'TEST_ANTHROPIC_KEY', auth: 'x-api-key' };
		deployments.push({ id: 'opus', provider: 'anthropic', model: 'claude-opus-4-8', tier: 'frontier', ...window });
		deployments.push({ id: 'sonnet', provider: 'anthropic', model: 'claude-sonnet-4-6', tier: 'mid', ...window });
	}
	if (openai !== undefined) {
		providers.openai = { baseUrl: openai, dialects: ['chat-completions', 'responses'], keyEnv: 'TEST_OPENAI_KEY', auth: 'bearer' };
		deployments.push({ id: 'gpt', provider: 'openai', model: 'gpt-5.4', tier: 'frontier', ...window });
		deployments.push({ id: 'gpt-mini', provider: 'openai', model: 'gpt-5.4-mini', tier: 'mid', ...window });
	}
	return {
		version: 1,
		server: { port: 0 },
		local: { isEnabled: options.model !== undefined, slots: 2, contextTokens: 4_096, build: 'prebuilt' },
		providers,
		deployments,
		...config,
	};
}

export const TEST_ENV = { TEST_ANTHROPIC_KEY: 'sk-ant-of-the-box', TEST_OPENAI_KEY: 'sk-of-the-box' };

export async function startBox(options: BoxOptions = {}): Promise<TestBox> {
	const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'innerloop-test-')));
	const configFile = join(dataDir, 'config.json');
	const logFile = join(dataDir, 'log.jsonl');
	const writeConfig = (config: Readonly<Record<string, unknown>>) => writeFile(configFile, JSON.stringify(config, null, 2));
	await writeConfig(testConfig(options));
	let engine: TestBox['engine'];
	const service = await serve({
		env: { ...TEST_ENV, ...options.env },
		configFile,
		isConfigNamed: true,
		dataDir,
		version: 'test',
		clock: options.clock ?? systemClock,
		...(options.machine === undefined ? {} : { machine: options.machine }),
		log: logFile,
		startEngine({ local }, log) {
			engine = createLocalEngine({ ...engineOptions(local), modelPath: options.model, log, clock: systemClock });
			return engine;
		},
	});
	const key = service.firstKey ?? '';
	const url = service.address;
	return {
		url,
		secureUrl: service.secureAddress ?? '',
		key,
		engine,
		service,
		dataDir,
		configFile,
		logFile,
		writeConfig,
		call: (path, body, over = {}) =>
			send(url + path, {
				...over,
				headers: { 'content-type': 'application/json', 'x-api-key': key, ...over.headers },
				body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
			}),
		admin: (method, path, body) => admin(url, key, method, path, body),
		serviceFile: async () => JSON.parse(await readFile(join(dataDir, 'service.json'), 'utf8')) as ServiceFile,
		async [Symbol.asyncDispose]() {
			await service.stop();
			if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
		},
	};
}

const engineOptions = ({ slots, contextTokens, threads, queueLength, prefillChunkTokens }: LocalConfig) => ({
	slots,
	contextTokens,
	threads,
	queueLength,
	prefillChunkTokens,
});

export async function admin(url: string, key: string, method: string, path: string, body?: unknown) {
	const headers = { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
	const reply = await send(`${url}/innerloop/v1${path}`, {
		method,
		headers,
		...(body === undefined ? {} : { body: JSON.stringify(body) }),
	});
	return { status: reply.status, json: reply.text === '' ? undefined : (JSON.parse(reply.text) as unknown) };
}

/** A small call in the Anthropic dialect. */
export const ask = (text: string, over: Readonly<Record<string, unknown>> = {}) => ({
	model: 'claude-opus-4-8',
	max_tokens: 256,
	messages: [{ role: 'user', content: text }],
	...over,
});
