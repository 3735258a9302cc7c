/** The state of the box in parts, as the live feed compares and sends them. */

import type { LiveDeployment, LiveState } from '../../protocol/live.ts';
import type { Box } from '../box.ts';
import { conditionsNow } from '../conditions-now.ts';
import type { LiveParts } from './live-feed.ts';

export interface LiveIdentity {
	readonly version: string;
	readonly startedAt: string;
}

/** @param memberId whose spending is shown beside the team's; undefined shows everybody's */
export function livePartsOf(box: Box, identity: LiveIdentity, memberId: string | undefined): LiveParts {
	const { state, detail, model, slots, busySlots, queued, contextTokens, rates } = box.engine.status();
	const { sample, admission } = box.machine;
	const whole: LiveState = {
		box: { ...identity, isStopping: box.running.isStopping },
		machine: sample,
		admission: { state: admission.state, reason: admission.reason, sinceMs: admission.sinceMs },
		conditions: conditionsNow(box),
		engine: { state, detail, model, slots, busySlots, queued, contextTokens, rates },
		runningCalls: box.running.count,
		spend: box.store.ledger
			.spend()
			.filter(({ scope, id }) => scope === 'team' || (scope === 'member' && (memberId === undefined || id === memberId))),
		deployments: deploymentsOf(box),
		pulse: box.pulse.read(),
	};
	const names = Object.keys(whole) as (keyof LiveState)[];
	return new Map(names.map((name) => [name, JSON.stringify(whole[name]) ?? 'null']));
}

function deploymentsOf(box: Box): LiveDeployment[] {
	const { notConfigured } = box.settings();
	const nowMs = box.clock.nowMs();
	return box.deployments().map(({ id, tier, provider }): LiveDeployment => {
		if (provider === 'local') return { id, tier, ...localState(box), runningCalls: box.engine.status().busySlots };
		const station = box.memory.station(id);
		const missing = notConfigured[id];
		const isResting = station.restsUntilMs() > nowMs;
		const state = missing !== undefined ? 'absent' : isResting ? 'resting' : 'up';
		return { id, tier, state, detail: missing, runningCalls: station.runningCalls };
	});
}

function localState(box: Box): Pick<LiveDeployment, 'state' | 'detail'> {
	const { state, detail } = box.engine.status();
	const { admission } = box.machine;
	if (state !== 'ready') return { state: 'absent', detail: detail ?? `the local engine is ${state}` };
	return admission.state === 'aside'
		? { state: 'resting', detail: admission.reason }
		: { state: 'up', detail: admission.reason || undefined };
}
