/** Starts the service: configuration → store → engine (in the background) → server → listening → ready; and stops it in reverse. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { Environment } from '../config/places.ts';
import type { Settings } from '../config/settings.ts';
import { Announcer } from '../discovery/announcer.ts';
import type { Clock, EngineStatus, LocalEngine, Store } from '../protocol/ports.ts';
import { Problem } from '../protocol/problem.ts';
import { createLocalEngine } from '../provider/local/local-engine.ts';
import { openKeptSecrets } from '../store/kept-secrets.ts';
import { openStore } from '../store/open-store.ts';
import { createClockSync } from '../system/clock-sync.ts';
import { type MachineReaders, MachineSampler, machineReaders } from '../system/machine-sampler.ts';
import { RELEASES_ROOT } from '../update/update.ts';
import { beginClaim } from './access/begin-claim.ts';
import type { ShownCode } from './access/claim-desk.ts';
import { claimFile } from './access/claim-file.ts';
import { announceBox } from './announce-box.ts';
import type { Box } from './box.ts';
import { buildServer } from './build-server.ts';
import { composeBox, systemClock } from './compose-box.ts';
import { ConfigDesk } from './config-desk.ts';
import { createConsoleKey } from './console-key.ts';
import { makeFirstKey } from './first-key.ts';
import { followSettings, readSettings } from './live-settings.ts';
import { createLog, type Log } from './log.ts';
import { SecretsDesk, withKept } from './secrets-desk.ts';
import { baseAddress, removeServiceFile, writeServiceFile } from './service-file.ts';
import { listenTls, type TlsDoor, type TlsOptions } from './tls/listen-tls.ts';

export interface ServeOptions {
	/** Where provider keys come from. */
	readonly env: Environment;
	/** The configuration file; undefined serves the embedded default. */
	readonly configFile: string | undefined;
	/** False: the file need not be there (it is the usual place, which nobody named). */
	readonly isConfigNamed: boolean;
	/** Ledger, history, keys. */
	readonly dataDir: string;
	/** They win over the configuration. */
	readonly host?: string;
	readonly port?: number;
	readonly version: string;
	/** What the ledger goes by; default the machine's clock. */
	readonly clock?: Clock;
	/** File that the log is written to; default standard error. */
	readonly log?: string;
	/** How the machine is looked at; default: as it is. */
	readonly machine?: MachineReaders;
	/** Begins to load the local model, which may first have to be fetched, and returns at once. Not asked where local answers are off. */
	startEngine(settings: Settings, log: Logger): LocalEngine;
}

export interface RunningService {
	/** Base address from this machine: `http://127.0.0.1:7341`. */
	readonly address: string;
	/** The same over TLS; undefined without. */
	readonly secureAddress: string | undefined;
	/** The first key's secret, on the start that made it and never again. */
	readonly firstKey: string | undefined;
	/** The claim code, while one is taken. */
	readonly claim: ShownCode | undefined;
	/** Sentences about what is allowed in the configuration, but probably not meant. */
	readonly warnings: readonly string[];
	engine(): EngineStatus;
	runningCalls(): number;
	readonly log: Logger;
	flushLog(): void;
	/** Takes no more calls, lets the running ones end up to `server.limits.stopTimeoutMs`, flushes and closes; idempotent. */
	stop(): Promise<void>;
}

/** Rejects with a Problem for a person: a faulty configuration, a store that cannot be used, a port that is taken. */
export async function serve(options: ServeOptions): Promise<RunningService> {
	await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
	const kept = await openKeptSecrets(options.dataDir, options.env.CREDENTIALS_DIRECTORY);
	const source = { file: options.configFile, isNamed: options.isConfigNamed, env: withKept(kept, options.env) };
	const { settings, warnings } = await readSettings(source);
	const log = createLog(settings.log.level, options.log);
	const { logger } = log;
	const store = await openStore({
		file: databaseOf(options),
		clock: options.clock ?? { ...systemClock, isSynchronised: createClockSync(systemClock.wallMs) },
		budgets: settings.budgets,
		retention: settings.retention,
		log: logger,
	});
	const engine = engineOf(options, settings, logger);
	const { box, take } = composeBox({
		settings,
		store,
		engine,
		logger,
		version: options.version,
		showClaim: claimFile(options.dataDir),
	});
	const sampler = new MachineSampler(options.machine ?? machineReaders(options.dataDir), systemClock.wallMs);
	const config = new ConfigDesk({ file: options.configFile, env: source.env, box, take });
	const reload = async () => take((await readSettings(source)).settings);
	const onChange = (providers: readonly string[], name: string) =>
		box.memory.wake(
			box.settings().deployments.filter(({ provider }) => providers.includes(provider)),
			name,
		);
	const secrets = new SecretsDesk({ kept, env: options.env, settings: box.settings, reload, onChange });
	const started: Started = { options, log, store, engine, box, warnings, sampler, config, secrets };
	try {
		const running = await open(started);
		const watch = await followSettings(source, settings, take, logger);
		return { ...running, stop: once(() => stop(started, running, () => watch.close())) };
	} catch (error) {
		sampler.stop();
		await Promise.allSettled([engine.close(), box.cloud.close(), store.close()]);
		log.flush();
		throw error;
	}
}

const databaseOf = ({ dataDir }: ServeOptions): string => join(dataDir, 'innerloop.db');

function engineOf({ startEngine }: ServeOptions, settings: Settings, log: Logger): LocalEngine {
	const { isEnabled, prefix: _prefix, ...local } = settings.local;
	if (isEnabled) return startEngine(settings, log);
	return createLocalEngine({ ...local, contextTokens: undefined, threads: undefined, modelPath: undefined, log, clock: systemClock });
}

interface Started {
	readonly options: ServeOptions;
	readonly log: Log;
	readonly store: Store;
	readonly engine: LocalEngine;
	readonly box: Box;
	readonly warnings: readonly string[];
	readonly sampler: MachineSampler;
	readonly config: ConfigDesk;
	readonly secrets: SecretsDesk;
}

async function open({ options, log, store, engine, box, warnings, sampler, config, secrets }: Started) {
	const console = createConsoleKey();
	sampler.onSample((sample) => {
		box.machine.take(sample);
		box.pulse.look(sample);
	});
	void sampler.start();
	const { firstKey: showsKey, claimResetFile } = box.settings().access;
	const firstKey = showsKey === 'shown' ? await makeFirstKey(store.members) : undefined;
	await Promise.all([
		box.alerts.start(),
		box.clients.start(),
		box.learning.start(),
		box.earned.start(),
		beginClaim(box.access.claim, claimResetFile, log.logger),
	]);
	let address = '';
	const announcer = new Announcer(log.logger);
	let door: TlsDoor | undefined;
	const host = options.host ?? box.settings().server.host;
	const port = options.port ?? box.settings().server.port;
	const app = buildServer(box, {
		version: options.version,
		host,
		door: () => door,
		secrets,
		address: () => address,
		secureAddress: () => door && secureAddress(address, door.port),
		releasesRoot: options.env.INNERLOOP_ROOT ?? RELEASES_ROOT,
		system: () => sampler.latest(),
		discovery: () => announcer.status(),
		console: console.find,
		config,
		logLines: log.lastLines,
		dataDir: options.dataDir,
		database: databaseOf(options),
	});
	address = await listen(app, host, port);
	door = await openDoor(app, { settings: box.settings, dataDir: options.dataDir, host, isPortFree: port === 0, log: log.logger });
	await announceBox(announcer, {
		settings: box.settings(),
		host: options.host,
		address,
		tlsPort: door?.port,
		fingerprint: door?.fingerprint(),
		version: options.version,
		dataDir: options.dataDir,
	});
	const startedAt = new Date(systemClock.wallMs()).toISOString();
	await writeServiceFile(options.dataDir, { version: options.version, pid: process.pid, startedAt, address, token: console.token });
	log.logger.info({ address, warnings }, 'ready');
	return {
		app,
		announcer,
		door,
		address,
		secureAddress: door === undefined ? undefined : secureAddress(address, door.port),
		firstKey,
		warnings,
		claim: box.access.claim.shown(),
		engine: () => engine.status(),
		runningCalls: () => box.running.count,
		log: log.logger,
		flushLog: log.flush,
	};
}

/** A box whose HTTPS cannot be had does not start half. */
async function openDoor(app: FastifyInstance, options: TlsOptions): Promise<TlsDoor | undefined> {
	try {
		return await listenTls(app, options);
	} catch (error) {
		await app.close();
		throw error;
	}
}

const secureAddress = (address: string, port: number): string => address.replace(/^http:/, 'https:').replace(/:\d+$/, `:${port}`);

async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
	try {
		await app.listen({ host, port });
	} catch (cause) {
		const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
		const why = code === 'EADDRINUSE' ? 'another program listens there' : code === 'EACCES' ? 'not allowed' : code;
		throw new Problem('internal', `Cannot listen on ${host} port ${port}: ${why}. Choose another with --port.`, { cause });
	}
	const [address] = app.addresses();
	if (address === undefined || typeof address === 'string') throw new Problem('internal', `Cannot listen on ${host} port ${port}.`);
	return baseAddress(address);
}

/** New calls are refused from the first moment, so that nothing begins that could not end. */
async function stop(
	{ options, log, store, engine, box, sampler }: Started,
	{ app, announcer, door }: Pick<Awaited<ReturnType<typeof open>>, 'app' | 'announcer' | 'door'>,
	unwatch: () => Promise<void>,
): Promise<void> {
	log.logger.info({ runningCalls: box.running.count }, 'stopping');
	// First of all: who looks for a box now shall not find this one.
	await announcer.stop();
	const { stopTimeoutMs } = box.settings().server.limits;
	box.live.close();
	const doorClosed = door?.close();
	const closed = box.running.stop(stopTimeoutMs).then(() => app.close());
	app.server.close();
	await closed;
	await doorClosed;
	await unwatch();
	sampler.stop();
	box.alerts.stop();
	box.access.claim.stop();
	box.clients.stop();
	box.learning.stop();
	box.idle.stop();
	await Promise.allSettled([engine.close(), box.cloud.close()]);
	await store.close();
	await removeServiceFile(options.dataDir);
	log.logger.info('stopped');
	log.flush();
}

function once(task: () => Promise<void>): () => Promise<void> {
	let running: Promise<void> | undefined;
	return () => {
		running ??= task();
		return running;
	};
}
