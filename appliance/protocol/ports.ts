/** The doors to everything that does I/O, and to the dialects: what the walk may ask of them. */

import type { AccessStore } from './access-store.ts';
import type { AlertStore } from './alerts.ts';
import type { Call, Splice } from './call.ts';
import type { ClientStore } from './clients.ts';
import type { Conversation, Loss } from './conversation.ts';
import type { Decision, Outcome } from './decision.ts';
import type { Deployment, DeploymentRates } from './deployment.ts';
import type { DietStore } from './diet.ts';
import type { EarnedStore } from './earned.ts';
import type { MeasuredTree } from './experiment.ts';
import type { LearningStore } from './learning.ts';
import type { AccessRules, Key } from './member.ts';
import type { Allowance } from './plan.ts';
import type { Problem } from './problem.ts';
import type { SpendExport } from './spend-export.ts';
import type { FinishReason, Reply, StreamPart, Usage } from './stream.ts';
import type { CallFeature, DialectName, Role, Tier, Vendor } from './words.ts';

export interface Clock {
	/** Monotonic ms. */
	nowMs(): number;
	/** Epoch ms. */
	wallMs(): number;
	/** Was the wall clock set by a time server since the machine started? Undefined where the machine does not say; asked about once a second. */
	isSynchronised?(): boolean | undefined;
}

export type HeaderMap = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface CallerRequest {
	readonly path: string;
	/** Query with its `?`, or empty. */
	readonly query: string;
	/** Lower-case names. */
	readonly headers: HeaderMap;
	/** Its memory serves another call as soon as this one is over: copy what has to outlive it. */
	readonly body: Uint8Array;
	/** The body is known to be UTF-8, by a check that is much faster than a decoder. */
	readonly isUtf8?: boolean;
}

/* ---- dialects (pure) ---- */

export interface WireReply {
	readonly status: number;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: string;
}

/** Listens to an upstream's bytes in passing, cut anywhere, and knows at the end what they said. */
export interface ReplyTap {
	push(chunk: Uint8Array): void;
	/** Call once the upstream ended, or was cut. */
	summary(): ReplySummary;
}

export interface ReplySummary {
	readonly usage: Usage;
	readonly finish: FinishReason | undefined;
	/** False when the bytes ended before the dialect's last word (a cut stream). */
	readonly isComplete: boolean;
	/** An error event inside the stream. */
	readonly hasError: boolean;
}

/** Takes events out of a stream in passing; every other byte goes through as it came. */
export interface StreamFilter {
	/** The bytes that may go on now: an event that has begun is held back until it is whole. */
	push(chunk: Uint8Array): Uint8Array;
	/** What is still held back, once the upstream ended or was cut. */
	end(): Uint8Array;
}

export interface StreamEncoder {
	/** Wire text of one part; may be empty. */
	encode(part: StreamPart): string;
}

/** An upstream's bytes, cut anywhere, become the parts of an answer. */
export interface StreamDecoder {
	push(chunk: Uint8Array): readonly StreamPart[];
	/** Call once the upstream ended; a stream without its last word ends in an `error` part. */
	end(): readonly StreamPart[];
}

/** Where an encoded call goes, and what that place takes. */
export interface CallTarget {
	readonly model: string;
	readonly outputCapTokens: number;
	readonly isStream: boolean;
	/** What the model is not known to take. */
	readonly lacks: readonly CallFeature[];
	readonly vendor: Vendor | undefined;
}

/** A call written for an upstream of this dialect. */
export interface EncodedCall {
	/** Below the provider's base address. */
	readonly path: string;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: Uint8Array;
	/** What the caller said and this body does not. */
	readonly losses: readonly Loss[];
	/** By its name in this body: each tool that the caller knows otherwise. */
	readonly tools: ReadonlyMap<string, EncodedTool>;
}

export interface EncodedTool {
	/** The caller's name for it. */
	readonly name: string;
	/** The caller expects plain text, the upstream gives a function's JSON. */
	readonly isFreeform: boolean;
}

/** Whose reply is decoded. */
export interface ReplySource {
	readonly vendor: Vendor | undefined;
	/** Opens the ids of tool calls that the upstream left without one. */
	readonly idPrefix: string;
}

export interface PublishedModel {
	readonly id: string;
	readonly displayName: string;
	readonly contextTokens: number;
	readonly maxOutputTokens: number;
	readonly createdAt: string;
}

export interface Dialect {
	readonly name: DialectName;
	/** `firstUserDigest` and the like need a hash: hex of a stable digest. */
	decodeCall(request: CallerRequest, digest: (text: string) => string): Call | Problem;
	decodeConversation(body: Uint8Array): Conversation | Problem;
	/** The same bytes with the named fields replaced (or put in where missing). */
	splice(body: Uint8Array, call: Call, splice: Splice): Uint8Array;
	/** The caller's bytes without what other vendors' turns have left in its history, and in this vendor's ways; `body` itself where nothing is to change. */
	fitBody(body: Uint8Array, call: Pick<Call, 'hasForeign'>, vendor: Vendor | undefined): Uint8Array;
	createReplyTap(isStream: boolean): ReplyTap;
	/** chat-completions: withholds the usage event that `splice.includeUsage` asked for and the caller did not. */
	createUsageFilter?(): StreamFilter;
	/** `wallMs` (epoch ms) becomes the reply's `created`, where the dialect has one. */
	createStreamEncoder(call: Call, wallMs?: number): StreamEncoder;
	encodeReply(reply: Reply, call: Call, wallMs?: number): string;
	encodeProblem(problem: Problem, callId: string): WireReply;
	/** The last event of a stream that fails after its headers were sent. */
	encodeStreamProblem(problem: Problem, callId: string): string;
	encodeTokenCount(inputTokens: number): string;
	/** A Problem where leaving something out would change what the caller gets: a forced tool, an image, a file of another vendor. */
	encodeCall(conversation: Conversation, target: CallTarget): EncodedCall | Problem;
	createStreamDecoder(source: ReplySource): StreamDecoder;
	decodeReply(body: string, source: ReplySource): Reply | Problem;
	/** An upstream's error reply in the house's words; `retryAfter` is that header's value. */
	decodeProblem(status: number, body: string, retryAfter: string | undefined): Problem;
	encodeModels(models: readonly PublishedModel[]): string;
}

/* ---- cloud ---- */

export interface UpstreamRequest {
	readonly deployment: Deployment;
	/** Which of the provider's keys goes along; absent takes the first. */
	readonly key?: string;
	readonly dialect: DialectName;
	/** The caller's path and query, below the provider's base address. */
	readonly path: string;
	/** The caller's headers; the client strips credentials, cookies and hop-by-hop ones and puts the deployment's key in. */
	readonly headers: HeaderMap;
	readonly body: Uint8Array;
	readonly signal: AbortSignal;
}

export interface UpstreamReply {
	readonly status: number;
	/** Without hop-by-hop ones. */
	readonly headers: Readonly<Record<string, string | string[]>>;
	readonly body: AsyncIterable<Uint8Array>;
}

export interface CloudClient {
	/** Resolves at the upstream's headers; rejects with a Problem (`upstream-failed`, `upstream-timeout`, `canceled`). */
	send(request: UpstreamRequest): Promise<UpstreamReply>;
	close(): Promise<void>;
}

/* ---- local engine ---- */

export interface EngineStatus {
	readonly state: 'absent' | 'starting' | 'ready' | 'restarting' | 'failed';
	readonly detail: string | undefined;
	/** Name of the loaded model: its file's, without the ending. */
	readonly model: string | undefined;
	readonly contextTokens: number;
	readonly slots: number;
	readonly busySlots: number;
	readonly queued: number;
	readonly rates: DeploymentRates | undefined;
	/** Measured rates by depth of context, ascending. */
	readonly ratesByDepth: readonly {
		readonly depthTokens: number;
		readonly prefillTokensPerSecond: number | undefined;
		readonly decodeTokensPerSecond: number | undefined;
	}[];
	readonly build: 'prebuilt' | 'own';
	/** Type of cached keys and values, as llama.cpp names it; undefined before a model is loaded. */
	readonly kvCache: string | undefined;
	/** Why it is this type. */
	readonly kvCacheReason: string | undefined;
	readonly rssBytes: number | undefined;
}

export interface LocalRequest {
	readonly callId: string;
	/** For the fair queue. */
	readonly memberId: string;
	/** Session and agent: prefers the slot that holds their prefix. */
	readonly affinityKey: string;
	readonly conversation: Conversation;
	/** Only these tools are offered and can be called; undefined for all. */
	readonly allowedTools: readonly string[] | undefined;
	readonly maxOutputTokens: number;
	readonly signal: AbortSignal;
}

export interface LocalEngine {
	status(): EngineStatus;
	/** Exact count of the rendered prompt; rejects with a Problem when the engine is not ready. */
	countTokens(conversation: Conversation, signal: AbortSignal): Promise<number>;
	/** Throws a Problem (`local-busy`, `local-failed`, `context-window-exceeded`, `canceled`); never ends without `finish`. */
	answer(request: LocalRequest): AsyncIterable<StreamPart>;
	/** Uses at most so many of its slots from now on, all of them again with undefined; what runs goes on. */
	limitSlots?(most: number | undefined): void;
	close(): Promise<void>;
}

/* ---- ledger ---- */

export interface LedgerScope {
	readonly keyId: string;
	readonly memberId: string;
	readonly treeKey: string;
	readonly sessionId: string | undefined;
	readonly hasCeiling: boolean;
	/** Ceiling of this tree, should it be opened now. */
	readonly treeCeilingNanoUsd: number;
}

export type ReserveResult =
	| {
			readonly isAdmitted: true;
			/** Resolves when the hold is safe on disk; undefined inside a hold that already is: then nobody waits. */
			readonly durable: Promise<void> | undefined;
	  }
	| { readonly isAdmitted: false; readonly problem: Problem };

export interface Settlement {
	readonly deployment: string;
	readonly costNanoUsd: number;
	readonly isBound: boolean;
}

export interface SpendRow {
	readonly scope: 'team' | 'member' | 'tree';
	readonly id: string;
	readonly name: string;
	readonly period: 'day' | 'month' | 'tree';
	readonly settledNanoUsd: number;
	readonly reservedNanoUsd: number;
	readonly ceilingNanoUsd: number | undefined;
}

/** Reserve → settle → release; all idempotent by call id. Balances live in memory and answer at once. */
export interface Ledger {
	allowance(scope: LedgerScope): Allowance;
	reserve(callId: string, scope: LedgerScope, worstCostNanoUsd: number): ReserveResult;
	/** The call goes on the wire: from now on a crash settles it at its bound. */
	dispatch(callId: string): void;
	settle(callId: string, settlement: Settlement): void;
	/** Nothing was sent, or nothing can be billed. */
	release(callId: string): void;
	spend(): readonly SpendRow[];
	/** New ceilings of a changed configuration. */
	setBudgets(budgets: Budgets): void;
	/** Closes and forgets all of a member; what the team spent stays. False, and nothing done, while a call of it runs. */
	forgetMember(id: string): boolean;
}

export interface Budgets {
	readonly treeNanoUsd: number;
	readonly memberDayNanoUsd: number | undefined;
	readonly memberMonthNanoUsd: number | undefined;
	readonly teamDayNanoUsd: number | undefined;
	readonly teamMonthNanoUsd: number | undefined;
	/** A tree with no call for this long is closed and gives back what it did not spend. */
	readonly treeIdleMs: number;
	readonly openTreesPerMember: number;
	/** The operator's word that the clock is right. */
	readonly trustClock?: boolean;
}

/* ---- members, keys, history ---- */

export interface NewKey {
	readonly memberId: string;
	readonly isOwner: boolean;
	readonly allowedTiers: readonly Tier[];
	readonly mayForce: boolean;
	readonly hasCeiling: boolean;
	readonly treeCeilingNanoUsd: number | undefined;
	readonly expiresAtMs: number | undefined;
	readonly rules?: AccessRules;
}

export interface Member {
	readonly id: string;
	readonly name: string;
	readonly dayNanoUsd: number | undefined;
	readonly monthNanoUsd: number | undefined;
	readonly createdAt: string;
	/** Absent: none. */
	readonly rules?: AccessRules;
}

export type ListedKey = Key & {
	readonly createdAt: string;
	readonly isRevoked: boolean;
	/** The key's own, without its member's; absent: none. */
	readonly rules?: AccessRules;
};

export interface MemberStore {
	/** Constant-time look-up of a secret; undefined when unknown, revoked or expired. */
	findKey(secret: string): Key | undefined;
	/** What a person of this member may do without a key, on the page; undefined for an unknown member. */
	keyOfPerson(memberId: string, isOwner: boolean): Key | undefined;
	listMembers(): readonly Member[];
	addMember(name: string, budgets: { readonly dayNanoUsd?: number; readonly monthNanoUsd?: number }): Promise<Member>;
	setMemberBudgets(id: string, budgets: { readonly dayNanoUsd?: number; readonly monthNanoUsd?: number }): Promise<Member>;
	/** In force for the next call; replaces all the rules that there were. */
	setMemberRules(id: string, rules: AccessRules): Promise<Member>;
	/** Without `allowedTiers` the key's own stay. */
	setKeyRules(id: string, rules: AccessRules, allowedTiers?: readonly Tier[]): Promise<ListedKey>;
	/** Takes the member's keys away at once and deletes all that is recorded of the member; the team's sums stay. */
	removeMember(id: string): Promise<void>;
	listKeys(): readonly ListedKey[];
	/** The secret is returned once and stored only as a hash. */
	addKey(key: NewKey): Promise<{ readonly key: Key; readonly secret: string }>;
	/** False for an unknown one; rejects for the last owner's. */
	revokeKey(id: string): Promise<boolean>;
}

export interface CallRecord {
	readonly decision: Decision;
	readonly outcome: Outcome | undefined;
}

export interface CallHistory {
	/** Written behind; never waits. `outcomeJson` is the outcome's text, where the caller has it already. */
	record(decision: Decision, outcome: Outcome, outcomeJson?: string): void;
	find(callId: string): Promise<CallRecord | undefined>;
	recent(limit: number): Promise<readonly CallRecord[]>;
	/** Those that fit, the newest first. */
	search(filter: CallFilter, limit: number): Promise<CallPage>;
	/** Tokens and cost of answered calls since then, by role and deployment. */
	use(sinceMs: number, memberName: string | undefined): Promise<readonly UseRow[]>;
	/** Call trees since then that took part in the comparison with the control group; calls of a caller's own login are left out. */
	trees(sinceMs: number, memberName: string | undefined): Promise<readonly MeasuredTree[]>;
}

/** Every part that is undefined fits all calls. */
export interface CallFilter {
	/** Only older calls than this page's end. */
	readonly before: number | undefined;
	readonly member: string | undefined;
	readonly role: Role | undefined;
	readonly deployments: readonly string[] | undefined;
	readonly result: 'ok' | 'failed' | undefined;
	/** In the id, the model asked for, the deployment or the reasons; any case. */
	readonly text: string | undefined;
}

export interface CallPage {
	readonly calls: readonly CallRecord[];
	/** `before` of the next page; undefined at the end. */
	readonly next: number | undefined;
}

export interface UseRow {
	readonly role: Role;
	readonly deployment: string;
	readonly calls: number;
	/** Calls whose tokens nobody told; they are in none of the sums. */
	readonly uncounted: number;
	readonly costNanoUsd: number;
	readonly inputTokens: number;
	readonly cacheReadTokens: number;
	readonly cacheWriteTokens: number;
	readonly outputTokens: number;
}

/** How long what is recorded of calls is kept. Sums by day stay. */
export interface Retention {
	readonly callDays: number;
	/** Most records of calls; 0 keeps none. */
	readonly calls: number;
	/** Single bills, from which spend is told by tree, deployment and call. */
	readonly billDays: number;
	readonly bills: number;
}

/** Everything that is kept: `appliance/store/open-store.ts` exports `openStore`. */
export interface Store {
	readonly ledger: Ledger;
	readonly members: MemberStore;
	readonly history: CallHistory;
	readonly access: AccessStore;
	readonly alerts: AlertStore;
	readonly clients: ClientStore;
	readonly learning: LearningStore;
	readonly diet: DietStore;
	readonly earned: EarnedStore;
	stats(): StoreStats;
	/** What was settled on each of the last `days` days with any spending, newest first; team before members. */
	spendByDay(days: number): Promise<readonly SpendDay[]>;
	/** CSV with a head, piece by piece, of all that was recorded until now; throws `rate-limited` beyond two at once. */
	exportSpend(request: SpendExport): AsyncGenerator<string, void>;
	/** In force at once: what is too old or too much is deleted, now and every hour. */
	setRetention(retention: Retention): void;
	/** A whole copy at `target`, made beside the running service; `config` goes along where there is one. */
	backup(target: string, config: string | undefined): Promise<void>;
	/** Deletes what is too old or too much now; resolves to how many rows went. */
	prune(): Promise<number>;
	/** Settles or releases what still runs, flushes and closes. */
	close(): Promise<void>;
}

/** How the store is doing: for metrics and readiness. */
export interface StoreStats {
	/** Why the disk takes nothing at the moment, so that no money can be set aside; undefined when it does. */
	readonly failure: string | undefined;
	/** What is wrong with the clock, so that no money is spent; undefined when it is right. */
	readonly clockFault: string | undefined;
	/** Journal lines handed in and not yet committed. */
	readonly waitingLines: number;
	readonly commits: number;
	/** Commits that waited for the platter. */
	readonly syncedCommits: number;
	/** Calls that the history did not keep because the disk could not follow. */
	readonly droppedCalls: number;
	/** Bills above their bound or without a reservation. */
	readonly ledgerAlarms: number;
}

export interface SpendDay {
	readonly scope: 'team' | 'member';
	readonly id: string;
	/** `2026-11-23` (UTC). */
	readonly day: string;
	readonly settledNanoUsd: number;
}
