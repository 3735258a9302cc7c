/** Messages: reads a caller's bytes into a `Call`. */

import type { Call, CallSignals } from '../../protocol/call.ts';
import type { CallerRequest } from '../../protocol/ports.ts';
import { Problem } from '../../protocol/problem.ts';
import { CALL_FEATURES, type CallFeature } from '../../protocol/words.ts';
import { type Body, type BodyOptions, readBody } from '../body.ts';
import { CallFacts } from '../call-facts.ts';
import { readHeaderSignals } from '../client-headers.ts';
import { addTextSignals, promptIdOf } from '../client-texts.ts';
import { checkFields, listNames } from '../cost-fields.ts';
import { FieldMemory } from '../field-memory.ts';
import { attempt, type Fields, isFields, readBoolean, readObjects, readString, refuse, textOf } from '../fields.ts';
import { readOutputCap, readSpans } from '../output-cap.ts';
import { readTools, walkContent } from './content-facts.ts';
import { COST_FIELDS } from './cost-fields.ts';
import * as marks from './marks.ts';

type Digest = (text: string) => string;

const known = new FieldMemory();

const OPERATIONS: ReadonlyMap<string, Call['operation']> = new Map([
	['/v1/messages', 'generate'],
	['/v1/messages/count_tokens', 'count-tokens'],
]);

/** Tokens of the prompt that the vendor adds for structured output (not published; a generous guess, used as a bound). */
const FORMAT_PROMPT_TOKENS = 1_000;

export function decodeCall(request: CallerRequest, digest: Digest, options?: BodyOptions): Call | Problem {
	const operation = OPERATIONS.get(request.path);
	if (operation === undefined) return new Problem('not-found', `There is no ${request.path} here; Messages are sent to /v1/messages.`);
	const body = readBody(request.body, { memory: known, ...options }, request.isUtf8);
	if (body instanceof Problem) return body;
	return attempt(() => readCall(request, operation, body, digest));
}

function readCall(request: CallerRequest, operation: Call['operation'], body: Body, digest: Digest): Call {
	const { fields } = body;
	const spans = readSpans(body, ['max_tokens']);
	const facts = new CallFacts();
	const messages = readMessages(facts, fields);
	readTools(facts, fields.tools);
	readSystem(facts, fields.system);
	facts.readCacheControl(fields.cache_control);
	if (marks.outputFormat(fields) !== undefined) facts.addVendorTokens(FORMAT_PROMPT_TOKENS);
	// Zero is a call that only fills the vendor's cache.
	const outputCapTokens = readOutputCap(body, spans, 0);
	facts.countedUnder = readCountedUnder(body, digest);
	const faults = checkFields(body.scan, fields, COST_FIELDS, facts);
	return {
		dialect: 'anthropic',
		operation,
		model: readString(fields, 'model'),
		isStream: readBoolean(fields, 'stream'),
		outputCapTokens,
		...readThinkingBudget(fields.thinking),
		signals: readSignals(request, body, facts, messages, outputCapTokens, digest),
		modalities: facts.modalities(),
		size: facts.size(body.bytes.length),
		...(facts.hasForeign ? { hasForeign: true } : {}),
		unboundedFields: listNames(faults.unbounded, facts.unbounded),
		...(faults.unknown.size === 0 ? {} : { unknownFields: listNames(faults.unknown) }),
		spans,
	};
}

const SHORT_SETTINGS_CHARACTERS = 200;

/** What decides which thinking of earlier turns counts as input. */
function readCountedUnder(body: Body, digest: Digest): string | undefined {
	const settings = body.rawField('thinking') + body.rawField('context_management');
	if (settings === '') return undefined;
	return settings.length > SHORT_SETTINGS_CHARACTERS ? digest(settings) : settings;
}

/** A fixed budget is part of `max_tokens`; adaptive thinking has none. */
function readThinkingBudget(thinking: unknown): Pick<Call, 'thinkingBudgetTokens'> {
	const tokens = isFields(thinking) && thinking.type === 'enabled' ? thinking.budget_tokens : undefined;
	return typeof tokens === 'number' && Number.isSafeInteger(tokens) && tokens > 0 ? { thinkingBudgetTokens: tokens } : {};
}

function readMessages(facts: CallFacts, fields: Fields): readonly Fields[] {
	const messages = readObjects(fields.messages, 'messages');
	if (messages.length === 0) refuse('messages', messages, 'at least one message');
	for (const [index, message] of messages.entries()) {
		readString(message, 'role', `messages[${index}].role`);
		// A message of the system may carry settings alone.
		if (message.content === undefined && message.role === 'system') continue;
		walkContent(facts, message.content, () => `messages[${index}]`);
	}
	return messages;
}

function readSystem(facts: CallFacts, system: unknown): void {
	if (system === undefined || system === null || typeof system === 'string') return;
	if (!Array.isArray(system)) refuse('system', system, 'a string or an array of text blocks');
	walkContent(facts, system, () => 'system');
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
	const texts = marks.systemTexts(fields.system);
	const headers = addTextSignals(readHeaderSignals(request.headers), texts);
	const hasTools = facts.toolNames.length + facts.serverToolTypes.length > 0;
	const isClaudeCode = headers.client.name === 'claude-code';
	const isUnmarked = isClaudeCode && headers.purpose !== 'compaction' && marks.isUnmarkedSubagent(texts, facts.toolNames);
	const isSubagent = headers.isSubagent || marks.isMarkedSubagent(texts) || isUnmarked;
	const purpose = marks.readPurpose({ body, messages, isClaudeCode, isSubagent, hasTools, outputCapTokens });
	return {
		...headers,
		promptId: promptIdOf(headers, () => userTexts(body, messages), digest),
		sessionId: headers.sessionId ?? marks.sessionOfMetadata(body.wholeField('metadata')),
		isSubagent,
		purpose: purpose === 'safety-classifier' ? purpose : (headers.purpose ?? purpose),
		toolNames: facts.toolNames,
		serverToolTypes: facts.serverToolTypes,
		toolChoice: readToolChoice(fields.tool_choice),
		answeredToolNames: readAnsweredTools(messages),
		failedToolCount: countFailedTools(messages),
		messageCount: messages.length,
		userTurnCount: messages.filter(isTypedTurn).length,
		firstUserDigest: digest(firstUserText(body, messages)),
		prefixDigest: digest(prefixText(body)),
		hasStructuredOutput: marks.outputFormat(fields) !== undefined,
		features: readFeatures(fields, messages),
		hasSafeguards: Array.isArray(fields.safeguards) && fields.safeguards.length > 0,
	};
}

/** Fields that the client fitted to the model it named, and that another model may refuse. */
function readFeatures(fields: Fields, messages: readonly Fields[]): readonly CallFeature[] {
	const { thinking, output_config, temperature, top_p, top_k } = fields;
	const uses: Readonly<Record<CallFeature, boolean>> = {
		'adaptive-thinking': isFields(thinking) && thinking.type === 'adaptive',
		'output-config': isFields(output_config),
		'mid-conversation-system': messages.some(({ role }) => role === 'system'),
		// Its effort stands in `output_config`.
		'reasoning-effort': false,
		sampling: [temperature, top_p, top_k].some((value) => value !== undefined && value !== null),
	};
	return CALL_FEATURES.filter((feature) => uses[feature]);
}

export function readToolChoice(value: unknown): CallSignals['toolChoice'] {
	if (value === undefined || value === null) return 'auto';
	const type = isFields(value) ? value.type : value;
	if (type === 'auto' || type === 'none' || type === 'any') return type;
	if (isFields(value) && type === 'tool') return { name: readString(value, 'name', 'tool_choice.name') };
	return refuse('tool_choice', value, 'an object whose type is auto, any, tool or none');
}

function isTypedTurn(message: Fields): boolean {
	return message.role === 'user' && marks.toolResultIds(message).length === 0 && marks.typedTexts(message).length > 0;
}

/** Names behind the results that are the conversation's newest turn; the client's own system messages are passed over. */
function readAnsweredTools(messages: readonly Fields[]): readonly string[] {
	let newest = messages.length - 1;
	while (messages[newest]?.role === 'system') newest--;
	const turn = messages[newest];
	if (turn === undefined || turn.role !== 'user') return [];
	const wanted = new Set(marks.toolResultIds(turn));
	const names = new Map<string, string>();
	for (let index = newest - 1; index >= 0 && names.size < wanted.size; index--) {
		for (const block of contentBlocks(messages[index])) {
			const id = textOf(block.id);
			if (block.type === 'tool_use' && id !== undefined && wanted.has(id)) names.set(id, textOf(block.name) ?? '');
		}
	}
	return [...wanted].flatMap((id) => names.get(id) ?? []);
}

/** What the client marked as failed in the newest turn. */
const countFailedTools = (messages: readonly Fields[]): number =>
	contentBlocks(messages.findLast(({ role }) => role !== 'system')).filter(
		({ type, is_error: isError }) => type === 'tool_result' && isError === true,
	).length;

function contentBlocks(message: Fields | undefined): readonly Fields[] {
	const content = message?.content;
	return Array.isArray(content) ? content.filter(isFields) : [];
}

function userTexts(body: Body, messages: readonly Fields[]): readonly string[] {
	return messages.flatMap(({ role }, index) => (role === 'user' ? [marks.messageTexts(body.wholeMessage(index)).join('\n')] : []));
}

function firstUserText(body: Body, messages: readonly Fields[]): string {
	const index = messages.findIndex((message) => message.role === 'user');
	if (index < 0) return '';
	const first = body.wholeMessage(index);
	const typed = marks.typedTexts(first);
	return (typed.length > 0 ? typed : marks.messageTexts(first)).join('\n');
}

function prefixText(body: Body): string {
	const texts = marks.systemTexts(body.wholeField('system')).filter((text) => !marks.isBillingText(text));
	return `${texts.join('\n')}\n${body.rawField('tools')}`;
}
