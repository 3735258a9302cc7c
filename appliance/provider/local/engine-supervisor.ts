/** Keeps one engine child alive: loads it, restarts it with back-off, and tells when it is ready. */

import type { Clock } from '../../protocol/ports.ts';
import { EngineProcess } from './engine-process.ts';
import type { EngineSettings, FromChild, LoadedModel, ToChild } from './messages.ts';
import { decideReload, decideRestart } from './restart-policy.ts';

/** The child reports its memory every five seconds: after so long a silence it hangs, and is ended. */
const LONGEST_SILENCE_MS = 120_000;

/** The part of a pino logger that is used here. */
export interface LogPort {
	info(fields: object, message: string): void;
	warn(fields: object, message: string): void;
	error(fields: object, message: string): void;
}

export type SupervisorState = 'starting' | 'ready' | 'restarting' | 'failed' | 'closed';

export interface SupervisorEvents {
	readonly onReady: () => void;
	/** Everything that the child was doing is lost. */
	readonly onLost: (reason: string) => void;
	/** The engine is given up for now. */
	readonly onFailed: (reason: string) => void;
	readonly onMessage: (message: FromChild) => void;
}

export class EngineSupervisor {
	state: SupervisorState = 'starting';
	detail: string | undefined;
	loaded: LoadedModel | undefined;
	rssBytes: number | undefined;
	#settings: EngineSettings;
	readonly #findCalibration: () => string | undefined;
	readonly #log: LogPort;
	readonly #clock: Clock;
	readonly #events: SupervisorEvents;
	#process: EngineProcess | undefined;
	#readyAtMs: number | undefined;
	#quickDeaths = 0;
	#loadFailure: string | undefined;
	#timer: NodeJS.Timeout | undefined;
	#isSwitching = false;
	#lastHeardMs = 0;
	#watch: NodeJS.Timeout | undefined;

	constructor(settings: EngineSettings, findCalibration: () => string | undefined, log: LogPort, clock: Clock, events: SupervisorEvents) {
		this.#settings = settings;
		this.#findCalibration = findCalibration;
		this.#log = log;
		this.#clock = clock;
		this.#events = events;
	}

	get build(): EngineSettings['build'] {
		return this.#settings.build;
	}

	get pid(): number | undefined {
		return this.#process?.pid;
	}

	start(): void {
		this.#loadFailure = undefined;
		this.#readyAtMs = undefined;
		this.#process = new EngineProcess({
			onMessage: (message) => this.#receive(message),
			onExit: (ending) => this.#ended(ending),
			onErrorOutput: (text) => this.#log.warn({ output: text.trim().slice(0, 2_000) }, 'the engine child wrote to its error output'),
		});
		// A calibration that was made meanwhile takes effect now: live caches keep the one they were filled with.
		this.#process.send({ type: 'load', settings: { ...this.#settings, kvCalibrationFile: this.#findCalibration() } });
	}

	send(message: ToChild): void {
		this.#process?.send(message);
	}

	/** Loads the model again with another build; call it only when nothing runs. */
	async switchBuild(build: EngineSettings['build']): Promise<void> {
		this.#settings = { ...this.#settings, build };
		if (this.#process === undefined || this.state === 'closed') return;
		this.state = 'restarting';
		this.#isSwitching = true;
		clearTimeout(this.#timer);
		await this.#process.stop();
	}

	async close(): Promise<void> {
		this.state = 'closed';
		clearTimeout(this.#timer);
		await this.#process?.stop();
	}

	#receive(message: FromChild): void {
		this.#lastHeardMs = this.#clock.nowMs();
		if (message.type === 'ready') this.#becomeReady(message.loaded);
		else if (message.type === 'load-failed') {
			this.#loadFailure = message.message;
			this.#process?.kill();
		} else if (message.type === 'memory') this.rssBytes = message.rssBytes;
		else if (message.type === 'log') this.#log[message.level]({ source: 'engine' }, message.message);
		else this.#events.onMessage(message);
	}

	#becomeReady(loaded: LoadedModel): void {
		this.loaded = loaded;
		this.state = 'ready';
		this.detail = undefined;
		this.#readyAtMs = this.#clock.nowMs();
		this.#log.info({ ...loaded, build: this.build.kind }, 'the local model is ready');
		this.#watch = setInterval(() => this.#endIfSilent(), LONGEST_SILENCE_MS / 4).unref();
		this.#events.onReady();
	}

	#endIfSilent(): void {
		if (this.#clock.nowMs() - this.#lastHeardMs < LONGEST_SILENCE_MS) return;
		this.#log.error({ silentMs: LONGEST_SILENCE_MS }, 'the engine child hangs and is ended');
		this.#process?.kill();
	}

	#ended(ending: string): void {
		this.rssBytes = undefined;
		this.#process = undefined;
		clearInterval(this.#watch);
		if (this.state === 'closed') this.#events.onLost('it was stopped');
		else if (this.#isSwitching) this.#restartSwitched();
		else this.#died(this.#loadFailure ?? `its process ended (${ending})`);
	}

	#restartSwitched(): void {
		this.#isSwitching = false;
		this.#events.onLost('it was restarted');
		this.start();
	}

	#died(reason: string): void {
		const readyMs = this.#readyAtMs === undefined ? 0 : this.#clock.nowMs() - this.#readyAtMs;
		this.#events.onLost(reason);
		if (this.build.kind === 'own') this.#fallBack(reason);
		else this.#scheduleRestart(reason, readyMs);
	}

	#fallBack(reason: string): void {
		this.#log.error({ reason }, 'the own build of the engine died: back to the prebuilt one');
		this.#settings = { ...this.#settings, build: { kind: 'prebuilt' } };
		this.state = 'restarting';
		this.start();
	}

	#scheduleRestart(reason: string, readyMs: number): void {
		const isReported = this.#loadFailure !== undefined;
		const { delayMs, isFailed, quickDeaths } = isReported ? decideReload(this.#quickDeaths) : decideRestart(this.#quickDeaths, readyMs);
		this.#quickDeaths = quickDeaths;
		this.detail = reason;
		this.state = isFailed ? 'failed' : 'restarting';
		this.#log.error({ reason, delayMs, quickDeaths }, isFailed ? 'the local engine is given up for now' : 'the local engine is restarted');
		if (isFailed) this.#events.onFailed(reason);
		this.#timer = setTimeout(() => this.start(), delayMs);
		this.#timer.unref();
	}
}
