/** What the service and its engine child say to each other over IPC. */

import type { KvCacheChoice } from '../../config/schema.ts';
import type { Conversation } from '../../protocol/conversation.ts';
import type { ProblemCode } from '../../protocol/problem.ts';
import type { StreamPart } from '../../protocol/stream.ts';

/** Everything the child needs to load a model; sent once, as its first message. */
export interface EngineSettings {
	readonly modelPath: string;
	/** `prebuilt`, or the folder of an own build (a copy of node-llama-cpp with `llama/localBuilds`). */
	readonly build: { readonly kind: 'prebuilt' } | { readonly kind: 'own'; readonly folder: string };
	readonly slots: number;
	/** Context of one slot; undefined takes what the model was trained for. */
	readonly contextTokens: number | undefined;
	readonly threads: number | undefined;
	readonly prefillChunkTokens: number;
	readonly kvCache: KvCacheChoice;
	/** File of `innerloop kv calibrate` for this model, when there is one that was found good. */
	readonly kvCalibrationFile: string | undefined;
	/** Longest pause of a running answer while another prompt is read. */
	readonly mostStallMs?: number;
	readonly prefix?: PrefixSettings;
}

/** What is kept of prompts, and where. */
export interface PrefixSettings {
	/** Root of what is kept on disk; undefined keeps nothing there. */
	readonly folder: string | undefined;
	/** Locks what lies on disk. */
	readonly keyFile: string;
	readonly diskBytes: number;
	readonly diskBytesADay: number;
	/** How long a session is quiet before its prefix goes to disk. */
	readonly restMs: number;
	/** Memory for the states of sliding windows. */
	readonly windowStateBytes: number;
	/** sha256 of system texts that are the team's own. */
	readonly teamPrompts: readonly string[];
	/** Calibration of the cache's format; blocks of another one do not fit. */
	readonly calibration: string;
}

export interface ChildRequest {
	readonly callId: string;
	/** Whose text the conversation is: prefixes of one member are not found by another. */
	readonly memberId: string;
	readonly affinityKey: string;
	readonly conversation: Conversation;
	readonly allowedTools: readonly string[] | undefined;
	readonly maxOutputTokens: number;
}

export type ToChild =
	| { readonly type: 'load'; readonly settings: EngineSettings }
	| { readonly type: 'answer'; readonly job: number; readonly request: ChildRequest }
	| { readonly type: 'count'; readonly job: number; readonly conversation: Conversation }
	| { readonly type: 'cancel'; readonly job: number }
	| { readonly type: 'stop' };

/** A Problem in a form that survives IPC. */
export interface PlainProblem {
	readonly code: ProblemCode;
	readonly message: string;
	readonly isRetryable: boolean;
	readonly details: Readonly<Record<string, unknown>>;
}

/** One timed piece of work, for the rates. */
export interface Measurement {
	readonly kind: 'prefill' | 'decode';
	/** Tokens in the context before the work began. */
	readonly depthTokens: number;
	readonly tokens: number;
	readonly durationMs: number;
}

export interface LoadedModel {
	/** File name and display name. */
	readonly model: string;
	/** Context of one slot. */
	readonly contextTokens: number;
	readonly slots: number;
	/** Types of cached keys and values, as llama.cpp names them. */
	readonly kvCache: string;
	/** Why they are these. */
	readonly kvCacheReason: string;
}

export type FromChild =
	| { readonly type: 'ready'; readonly loaded: LoadedModel }
	| { readonly type: 'load-failed'; readonly message: string }
	| { readonly type: 'part'; readonly job: number; readonly part: StreamPart }
	| { readonly type: 'ended'; readonly job: number }
	| { readonly type: 'failed'; readonly job: number; readonly problem: PlainProblem }
	| { readonly type: 'counted'; readonly job: number; readonly tokens: number }
	| { readonly type: 'measured'; readonly measurement: Measurement }
	| { readonly type: 'prompt-size'; readonly bytes: number; readonly tokens: number }
	| { readonly type: 'memory'; readonly rssBytes: number }
	| { readonly type: 'log'; readonly level: 'info' | 'warn' | 'error'; readonly message: string };
