/** One model at one endpoint, with what it costs and what it can take. */

import type { Call } from './call.ts';
import type { LimitRefusal, Limits, TokenCount } from './limits.ts';
import type { CallFeature, DialectName, Modality, Role, ServerTool, Tier, Vendor } from './words.ts';

/** Prices in pico-USD a token ($p per million tokens is exactly p · 1,000,000), so that cheap cache reads stay whole numbers. */
export interface Price {
	readonly inputPicoUsd: number;
	readonly outputPicoUsd: number;
	readonly cacheReadPicoUsd: number;
	readonly cacheWritePicoUsd: number;
	readonly cacheWrite1hPicoUsd: number;
	/** Dearer rates for the whole of a call whose input is longer than `aboveTokens`. */
	readonly longContext?: LongContextPrice;
	/** What the vendor takes for its own tools, beside the tokens. */
	readonly serverToolFees?: ServerToolFees;
	/** Where the figures were read, and when (ISO date). */
	readonly source: string;
	readonly date: string;
}

export interface ServerToolFees {
	/** Nano-USD a use; a tool that is missing has no known fee. */
	readonly nanoUsd: Readonly<Partial<Record<ServerTool, number>>>;
	readonly source: string;
	readonly date: string;
}

export interface LongContextPrice {
	readonly aboveTokens: number;
	readonly inputPicoUsd: number;
	readonly outputPicoUsd: number;
	readonly cacheReadPicoUsd: number;
	readonly cacheWritePicoUsd: number;
	readonly cacheWrite1hPicoUsd: number;
}

export interface Deployment {
	readonly id: string;
	/** A provider of the configuration, or `local`. */
	readonly provider: string;
	/** The upstream's own model id. */
	readonly model: string;
	/** Other ids that mean this model, dated ones for instance. */
	readonly aliases?: readonly string[];
	readonly tier: Tier;
	/** The upstream speaks these; the local engine answers every dialect. */
	readonly dialects: readonly DialectName[];
	/** Whose ways of a dialect the upstream follows; absent where nobody said. */
	readonly vendor?: Vendor;
	/** Lower is tried first within a tier. */
	readonly order: number;
	/** Share of the load among deployments of equal rank; absent is 1. */
	readonly weight?: number;
	/** Absent where nothing limits it but its provider's keys. */
	readonly limits?: Limits;
	/** Input and output together. */
	readonly contextTokens: number;
	/** Where the upstream bounds the input by itself, below `contextTokens`. */
	readonly maxInputTokens?: number;
	readonly maxOutputTokens: number;
	readonly modalities: readonly Modality[];
	/** Null when unknown: ineligible on a key with a ceiling. The local tier costs zero. */
	readonly price: Price | null;
	/** Only these tools may be called by this deployment (the local tier's read-only list); undefined for all. */
	readonly allowedTools: readonly string[] | undefined;
	/** Upper bound of input tokens for one inline image or document, by the provider's formula. */
	readonly maxTokensPerMedia: number;
	/** Features that the model is not known to take; a call that names the model itself is not held to them. */
	readonly lacks?: readonly CallFeature[];
	/**
	 * This call brings its caller's own login for the deployment's provider: sent with that instead of the box's key, it
	 * counts in tokens and not in dollars. `price` stays the vendor's, for comparisons.
	 */
	readonly isOwnLogin?: boolean;
}

/** What the box knows about a deployment at this moment. */
export interface DeploymentHealth {
	readonly isUp: boolean;
	/** Why it is not up, in words for a reason. */
	readonly detail: string | undefined;
	/** Monotonic ms until which it is passed over; 0 when it is not cooling down. */
	readonly cooldownUntilMs: number;
	/** The local engine's measured rates; undefined where none was measured. */
	readonly rates: DeploymentRates | undefined;
	/** Absent where nobody counts. */
	readonly traffic?: Traffic;
}

/** What runs at a deployment, and what it may still be asked for, at the moment of asking. */
export interface Traffic {
	readonly runningCalls: number;
	/** Whether anybody needs to know how many tokens a call takes. */
	readonly countsTokens: boolean;
	/** Expected ms to the first token of a call like this one; undefined where nothing was measured lately. */
	firstTokenMs(call: Pick<Call, 'isStream' | 'outputCapTokens'>): number | undefined;
	/** Why a call of about so many tokens has to wait: the deployment's own limits, or those of all keys that reach it. */
	refusal(tokens: TokenCount): LimitRefusal | undefined;
}

export interface DeploymentRates {
	readonly prefillTokensPerSecond: number;
	readonly decodeTokensPerSecond: number;
	/** Expected wait before a slot is free. */
	readonly queueMs: number;
	/** Characters a token, measured on real prompts: for estimates, never for bounds. */
	readonly bytesPerToken: number;
	/** The same rates by depth of context, ascending; absent where nobody looks. */
	readonly byDepth?: readonly RatesAtDepth[];
	/** What earlier answers say of this call; absent for no call in particular. */
	readonly forecast?: LocalForecast;
}

export interface RatesAtDepth {
	readonly depthTokens: number;
	readonly prefillTokensPerSecond: number | undefined;
	readonly decodeTokensPerSecond: number | undefined;
}

export interface LocalForecast {
	/** Tokens of the prompt that are likely there already. */
	readonly heldTokens: number;
	/** Usual length of an answer, where enough were seen. */
	readonly outputTokens: Readonly<Partial<Record<Role, number>>>;
	/** Actual time ÷ expected time, lately. */
	readonly correction: number;
}

/** Which tiers a role may use, in order of preference, and by when its answer is wanted. */
export interface RolePolicy {
	readonly role: Role;
	readonly tiers: readonly Tier[];
	readonly deadlineMs: number;
	/** Output tokens to expect when estimating time and cost. */
	readonly expectedOutputTokens: number;
}
