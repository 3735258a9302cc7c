/** Reads a call's body once: its fields as values, and where they stand in the bytes. */

import { Problem } from '../protocol/problem.ts';
import type { Fields } from './fields.ts';
import { type ObjectScan, scanObject } from './json-scan.ts';

export interface Body {
	readonly bytes: Uint8Array;
	/** What `JSON.parse` makes of it: of a field that occurs twice, the last one. */
	readonly fields: Fields;
	readonly scan: ObjectScan;
}

const strictDecoder = new TextDecoder('utf-8', { fatal: true });

/** The scan comes first: it bounds nesting before the parser has to follow it. */
export function readBody(bytes: Uint8Array): Body | Problem {
	if (bytes.length === 0) return new Problem('invalid-call', 'The body is empty; a JSON object is expected.');
	let text: string;
	try {
		text = strictDecoder.decode(bytes);
	} catch {
		return new Problem('invalid-call', 'The body is not valid UTF-8.');
	}
	const scan = scanObject(bytes);
	if (scan instanceof Problem) return scan;
	try {
		return { bytes, fields: JSON.parse(text), scan };
	} catch (error) {
		return new Problem('invalid-call', `The body is not valid JSON${positionOf(error)}.`);
	}
}

/** Where the parser stopped. Its own message quotes the prompt, so only the number is kept. */
function positionOf(error: unknown): string {
	const position = error instanceof Error ? /position (\d+)/.exec(error.message)?.[1] : undefined;
	return position === undefined ? '' : ` (at character ${position})`;
}
