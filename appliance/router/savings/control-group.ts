/** Which call trees are left unrouted, so that what routing saves can be measured against them. */

import type { ExperimentNote } from '../../protocol/experiment.ts';
import { fnv1a } from '../../protocol/fnv1a.ts';
import type { PlanInput } from '../../protocol/plan.ts';
import type { Role } from '../../protocol/words.ts';
import { type Demand, demandsNothing } from '../demand.ts';
import { treeKeyOf } from '../tree-key.ts';

/** The end of MurmurHash3 (Appleby) behind the hash: keys that differ in one letter fall far apart. */
function scatter(hash: number): number {
	let value = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
	value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
	return (value ^ (value >>> 16)) >>> 0;
}

/** The same for a tree at each of its calls, on every box and after every restart: uniform in [0, 1). */
export const placeOf = (treeKey: string): number => scatter(fnv1a(treeKey)) / 2 ** 32;

/**
 * Undefined where there is nothing to compare: no control group is set, somebody demanded a place, a data rule keeps the
 * text here, or no model speaks.
 */
export function experimentOf(input: PlanInput, demand: Demand, role: Role, isKept: boolean): ExperimentNote | undefined {
	const { call, key, hints, settings } = input;
	const share = settings.control?.share ?? 0;
	if (share === 0 || call.operation === 'count-tokens' || isKept || !demandsNothing(demand)) return undefined;
	return { arm: placeOf(treeKeyOf(key, call, hints)) < share ? 'control' : 'routed', isTouched: role !== 'outer' };
}
