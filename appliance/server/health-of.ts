/** What the box knows at this moment about each deployment: configured, up, cooling down, how fast. */

import type { Settings } from '../config/settings.ts';
import type { Deployment, DeploymentHealth } from '../protocol/deployment.ts';
import type { EngineStatus } from '../protocol/ports.ts';
import type { PromptMark } from '../router/local-times.ts';
import type { Box } from './box.ts';

/** @param mark the prompt that is asked for, where it is one in particular */
export function healthOf(
	box: Box,
	settings: Settings,
	deployments: readonly Deployment[],
	mark?: PromptMark,
): ReadonlyMap<string, DeploymentHealth> {
	const health = new Map<string, DeploymentHealth>();
	for (const deployment of deployments) {
		if (deployment.provider === 'local') health.set(deployment.id, { ...localHealth(box, mark), cooldownUntilMs: 0 });
		else {
			const isOwn = deployment.isOwnLogin === true;
			const missing = isOwn ? undefined : settings.notConfigured[deployment.id];
			const station = box.memory.station(deployment.id);
			// Limits and keys are the box's own; a caller's login has others, which its vendor keeps.
			const traffic = isOwn ? undefined : station;
			const cooldownUntilMs = isOwn ? station.ownRestUntilMs() : station.restsUntilMs();
			health.set(deployment.id, {
				isUp: missing === undefined,
				detail: missing,
				cooldownUntilMs,
				rates: undefined,
				...(traffic && { traffic }),
			});
		}
	}
	return health;
}

function localHealth(box: Box, mark: PromptMark | undefined) {
	const { admission } = box.machine;
	const status = box.engine.status();
	const { state, detail } = status;
	const rates = mark === undefined ? status.rates : ratesFor(box, status, mark);
	if (state === 'ready' && admission.state === 'aside')
		return { isUp: false, detail: `It steps aside for the machine. ${admission.reason}`, rates };
	const isUp = state === 'ready';
	return { isUp, detail: isUp ? undefined : (detail ?? `the local engine is ${state}`), rates };
}

function ratesFor(box: Box, { rates, ratesByDepth, busySlots }: EngineStatus, mark: PromptMark): DeploymentHealth['rates'] {
	return rates === undefined
		? undefined
		: { ...rates, byDepth: ratesByDepth, forecast: box.memory.localTimes.forecast(mark, busySlots > 0) };
}
