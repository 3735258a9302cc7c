/** A call's prompt in tokens, and what its answering reports on the way. */

import type { Token } from 'node-llama-cpp';
import type { Conversation, ToolDefinition } from '../../../protocol/conversation.ts';
import type { StreamPart } from '../../../protocol/stream.ts';
import type { Measurement } from '../messages.ts';
import { renderPrompt } from '../prompt/prepare-prompt.ts';
import type { ChildEngine } from './child-engine.ts';
import type { Slot } from './slot.ts';

export interface CallPort {
	readonly isCanceled: () => boolean;
	readonly emit: (part: StreamPart) => void;
	readonly onMeasured: (measurement: Measurement) => void;
	readonly onPromptSize: (bytes: number, tokens: number) => void;
}

export interface Prepared {
	readonly slot: Slot;
	readonly tools: readonly ToolDefinition[];
	readonly tokens: readonly Token[];
	readonly capTokens: number;
}

export function promptTokens(engine: ChildEngine, conversation: Conversation, tools: readonly ToolDefinition[]) {
	const pieces = renderPrompt(conversation, tools, engine.promptTools);
	const tokens = engine.vocabulary.tokenizePrompt(pieces);
	return { tokens, bytes: pieces.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0) };
}
