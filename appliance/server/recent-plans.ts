/** The last calls as the router saw them, without their text: what a changed configuration is tried on before it is saved. */

import type { ConfigPreview } from '../protocol/admin.ts';
import type { Deployment, DeploymentHealth } from '../protocol/deployment.ts';
import type { Plan, PlanInput, RoutingSettings } from '../protocol/plan.ts';
import { planCall } from '../router/plan-call.ts';

const KEPT = 100;

export interface PlannedCall {
	readonly callId: string;
	readonly at: string;
	readonly input: PlanInput;
}

/** A configuration as far as plans depend on it. */
export interface Rules {
	readonly routing: RoutingSettings;
	readonly deployments: readonly Deployment[];
	/** Deployment id → why it cannot be used. */
	readonly notConfigured: Readonly<Record<string, string>>;
}

export class RecentPlans {
	readonly #ring: PlannedCall[] = [];
	#next = 0;

	/** Costs a call one reference; a call's bytes are not part of what is kept. */
	note(call: PlannedCall): void {
		this.#ring[this.#next] = call;
		this.#next = (this.#next + 1) % KEPT;
	}

	/** Both plans are made anew with the same health and affinity, so that only the rules differ. The newest call first. */
	compare(now: Rules, then: Rules): ConfigPreview {
		const calls = [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)].reverse();
		const changed = calls.flatMap((call) => {
			const [before, after] = [planWith(call, now), planWith(call, then)];
			const [from, to] = [before.candidates[0]?.deployment, after.candidates[0]?.deployment];
			if (from === to && before.problem?.code === after.problem?.code) return [];
			const { callId, at, input } = call;
			return [
				{
					callId,
					at,
					member: input.key.memberName,
					role: after.role,
					from,
					to,
					refusal: after.problem?.message,
					fromNanoUsd: before.candidates[0]?.expectedCostNanoUsd,
					toNanoUsd: after.candidates[0]?.expectedCostNanoUsd,
				},
			];
		});
		return { calls: calls.length, changed };
	}
}

function planWith({ input }: PlannedCall, { routing, deployments, notConfigured }: Rules): Plan {
	const health = new Map(deployments.map(({ id }) => [id, healthUnder(input.health.get(id), notConfigured[id])]));
	return planCall({ ...input, settings: routing, deployments, health });
}

/** How many calls ran then says nothing about the rules; whether there is a key does. */
function healthUnder(then: DeploymentHealth | undefined, missing: string | undefined): DeploymentHealth {
	if (missing !== undefined) return { isUp: false, detail: missing, cooldownUntilMs: 0, rates: undefined };
	if (then?.rates !== undefined || then?.isUp === true)
		return { isUp: then.isUp, detail: then.detail, cooldownUntilMs: 0, rates: then.rates };
	return { isUp: true, detail: undefined, cooldownUntilMs: 0, rates: undefined };
}
