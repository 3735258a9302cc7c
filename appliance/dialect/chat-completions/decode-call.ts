/** Chat Completions: reads a caller's bytes into a `Call`. */

import type { Call, CallSignals, Purpose } from '../../protocol/call.ts';
import type { CallerRequest } from '../../protocol/ports.ts';
import { Problem } from '../../protocol/problem.ts';
import { type Body, type BodyOptions, readBody } from '../body.ts';
import { CallFacts } from '../call-facts.ts';
import { readHeaderSignals } from '../client-headers.ts';
import { addTextSignals, OPENING_TEXTS, promptIdOf } from '../client-texts.ts';
import { checkFields, listNames } from '../cost-fields.ts';
import { FieldMemory } from '../field-memory.ts';
import { attempt, type Fields, isFields, readBoolean, readObjects, readString, refuse, textOf } from '../fields.ts';
import { readOutputCap, readSpans } from '../output-cap.ts';
import { readTools, walkMessage } from './content-facts.ts';
import { COST_FIELDS, hasUsageRequest } from './cost-fields.ts';

type Digest = (text: string) => string;

const known = new FieldMemory();

/** Tokens of the prompt that a vendor adds for structured output (not published; a generous guess, used as a bound). */
const FORMAT_PROMPT_TOKENS = 1_000;

export function decodeCall(request: CallerRequest, digest: Digest, options?: BodyOptions): Call | Problem {
	if (request.path !== '/v1/chat/completions') {
		return new Problem('not-found', `There is no ${request.path} here; Chat Completions are sent to /v1/chat/completions.`);
	}
	const body = readBody(request.body, { memory: known, ...options }, request.isUtf8);
	if (body instanceof Problem) return body;
	return attempt(() => readCall(request, body, digest));
}

function readCall(request: CallerRequest, body: Body, digest: Digest): Call {
	const { fields } = body;
	const spans = readSpans(body, ['max_completion_tokens', 'max_tokens']);
	const facts = new CallFacts();
	const messages = readMessages(facts, fields);
	readTools(facts, fields.tools);
	const outputCapTokens = readOutputCap(body, spans, 1);
	if (schemaOf(fields.response_format) !== undefined) facts.addVendorTokens(FORMAT_PROMPT_TOKENS);
	const faults = checkFields(body.scan, fields, COST_FIELDS, facts);
	return {
		dialect: 'chat-completions',
		operation: 'generate',
		model: readString(fields, 'model'),
		isStream: readBoolean(fields, 'stream'),
		outputCapTokens,
		isUsageWanted: hasUsageRequest(fields.stream_options),
		signals: readSignals(request, body, facts, messages, outputCapTokens, digest),
		modalities: facts.modalities(),
		size: facts.size(body.bytes.length),
		...(facts.hasForeign ? { hasForeign: true } : {}),
		unboundedFields: listNames(faults.unbounded, facts.unbounded),
		...(faults.unknown.size === 0 ? {} : { unknownFields: listNames(faults.unknown) }),
		spans: { ...spans, streamOptions: body.scan.fields.filter(({ key }) => key === 'stream_options') },
	};
}

function readMessages(facts: CallFacts, fields: Fields): readonly Fields[] {
	const messages = readObjects(fields.messages, 'messages');
	if (messages.length === 0) refuse('messages', messages, 'at least one message');
	for (const [index, message] of messages.entries()) {
		readString(message, 'role', `messages[${index}].role`);
		walkMessage(facts, message, () => `messages[${index}]`);
	}
	return messages;
}

function readSignals(
	request: CallerRequest,
	body: Body,
	facts: CallFacts,
	messages: readonly Fields[],
	outputCapTokens: number | undefined,
	digest: Digest,
): CallSignals {
	const { fields } = body;
	const headers = addTextSignals(readHeaderSignals(request.headers), openingTexts(messages));
	const hasSearch = fields.web_search_options !== undefined && fields.web_search_options !== null;
	const hasTools = facts.toolNames.length + facts.serverToolTypes.length > 0 || hasSearch;
	return {
		...headers,
		promptId: promptIdOf(headers, () => userTexts(body, messages), digest),
		purpose: headers.purpose ?? readPurpose(fields, messages, hasTools, outputCapTokens),
		toolNames: facts.toolNames,
		serverToolTypes: hasSearch ? [...facts.serverToolTypes, 'web_search'] : facts.serverToolTypes,
		toolChoice: readToolChoice(fields.tool_choice),
		answeredToolNames: readAnsweredTools(messages),
		messageCount: messages.length,
		userTurnCount: messages.filter((message) => message.role === 'user').length,
		firstUserDigest: digest(firstUserText(body, messages)),
		prefixDigest: digest(prefixText(body, messages)),
		hasStructuredOutput: schemaOf(fields.response_format) !== undefined,
	};
}

function readPurpose(fields: Fields, messages: readonly Fields[], hasTools: boolean, cap: number | undefined): Purpose | undefined {
	if (hasTools) return undefined;
	const properties = schemaOf(fields.response_format)?.properties;
	if (isFields(properties) && Object.hasOwn(properties, 'title')) return 'title';
	return messages.length === 1 && (cap ?? 2) <= 1 ? 'probe' : undefined;
}

/** The schema that a reply must follow; an empty one for `json_object`, undefined for text. */
export function schemaOf(format: unknown): Fields | undefined {
	if (!isFields(format)) return undefined;
	if (format.type === 'json_object') return { type: 'object' };
	const named = format.json_schema;
	if (format.type !== 'json_schema' || !isFields(named)) return undefined;
	return isFields(named.schema) ? named.schema : { type: 'object' };
}

export function readToolChoice(value: unknown): CallSignals['toolChoice'] {
	if (value === undefined || value === null || value === 'auto') return 'auto';
	if (value === 'none') return 'none';
	if (value === 'required') return 'any';
	if (!isFields(value)) return refuse('tool_choice', value, 'auto, none, required, or an object that names a tool');
	if (value.type === 'allowed_tools') {
		const allowed = value.allowed_tools;
		return isFields(allowed) && allowed.mode === 'required' ? 'any' : 'auto';
	}
	const named = value[textOf(value.type) ?? ''];
	if (isFields(named)) return { name: readString(named, 'name', 'tool_choice name') };
	return refuse('tool_choice', value, 'auto, none, required, or an object that names a tool');
}

/** Names behind the tool messages that are the conversation's newest turn. */
function readAnsweredTools(messages: readonly Fields[]): readonly string[] {
	let from = messages.length;
	while (messages[from - 1]?.role === 'tool') from--;
	const names = new Map<unknown, string>();
	const calls: unknown = messages[from - 1]?.tool_calls;
	for (const call of Array.isArray(calls) ? calls : []) {
		if (!isFields(call)) continue;
		const named = call[textOf(call.type) ?? 'function'];
		names.set(call.id, (isFields(named) ? textOf(named.name) : undefined) ?? '');
	}
	return messages.slice(from).flatMap((message) => names.get(message.tool_call_id) ?? []);
}

function messageText(message: Fields): string {
	const content = message.content;
	if (typeof content === 'string') return content;
	if (!Array.isArray(content)) return '';
	return content.map((part) => (isFields(part) ? (textOf(part.text) ?? '') : '')).join('\n');
}

/** Those that open the conversation, as far as they are kept: their beginnings. */
function openingTexts(messages: readonly Fields[]): readonly string[] {
	const opening = messages.slice(0, OPENING_TEXTS);
	return opening.flatMap((message) => (message.role === 'system' || message.role === 'developer' ? [messageText(message)] : []));
}

function userTexts(body: Body, messages: readonly Fields[]): readonly string[] {
	return messages.flatMap(({ role }, index) => (role === 'user' ? [messageText(body.wholeMessage(index))] : []));
}

function firstUserText(body: Body, messages: readonly Fields[]): string {
	const index = messages.findIndex((message) => message.role === 'user');
	return index < 0 ? '' : messageText(body.wholeMessage(index));
}

/** The system messages that open the conversation, and the tools. */
function prefixText(body: Body, messages: readonly Fields[]): string {
	const first = messages.findIndex((message) => message.role !== 'system' && message.role !== 'developer');
	const opening = messages.slice(0, first < 0 ? messages.length : first).map((_, index) => messageText(body.wholeMessage(index)));
	return `${opening.join('\n')}\n${body.rawField('tools')}`;
}
