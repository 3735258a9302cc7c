/** Asks once for an own build of the engine, and takes it over when nothing would be interrupted. */

import type { EngineSupervisor, LogPort } from './engine-supervisor.ts';

export interface OwnBuildTakerOptions {
	/** Resolves with the folder of a node-llama-cpp that loads the build. */
	readonly obtain: (signal: AbortSignal) => Promise<string>;
	readonly supervisor: Pick<EngineSupervisor, 'state' | 'switchBuild'>;
	readonly isIdle: () => boolean;
	readonly log: LogPort;
}

export class OwnBuildTaker {
	readonly #options: OwnBuildTakerOptions;
	readonly #closing = new AbortController();
	#state: 'unasked' | 'asked' | 'taken' | { readonly folder: string } = 'unasked';

	constructor(options: OwnBuildTakerOptions) {
		this.#options = options;
	}

	/** Once the prebuilt engine answers: the build must not delay it. */
	ask(): void {
		if (this.#state !== 'unasked') return;
		this.#state = 'asked';
		this.#options.obtain(this.#closing.signal).then(
			(folder) => {
				this.#state = { folder };
				this.takeWhenIdle();
			},
			(error: unknown) => {
				if (!this.#closing.signal.aborted)
					this.#options.log.warn({ err: error }, 'the own build of the engine failed: the prebuilt one stays');
			},
		);
	}

	/** Nothing is interrupted for a better build. */
	takeWhenIdle(): void {
		const { supervisor, isIdle, log } = this.#options;
		if (typeof this.#state === 'string' || this.#closing.signal.aborted || supervisor.state !== 'ready' || !isIdle()) return;
		const { folder } = this.#state;
		this.#state = 'taken';
		log.info({ folder }, 'the engine takes its own build over');
		supervisor.switchBuild({ kind: 'own', folder }).catch((error: unknown) => {
			log.error({ err: error }, 'the own build of the engine could not be taken over');
		});
	}

	close(): void {
		this.#closing.abort();
	}
}
