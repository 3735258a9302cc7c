/** Changes single messages of a body and leaves every other byte as it came. */

import type { Span } from '../protocol/call.ts';
import { Problem } from '../protocol/problem.ts';
import { parseFields } from './client-headers.ts';
import type { Fields } from './fields.ts';
import { scanObject } from './json-scan.ts';
import type { Edit } from './splice.ts';
import { applyEdits } from './splice.ts';

/** The message itself where it stays as it is, another one in its place, or undefined to take it out. */
export type Rewrite = (message: Fields) => Fields | undefined;

const decoder = new TextDecoder();

/** Whatever is no such body stays as it came: the upstream says what is wrong with it. `moreEdits` gets the messages as they stand. */
export function rewriteMessages(
	body: Uint8Array,
	listKey: string,
	rewrite: Rewrite,
	moreEdits: (field: (key: string) => Span | undefined, messages: readonly Fields[]) => readonly Edit[] = () => [],
): Uint8Array {
	const scan = scanObject(body, listKey);
	if (scan instanceof Problem) return body;
	const field = (key: string) => scan.fields.findLast((one) => one.key === key);
	const list = field(listKey);
	const messages = scan.messages.map(({ start, end }) => parseFields(decoder.decode(body.subarray(start, end))));
	const kept = messages.map(rewrite);
	const edits: Edit[] = [...moreEdits(field, messages)];
	if (kept.some((message) => message === undefined) && list !== undefined) {
		// Commas go with what they part, so the list is written anew around the messages' own bytes.
		const texts = kept.flatMap((message, index) =>
			message === undefined ? [] : [textOf(body, message, messages[index], scan.messages[index])],
		);
		edits.push({ start: list.start, end: list.end, text: `[${texts.join(',')}]` });
	} else {
		for (const [index, span] of scan.messages.entries()) {
			const message = kept[index];
			if (message !== undefined && message !== messages[index]) edits.push({ ...span, text: JSON.stringify(message) });
		}
	}
	return edits.length === 0 ? body : applyEdits(body, edits);
}

function textOf(body: Uint8Array, message: Fields, before: Fields | undefined, span: Span | undefined): string {
	return message === before && span !== undefined ? decoder.decode(body.subarray(span.start, span.end)) : JSON.stringify(message);
}
