/** What a scripted upstream is told to answer, and what it sees of a call. */

import type { IncomingHttpHeaders } from 'node:http';
import type { BilledTokens } from './bill.ts';

export type JsonObject = Record<string, unknown>;

/** A call of a tool that the scripted model makes. */
export interface ToolUse {
	readonly tool: string;
	readonly input: JsonObject;
	/** Responses: the group of tools that it stands in. */
	readonly namespace?: string;
	/** Default: a fresh id. */
	readonly id?: string;
}

/** A call of a freeform tool: its input is text as it stands (Codex's `apply_patch`). The Anthropic wire has no such thing. */
export interface FreeformToolUse {
	readonly freeformTool: string;
	readonly text: string;
	/** Default: a fresh id. */
	readonly id?: string;
}

/** Reasoning before the answer; Chat Completions does not show it, Responses shows it encrypted. */
export interface Thinking {
	readonly thinking: string;
}

/** One scripted turn of the model. Output beyond the call's cap is cut off there, as a model would. */
export interface Answer {
	readonly content: readonly (string | ToolUse | FreeformToolUse | Thinking)[];
	/** Token counts to report and to bill instead of the counted ones. */
	readonly usage?: Partial<BilledTokens>;
	/** Wait before the response head, ms. */
	readonly firstByteMs?: number;
	/** Wait between two stream events, ms. */
	readonly betweenEventsMs?: number;
	/** The socket is destroyed after so many stream events (0: after the head). */
	readonly cutAfterEvents?: number;
	/** Nothing more comes after so many stream events, until the caller goes away (-1: not even the head). */
	readonly hangAfterEvents?: number;
	/** An error event of the wire's own shape after so many stream events, then a clean end. */
	readonly errorAfterEvents?: number;
}

/** An HTTP error. Without a body, one of the wire's own shape for that status is written. */
export interface Refusal {
	readonly status: number;
	readonly headers?: Readonly<Record<string, string>>;
	readonly body?: string;
}

/** The result of a tool that is the newest turn of a conversation. */
export interface ToolResult {
	readonly name: string;
	readonly text: string;
	readonly isError: boolean;
}

/** What a script decides from. */
export interface Turn {
	readonly model: string;
	readonly headers: IncomingHttpHeaders;
	readonly body: JsonObject;
	readonly isStream: boolean;
	readonly toolNames: readonly string[];
	readonly systemText: string;
	/** Text of the first message that the user typed. */
	readonly firstUserText: string;
	/** Text of the newest user message, tool results left out. */
	readonly lastUserText: string;
	/** Results of the newest turn, in order; empty when the newest turn is the user's. */
	readonly toolResults: readonly ToolResult[];
	readonly outputCapTokens: number | undefined;
	/** How many calls came before this one. */
	readonly index: number;
}

export type Script = (turn: Turn) => Answer | Refusal | Promise<Answer | Refusal>;
