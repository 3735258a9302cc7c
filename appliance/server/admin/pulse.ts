/** The last ten minutes in figures: counters a step, so that a page that opens has a past to show. */

import type { Outcome } from '../../protocol/decision.ts';
import type { Pulse } from '../../protocol/live.ts';
import type { MachineSample } from '../../protocol/machine.ts';

const STEP_MS = 10_000;
const STEPS = 60;

interface Step {
	calls: number;
	outputTokens: number;
	costNanoUsd: number;
	temperatureCelsius: number | null;
	cpuLoadPercent: number | null;
}

const empty = (): Step => ({ calls: 0, outputTokens: 0, costNanoUsd: 0, temperatureCelsius: null, cpuLoadPercent: null });

export class PulseMemory {
	readonly #wallMs: () => number;
	/** The oldest first. */
	readonly #steps: Step[] = Array.from({ length: STEPS }, empty);
	#lastStep: number;

	constructor(wallMs: () => number) {
		this.#wallMs = wallMs;
		this.#lastStep = Math.floor(wallMs() / STEP_MS);
	}

	/** Costs a call some additions. */
	note({ outputTokens, costNanoUsd }: Pick<Outcome, 'outputTokens' | 'costNanoUsd'>): void {
		const step = this.#now();
		step.calls += 1;
		step.outputTokens += outputTokens ?? 0;
		step.costNanoUsd += costNanoUsd;
	}

	/** The highest of a step stands for it. */
	look({ temperatureCelsius, cpuLoadPercent }: Pick<MachineSample, 'temperatureCelsius' | 'cpuLoadPercent'>): void {
		const step = this.#now();
		step.temperatureCelsius = highest(step.temperatureCelsius, temperatureCelsius);
		step.cpuLoadPercent = highest(step.cpuLoadPercent, cpuLoadPercent);
	}

	read(): Pulse {
		this.#now();
		const steps = this.#steps;
		return {
			stepMs: STEP_MS,
			lastStepAtMs: this.#lastStep * STEP_MS,
			calls: steps.map(({ calls }) => calls),
			outputTokens: steps.map(({ outputTokens }) => outputTokens),
			costNanoUsd: steps.map(({ costNanoUsd }) => costNanoUsd),
			temperatureCelsius: steps.map(({ temperatureCelsius }) => temperatureCelsius),
			cpuLoadPercent: steps.map(({ cpuLoadPercent }) => cpuLoadPercent),
		};
	}

	#now(): Step {
		const step = Math.floor(this.#wallMs() / STEP_MS);
		// A clock that was set, either way, starts a new past at most.
		const isJump = step < this.#lastStep || step - this.#lastStep > STEPS;
		const passed = isJump ? STEPS : step - this.#lastStep;
		this.#lastStep = step;
		for (let n = 0; n < passed; n += 1) {
			this.#steps.shift();
			this.#steps.push(empty());
		}
		return this.#steps[STEPS - 1] ?? empty();
	}
}

function highest(before: number | null, value: number | undefined): number | null {
	if (value === undefined) return before;
	return before === null ? value : Math.max(before, value);
}
