/** Reads a call's body once: its fields as values, and where they stand in the bytes. */

import type { Span } from '../protocol/call.ts';
import { Problem } from '../protocol/problem.ts';
import type { FieldMemory, KnownField } from './field-memory.ts';
import { type Fields, isFields } from './fields.ts';
import { cutInside, type ObjectScan, scanObject } from './json-scan.ts';

/** Below this a body is parsed with all its strings. */
const SKIM_FROM_BYTES = 16_384;
/** What is kept of a long string: enough for every mark that stands at a text's start. */
const HEAD_BYTES = 256;
/** Pieces in which a large body's encoding is checked, so that no copy of the whole is made. */
const CHECK_BYTES = 65_536;

export interface BodyOptions {
	readonly skimFromBytes?: number;
	/** The field that lists the conversation's turns. */
	readonly listKey?: string;
	/** Fields that it knows are not parsed again; their values are frozen. */
	readonly memory?: FieldMemory | undefined;
}

interface BodyParts {
	readonly bytes: Uint8Array;
	readonly scan: ObjectScan;
	readonly fields: Fields;
	readonly isSkimmed: boolean;
	readonly listKey: string;
	readonly known: readonly KnownField[];
}

/**
 * A body of a megabyte is mostly the text of tool results, which nobody here reads: parsing it would cost more than
 * all the rest of the call. So in a large body long strings are cut to their head before they are parsed; what must be
 * known in full is read by `wholeField` and `wholeMessage`. What is cut out is checked for its encoding and not for its
 * escapes: whoever reads it in full refuses those.
 */
export class Body {
	readonly bytes: Uint8Array;
	readonly scan: ObjectScan;
	/** What `JSON.parse` makes of it: of a field that occurs twice, the last one. */
	readonly fields: Fields;
	private readonly isSkimmed: boolean;
	private readonly listKey: string;
	private readonly known: readonly KnownField[];

	constructor({ bytes, scan, fields, isSkimmed, listKey, known }: BodyParts) {
		this.bytes = bytes;
		this.scan = scan;
		this.fields = fields;
		this.isSkimmed = isSkimmed;
		this.listKey = listKey;
		this.known = known;
	}

	/** A field with its long strings; throws a Problem where those are no JSON. */
	wholeField(name: string): unknown {
		if (!this.isSkimmed || this.known.some(({ key }) => key === name)) return this.fields[name];
		const field = this.scan.fields.findLast(({ key }) => key === name);
		return field === undefined ? undefined : parseSpan(this.bytes, field);
	}

	/** One message with its long strings; throws a Problem where those are no JSON. */
	wholeMessage(index: number): Fields {
		const span = this.scan.messages[index];
		const messages = this.fields[this.listKey];
		const message: unknown =
			this.isSkimmed && span !== undefined ? parseSpan(this.bytes, span) : Array.isArray(messages) && messages[index];
		return isFields(message) ? message : {};
	}

	/** The bytes of a field's value as text; empty when it is absent. */
	rawField(name: string): string {
		const field = this.scan.fields.findLast(({ key }) => key === name);
		return field === undefined ? '' : decoder.decode(this.bytes.subarray(field.start, field.end));
	}
}

const decoder = new TextDecoder();
const strictDecoder = new TextDecoder('utf-8', { fatal: true });

/** The scan comes first: it bounds nesting before the parser has to follow it. `isUtf8`: the caller has checked the encoding. */
export function readBody(
	bytes: Uint8Array,
	{ skimFromBytes = SKIM_FROM_BYTES, listKey = 'messages', memory }: BodyOptions = {},
	isUtf8 = false,
): Body | Problem {
	if (bytes.length === 0) return new Problem('invalid-call', 'The body is empty; a JSON object is expected.');
	const scan = scanObject(bytes, listKey);
	if (scan instanceof Problem) return scan;
	const isSkimmed = bytes.length >= skimFromBytes && scan.longStrings.length > 0;
	const known = memory?.recall(bytes, scan.fields) ?? [];
	const cuts = isSkimmed || known.length > 0 ? cutsOf(bytes, known, isSkimmed ? scan.longStrings : []) : [];
	let text: string;
	try {
		if (isSkimmed && !isUtf8) checkEncoding(bytes);
		text = strictDecoder.decode(cuts.length > 0 ? without(bytes, cuts) : bytes);
	} catch {
		return new Problem('invalid-call', 'The body is not valid UTF-8.');
	}
	try {
		const fields = JSON.parse(text);
		for (const { key, value } of known) fields[key] = value;
		return new Body({ bytes, scan, fields, isSkimmed, listKey, known });
	} catch (error) {
		// The place that the parser names would not count what was left out.
		return known.length > 0 ? readBody(bytes, { skimFromBytes, listKey }, isUtf8) : notJson(error);
	}
}

function checkEncoding(bytes: Uint8Array): void {
	const check = new TextDecoder('utf-8', { fatal: true });
	for (let at = 0; at < bytes.length; at += CHECK_BYTES) check.decode(bytes.subarray(at, at + CHECK_BYTES), { stream: true });
	check.decode();
}

interface Cut {
	readonly from: number;
	readonly to: number;
}

/** Known values down to their brackets or quotes, and all other long strings down to their heads; in order. */
function cutsOf(bytes: Uint8Array, known: readonly KnownField[], longStrings: readonly Span[]): readonly Cut[] {
	const cuts: Cut[] = known.map(({ start, end }) => ({ from: start + 1, to: end - 1 }));
	for (const span of longStrings) {
		if (known.some(({ start, end }) => span.start >= start && span.end <= end)) continue;
		cuts.push({ from: Math.min(cutInside(bytes, span, HEAD_BYTES), span.end - 1), to: span.end - 1 });
	}
	return known.length > 0 ? cuts.sort((a, b) => a.from - b.from) : cuts;
}

function without(bytes: Uint8Array, cuts: readonly Cut[]): Uint8Array {
	const result = new Uint8Array(cuts.reduce((left, { from, to }) => left - (to - from), bytes.length));
	let read = 0;
	let written = 0;
	for (const { from, to } of [...cuts, { from: bytes.length, to: bytes.length }]) {
		result.set(bytes.subarray(read, from), written);
		written += from - read;
		read = to;
	}
	return result;
}

function parseSpan(bytes: Uint8Array, { start, end }: Span): unknown {
	try {
		return JSON.parse(strictDecoder.decode(bytes.subarray(start, end)));
	} catch (error) {
		throw notJson(error);
	}
}

/** Where the parser stopped. Its own message quotes the prompt, so only the number is kept. */
function notJson(error: unknown): Problem {
	const position = error instanceof Error ? /position (\d+)/.exec(error.message)?.[1] : undefined;
	const place = position === undefined ? '' : ` (at character ${position})`;
	return new Problem('invalid-call', `The body is not valid JSON${place}.`);
}
