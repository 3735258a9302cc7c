/** Messages: the marks that Claude Code writes into positions of its own, and never those that a tool or a file could write. */

import type { Purpose } from '../../protocol/call.ts';
import type { Body } from '../body.ts';
import { parseFields } from '../client-headers.ts';
import { type Fields, isFields, textOf } from '../fields.ts';

const BILLING_BLOCK = 'x-anthropic-billing-header:';
const SYSTEM_REMINDER = '<system-reminder>';
const COMPACTION_START = 'CRITICAL: Respond with TEXT ONLY';
const TRANSCRIPT_START = '<transcript>';
/** Output cap of the classifier's first look; other clients hardly ask for so little about a transcript. */
const CLASSIFIER_CAP_TOKENS = 64;

/** Texts of the system field, in order. */
export function systemTexts(system: unknown): readonly string[] {
	if (typeof system === 'string') return [system];
	if (!Array.isArray(system)) return [];
	return system.flatMap((block) => (isFields(block) && typeof block.text === 'string' ? [block.text] : []));
}

/** The client's own accounting line, which changes from call to call and is no part of the prompt. */
export function isBillingText(text: string): boolean {
	return text.startsWith(BILLING_BLOCK);
}

export function isMarkedSubagent(texts: readonly string[]): boolean {
	const first = texts[0] ?? '';
	return isBillingText(first) && /\bcc_is_subagent=true\b/.test(first);
}

/** Claude Code's names for itself; what an agent is told stands in the text behind. */
const OWN_NAME = /^You are (?:Claude Code, Anthropic's official CLI|a Claude agent, built on Anthropic's Claude Agent SDK)/;
const MAIN_LOOP = /^\s*You are an interactive CLI tool/;
/** Sets sub-agents to work; a sub-agent has no such tool. */
const AGENT_TOOLS = ['Task', 'Agent'];

/** A sub-agent of a Claude Code that does not mark its calls yet (2.0 and before). */
export function isUnmarkedSubagent(texts: readonly string[], toolNames: readonly string[]): boolean {
	const [name = '', told = ''] = texts;
	if (!OWN_NAME.test(name) || told === '' || MAIN_LOOP.test(told)) return false;
	return toolNames.length > 0 && !toolNames.some((tool) => AGENT_TOOLS.includes(tool));
}

/** Top-level texts of a message: what stands in tool results is not among them. */
export function messageTexts(message: Fields): readonly string[] {
	const content = message.content;
	if (typeof content === 'string') return [content];
	if (!Array.isArray(content)) return [];
	return content.flatMap((block) => (isFields(block) && block.type === 'text' && typeof block.text === 'string' ? [block.text] : []));
}

export function toolResultIds(message: Fields): readonly string[] {
	const content = message.content;
	if (!Array.isArray(content)) return [];
	return content.flatMap((block) => (isFields(block) && block.type === 'tool_result' ? [textOf(block.tool_use_id) ?? ''] : []));
}

/** What the user typed in a message: without tool results, and without the reminders that the client puts beside. */
export function typedTexts(message: Fields): readonly string[] {
	return messageTexts(message).filter((text) => !text.startsWith(SYSTEM_REMINDER));
}

/** Session id inside `metadata.user_id`, which is JSON today and was `user_…_session_<id>` before. */
export function sessionOfMetadata(metadata: unknown): string | undefined {
	const userId = isFields(metadata) ? textOf(metadata.user_id) : undefined;
	if (userId === undefined) return undefined;
	if (userId.startsWith('{')) return textOf(parseFields(userId).session_id);
	return /_session_([0-9a-f-]{8,})$/i.exec(userId)?.[1];
}

export interface Shape {
	readonly body: Body;
	readonly messages: readonly Fields[];
	readonly isClaudeCode: boolean;
	readonly isSubagent: boolean;
	readonly hasTools: boolean;
	readonly outputCapTokens: number | undefined;
}

/** A duty that the call's own shape shows; the safety classifier is looked for first. */
export function readPurpose(shape: Shape): Purpose | undefined {
	if (isSafetyClassifier(shape)) return 'safety-classifier';
	const last = shape.messages.at(-1);
	if (shape.isClaudeCode && last?.role === 'user' && toolResultIds(last).length === 0) {
		if (messageTexts(last).at(-1)?.startsWith(COMPACTION_START)) return 'compaction';
	}
	if (shape.isClaudeCode && shape.isSubagent && isWarmUp(shape.messages)) return 'probe';
	if (!shape.hasTools && hasTitleSchema(shape.body.fields)) return 'title';
	if (!shape.hasTools && shape.messages.length === 1 && (shape.outputCapTokens ?? 2) <= 1) return 'probe';
	return shape.isClaudeCode && isPlanMode(shape) ? 'plan' : undefined;
}

/**
 * The auto-mode classifier reads a transcript and offers no tool that acts. Tool results and files stand inside its
 * transcript or inside tool results, so none of them can begin a user text block: neither can make or unmake this shape.
 */
function isSafetyClassifier({ body, messages, isClaudeCode, hasTools, outputCapTokens }: Shape): boolean {
	const choice = body.fields.tool_choice;
	const isForced = isFields(choice) && choice.type === 'tool';
	if (hasTools && !isForced) return false;
	if (!isClaudeCode && (outputCapTokens ?? Number.POSITIVE_INFINITY) > CLASSIFIER_CAP_TOKENS) return false;
	return messages.some((message) => message.role === 'user' && messageTexts(message).some(startsTranscript));
}

/** Claude Code 2.0 sends each kind of sub-agent one word at its start, so that the vendor keeps its prompt. */
function isWarmUp(messages: readonly Fields[]): boolean {
	const [first] = messages;
	return first !== undefined && messages.length === 1 && messageTexts(first).join() === 'Warmup';
}

function startsTranscript(text: string): boolean {
	return text.trimStart().startsWith(TRANSCRIPT_START);
}

export function outputFormat(fields: Fields): Fields | undefined {
	const config = fields.output_config;
	const format = (isFields(config) ? config.format : undefined) ?? fields.output_format;
	return isFields(format) ? format : undefined;
}

function hasTitleSchema(fields: Fields): boolean {
	const schema = outputFormat(fields)?.schema;
	const properties = isFields(schema) ? schema.properties : undefined;
	return isFields(properties) && Object.hasOwn(properties, 'title');
}

/** The permission mode where the client states it; else its newest word on plan mode in a system message of its own. */
function isPlanMode({ body, messages }: Shape): boolean {
	const mode = permissionMode(body.fields.safeguards);
	if (mode !== undefined) return mode === 'plan';
	let isPlanning = false;
	for (const [index, message] of messages.entries()) {
		if (message.role !== 'system') continue;
		for (const text of messageTexts(body.wholeMessage(index))) {
			if (/(?:^|\n)Plan mode is active\b/.test(text)) isPlanning = true;
			else if (/(?:^|\n)(?:## )?Exited plan mode\b/i.test(text)) isPlanning = false;
		}
	}
	return isPlanning;
}

function permissionMode(safeguards: unknown): string | undefined {
	const first: unknown = Array.isArray(safeguards) ? safeguards[0] : undefined;
	const context = isFields(first) ? first.classifier_context : undefined;
	return isFields(context) ? textOf(context.permission_mode) : undefined;
}
