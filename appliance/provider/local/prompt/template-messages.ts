/** Turns a conversation into the messages that a chat template takes. */

import type { Content, Conversation, Message, ToolDefinition } from '../../../protocol/conversation.ts';
import type { ToolSyntax } from '../tools/tool-syntax.ts';
import type { TemplateAbilities, TemplateMessage } from './chat-template.ts';

type ToolResult = Extract<Content, { type: 'tool-result' }>;

export function templateMessages(
	conversation: Conversation,
	tools: readonly ToolDefinition[],
	syntax: ToolSyntax,
	abilities: TemplateAbilities,
): readonly TemplateMessage[] {
	const messages = wordsLast(conversation.messages);
	const turnStart = messages.findIndex(({ role }) => role !== 'system');
	const head = turnStart < 0 ? messages : messages.slice(0, turnStart);
	const systemText = joined([...head.map(({ content }) => textOf(content)), syntax.systemBlock(conversation, tools)]);
	const turns = turnStart < 0 ? [] : turnMessages(messages.slice(turnStart), syntax, abilities);
	const system: TemplateMessage[] = systemText === '' ? [] : [{ role: 'system', content: systemText }];
	const withSystem = abilities.hasSystem ? [...system, ...turns] : foldIntoFirst(systemText, turns);
	return abilities.mustAlternate ? alternating(withSystem) : withSystem;
}

/**
 * Claude Code says where it works in a system message behind the user's words. A small model then goes on with that
 * list instead of answering, so such a message is moved in front of the words it follows.
 */
function wordsLast(messages: readonly Message[]): readonly Message[] {
	const ordered: Message[] = [];
	for (const message of messages) {
		const at = message.role === 'system' ? ordered.findLastIndex(({ role }) => role !== 'user') + 1 : ordered.length;
		ordered.splice(at, 0, message);
	}
	return ordered;
}

function turnMessages(messages: readonly Message[], syntax: ToolSyntax, abilities: TemplateAbilities): readonly TemplateMessage[] {
	const answered = new Set<ToolResult>();
	return messages.flatMap((message, index): readonly TemplateMessage[] => {
		const text = textOf(message.content);
		if (message.role === 'assistant') {
			const calls = message.content.filter((part) => part.type === 'tool-call');
			const ids = new Set(calls.map(({ id }) => id));
			const results = resultsAfter(messages, index).filter(({ callId }) => ids.has(callId));
			for (const result of results) answered.add(result);
			return syntax.turn(text, calls, results);
		}
		if (message.role === 'system') return [{ role: abilities.hasLaterSystem ? 'system' : 'user', content: text }];
		const orphans = message.content.filter((part) => part.type === 'tool-result').filter((result) => !answered.has(result));
		const content = joined([...orphans.map(({ content: parts }) => textOf(parts)), text]);
		return content === '' ? [] : [{ role: 'user', content }];
	});
}

/** Results in the user messages up to the next assistant turn. */
function resultsAfter(messages: readonly Message[], index: number): readonly ToolResult[] {
	const results: ToolResult[] = [];
	for (const message of messages.slice(index + 1)) {
		if (message.role === 'assistant') break;
		results.push(...message.content.filter((part) => part.type === 'tool-result'));
	}
	return results;
}

/** What can be shown as text. Thinking of earlier turns is left out, as templates do. */
export function textOf(content: readonly Content[]): string {
	return content.map((part) => (part.type === 'text' ? part.text : part.type === 'media' ? `[${part.modality} not shown]` : '')).join('');
}

function joined(texts: readonly string[]): string {
	return texts.filter((text) => text !== '').join('\n\n');
}

/** For templates without a system role: its text opens the first user message. */
function foldIntoFirst(systemText: string, turns: readonly TemplateMessage[]): readonly TemplateMessage[] {
	if (systemText === '') return turns;
	const [first, ...rest] = turns;
	if (first?.role !== 'user') return [{ role: 'user', content: systemText }, ...turns];
	return [{ ...first, content: joined([systemText, first.content]) }, ...rest];
}

/** Joins neighbours of one role, and opens with a user message, as alternating templates demand. */
function alternating(messages: readonly TemplateMessage[]): readonly TemplateMessage[] {
	const merged: TemplateMessage[] = [];
	for (const message of messages) {
		const role = message.role === 'tool' ? 'user' : message.role;
		const last = merged.at(-1);
		if (last?.role === role) merged[merged.length - 1] = { ...last, content: joined([last.content, message.content]) };
		else merged.push({ ...message, role });
	}
	const opensWith = merged.find(({ role }) => role !== 'system')?.role;
	if (opensWith !== 'assistant') return merged;
	const at = merged.findIndex(({ role }) => role === 'assistant');
	return [...merged.slice(0, at), { role: 'user', content: '…' }, ...merged.slice(at)];
}
