/** What the admin addresses under /innerloop/v1 take and give: the contract between the service and its command line. */

import type { AlertRow } from './alerts.ts';
import type { ClientSeen } from './clients.ts';
import type { Condition } from './condition.ts';
import type { Decision } from './decision.ts';
import type { Deployment, DeploymentHealth } from './deployment.ts';
import type { DiscoveryStatus } from './discovery.ts';
import type { Admission, MachineSample } from './machine.ts';
import type { Key, RulesChange } from './member.ts';
import type { CallRecord, EngineStatus, ListedKey, Member, SpendDay, SpendRow } from './ports.ts';
import type { DialectName, Tier } from './words.ts';

/** GET /innerloop/v1/status */
export interface StatusReport {
	readonly version: string;
	readonly startedAt: string;
	readonly uptimeMs: number;
	readonly isStopping: boolean;
	readonly address: string;
	readonly runningCalls: number;
	/** Client programs that called, the latest first. */
	readonly clients: readonly ClientSeen[];
	readonly engine: EngineStatus;
	/** How the box is announced on its network. */
	readonly discovery: DiscoveryStatus;
	/** Ids of cloud deployments that calls pass over after failures, and of those that one call tries at this moment. */
	readonly restingDeployments: readonly string[];
	readonly system: MachineSample;
	/** How much of the machine the local model may use. */
	readonly admission: Admission;
	/** What is wrong, the worst first; empty when nothing is. */
	readonly conditions: readonly Condition[];
}

/** GET /innerloop/v1/deployments → { deployments } */
export interface DeploymentReport {
	readonly deployment: Deployment;
	readonly health: Omit<DeploymentHealth, 'traffic'>;
	/** Ms until it is tried again; 0 when it is not cooling down. */
	readonly cooldownMs: number;
	/** Absent for the box's own engine, which reports itself. */
	readonly traffic?: TrafficReport;
}

/** `trial`: one call tries it after a rest, and decides for the others. */
export type RestPhase = 'closed' | 'resting' | 'trial';

/** What is used of the limits in the minute that ends now; a field is absent where nothing limits it. */
export interface LimitUseReport {
	readonly requests?: { readonly used: number; readonly most: number };
	readonly tokens?: { readonly used: number; readonly most: number };
	readonly parallel?: { readonly used: number; readonly most: number };
}

export interface TrafficReport {
	readonly phase: RestPhase;
	/** Failures in a row that have not led to a rest yet. */
	readonly failures: number;
	readonly runningCalls: number;
	readonly limits: LimitUseReport;
	/** Mean ms to the first bytes of late: of streams, and of whole replies by their output cap (512, 4096 tokens, more). */
	readonly firstTokenMs: Readonly<Partial<Record<'stream' | 'short' | 'medium' | 'long', number>>>;
	/** Where the provider has several keys, or one with limits. */
	readonly keys: readonly KeyReport[];
}

export interface KeyReport {
	/** The environment variable that holds it. */
	readonly id: string;
	readonly phase: RestPhase;
	readonly cooldownMs: number;
	/** At all deployments of the provider. */
	readonly runningCalls: number;
	readonly limits: LimitUseReport;
}

/** GET /innerloop/v1/alerts → { alerts } of the last 40 days, the newest first; owner keys only. */
export interface AlertsReport {
	/** What was (or is to be) sent, with what became of it. */
	readonly alerts: readonly { readonly state: AlertRow['state']; readonly id: string }[];
}

/** GET /innerloop/v1/spend → { rows }; a member's key sees its own rows and the team's. */
export interface SpendReport {
	readonly rows: readonly SpendRow[];
}

/** GET /innerloop/v1/spend/days?days=N → { days } with any spending, the newest first, the team's before the members'. */
export interface SpendDaysReport {
	readonly days: readonly (SpendDay & { readonly name: string })[];
}

/** GET /innerloop/v1/calls?limit=N → { calls }, the newest first; GET /innerloop/v1/explain/:callId and /calls/:id → one CallRecord. */
export interface CallsReport {
	readonly calls: readonly CallRecord[];
}

/** POST /innerloop/v1/explain: a dry run. `body` is the call's body as text (byte for byte) or as a JSON value. */
export interface ExplainRequest {
	readonly dialect: DialectName;
	readonly headers?: Readonly<Record<string, string>>;
	readonly body: unknown;
}
export interface ExplainReport {
	readonly decision: Decision;
	/** What the call would be refused with; undefined when it would be served. */
	readonly problem: { readonly code: string; readonly message: string } | undefined;
}

/** GET /innerloop/v1/members → { members }; POST adds one and gives it back; owner keys only. */
export interface NewMemberRequest {
	readonly name: string;
	readonly dayUsd?: number;
	readonly monthUsd?: number;
}
export interface MembersReport {
	readonly members: readonly Member[];
}

/** GET /innerloop/v1/keys → { keys }; POST → { key, secret }, the secret for the only time; DELETE /keys/:id; owner keys only. */
export interface NewKeyRequest extends Pick<RulesChange, KeyRule> {
	/** A member's id or name. */
	readonly member: string;
	readonly isOwner?: boolean;
	readonly allowedTiers?: readonly Tier[];
	readonly mayForce?: boolean;
	readonly hasCeiling?: boolean;
	readonly treeCeilingUsd?: number;
	/** ISO date and time. */
	readonly expiresAt?: string;
}
type KeyRule = 'isLocalOnly' | 'neverBelowAsked' | 'allowedDeployments' | 'requestsPerMinute' | 'parallelCalls';
export interface KeysReport {
	readonly keys: readonly ListedKey[];
}

/** PATCH /innerloop/v1/keys/:id → the key; owner keys only. Null or false takes a rule away, a missing one stays. */
export interface KeyChangeRequest extends Pick<RulesChange, KeyRule> {
	readonly allowedTiers?: readonly Tier[];
}
export interface NewKeyReport {
	readonly key: Key;
	readonly secret: string;
}

/**
 * PATCH /innerloop/v1/members/:id → the member; owner keys only. A value sets a budget or rule, null or false takes it
 * away, a missing one stays. DELETE /innerloop/v1/members/:id removes the member and the records of its calls.
 */
export interface MemberChangeRequest extends RulesChange {
	readonly dayUsd?: number | null;
	readonly monthUsd?: number | null;
}

/**
 * DATA/service.json, mode 0600, from listening until a clean stop: how the command line on this machine finds
 * the running service and speaks to it as an owner.
 */
export interface ServiceFile {
	readonly pid: number;
	readonly startedAt: string;
	/** Base address from this machine, `http://127.0.0.1:7341`: a loopback one where the service listens on every address. */
	readonly address: string;
	/** A bearer credential with an owner's rights, made anew at each start and kept nowhere else. */
	readonly token: string;
}
