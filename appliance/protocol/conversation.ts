/** The internal form of a call: built only when a call is answered locally or crosses dialects. */

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };
export type JsonSchema = { readonly [key: string]: JsonValue };

export type Content =
	| { readonly type: 'text'; readonly text: string }
	| { readonly type: 'thinking'; readonly text: string }
	| { readonly type: 'media'; readonly modality: 'image' | 'document' | 'audio' }
	| { readonly type: 'tool-call'; readonly id: string; readonly name: string; readonly input: JsonValue }
	| {
			readonly type: 'tool-result';
			readonly callId: string;
			readonly name: string | undefined;
			readonly isError: boolean;
			readonly content: readonly Content[];
	  };

export interface Message {
	readonly role: 'system' | 'user' | 'assistant';
	readonly content: readonly Content[];
}

export interface ToolDefinition {
	readonly name: string;
	readonly description: string;
	/** JSON Schema of the tool's input object. */
	readonly inputSchema: JsonSchema;
}

export interface Conversation {
	/** System text first, then the turns in order; tool results stand in user messages. */
	readonly messages: readonly Message[];
	readonly tools: readonly ToolDefinition[];
	readonly toolChoice: 'auto' | 'none' | 'any' | { readonly name: string };
	readonly isParallelToolUseAllowed: boolean;
	readonly outputCapTokens: number | undefined;
	readonly temperature: number | undefined;
	readonly topP: number | undefined;
	readonly topK: number | undefined;
	readonly seed: number | undefined;
	readonly stopSequences: readonly string[];
	/** The reply must be a JSON value of this schema. */
	readonly outputSchema: JsonSchema | undefined;
}
