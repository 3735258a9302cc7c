/** The control group: a share of call trees that is not routed, and what comparing with it says. */

/** `control`: goes to what its caller asked for. `routed`: as everything else. */
export type Arm = 'control' | 'routed';

/** Of one call, in its decision; the arm is its tree's. */
export interface ExperimentNote {
	readonly arm: Arm;
	/** Routing had something to say about this call. Judged before the arm is looked at, so that both arms are judged alike. */
	readonly isTouched: boolean;
}

/** The control group as configured: a share in [0, 1). */
export interface ControlSettings {
	readonly share: number;
}

/** One call tree as the history has it. */
export interface MeasuredTree {
	readonly treeKey: string;
	readonly arm: Arm;
	readonly isTouched: boolean;
	readonly calls: number;
	readonly failedCalls: number;
	readonly costNanoUsd: number;
	/** Sum of the calls' times to their last byte, in ms. */
	readonly waitMs: number;
}

/** A mean difference, control less routed, with the ends of its 95 % interval. */
export interface Difference {
	readonly control: number;
	readonly routed: number;
	readonly difference: number;
	readonly low: number;
	readonly high: number;
}

/** Means are of one tree. */
export interface MeasuredSavings {
	readonly share: number;
	readonly controlTrees: number;
	readonly routedTrees: number;
	/** Undefined while a group has too few trees to say anything. */
	readonly means:
		| {
				readonly costNanoUsd: Difference;
				/** Above zero: routing took more calls; repair turns among them. */
				readonly calls: Difference;
				readonly failedCalls: Difference;
				readonly waitMs: Difference;
		  }
		| undefined;
	/** Trees that a group needs before anything is said. */
	readonly fewestTrees: number;
}
