/** What the policy has learned, as plain JSON and back, so that it survives a restart. */

import type { BanditState } from './bandit.ts';
import { type ArmSettings, type LinearArm, withInverse } from './linear-arm.ts';
import type { PacerState } from './pacer.ts';
import type { GuardState, Hold, PeriodSums } from './spend-guard.ts';

export interface PolicyState {
	readonly bandit: BanditState;
	readonly pacer: PacerState;
	readonly guard: GuardState;
}

export interface PolicySnapshot {
	readonly version: 1;
	/** Features of another kind, or in another order, have another name: what was learned on them says nothing here. */
	readonly features: string;
	readonly arms: readonly ArmSnapshot[];
	readonly trials: readonly (readonly [arm: string, left: number])[];
	readonly calls: number;
	readonly pacer: PacerState;
	readonly periods: readonly (readonly [period: string, sums: PeriodSums])[];
	readonly holds: readonly (readonly [callId: string, hold: Hold])[];
}

interface ArmSnapshot {
	readonly name: string;
	/** A is symmetric: its rows from the diagonal on. */
	readonly upper: readonly number[];
	readonly moment: readonly number[];
	readonly ridgeLeft: number;
	readonly learnedAt: number;
	readonly chosenAt: number;
}

export function takeSnapshot({ bandit, pacer, guard }: PolicyState, features: string): PolicySnapshot {
	return {
		version: 1,
		features,
		arms: [...bandit.arms].map(([name, arm]) => armSnapshot(name, arm)),
		trials: [...bandit.trials],
		calls: bandit.calls,
		pacer,
		periods: [...guard.periods],
		holds: [...guard.holds],
	};
}

function armSnapshot(name: string, { precision, moment, ridgeLeft, learnedAt, chosenAt }: LinearArm): ArmSnapshot {
	const upper: number[] = [];
	const { length } = moment;
	for (let row = 0; row < length; row++) upper.push(...precision.subarray(row * length + row, (row + 1) * length));
	return { name, upper, moment: [...moment], ridgeLeft, learnedAt, chosenAt };
}

/**
 * Of a snapshot with other features the sums of money come back, and what was learned does not. Throws RangeError where an
 * arm's statistics are spoiled.
 */
export function fromSnapshot(snapshot: PolicySnapshot, features: string, settings: ArmSettings): PolicyState {
	const isSame = snapshot.features === features;
	const arms = isSame ? snapshot.arms.map((arm) => [arm.name, armFrom(arm, settings)] as const) : [];
	return {
		bandit: { arms: new Map(arms), trials: new Map(isSame ? snapshot.trials : []), calls: snapshot.calls },
		pacer: snapshot.pacer,
		guard: { periods: new Map(snapshot.periods), holds: new Map(snapshot.holds) },
	};
}

function armFrom({ upper, moment, ridgeLeft, learnedAt, chosenAt }: ArmSnapshot, { dimension }: ArmSettings): LinearArm {
	if (moment.length !== dimension || upper.length !== (dimension * (dimension + 1)) / 2)
		throw new RangeError(`An arm of ${moment.length} features, where calls have ${dimension}.`);
	const precision = new Float64Array(dimension ** 2);
	let at = 0;
	for (let row = 0; row < dimension; row++) {
		for (let column = row; column < dimension; column++, at++) {
			precision[row * dimension + column] = upper[at] ?? 0;
			precision[column * dimension + row] = upper[at] ?? 0;
		}
	}
	return withInverse({ precision, moment: Float64Array.from(moment), ridgeLeft, learnedAt, chosenAt }, dimension);
}
