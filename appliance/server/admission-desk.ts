/** Keeps the admission of the moment: every sample of the machine is judged, and the engine told when its slots change. */

import type { Logger } from 'pino';
import type { Admission, MachineSample } from '../protocol/machine.ts';
import type { LocalEngine } from '../protocol/ports.ts';
import { type AdmissionMemory, admit, OPEN } from '../system/admission.ts';

export interface AdmissionDeskOptions {
	readonly engine: Pick<LocalEngine, 'limitSlots'>;
	/** `local.admission` of this moment. */
	readonly isOn: () => boolean;
	readonly log: Pick<Logger, 'info' | 'warn'>;
}

/** While it gives way, the model finishes what waits for it one call at a time. */
const SLOWED_SLOTS = 1;

export class AdmissionDesk {
	readonly #options: AdmissionDeskOptions;
	#memory: AdmissionMemory = OPEN;
	#sample: MachineSample | undefined;

	constructor(options: AdmissionDeskOptions) {
		this.#options = options;
	}

	get admission(): Admission {
		return this.#memory;
	}

	/** Undefined before the first look. */
	get sample(): MachineSample | undefined {
		return this.#sample;
	}

	take(sample: MachineSample): void {
		this.#sample = sample;
		const before = this.#memory;
		this.#memory = this.#options.isOn() ? admit(before, sample) : OPEN;
		const { state, reason } = this.#memory;
		if (state === before.state) return;
		this.#options.engine.limitSlots?.(state === 'open' ? undefined : SLOWED_SLOTS);
		if (state === 'open') this.#options.log.info({ was: before.state }, 'the local model takes calls as before');
		else this.#options.log.warn({ state, reason, was: before.state }, 'the local model gives way to the machine');
	}
}
