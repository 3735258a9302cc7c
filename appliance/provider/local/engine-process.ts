/** Starts the engine child, and says how it ended. */

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FromChild, ToChild } from './messages.ts';

const ENTRY = fileURLToPath(new URL('./child/engine-child.ts', import.meta.url));

/** Time for a clean end before it is forced. */
const STOP_TIMEOUT_MS = 2_000;

/** What the child may see of the environment: no key of any provider. */
const PASSED_VARIABLES = ['PATH', 'HOME', 'LANG', 'TMPDIR', 'XDG_CACHE_HOME', 'INNERLOOP_CACHE', 'NODE_LLAMA_CPP_DEBUG'];

/** Keeps glibc from hoarding what the model's loading and long prompts freed: 150 MB on the models here. */
const MEMORY_SETTINGS = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072', MALLOC_MMAP_THRESHOLD_: '131072' };

/** Reading a model's metadata leaves 50 MB of garbage, which V8 would keep: the child collects it once the model is loaded. */
const ENGINE_FLAGS = ['--expose-gc', '--optimize-for-size'];

/** Read by our own build when it loads a model (native/turboquant/ggml/llama); the prebuilt engine does not know it. */
const MODEL_SETTINGS = { INNERLOOP_KEY_BALANCE: '1' };

export interface EngineProcessEvents {
	readonly onMessage: (message: FromChild) => void;
	/** Once, when the process is gone; `ending` says how in words. */
	readonly onExit: (ending: string) => void;
	readonly onErrorOutput: (text: string) => void;
}

export class EngineProcess {
	readonly #child: ChildProcess;
	readonly #gone: Promise<void>;
	#isGone = false;

	constructor(events: EngineProcessEvents) {
		this.#child = fork(ENTRY, [], {
			execArgv: [...ENGINE_FLAGS],
			serialization: 'advanced',
			stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
			env: childEnvironment(process.env),
		});
		this.#child.stderr?.setEncoding('utf8').on('data', events.onErrorOutput);
		this.#child.on('message', (message) => {
			if (!this.#isGone) events.onMessage(message as FromChild);
		});
		this.#gone = new Promise((resolve) => {
			const end = (ending: string): void => {
				if (this.#isGone) return;
				this.#isGone = true;
				events.onExit(ending);
				resolve();
			};
			this.#child.on('error', (error) => end(error.message));
			this.#child.on('exit', (code, signal) => end(signal === null ? `exit code ${code}` : `signal ${signal}`));
		});
	}

	get pid(): number | undefined {
		return this.#child.pid;
	}

	/** A message to a process that is just going away is lost: its end is reported anyway. */
	send(message: ToChild): void {
		if (!this.#isGone && this.#child.connected) this.#child.send(message, () => undefined);
	}

	kill(): void {
		this.#child.kill('SIGKILL');
	}

	/** Ends the process, by force when it does not answer. */
	async stop(): Promise<void> {
		this.send({ type: 'stop' });
		const force = setTimeout(() => this.kill(), STOP_TIMEOUT_MS);
		await this.#gone;
		clearTimeout(force);
	}
}

function childEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
	const passed = PASSED_VARIABLES.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]] as const]));
	return { ...Object.fromEntries(passed), ...MEMORY_SETTINGS, ...MODEL_SETTINGS };
}
