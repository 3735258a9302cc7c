/** What a way of writing tool calls must provide: prompt, grammar, and reading the result. */

import type { Content, Conversation, JsonValue, ToolDefinition } from '../../../protocol/conversation.ts';
import type { TemplateMessage } from '../prompt/chat-template.ts';

export interface ReadCall {
	readonly name: string;
	readonly input: JsonValue;
}

type ToolCallContent = Extract<Content, { type: 'tool-call' }>;
type ToolResultContent = Extract<Content, { type: 'tool-result' }>;

export interface ToolSyntax {
	readonly name: string;
	/** True when the model was taught this syntax: then it decides for itself when to open a call. */
	readonly isNative: boolean;
	/** The text with which a call opens inside a reply. */
	readonly opener: string;
	/** Special tokens that the reader must see in a call's text, and how they are shown there. */
	readonly visibleTokens: Readonly<Record<string, string>>;
	/** Put at the start of every call, the grammar then continues from there. */
	readonly lead: string;
	/** GBNF of all that follows the first `lead`. */
	grammar(tools: readonly ToolDefinition[], mayRepeat: boolean, tokenOf: (text: string) => number | undefined): string;
	/** Reads the text that followed the first `lead`; undefined when it is not whole. */
	read(text: string): readonly ReadCall[] | undefined;
	/** Tools as the template wants them; undefined when the template is not told of tools. */
	templateTools(tools: readonly ToolDefinition[]): readonly JsonValue[] | undefined;
	/** Text to put behind the system text. */
	systemBlock(conversation: Pick<Conversation, 'toolChoice' | 'isParallelToolUseAllowed'>, tools: readonly ToolDefinition[]): string;
	/** The messages of one assistant turn, with the results that came back for its calls. */
	turn(text: string, calls: readonly ToolCallContent[], results: readonly ToolResultContent[]): readonly TemplateMessage[];
}
