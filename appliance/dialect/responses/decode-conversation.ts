/** Responses: reads a caller's bytes into the internal form of a conversation. */

import type { Conversation, JsonSchema, JsonValue, Message, Reasoning } from '../../protocol/conversation.ts';
import { Problem } from '../../protocol/problem.ts';
import { readBody } from '../body.ts';
import { attempt, definite, type Fields, isFields, readNumber, readObjects, some, textOf } from '../fields.ts';
import { isLongCache } from './content-facts.ts';
import { readItems } from './decode-items.ts';
import { type OfferedTools, readOfferedTools } from './decode-tools.ts';
import { readToolChoice, schemaOf } from './signals.ts';
import { heldByVendor } from './vendor-held.ts';

export function decodeConversation(bytes: Uint8Array): Conversation | Problem {
	const body = readBody(bytes, { skimFromBytes: Number.POSITIVE_INFINITY, listKey: 'input' });
	return body instanceof Problem ? body : attempt(() => readConversation(body.fields));
}

/** Fields that the internal form holds, and labels without a bearing on the answer; whatever else a caller writes is named as left out where the call crosses dialects. */
const HELD = new Set([
	'model',
	'max_output_tokens',
	'input',
	'instructions',
	'tools',
	'tool_choice',
	'parallel_tool_calls',
	'stream',
	'stream_options',
	'temperature',
	'top_p',
	'text',
	'reasoning',
	'metadata',
	'client_metadata',
	'user',
	'safety_identifier',
	'prompt_cache_key',
	'prompt_cache_options',
	'prompt_cache_retention',
]);

/** Values that say what is the case anyway. */
const EMPTY: ReadonlyMap<string, readonly unknown[]> = new Map<string, readonly unknown[]>([
	['store', [false]],
	['background', [false]],
	['truncation', ['disabled']],
	['service_tier', ['auto', 'default']],
	['top_logprobs', [0]],
]);

function readConversation(fields: Fields): Conversation {
	const text: Fields = isFields(fields.text) ? fields.text : {};
	const format: Fields = isFields(text.format) ? text.format : {};
	const items = Array.isArray(fields.input) ? readObjects(fields.input, 'input') : [];
	refuseHeld(fields, items);
	const tools = readOfferedTools(fields, items);
	const isForced = isFields(fields.tool_choice) && fields.tool_choice.type !== 'allowed_tools';
	const areVendorToolsNeeded = isForced || tools.functions.length + tools.freeform.length === 0;
	return {
		messages: readMessages(fields, items),
		tools: tools.functions,
		toolChoice: readToolChoice(fields.tool_choice),
		isParallelToolUseAllowed: fields.parallel_tool_calls !== false,
		outputCapTokens: readNumber(fields, 'max_output_tokens'),
		temperature: readNumber(fields, 'temperature'),
		topP: readNumber(fields, 'top_p'),
		topK: undefined,
		seed: undefined,
		stopSequences: [],
		outputSchema: schemaOf(fields.text) as JsonSchema | undefined,
		...definite({
			freeformTools: some(tools.freeform),
			vendorTools: some(areVendorToolsNeeded ? tools.vendor : []),
			outputSchemaName: textOf(format.name),
			isOutputStrict: typeof format.strict === 'boolean' ? format.strict : undefined,
			reasoning: readReasoning(fields.reasoning),
			verbosity: textOf(text.verbosity),
			cache: isLongCache(fields) ? '1h' : undefined,
			promptCacheKey: textOf(fields.prompt_cache_key),
			userId: textOf(fields.user) ?? textOf(fields.safety_identifier),
			metadata: isFields(fields.metadata) ? (fields.metadata as Readonly<Record<string, JsonValue>>) : undefined,
			otherFields: some([...otherNames(fields), ...tools.others, ...(areVendorToolsNeeded ? [] : leftOutTools(tools))]),
		}),
	};
}

/** An agent that offers the vendor's search beside its own tools goes on without it; a call that is nothing else does not. */
function leftOutTools({ vendor }: OfferedTools): readonly string[] {
	return vendor.map((type) => `tools: ${type}`);
}

/** The router sends such a call to nobody else; this is for whoever asks without it. */
function refuseHeld(fields: Fields, items: readonly Fields[]): void {
	const [first] = heldByVendor(fields, items);
	if (first === undefined) return;
	const text = `The call needs a ${first}: only the vendor that it is written for has that. Send the whole conversation as input instead.`;
	throw new Problem('not-expressible', text);
}

function readMessages({ instructions, input }: Fields, items: readonly Fields[]): Message[] {
	const opening: Message[] = [];
	if (typeof instructions === 'string' && instructions !== '')
		opening.push({ role: 'system', content: [{ type: 'text', text: instructions }] });
	if (typeof input !== 'string') return readItems(items, opening);
	return input === '' ? opening : [...opening, { role: 'user', content: [{ type: 'text', text: input }] }];
}

function readReasoning(value: unknown): Reasoning | undefined {
	if (!isFields(value)) return undefined;
	const effort = textOf(value.effort);
	if (effort === 'none') return { type: 'off' };
	const isShown = typeof (value.summary ?? value.generate_summary) === 'string';
	return effort === undefined && !isShown ? undefined : { type: 'on', ...(effort === undefined ? {} : { effort }), isShown };
}

/** What every answer of ours carries anyway. */
const USUAL_INCLUDE = 'reasoning.encrypted_content';

function otherNames(fields: Fields): readonly string[] {
	return Object.keys(fields).filter((name) => {
		const value = fields[name];
		if (HELD.has(name) || value === null || EMPTY.get(name)?.includes(value)) return false;
		return !(Array.isArray(value) && value.every((one) => name === 'include' && one === USUAL_INCLUDE));
	});
}
