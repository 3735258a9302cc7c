/** Judges a drafted tool call by the conversation: what it asks for must have been spoken of, and not be answered already. */

import type { Content, Conversation, JsonSchema, JsonValue, Message } from '../../../protocol/conversation.ts';
import { isSchema } from '../grammar/schema-grammar.ts';
import { textOf } from '../prompt/template-messages.ts';
import type { ReadCall } from './tool-syntax.ts';

/** Shorter strings occur in any text. */
const MIN_QUOTE_LENGTH = 2;

/** Whose words count: a second try has only the user's, since a tool's result names much that nobody asked for. */
export type Speakers = 'user-and-tools' | 'user';

export type Judgement =
	/** The call with the optional arguments that nobody spoke of left out. */
	| { readonly verdict: 'founded'; readonly call: ReadCall }
	/** `repeated`: the conversation has the answer already. `unfounded`: what is asked for was never spoken of. */
	| { readonly verdict: 'repeated' | 'unfounded' };

/**
 * A call is founded when each of its required strings stands in what those speakers said (where none is required, at
 * least one other does), and at least one of them was not asked for before. It needs no model: a path that was invented
 * is not found.
 */
export function judgeDraft(call: ReadCall, conversation: Conversation, speakers: Speakers): Judgement {
	if (!isSchema(call.input)) return { verdict: 'unfounded' };
	const schema = conversation.tools.find(({ name }) => name === call.name)?.inputSchema ?? {};
	const required = new Set(Array.isArray(schema.required) ? schema.required.map(String) : []);
	const said = saidText(conversation.messages, speakers);
	const entries = Object.entries(call.input).filter(([key, value]) => required.has(key) || isSaid(value, said));
	const needed = freeStrings(
		entries.filter(([key]) => required.has(key)),
		schema,
	);
	const strings = needed.length > 0 ? needed : freeStrings(entries, schema);
	if (strings.length === 0 || !strings.every((value) => isQuoted(value, said))) return { verdict: 'unfounded' };
	const asked = askedBefore(conversation.messages);
	if (strings.every((value) => asked.has(value.trim()))) return { verdict: 'repeated' };
	return { verdict: 'founded', call: { name: call.name, input: Object.fromEntries(entries) } };
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

/** Every string that a call of this conversation had as an argument. */
function askedBefore(messages: readonly Message[]): ReadonlySet<string> {
	const inputs = messages.flatMap(({ content }) => content.flatMap((part) => (part.type === 'tool-call' ? [part.input] : [])));
	const values = inputs.flatMap((input): readonly JsonValue[] => (isSchema(input) ? Object.values(input) : []));
	return new Set(values.filter((value) => typeof value === 'string').map((value) => value.trim()));
}

function saidText(messages: readonly Message[], speakers: Speakers): string {
	return messages
		.filter(({ role }) => role === 'user')
		.flatMap(({ content }) => content.map((part) => spoken(part, speakers)))
		.join('\n')
		.toLowerCase();
}

function spoken(part: Content, speakers: Speakers): string {
	if (part.type !== 'tool-result') return textOf([part]);
	return speakers === 'user' ? '' : textOf(part.content);
}
