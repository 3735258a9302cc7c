/** What an answer is made of while it arrives, whoever gives it. */

import type { ServerToolUses } from './call.ts';
import type { JsonValue, Native } from './conversation.ts';
import type { Problem } from './problem.ts';

/** Token counts of one call; a field is undefined when the source did not say, which is not zero. */
export interface Usage {
	/** Input tokens billed at the full input rate (cache reads and writes not included). */
	readonly inputTokens: number | undefined;
	readonly cacheReadTokens: number | undefined;
	/** Cache writes kept for five minutes, or with no stated time. */
	readonly cacheWriteTokens: number | undefined;
	readonly cacheWrite1hTokens: number | undefined;
	/** Output tokens, reasoning included. */
	readonly outputTokens: number | undefined;
	/** Uses of tools that the vendor executed and bills by the use; absent where it named none. */
	readonly serverToolUses?: ServerToolUses;
}

export type FinishReason = 'stop' | 'stop-sequence' | 'length' | 'tool-calls' | 'refusal' | 'other';

export type StreamPart =
	| { readonly type: 'start'; readonly id: string; readonly model: string; readonly usage: Usage | undefined }
	| { readonly type: 'text-start'; readonly index: number }
	| { readonly type: 'text-delta'; readonly index: number; readonly text: string; readonly probabilities?: readonly number[] }
	| { readonly type: 'text-end'; readonly index: number }
	| { readonly type: 'thinking-start'; readonly index: number }
	| { readonly type: 'thinking-delta'; readonly index: number; readonly text: string }
	| { readonly type: 'thinking-end'; readonly index: number; readonly native?: Native }
	| {
			readonly type: 'tool-call-start';
			readonly index: number;
			readonly id: string;
			readonly name: string;
			readonly isFreeform?: true;
			readonly native?: Native;
	  }
	/** A piece of the JSON text of the call's input; of a freeform call, a piece of its raw text. */
	| { readonly type: 'tool-call-delta'; readonly index: number; readonly json: string; readonly probabilities?: readonly number[] }
	| { readonly type: 'tool-call-end'; readonly index: number }
	| { readonly type: 'finish'; readonly reason: FinishReason; readonly stopSequence: string | undefined; readonly usage: Usage }
	| { readonly type: 'error'; readonly problem: Problem };

export type ReplyContent =
	| { readonly type: 'text'; readonly text: string }
	| { readonly type: 'thinking'; readonly text: string; readonly native?: Native }
	| {
			readonly type: 'tool-call';
			readonly id: string;
			readonly name: string;
			/** The raw text where the call is freeform. */
			readonly input: JsonValue;
			readonly isFreeform?: true;
			readonly native?: Native;
	  };

export interface Reply {
	readonly id: string;
	readonly model: string;
	readonly content: readonly ReplyContent[];
	readonly finish: FinishReason;
	readonly stopSequence: string | undefined;
	readonly usage: Usage;
}

export const NO_USAGE: Usage = {
	inputTokens: undefined,
	cacheReadTokens: undefined,
	cacheWriteTokens: undefined,
	cacheWrite1hTokens: undefined,
	outputTokens: undefined,
};
