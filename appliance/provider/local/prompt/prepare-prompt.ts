/** From a conversation to the tokens of its prompt, and to what may be written after it. */

import type { Conversation, JsonValue, ToolDefinition } from '../../../protocol/conversation.ts';
import { Problem } from '../../../protocol/problem.ts';
import type { ToolSyntax } from '../tools/tool-syntax.ts';
import type { ChatTemplate, TemplateMessage } from './chat-template.ts';
import { templateMessages } from './template-messages.ts';
import { TextGuard } from './text-guard.ts';

/** Room for an answer below which a prompt is refused rather than cut short. */
const USEFUL_OUTPUT_TOKENS = 128;

export interface PromptTools {
	readonly template: ChatTemplate;
	readonly syntax: ToolSyntax;
	/** Texts that a caller's string must not turn into tokens. */
	readonly controlTexts: readonly string[];
	/** A random string that no caller can know. */
	readonly newMark: () => string;
}

/** The tools that are offered: none when the caller wants none. */
export function offeredTools(conversation: Conversation, allowed: readonly string[] | undefined): readonly ToolDefinition[] {
	const { tools, toolChoice } = conversation;
	if (toolChoice === 'none') return [];
	const offered = allowed === undefined ? tools : tools.filter(({ name }) => allowed.includes(name));
	if (typeof toolChoice === 'object' && !offered.some(({ name }) => name === toolChoice.name)) {
		throw new Problem('invalid-call', `The tool ${toolChoice.name} that must be called is not among those that the local model may call.`);
	}
	if (toolChoice === 'any' && offered.length === 0) {
		throw new Problem('invalid-call', 'A tool must be called, but none of those offered may be called by the local model.');
	}
	return offered;
}

/** The rendered prompt in pieces that are to be tokenized one by one. */
export function renderPrompt(conversation: Conversation, tools: readonly ToolDefinition[], parts: PromptTools): readonly string[] {
	const { template, syntax } = parts;
	const guard = new TextGuard(parts.controlTexts, parts.newMark());
	const messages = templateMessages(conversation, tools, syntax, template.abilities);
	const declared = tools.length === 0 ? undefined : syntax.templateTools(tools);
	const rendered = template.render({
		messages: guard.guardAll(messages) as unknown as readonly TemplateMessage[],
		tools: declared === undefined ? undefined : (guard.guardAll(declared) as readonly JsonValue[]),
	});
	return guard.split(rendered);
}

/**
 * How many tokens the answer may have.
 * @throws Problem `context-window-exceeded` when the prompt leaves no useful room.
 */
export function outputCap(promptTokens: number, wantedTokens: number, contextTokens: number): number {
	const room = contextTokens - promptTokens;
	if (room >= Math.min(wantedTokens, USEFUL_OUTPUT_TOKENS)) return Math.min(wantedTokens, room);
	throw new Problem(
		'context-window-exceeded',
		`The prompt has ${promptTokens} tokens and may be answered with ${wantedTokens}; the local model's window holds ${contextTokens} in all.`,
		{ details: { promptTokens, wantedTokens, contextTokens } },
	);
}
