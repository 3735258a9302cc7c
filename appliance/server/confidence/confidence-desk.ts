/** Confidence beside the walk: the settings of this moment, what was fitted of steps so far, and who refuses to go on from a prefill. */

import type { ConfidenceSettings } from '../../protocol/confidence.ts';
import type { Role } from '../../protocol/words.ts';
import { type OnlineMixture, observeStep, posteriorOfSure, startOf } from '../../router/confidence/mixture.ts';
import { STEP_PRIOR } from '../../router/confidence/prior.ts';

export class ConfidenceDesk {
	settings: ConfidenceSettings;
	private readonly mixtures = new Map<string, OnlineMixture>();
	/** Ids of deployments that answered a prefill with an error. */
	readonly withoutPrefill = new Set<string>();

	constructor(settings: ConfidenceSettings) {
		this.settings = settings;
	}

	configure(settings: ConfidenceSettings): void {
		this.settings = settings;
		this.withoutPrefill.clear();
	}

	get isOn(): boolean {
		return this.settings.isOn;
	}

	/** Posterior of "sure" by what was fitted before this step, which then counts itself. Each model and role has its own fit. */
	judgeStep(model: string, role: Role, score: number): number {
		const name = `${model}/${role}`;
		const state = this.mixtures.get(name) ?? startOf(STEP_PRIOR);
		this.mixtures.set(name, observeStep(state, score, STEP_PRIOR));
		return posteriorOfSure(score, state.mixture);
	}
}
