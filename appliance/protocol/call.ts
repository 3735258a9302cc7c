/** One call as every room sees it: the caller's bytes, where they may be spliced, and what they say about themselves. */

import type { CallFeature, DialectName, Modality, ServerTool } from './words.ts';

/** Byte range [start, end) in the caller's body. */
export interface Span {
	readonly start: number;
	readonly end: number;
}

/** Which client sent the call, by the marks that only a client writes. */
export interface ClientMark {
	readonly name: 'claude-code' | 'codex' | 'opencode' | 'aider' | 'anthropic-sdk' | 'openai-sdk' | 'unknown';
	readonly version: string | undefined;
}

/** A duty that a client's call shows by its own shape; undefined for ordinary turns. */
export type Purpose = 'safety-classifier' | 'compaction' | 'title' | 'commit-message' | 'probe' | 'plan';

/**
 * What a dialect read from positions that only the client itself writes: headers, top-level fields,
 * the client's own system blocks; never from tool results or file content.
 */
export interface CallSignals {
	readonly client: ClientMark;
	readonly sessionId: string | undefined;
	readonly agentId: string | undefined;
	readonly parentAgentId: string | undefined;
	/** Groups all calls of one user prompt. */
	readonly promptId: string | undefined;
	readonly requestClass: 'main' | 'subagent' | 'workflow' | 'compaction' | 'auxiliary' | undefined;
	readonly agentType: string | undefined;
	readonly isSubagent: boolean;
	readonly purpose: Purpose | undefined;
	/** Names of the tools offered, in order. Server tools (executed by the vendor) are in `serverToolTypes`. */
	readonly toolNames: readonly string[];
	readonly serverToolTypes: readonly string[];
	/** A tool choice that forces one tool, or any. */
	readonly toolChoice: 'auto' | 'none' | 'any' | { readonly name: string };
	/** Names of the tools whose results are the newest turn of the conversation. */
	readonly answeredToolNames: readonly string[];
	/** Of those results, the ones that the client itself marks as failed; absent where its dialect has no such mark. */
	readonly failedToolCount?: number;
	readonly messageCount: number;
	/** Count of turns the user typed (not tool results), for the call tree's key. */
	readonly userTurnCount: number;
	/** Stable digest (hex) of the first user message's text. */
	readonly firstUserDigest: string;
	/** Stable digest (hex) of the system text and tools: what a prompt cache would share. */
	readonly prefixDigest: string;
	readonly hasStructuredOutput: boolean;
	/** Undefined where the dialect does not look. */
	readonly features?: readonly CallFeature[];
	/**
	 * The upstream is asked to check the answer's tool calls for danger (anthropic `safeguards`): where a deployment
	 * does not, Claude Code in auto mode refuses the actions that need the check.
	 */
	readonly hasSafeguards?: boolean;
}

/** Facts that bound the number of input tokens. */
export interface CallSize {
	/** Bytes of the whole body: an upper bound of its inline tokens. */
	readonly bodyBytes: number;
	/** Inline media parts; each costs at most its provider's formula. */
	readonly inlineMediaCount: number;
	/** Base64 bytes of inline media, part of `bodyBytes`. */
	readonly inlineMediaBytes: number;
	/** Media by URL or file id: no bytes here bound it; an image costs at most its formula, a document the window. */
	readonly remoteMediaCount: number;
	/** Tells the inline media apart, one mark each, so that those of an earlier call are known again; absent where there are none. */
	readonly mediaMarks?: readonly string[];
	/** The vendor may leave out part of the prompt before it counts it: such a count bounds no later call. */
	readonly mayDropInput?: boolean;
	/** The settings, or a digest of them, that decide which content of earlier turns counts as input: a count made under others bounds nothing. */
	readonly countedUnder?: string;
	/** Upper bound of the tokens that the vendor puts in front itself (prompts for tools, for structured output): no byte here bounds them. */
	readonly addedTokens?: number;
	/** May a prompt cache be written that is kept longer, and billed higher, than usual? Undefined when the dialect does not look. */
	readonly hasLongCacheWrite?: boolean;
	/** Part of the prompt is held by the vendor (an earlier answer by its id): only the window bounds the input. */
	readonly hasHeldInput?: boolean;
	/** Answers generated side by side, each up to the output cap; absent is one. */
	readonly choiceCount?: number;
	/** Tools that the vendor executes in rounds of its own, and how often each may run. */
	readonly serverToolUses?: ServerToolUses;
}

/** How often each tool of a vendor runs, or may run at most. */
export type ServerToolUses = Readonly<Partial<Record<ServerTool, number>>>;

export interface Call {
	readonly dialect: DialectName;
	readonly operation: 'generate' | 'count-tokens';
	/** The model id as the caller wrote it. */
	readonly model: string;
	readonly isStream: boolean;
	/** The caller's cap on output tokens; undefined when it named none. */
	readonly outputCapTokens: number | undefined;
	/** The upstream takes no cap on this operation: it may write as much as the model can. */
	readonly isCapFixed?: true;
	/** What only the vendor that the caller's dialect is made for has, or can read: nobody else can answer. Names for a person. */
	readonly vendorHeld?: readonly string[];
	/** Types of tools that the vendor executes without a bound, and that the call can go without: it offers others, and forces none of these. */
	readonly withholdableTools?: readonly string[];
	/** responses: tools that the wire does not call by their name alone, by the name that the internal form gives them. */
	readonly toolShapes?: Readonly<Record<string, ToolShape>>;
	/** chat-completions: the caller itself asked that its stream report usage. */
	readonly isUsageWanted?: boolean;
	/** A fixed part of the output cap that the caller sets aside for thinking: upstreams refuse a cap that is not above it. */
	readonly thinkingBudgetTokens?: number;
	readonly signals: CallSignals;
	readonly modalities: readonly Modality[];
	readonly size: CallSize;
	/** Fields, tools and content whose cost nothing bounds: refused on a key with a ceiling. */
	readonly unboundedFields: readonly string[];
	/** Top-level fields that the closed list of cost-bearing fields does not know: by policy refused, or priced at the worst case, on a key with a ceiling. */
	readonly unknownFields?: readonly string[];
	/** Its history holds reasoning that not every upstream of its dialect may see: another vendor's, sealed or in a field of its own. */
	readonly hasForeign?: boolean;
	/** Where `model` and the output cap stand, so that they can be replaced without touching another byte. */
	readonly spans: CallSpans;
}

export type ToolShape =
	/** A function that stands in a group of tools. */
	| { readonly type: 'grouped'; readonly namespace: string; readonly name: string }
	/** The client's own search for tools. */
	| { readonly type: 'tool-search' };

export interface CallSpans {
	/** The value of every top-level `model` key (duplicates included), quotes included. */
	readonly model: readonly Span[];
	/** The value of every top-level output-cap key, with the key's name. */
	readonly outputCap: readonly (Span & { readonly key: string })[];
	/** Offset just behind the top-level `{`, where a missing field can be put in. */
	readonly insertAt: number;
	/** True when the object has no field at all (no comma after an insertion). */
	readonly isEmpty: boolean;
	/** responses: the value of the top-level `tools` key, where one of them may be withheld. */
	readonly tools?: Span;
	/** chat-completions: the value of every top-level `stream_options` key. */
	readonly streamOptions?: readonly Span[];
}

/** New values for the few fields that may change on the way to an upstream of the same dialect. */
export interface Splice {
	readonly model?: string;
	readonly outputCapTokens?: number;
	/** responses only: tools of these types are not offered to the upstream. */
	readonly withoutTools?: readonly string[];
	/** chat-completions only: ask the upstream to report usage on a stream. */
	readonly includeUsage?: boolean;
}
