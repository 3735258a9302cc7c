/** The door between the router and the walk: what a plan is made from, and what it says. */

import type { Call } from './call.ts';
import type { RankedCandidate, Reason, RejectedDeployment } from './decision.ts';
import type { Deployment, DeploymentHealth, RolePolicy } from './deployment.ts';
import type { EarnedPolicy } from './earned.ts';
import type { ControlSettings, ExperimentNote } from './experiment.ts';
import type { CallPolicy, PolicyNote } from './learning.ts';
import type { Key } from './member.ts';
import type { Problem } from './problem.ts';
import type { BalanceBy, Role, Tier } from './words.ts';

/** What the caller asks for by header or alias; honoured where the key allows it. */
export interface CallHints {
	readonly role: Role | undefined;
	readonly tier: Tier | undefined;
	readonly deployment: string | undefined;
	readonly tree: string | undefined;
	/** This text never leaves the box. Needs no right to force: it can only make stricter. */
	readonly isLocalOnly?: boolean;
}

/** Where a (session, agent) was served last, and how much of its prompt that deployment still holds in its cache. */
export interface Affinity {
	readonly deployment: string;
	readonly lastUsedMs: number;
	/** The upstream's model id at that time: another model has another tokenizer. Undefined: not known. */
	readonly model?: string;
	/** Size of the whole prompt of that call in tokens (reads and writes included), from the reply's usage. */
	readonly promptTokens: number;
	/** Size of that call's body in bytes: what lies beyond it is new text. */
	readonly bodyBytes: number;
	/**
	 * Bytes of this call's body outside the longest head and tail that it shares with that call's body: the rest is what
	 * `promptTokens` has counted. Undefined where that body is no longer held, and then nothing is taken as counted.
	 */
	readonly unseenBytes: number | undefined;
	/** Media of this call that the earlier one did not have, or that it names by address; undefined: all of them. */
	readonly unseenMedia?: number;
	/** True when prefixDigest was the same. */
	readonly isSamePrefix: boolean;
	/** Output cap that calls of this role needed (0.99 quantile); undefined with too few samples. */
	readonly usualOutputTokens: number | undefined;
}

/** How much money a new call of this key and tree may reserve at most, and what bounds it. */
export interface Allowance {
	readonly nanoUsd: number;
	/** `clock`: nothing is spent until the box's clock can be believed. */
	readonly boundBy: 'tree' | 'member-day' | 'member-month' | 'team-day' | 'team-month' | 'mean' | 'none' | 'clock';
	/** What the caller is told where the clock bounds. */
	readonly problem?: Problem;
	/** Of what bounds it, where the ledger says so: for the sentence that a refused caller reads. */
	readonly ceilingNanoUsd?: number;
	/** Settled and reserved against that ceiling. */
	readonly spentNanoUsd?: number;
}

export interface ModelAlias {
	readonly role?: Role;
	readonly tier?: Tier;
	readonly deployment?: string;
	/** Text under this name never leaves the box, whoever sends it. */
	readonly data?: 'local-only';
}

export interface RoutingSettings {
	readonly roles: Readonly<Record<Role, RolePolicy>>;
	/** Names that callers may write in `model`. */
	readonly aliases: Readonly<Record<string, ModelAlias>>;
	/** Output cap never lowered below this by the budget. */
	readonly usefulOutputTokens: number;
	/** The operator's word that the safety classifier may be sent to a cheaper tier. Default false. */
	readonly mayDowngradeSafetyClassifier: boolean;
	/** Repetitions that may each be billed and are reserved for, where the allowance holds them; absent is none. */
	readonly reservedRepeats?: number;
	/** A cloud deployment may have to go on with an answer that the box began: its bound counts what that adds to the prompt. Absent: never. */
	readonly mayContinue?: boolean;
	/** Top-level fields that the closed list does not know, on a key with a ceiling. Default: refused. */
	readonly unknownFields?: 'refuse' | 'worst-case';
	/** Most tokens that one use of a vendor's own tool puts into the prompt, on the operator's word; undefined: the window bounds it. */
	readonly serverToolResultTokens?: number | undefined;
	/** Within a tier, deployments that the caller's own bytes can go to come first; absent is true. */
	readonly prefersOwnDialect?: boolean;
	/** Whether an exactly named deployment (`model` equals a deployment id or upstream model) is kept for outer calls. */
	readonly cacheLifeMs: number;
	/** A local answer expected to take more times as long as the cloud's is not local; absent: never for that. */
	readonly mostTimesCloud?: number | undefined;
	/** How deployments of equal order share the load of a tier; absent is `cost`. */
	readonly balance?: Readonly<Partial<Record<Tier, BalanceBy>>>;
	/** Trees that are left unrouted; absent is none. */
	readonly control?: ControlSettings;
	/** Deployments that may be asked where another's vendor refuses a call for its content; absent is none. */
	readonly contentPolicyFallbacks?: readonly string[];
}

export interface PlanInput {
	readonly call: Call;
	readonly key: Key;
	readonly hints: CallHints;
	readonly settings: RoutingSettings;
	readonly deployments: readonly Deployment[];
	readonly health: ReadonlyMap<string, DeploymentHealth>;
	readonly affinity: Affinity | undefined;
	readonly allowance: Allowance;
	/** Monotonic ms. */
	readonly nowMs: number;
	/** Uniform [0, 1): breaks ties between equals. */
	readonly random: number;
	/** Orders by a learned score where the role is learned for; absent: rules order. */
	readonly policy?: CallPolicy;
	/** Which classes of calls may go to the box; absent: all. */
	readonly earned?: EarnedPolicy;
}

export interface Plan {
	readonly role: Role;
	readonly treeKey: string;
	/** Tried in this order; empty exactly when `problem` or `estimatedInputTokens` is set. */
	readonly candidates: readonly RankedCandidate[];
	readonly rejected: readonly RejectedDeployment[];
	readonly reasons: readonly Reason[];
	/**
	 * The cap to splice in for the first candidate, where the caller's had to be lowered or none was given; undefined
	 * leaves the body alone. Each candidate carries its own, since upstreams differ in what they accept.
	 */
	readonly outputCapTokens: number | undefined;
	/** Upper bound over the dearest chain of candidates that may each be billed, repetitions included. */
	readonly reservationNanoUsd: number;
	/** Tries that may each be billed, for which the reservation holds: the candidates with a price, and the repetitions that money was set aside for. */
	readonly billableTries: number;
	readonly problem: Problem | undefined;
	/** Types of tools that are taken out of the call wherever the box pays: nothing bounds what they cost. */
	readonly withheldTools?: readonly string[];
	/** A count of tokens that nobody in reach can make is answered with this estimate, and nobody is asked. */
	readonly estimatedInputTokens?: number;
	/** A data rule keeps the text here: no candidate is elsewhere. */
	readonly isKeptHere?: boolean;
	/** How the score chose, where it did. */
	readonly policy?: PolicyNote;
	/** Its tree's place in the comparison with the control group, where there is one. */
	readonly experiment?: ExperimentNote;
}

/** `appliance/router/plan-call.ts` exports `planCall: PlanCall`, and `price-usage.ts` exports `priceUsage`. */
export type PlanCall = (input: PlanInput) => Plan;
