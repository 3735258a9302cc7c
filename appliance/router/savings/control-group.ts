/** Which call trees are left unrouted, so that what routing saves can be measured against them. */

import type { ExperimentNote } from '../../protocol/experiment.ts';
import type { PlanInput } from '../../protocol/plan.ts';
import type { Role } from '../../protocol/words.ts';
import { type Demand, demandsNothing } from '../demand.ts';
import { treeKeyOf } from '../tree-key.ts';

/** FNV-1a (Fowler, Noll, Vo; 32 bits), with the end of MurmurHash3 (Appleby) behind it: keys that differ in one letter fall far apart. */
function hash(text: string): number {
	let value = 0x811c9dc5;
	for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
	value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
	value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
	return (value ^ (value >>> 16)) >>> 0;
}

/** The same for a tree at each of its calls, on every box and after every restart: uniform in [0, 1). */
export const placeOf = (treeKey: string): number => hash(treeKey) / 2 ** 32;

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
