/** Responses: what a call says about itself in positions that only its client writes. */

import type { CallSignals, Purpose } from '../../protocol/call.ts';
import type { CallerRequest, HeaderMap } from '../../protocol/ports.ts';
import type { Body } from '../body.ts';
import type { CallFacts } from '../call-facts.ts';
import { type HeaderSignals, readHeaderSignals } from '../client-headers.ts';
import { addTextSignals, OPENING_TEXTS } from '../client-texts.ts';
import { type Fields, isFields, readString, refuse, textOf } from '../fields.ts';
import { typeOf } from './content-facts.ts';

export interface Reading {
	readonly request: CallerRequest;
	readonly body: Body;
	readonly facts: CallFacts;
	readonly items: readonly Fields[];
	readonly outputCapTokens: number | undefined;
	readonly digest: (text: string) => string;
}

export function readSignals(reading: Reading): CallSignals {
	const { body, facts, items, digest } = reading;
	const { fields } = body;
	const named = readHeaderSignals(withClientMetadata(reading.request.headers, body));
	const headers = addTextSignals(named, openingTexts(fields.instructions, items));
	const hasText = typeof fields.input === 'string';
	return {
		...headers,
		sessionId: headers.sessionId ?? sessionOfCacheKey(headers, fields.prompt_cache_key),
		purpose: headers.purpose ?? readPurpose(reading),
		toolNames: facts.toolNames,
		serverToolTypes: facts.serverToolTypes,
		toolChoice: readToolChoice(fields.tool_choice),
		answeredToolNames: readAnsweredTools(items),
		messageCount: hasText ? 1 : items.length,
		userTurnCount: hasText ? 1 : items.filter(isTyped).length,
		firstUserDigest: digest(hasText ? (textOf(fields.input) ?? '') : firstUserText(body, items)),
		prefixDigest: digest(prefixText(body, items)),
		hasStructuredOutput: schemaOf(fields.text) !== undefined,
	};
}

/** What the client tells the model first, as far as it is kept. */
function openingTexts(instructions: unknown, items: readonly Fields[]): readonly string[] {
	const opening = items.slice(0, OPENING_TEXTS).filter(({ role }) => role === 'system' || role === 'developer');
	return [textOf(instructions) ?? '', ...opening.map(messageText)].filter((text) => text !== '');
}

/** Codex writes the same marks into `client_metadata` as into its headers; a proxy in front may have dropped those. */
function withClientMetadata(headers: HeaderMap, body: Body): HeaderMap {
	if (headers['x-codex-turn-metadata'] !== undefined || !isFields(body.fields.client_metadata)) return headers;
	// The marks are a long text with escapes, which a skimmed body has cut.
	const metadata = body.wholeField('client_metadata') as Fields;
	const marks = ['x-codex-turn-metadata', 'x-openai-subagent', 'x-codex-parent-thread-id'].flatMap((name): [string, string][] => {
		const value = textOf(metadata[name]);
		return value === undefined ? [] : [[name, value]];
	});
	return { ...Object.fromEntries(marks), ...headers };
}

/** Agents put their session's id there; of other programs it may be one key for everything that they ever ask. */
function sessionOfCacheKey({ client }: HeaderSignals, key: unknown): string | undefined {
	return client.name === 'codex' || client.name === 'opencode' ? textOf(key) : undefined;
}

function readPurpose({ body: { fields }, facts, items, outputCapTokens }: Reading): Purpose | undefined {
	if (items.at(-1)?.type === 'compaction_trigger') return 'compaction';
	if (facts.toolNames.length + facts.serverToolTypes.length > 0) return undefined;
	const properties = schemaOf(fields.text)?.properties;
	if (isFields(properties) && Object.hasOwn(properties, 'title')) return 'title';
	const isAlone = typeof fields.input === 'string' || items.length === 1;
	return isAlone && (outputCapTokens ?? PROBE_CAP_TOKENS + 1) <= PROBE_CAP_TOKENS ? 'probe' : undefined;
}

/** The least that the vendor takes as a cap. */
const PROBE_CAP_TOKENS = 16;

/** The schema that a reply must follow; an empty one for `json_object`, undefined for text. */
export function schemaOf(text: unknown): Fields | undefined {
	const format = isFields(text) ? text.format : undefined;
	if (!isFields(format)) return undefined;
	if (format.type === 'json_object') return { type: 'object' };
	if (format.type !== 'json_schema') return undefined;
	return isFields(format.schema) ? format.schema : { type: 'object' };
}

export function readToolChoice(value: unknown): CallSignals['toolChoice'] {
	if (value === undefined || value === null || value === 'auto') return 'auto';
	if (value === 'none') return 'none';
	if (value === 'required') return 'any';
	if (!isFields(value)) return refuse('tool_choice', value, 'auto, none, required, or an object that names a tool');
	const type = readString(value, 'type', 'tool_choice.type');
	if (type === 'allowed_tools') return value.mode === 'required' ? 'any' : 'auto';
	if (type === 'function' || type === 'custom') return { name: readString(value, 'name', 'tool_choice.name') };
	// The vendor's own tools are named by their type.
	return { name: type };
}

const OUTPUT = /_output$/;

/** Names behind the outputs that are the conversation's newest turn. */
function readAnsweredTools(items: readonly Fields[]): readonly string[] {
	let from = items.length;
	while (from > 0 && OUTPUT.test(typeOf(items[from - 1] ?? {}))) from--;
	const wanted = new Set(items.slice(from).map((item) => item.call_id));
	const names = new Map<unknown, string>();
	for (let index = from - 1; index >= 0 && names.size < wanted.size; index--) {
		const item = items[index];
		if (item !== undefined && wanted.has(item.call_id)) names.set(item.call_id, textOf(item.name) ?? typeOf(item).replace(/_call$/, ''));
	}
	return [...wanted].flatMap((id) => names.get(id) ?? []);
}

const isUser = (item: Fields): boolean => typeOf(item) === 'message' && item.role === 'user';

/** What Codex tells of the surroundings stands in messages of the user's own role, under a heading or in a tag of two words. */
const SURROUNDINGS = /^\s*(?:<[a-z]+(?:_[a-z]+)+>|# AGENTS\.md instructions\b)/;

function isTyped(item: Fields): boolean {
	return isUser(item) && !SURROUNDINGS.test(messageText(item));
}

function messageText({ content }: Fields): string {
	if (typeof content === 'string') return content;
	if (!Array.isArray(content)) return '';
	return content.map((part) => (isFields(part) ? (textOf(part.text) ?? '') : '')).join('\n');
}

function firstUserText(body: Body, items: readonly Fields[]): string {
	const typed = items.findIndex(isTyped);
	const index = typed < 0 ? items.findIndex(isUser) : typed;
	return index < 0 ? '' : messageText(body.wholeMessage(index));
}

/** The instructions, the system messages that open the conversation, and the tools. */
function prefixText(body: Body, items: readonly Fields[]): string {
	const isOpening = (item: Fields) => typeOf(item) === 'additional_tools' || item.role === 'system' || item.role === 'developer';
	const first = items.findIndex((item) => !isOpening(item));
	const opening = items.slice(0, first < 0 ? items.length : first).map((_, index) => messageText(body.wholeMessage(index)));
	return `${textOf(body.fields.instructions) ?? ''}\n${opening.join('\n')}\n${body.rawField('tools')}`;
}
