/** Finds where the top-level values of a JSON object stand in its bytes, in one pass and without parsing them. */

import type { Span } from '../protocol/call.ts';
import { Problem } from '../protocol/problem.ts';

export interface ScannedField extends Span {
	readonly key: string;
}

export interface ObjectScan {
	/** Every field in order, duplicates included; the span is the value's. */
	readonly fields: readonly ScannedField[];
	/** Just behind the opening brace. */
	readonly insertAt: number;
}

/** Deeper nesting than any real call has; a bomb of brackets ends here and not in a walker's stack. */
export const NESTING_LIMIT = 256;
/** Ten times what any dialect names; each field costs a little, and a body has room for millions. */
export const FIELD_LIMIT = 256;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** Below this a loop is cheaper than a call of `indexOf`. */
const NEAR_BYTES = 48;

/**
 * Scans `bytes` as one JSON object (a byte order mark and white space around it are allowed).
 * It finds spans and bounds nesting; it does not validate: pair it with `JSON.parse`, which rejects what this lets pass.
 */
export function scanObject(bytes: Uint8Array): ObjectScan | Problem {
	const open = skipSpace(bytes, hasByteOrderMark(bytes) ? 3 : 0);
	if (bytes[open] !== OPEN_BRACE) return fault('a JSON object is expected', open);
	const fields: ScannedField[] = [];
	let at = skipSpace(bytes, open + 1);
	while (bytes[at] !== CLOSE_BRACE) {
		if (bytes[at] !== QUOTE) return fault('a field name in quotes is expected', at);
		const keyEnd = endOfString(bytes, at);
		const colon = skipSpace(bytes, keyEnd);
		if (keyEnd < 0 || bytes[colon] !== COLON) return fault('a field name and its colon are expected', at);
		const start = skipSpace(bytes, colon + 1);
		const end = endOfValue(bytes, start);
		if (end === DEEP) return fault(`nested deeper than ${NESTING_LIMIT} levels`, start);
		if (end <= start) return fault('a value is expected, or it never ends', start);
		if (fields.length === FIELD_LIMIT) return fault(`more than ${FIELD_LIMIT} fields`, at);
		fields.push({ key: readKey(bytes, at, keyEnd), start, end });
		at = skipSpace(bytes, end);
		if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1);
		else if (bytes[at] !== CLOSE_BRACE) return fault('a comma or the closing brace is expected', at);
	}
	return { fields, insertAt: open + 1 };
}

export function hasByteOrderMark(bytes: Uint8Array): boolean {
	return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

function fault(what: string, offset: number): Problem {
	return new Problem('invalid-call', `The body is not usable JSON: ${what} (at byte ${offset}).`, { details: { offset } });
}

function skipSpace(bytes: Uint8Array, from: number): number {
	let at = from;
	while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at++;
	return at;
}

const decoder = new TextDecoder();

/** The name between the quotes at [start, end); an escaped name counts as what it spells. */
function readKey(bytes: Uint8Array, start: number, end: number): string {
	const raw = decoder.decode(bytes.subarray(start + 1, end - 1));
	if (!raw.includes('\\')) return raw;
	try {
		return JSON.parse(`"${raw}"`);
	} catch {
		return raw;
	}
}

/** Just behind the string that opens at `open`; -1 when it never ends. */
function endOfString(bytes: Uint8Array, open: number): number {
	let at = open + 1;
	for (;;) {
		const near = Math.min(at + NEAR_BYTES, bytes.length);
		while (at < near) {
			const byte = bytes[at];
			if (byte === QUOTE) return at + 1;
			at += byte === BACKSLASH ? 2 : 1;
		}
		const quote = bytes.indexOf(QUOTE, at);
		if (quote < 0) return -1;
		let slashes = quote;
		while (slashes > at && bytes[slashes - 1] === BACKSLASH) slashes--;
		at = quote + 1;
		if ((quote - slashes) % 2 === 0) return at;
	}
}

const DEEP = -2;

/** Just behind the value that begins at `start`; -1 when it never ends, DEEP when it is nested too deeply. */
function endOfValue(bytes: Uint8Array, start: number): number {
	const first = bytes[start];
	if (first === QUOTE) return endOfString(bytes, start);
	if (first === OPEN_BRACE || first === OPEN_BRACKET) return endOfContainer(bytes, start);
	let at = start;
	while (at < bytes.length && !endsScalar(bytes[at])) at++;
	return at;
}

function endsScalar(byte: number | undefined): boolean {
	return byte === COMMA || byte === CLOSE_BRACE || byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function endOfContainer(bytes: Uint8Array, start: number): number {
	let depth = 1; // the object around it
	let at = start;
	while (at < bytes.length) {
		const byte = bytes[at];
		if (byte === QUOTE) {
			at = endOfString(bytes, at);
			if (at < 0) return -1;
			continue;
		}
		at++;
		if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
			if (++depth > NESTING_LIMIT) return DEEP;
		} else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --depth === 1) return at;
	}
	return -1;
}
