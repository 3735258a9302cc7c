/** What the caller has sent, as text to look things up in: nobody has to be asked whether a path or a line exists. */

import type { Content, Conversation, JsonValue } from '../../protocol/conversation.ts';
import { canonicalJson } from './json-text.ts';

export interface Transcript {
	/** All that stands in messages, the system's and earlier calls' arguments included. */
	readonly text: string;
	/** Newest result of a tool; undefined before the first. */
	readonly lastResult: { readonly text: string; readonly isError: boolean } | undefined;
	/** Newest call of the model itself, as `callKey` writes it. */
	readonly lastCall: string | undefined;
	/** What users and tools said: the language of the conversation. */
	readonly said: string;
}

export function readTranscript({ messages }: Conversation): Transcript {
	const all = messages.flatMap(({ content }) => content);
	const results = all.flatMap((one) => (one.type === 'tool-result' ? [one] : []));
	const calls = all.flatMap((one) => (one.type === 'tool-call' ? [one] : []));
	const [lastResult, lastCall] = [results.at(-1), calls.at(-1)];
	return {
		text: all.map(textOf).join('\n'),
		lastResult: lastResult && { text: lastResult.content.map(textOf).join('\n'), isError: lastResult.isError },
		lastCall: lastCall && callKey(lastCall.name, lastCall.input),
		said: messages.flatMap(({ role, content }) => (role === 'user' ? content.map(textOf) : [])).join('\n'),
	};
}

function textOf(content: Content): string {
	switch (content.type) {
		case 'text':
			return content.text;
		case 'tool-call':
			return stringsOf(content.input).join('\n');
		case 'tool-result':
			return content.content.map(textOf).join('\n');
		default:
			return '';
	}
}

/** Every string in a value, depth first. */
function stringsOf(value: JsonValue): readonly string[] {
	if (typeof value === 'string') return [value];
	if (typeof value !== 'object' || value === null) return [];
	return Object.values(value).flatMap(stringsOf);
}

/** The same for the same call, whatever the order of its arguments. */
export function callKey(name: string, input: JsonValue): string {
	return `${name} ${canonicalJson(input)}`;
}
