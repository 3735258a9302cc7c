/** Starts the real service as a process of its own, with a folder, a configuration file and a key of its own. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { cacheDir } from '../../appliance/config/places.ts';
import type { configSchema } from '../../appliance/config/schema.ts';
import type { StatusReport } from '../../appliance/protocol/admin.ts';
import type { CallRecord } from '../../appliance/protocol/ports.ts';
import { SERVICE_FLAGS, serviceEnvironment } from '../../scripts/launch/service-node.mjs';
import { answers, type ChildProgram, startChildProgram } from './child-program.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const KEY = /\bil_[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/;
const ADDRESS = /http:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):\d+/;

/** A slow line fetches the embedded model of 98 MB in this time. */
const ENGINE_TIMEOUT_MS = 300_000;

export type ConfigInput = z.input<typeof configSchema>;

export interface ServiceOptions {
	/** Without `version`; port and host are set here unless named. */
	readonly config: Omit<ConfigInput, 'version'>;
	/** Secrets that the configuration names, and other variables. */
	readonly env?: Readonly<Record<string, string>>;
	/** A data folder to keep between two starts; default: a fresh one, removed at the stop. */
	readonly dataDir?: string;
	/** Needed when `dataDir` already has its first key, which is printed only once. */
	readonly key?: string;
	readonly readyTimeoutMs?: number;
	/** Default: ready as soon as `/readyz` says so, which waits for a local model if one is configured. */
	readonly readyPath?: string;
}

export interface Service {
	/** `http://127.0.0.1:PORT` */
	readonly url: string;
	/** The first key, an owner's. */
	readonly key: string;
	readonly program: ChildProgram;
	/** Path of the configuration file, to change it live. */
	readonly configFile: string;
	/** Decision and outcome of a call by the id in its `x-innerloop-call` header; waits for the outcome to be written. */
	explain(callId: string): Promise<CallRecord>;
	/** Resolves when the local engine can answer; a fresh machine first fetches its model. */
	waitForEngine(): Promise<void>;
	/** The newest calls first. */
	recentCalls(): Promise<readonly CallRecord[]>;
	stop(): Promise<void>;
}

/** @throws with the service's last words when it does not become ready */
export async function startService(options: ServiceOptions): Promise<Service> {
	const folder = mkdtempSync(join(tmpdir(), 'innerloop-service-'));
	const dataDir = options.dataDir ?? join(folder, 'data');
	mkdirSync(dataDir, { recursive: true });
	const configFile = join(folder, 'config.json');
	writeConfig(configFile, options.config);
	const program = await startChildProgram({
		command: process.execPath,
		args: [
			...SERVICE_FLAGS,
			'--disable-warning=ExperimentalWarning',
			'appliance/main.ts',
			'serve',
			'--config',
			configFile,
			'--data',
			dataDir,
		],
		cwd: ROOT,
		env: { HOME: folder, INNERLOOP_CACHE: cacheDir(process.env, homedir()), ...serviceEnvironment(process.env), ...options.env },
		isReady: async (output) => {
			const url = ADDRESS.exec(output)?.[0];
			return url !== undefined && (options.key !== undefined || KEY.test(output)) && answers(`${url}${options.readyPath ?? '/readyz'}`);
		},
		readyTimeoutMs: options.readyTimeoutMs ?? 60_000,
	});
	const url = ADDRESS.exec(program.output())?.[0] ?? '';
	const key = options.key ?? KEY.exec(program.output())?.[0] ?? '';
	const get = (path: string) => getJson(`${url}/innerloop/v1/${path}`, key);
	return {
		url,
		key,
		program,
		configFile,
		explain: (callId) => untilSettled(() => get(`explain/${callId}`) as Promise<CallRecord>),
		waitForEngine: () => waitForEngine(async () => (await get('status')) as StatusReport, program),
		recentCalls: async () => ((await get('calls?limit=1000')) as { calls: readonly CallRecord[] }).calls,
		stop: async () => {
			await program.stop();
			rmSync(folder, { recursive: true, force: true });
		},
	};
}

/** Writes a whole configuration with loopback and any free port, unless it names others. */
function writeConfig(file: string, config: Omit<ConfigInput, 'version'>): void {
	const server = { host: '127.0.0.1', port: 0, ...config.server };
	writeFileSync(file, JSON.stringify({ version: 1, ...config, server }, undefined, 2));
}

async function getJson(url: string, key: string): Promise<unknown> {
	const response = await fetch(url, { headers: { authorization: `Bearer ${key}` } });
	if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
	return response.json();
}

async function waitForEngine(status: () => Promise<StatusReport>, program: ChildProgram): Promise<void> {
	const deadlineMs = performance.now() + ENGINE_TIMEOUT_MS;
	for (;;) {
		const { engine } = await status();
		if (engine.state === 'ready') return;
		if (engine.state === 'failed' || performance.now() > deadlineMs || program.exit() !== undefined) {
			throw new Error(`the local engine is ${engine.state}: ${engine.detail ?? 'no detail'}\n${program.output().slice(-4_000)}`);
		}
		await delay(100);
	}
}

/** A call's history is written behind it: ask until its outcome stands. */
async function untilSettled(read: () => Promise<CallRecord>): Promise<CallRecord> {
	const deadlineMs = performance.now() + 10_000;
	for (;;) {
		try {
			const record = await read();
			if (record.outcome !== undefined || performance.now() > deadlineMs) return record;
		} catch (error) {
			if (performance.now() > deadlineMs) throw error;
		}
		await delay(25);
	}
}
