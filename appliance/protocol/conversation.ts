/** The internal form of a call: built only when a call is answered locally or crosses dialects. */

import type { DialectName, Vendor } from './words.ts';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };
export type JsonSchema = { readonly [key: string]: JsonValue };

/**
 * What only its maker can read: a thinking signature, a thought signature, encrypted reasoning. It goes back to its
 * maker as it came, and to nobody else.
 */
export interface Native {
	readonly dialect: DialectName;
	/** Undefined where the wire does not tell: then whoever speaks the dialect counts as the maker. */
	readonly vendor?: Vendor;
	/** The fields that its wire needs back, as they came. */
	readonly value: { readonly [key: string]: JsonValue };
}

/** A prompt cache is asked to keep everything up to and with this, for so long. */
export type CacheLife = '5m' | '1h';

export type MediaSource =
	| { readonly type: 'base64'; readonly mediaType: string; readonly data: string }
	| { readonly type: 'url'; readonly url: string }
	/** Kept by one vendor under this id: nobody else has it. */
	| { readonly type: 'file'; readonly id: string };

export interface Media {
	readonly type: 'media';
	readonly modality: 'image' | 'document' | 'audio';
	readonly source?: MediaSource;
	/** A document's title or file name. */
	readonly title?: string;
	/** How finely an image is looked at, in the words of its dialect. */
	readonly detail?: string;
	readonly cache?: CacheLife;
}

export type Content =
	| { readonly type: 'text'; readonly text: string; readonly cache?: CacheLife }
	| { readonly type: 'thinking'; readonly text: string; readonly native?: Native }
	| Media
	| {
			readonly type: 'tool-call';
			readonly id: string;
			readonly name: string;
			/** The raw text where the call is freeform. */
			readonly input: JsonValue;
			readonly isFreeform?: true;
			readonly native?: Native;
			readonly cache?: CacheLife;
	  }
	| {
			readonly type: 'tool-result';
			readonly callId: string;
			readonly name: string | undefined;
			readonly isError: boolean;
			readonly isFreeform?: true;
			readonly content: readonly Content[];
			readonly cache?: CacheLife;
	  };

export interface Message {
	/** System messages may stand anywhere. */
	readonly role: 'system' | 'user' | 'assistant';
	/** A system message that its caller called the developer's. */
	readonly isDeveloper?: true;
	readonly content: readonly Content[];
}

export interface ToolDefinition {
	readonly name: string;
	readonly description: string;
	/** JSON Schema of the tool's input object. */
	readonly inputSchema: JsonSchema;
	/** The input must follow the schema exactly. */
	readonly isStrict?: boolean;
	readonly cache?: CacheLife;
}

/** A tool whose input is a plain text, free or of a grammar. */
export interface FreeformTool {
	readonly name: string;
	readonly description: string;
	readonly grammar?: { readonly syntax: string; readonly definition: string };
}

/** How much the model is to think before it answers. */
export type Reasoning =
	| { readonly type: 'off' }
	| {
			readonly type: 'on';
			/** `minimal` | `low` | `medium` | `high` | `xhigh` | `max`: the dialects' common words. */
			readonly effort?: string;
			/** A fixed part of the output cap. */
			readonly budgetTokens?: number;
			/** The model decides how much, as far as its effort goes. */
			readonly isAdaptive?: true;
			/** The caller wants to read it: a summary, or the thinking itself. */
			readonly isShown?: boolean;
	  };

export interface Conversation {
	/** System text first, then the turns in order; tool results stand in user messages. */
	readonly messages: readonly Message[];
	readonly tools: readonly ToolDefinition[];
	readonly freeformTools?: readonly FreeformTool[];
	/** Types of the tools that only their own vendor can run or understand. */
	readonly vendorTools?: readonly string[];
	readonly toolChoice: 'auto' | 'none' | 'any' | { readonly name: string };
	readonly isParallelToolUseAllowed: boolean;
	readonly outputCapTokens: number | undefined;
	readonly temperature: number | undefined;
	readonly topP: number | undefined;
	readonly topK: number | undefined;
	readonly seed: number | undefined;
	readonly frequencyPenalty?: number;
	readonly presencePenalty?: number;
	readonly stopSequences: readonly string[];
	/** The reply must be a JSON value of this schema. */
	readonly outputSchema: JsonSchema | undefined;
	readonly outputSchemaName?: string;
	readonly isOutputStrict?: boolean;
	/** Undefined leaves it to the model. */
	readonly reasoning?: Reasoning;
	readonly verbosity?: string;
	/** The whole prompt so far is to be cached. */
	readonly cache?: CacheLife;
	readonly promptCacheKey?: string;
	/** Whom the call is for, as the caller tells its vendor. */
	readonly userId?: string;
	readonly metadata?: { readonly [key: string]: JsonValue };
	/** Top-level fields of the caller's body that this form has no place for. */
	readonly otherFields?: readonly string[];
}

/** Something of a call that its target has no words for; it is left out, and said. */
export interface Loss {
	/** `loss-…`, kebab-case: stands in the decision's reasons. */
	readonly code: string;
	/** One sentence for a person. No prompt text, no secret. */
	readonly text: string;
}
