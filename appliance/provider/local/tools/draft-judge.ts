/** Judges a drafted tool call by the conversation: what it asks for must have been spoken of, and not be answered already. */

import type { Content, Conversation, JsonValue, Message } from '../../../protocol/conversation.ts';
import { isSchema } from '../grammar/schema-grammar.ts';
import { textOf } from '../prompt/template-messages.ts';
import type { ReadCall } from './tool-syntax.ts';

/** Shorter strings occur in any text. */
const MIN_QUOTE_LENGTH = 2;

/**
 * True when every required string of the call stands in what the user or a tool said (at least one string does), and
 * the same call was not made before in this conversation. It needs no model: a path that was invented is not found.
 */
export function isFounded(call: ReadCall, conversation: Conversation): boolean {
	if (isRepeated(call, conversation.messages)) return false;
	const said = saidText(conversation.messages);
	const strings = namedStrings(call, conversation);
	return strings.length > 0 && strings.every((value) => isQuoted(value, said));
}

function isQuoted(value: string, said: string): boolean {
	const quote = value.trim().toLowerCase();
	return quote.length >= MIN_QUOTE_LENGTH && said.includes(quote);
}

/** The required string arguments without a fixed choice; where there are none, all strings of the call. */
function namedStrings({ name, input }: ReadCall, { tools }: Conversation): readonly string[] {
	if (!isSchema(input)) return [];
	const schema = tools.find((tool) => tool.name === name)?.inputSchema ?? {};
	const properties = isSchema(schema.properties) ? schema.properties : {};
	const required = Array.isArray(schema.required) ? schema.required.map(String) : [];
	const isFree = (key: string): boolean => !isSchema(properties[key]) || properties[key].enum === undefined;
	const stringsOf = (keys: readonly string[]): readonly string[] =>
		keys.filter(isFree).flatMap((key) => (typeof input[key] === 'string' ? [input[key]] : []));
	const needed = stringsOf(required);
	return needed.length > 0 ? needed : stringsOf(Object.keys(input));
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
