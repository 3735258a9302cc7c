/** What routing learns from, and what it says about its choice. */

import type { Role, Tier } from './words.ts';

/** Why a score put a deployment first: the same object in the decision, the log and `explain`. */
export interface PolicyNote {
	/** The deployment that was put first. */
	readonly arm: string;
	/** With which probability it was put first: what other policies are judged by. */
	readonly propensity: number;
	readonly why: 'score' | 'trial' | 'chance';
	/** Best first; points, one per cent of a chance that the answer is good. */
	readonly scores: readonly ScoreLine[];
	/** The call's features, in the order that `features` names. Numbers of its shape: no text can be told from them. */
	readonly x: readonly number[];
	readonly features: string;
}

export interface ScoreLine {
	readonly deployment: string;
	readonly quality: number;
	readonly exploration: number;
	readonly cost: number;
	readonly budget: number;
	readonly time: number;
	readonly stickiness: number;
	readonly total: number;
}

/** What a caller may say of its own call. */
export const VERDICTS = ['good', 'bad', 'gate-passed', 'gate-failed'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** How a reward came about: by what a caller said, or by what the next turn of its session showed. */
export type RewardKind = 'feedback' | 'gate' | 'repeated' | 'tool-failed' | 'tool-succeeded' | 'moved-on';

export interface RewardRow {
	readonly callId: string;
	readonly keyId: string;
	readonly arm: string;
	readonly propensity: number;
	readonly kind: RewardKind;
	/** 0 to 1. */
	readonly reward: number;
	/** How much it counts: 1 is one certain answer. */
	readonly weight: number;
	readonly atMs: number;
}

export interface LearningStore {
	/** What `save` was given last; undefined for a new box. */
	load(): Promise<string | undefined>;
	/** Written behind. */
	save(snapshot: string): void;
	/** Written behind; of one call and kind the first stays. */
	addReward(row: RewardRow): void;
	/** The newest first. */
	rewards(limit: number): Promise<readonly RewardRow[]>;
}

/** A preset and what the operator changed of it. `exploration` is ParetoBandit's α, `cost` its λ_c. */
export interface LearningSettings {
	/** Whether scores order the deployments of calls. */
	readonly isOn: boolean;
	readonly roles: readonly Role[];
	readonly weights: {
		readonly cost: number;
		readonly exploration: number;
		readonly pointsPerMinute: number;
		readonly switchPoints: number;
		readonly turnsAhead: number;
	};
	/** ε: share of calls that take any of the deployments left. */
	readonly chance: number;
	/** Calls that a new deployment is given whatever its score. */
	readonly trialCalls: number;
	/** 0 to 1: what a deployment of each tier is taken for before anything is known. */
	readonly usualQuality: Readonly<Record<Tier, number>>;
	/** For how many calls that guess counts. */
	readonly usualCalls: number;
	/** γ. */
	readonly forgetting: number;
	/** Undefined: no mean is held. */
	readonly pacing: PacingSettings | undefined;
}

export interface PacingSettings {
	readonly targetNanoUsd: number;
	readonly tolerancePermille: number;
	readonly openingCreditNanoUsd: number;
	readonly period: 'day' | 'month';
	readonly withoutRoom: 'refuse' | 'queue' | 'exception';
	readonly queueMs: number;
	readonly meanWeight: number;
	readonly step: number;
	readonly maxLambda: number;
}

/** A deployment before the score. */
export interface ScoredOption {
	readonly arm: string;
	/** Expected cost of this call there, cache effects included, over its tokens. */
	readonly usdPerThousandTokens: number;
	/** The model's own rate, without the state of any cache. */
	readonly listUsdPerThousandTokens: number;
	readonly worstNanoUsd: number;
	readonly expectedMs?: number | undefined;
	readonly paybackTurns?: number;
}

/** What was learned, as of this moment, for one call. */
export interface CallPolicy {
	readonly roles: readonly Role[];
	/** @param x the call's features; @param random uniform [0, 1) */
	decide(
		x: Float64Array,
		options: readonly ScoredOption[],
		random: number,
	): {
		/** Best first. */
		readonly ranked: readonly { readonly arm: string; readonly score: Omit<ScoreLine, 'deployment'> }[];
		readonly propensity: number;
		readonly why: PolicyNote['why'];
	};
}
