/** Judges a drafted tool call by the conversation: what it asks for must have been spoken of, and not be answered already. */

import type { Content, Conversation, JsonSchema, JsonValue, Message } from '../../../protocol/conversation.ts';
import { isSchema } from '../grammar/schema-grammar.ts';
import { textOf } from '../prompt/template-messages.ts';
import type { ReadCall } from './tool-syntax.ts';

/** Shorter strings occur in any text. */
const MIN_QUOTE_LENGTH = 2;

/**
 * The call as the conversation bears it out: every required string stands in what the user or a tool said (where none
 * is required, at least one other does), the same call was not made before, and optional arguments that nobody spoke
 * of are left out. It needs no model: a path that was invented is not found.
 * @returns undefined when the call is not borne out
 */
export function foundedCall(call: ReadCall, conversation: Conversation): ReadCall | undefined {
	if (!isSchema(call.input)) return undefined;
	const schema = conversation.tools.find(({ name }) => name === call.name)?.inputSchema ?? {};
	const required = new Set(Array.isArray(schema.required) ? schema.required.map(String) : []);
	const said = saidText(conversation.messages);
	const entries = Object.entries(call.input).filter(([key, value]) => required.has(key) || isSaid(value, said));
	const founded = { name: call.name, input: Object.fromEntries(entries) };
	if (isRepeated(founded, conversation.messages)) return undefined;
	const needed = freeStrings(
		entries.filter(([key]) => required.has(key)),
		schema,
	);
	const strings = needed.length > 0 ? needed : freeStrings(entries, schema);
	return strings.length > 0 && strings.every((value) => isQuoted(value, said)) ? founded : undefined;
}

/** Strings that the tool leaves to the caller: not one of a fixed choice. */
function freeStrings(entries: readonly (readonly [string, JsonValue])[], { properties }: JsonSchema): readonly string[] {
	const isFree = (key: string): boolean => {
		const property = isSchema(properties) ? properties[key] : undefined;
		return !isSchema(property) || property.enum === undefined;
	};
	return entries.flatMap(([key, value]) => (isFree(key) && typeof value === 'string' ? [value] : []));
}

/** Whether an optional argument is worth keeping; of lists, objects and switches nobody speaks in so many words. */
function isSaid(value: JsonValue, said: string): boolean {
	if (typeof value === 'string') return isQuoted(value, said);
	return typeof value === 'number' && new RegExp(`(?<![\\w.])${value}(?![\\w.])`).test(said);
}

function isQuoted(value: string, said: string): boolean {
	const quote = value.trim().toLowerCase();
	return quote.length >= MIN_QUOTE_LENGTH && said.includes(quote);
}

function isRepeated(call: ReadCall, messages: readonly Message[]): boolean {
	const written = canonical(call.input);
	return messages.some(({ content }) =>
		content.some((part) => part.type === 'tool-call' && part.name === call.name && canonical(part.input) === written),
	);
}

function canonical(value: JsonValue): string {
	if (!isSchema(value)) return JSON.stringify(value);
	return JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function saidText(messages: readonly Message[]): string {
	return messages
		.filter(({ role }) => role === 'user')
		.flatMap(({ content }) => content.map(spoken))
		.join('\n')
		.toLowerCase();
}

function spoken(part: Content): string {
	return part.type === 'tool-result' ? textOf(part.content) : textOf([part]);
}
