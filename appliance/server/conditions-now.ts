/** What is wrong with the box at this moment, gathered from its rooms. */

import type { Condition } from '../protocol/condition.ts';
import type { Box } from './box.ts';
import { conditionsOf } from './conditions.ts';

export function conditionsNow(box: Box): readonly Condition[] {
	const { notConfigured } = box.settings();
	return conditionsOf({
		store: box.store.stats(),
		engine: box.engine.status(),
		admission: box.machine.admission,
		machine: box.machine.sample,
		configured: box.settings().deployments.flatMap(({ id }) => (notConfigured[id] === undefined ? [id] : [])),
		resting: restingDeployments(box),
	});
}

/** Cloud deployments that calls pass over at this moment. */
export function restingDeployments(box: Box): string[] {
	const nowMs = box.clock.nowMs();
	const isResting = (id: string) => box.memory.station(id).restsUntilMs() > nowMs;
	return box.deployments().flatMap(({ id, provider }) => (provider !== 'local' && isResting(id) ? [id] : []));
}
