/** What the admin addresses under /innerloop/v1 take and give: the contract between the service and its command line. */

import type { AlertRow } from './alerts.ts';
import type { ClientSeen } from './clients.ts';
import type { Condition } from './condition.ts';
import type { Decision, Outcome } from './decision.ts';
import type { Deployment, DeploymentHealth } from './deployment.ts';
import type { DietSums } from './diet.ts';
import type { DiscoveryStatus } from './discovery.ts';
import type { MeasuredSavings } from './experiment.ts';
import type { Admission, MachineSample } from './machine.ts';
import type { Key, RulesChange } from './member.ts';
import type { CallRecord, EngineStatus, ListedKey, Member, Retention, SpendDay, SpendRow, StoreStats } from './ports.ts';
import type { DialectName, Role, Tier } from './words.ts';

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
	/** How far the time estimates of local answers were off, of |actual − expected| ÷ actual, lately. */
	readonly localEstimates: {
		readonly calls: number;
		readonly medianPercent?: number | undefined;
		readonly p90Percent?: number | undefined;
	};
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

/**
 * GET /innerloop/v1/calls?limit=N → { calls }, the newest first; with `before`, `member`, `role`, `tier`,
 * `result=ok|failed` and `q` (text) only those that fit.
 * GET /innerloop/v1/explain/:callId and /calls/:id → one CallRecord.
 */
export interface CallsReport {
	readonly calls: readonly CallRecord[];
	/** `before` of the next page; absent at the end. */
	readonly next?: number | undefined;
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
	/** Of the program that runs: an update waits for its own. */
	readonly version: string;
	readonly pid: number;
	readonly startedAt: string;
	/** Base address from this machine, `http://127.0.0.1:7341`: a loopback one where the service listens on every address. */
	readonly address: string;
	/** A bearer credential with an owner's rights, made anew at each start and kept nowhere else. */
	readonly token: string;
}

/** GET /innerloop/v1/savings?days=N; a member's key sees its own. */
export interface SavingsReport {
	/** Against the control group; undefined where none is set and none is in the record. */
	readonly measured: MeasuredSavings | undefined;
	/** What the context diet trimmed, or would have, one row a mode; empty where it was never on. */
	readonly diet: readonly DietSums[];
	/** The deployment that is compared with; undefined where none has a price. */
	readonly frontier: string | undefined;
	/** Calls whose tokens nobody told. */
	readonly uncounted: number;
	/** The most saved first. */
	readonly kinds: readonly {
		readonly role: Role;
		readonly tier: Tier;
		readonly calls: number;
		readonly costNanoUsd: number;
		/** The same tokens at the frontier deployment's prices. */
		readonly frontierNanoUsd: number;
	}[];
}

/** GET /innerloop/v1/config; owners only, as all of the configuration. */
export interface ConfigReport {
	/** Undefined where the box has no place for one. */
	readonly file: string | undefined;
	/** There is no file: the embedded default is in force. */
	readonly isDefault: boolean;
	readonly text: string;
	/** Goes back with PUT {text, tag}: a text that changed in between is not overwritten. */
	readonly tag: string;
}

/** POST /innerloop/v1/config/check {text}: nothing is written. */
export interface ConfigCheck {
	/** Each a sentence with its line; empty when the text is valid. */
	readonly errors: readonly string[];
	readonly warnings: readonly string[];
	/** Paths that only a restart takes over. */
	readonly needsRestart: readonly string[];
	/** Undefined for a faulty text. */
	readonly preview: ConfigPreview | undefined;
}

/** What would have gone elsewhere. */
export interface ConfigPreview {
	/** How many calls were compared: the last hundred since the start, or fewer. */
	readonly calls: number;
	/** The newest first. */
	readonly changed: readonly {
		readonly callId: string;
		readonly at: string;
		readonly member: string;
		readonly role: Role;
		/** Deployments; undefined where the call is refused. */
		readonly from: string | undefined;
		readonly to: string | undefined;
		/** Why the changed configuration would refuse it. */
		readonly refusal: string | undefined;
		readonly fromNanoUsd: number | undefined;
		readonly toNanoUsd: number | undefined;
	}[];
}

/** GET /innerloop/v1/providers → { providers }; owners only. */
export interface ProviderReport {
	readonly id: string;
	readonly baseUrl: string;
	readonly dialects: readonly DialectName[];
	/** The environment variable that its key comes from. */
	readonly keyEnv: string | undefined;
	/** Why its deployments cannot be used; undefined when they can. */
	readonly missing: string | undefined;
	readonly deployments: readonly string[];
}

/** POST /innerloop/v1/providers/:id/test: asks the provider live, and costs nothing. With { value } that key is tried, and kept nowhere. */
export interface ProviderTest {
	readonly deployment: string;
	readonly isAccepted: boolean;
	/** One sentence. */
	readonly text: string;
	readonly tookMs: number;
}

/** GET /innerloop/v1/update; POST with { action: check, apply or rollback; mayRestore } leaves a wish that is carried out beside the service. */
export interface UpdateReport {
	/** Whether the box was made from the image: only that is updated from here. */
	readonly isManaged: boolean;
	readonly hasSource: boolean;
	readonly running?: string | undefined;
	/** In the other slot: what there is to go back to. */
	readonly other?: string | undefined;
	readonly offered?: string | undefined;
	/** Whether what is offered is newer than what runs. */
	readonly isNewer: boolean;
	readonly checkFailure?: string | undefined;
	readonly last?: { readonly version: string; readonly outcome: 'applied' | 'failed'; readonly reason?: string | undefined } | undefined;
	/** A wish waits to be carried out. */
	readonly isRequested: boolean;
}

/** GET /innerloop/v1/box */
export interface BoxReport {
	readonly version: string;
	readonly node: string;
	readonly system: string;
	readonly hostName: string;
	readonly addresses: readonly string[];
	readonly listensAt: string;
	/** Over TLS; undefined without. */
	readonly secureAddress: string | undefined;
	/** How it is announced, and under which name. */
	readonly discovery: DiscoveryStatus;
	readonly dataDir: string;
	readonly databaseBytes: number;
	readonly engine: EngineStatus;
	readonly retention: Retention;
}

/** GET /innerloop/v1/log?limit=N: JSON lines, the oldest first; owners only. */
export interface LogReport {
	readonly lines: readonly string[];
}

/** POST /innerloop/v1/restore with the file of GET /innerloop/v1/backup; owners only. */
export interface RestoreReport {
	readonly schema: number;
	readonly members: number;
	readonly calls: number;
	/** The configuration that was saved with it; it is not put in force by itself. */
	readonly config: string | undefined;
	/** The next start takes it. */
	readonly isStaged: true;
}

/** GET /innerloop/v1/support: secrets are taken out; owners only. */
export interface SupportBundle {
	readonly madeAt: string;
	readonly version: string;
	readonly node: string;
	readonly platform: string;
	readonly uptimeSeconds: number;
	readonly conditions: readonly Condition[];
	readonly machine: MachineSample | undefined;
	readonly admission: Admission;
	readonly engine: EngineStatus;
	readonly store: StoreStats;
	readonly deployments: readonly {
		readonly id: string;
		readonly provider: string;
		readonly model: string;
		readonly tier: Tier;
		readonly missing: string | undefined;
	}[];
	readonly config: string;
	readonly calls: readonly {
		readonly at: string;
		readonly role: Role;
		readonly reasons: readonly string[];
		readonly outcome: Outcome | undefined;
	}[];
	readonly log: readonly string[];
}
