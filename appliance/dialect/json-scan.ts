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
	/** Objects that stand directly in the (last) array under the dialect's list key: `messages`, `input`. */
	readonly messages: readonly Span[];
	/** Strings inside arrays and objects that are long and not plain; quotes included. */
	readonly longStrings: readonly Span[];
}

/** Deeper nesting than any real call has; a bomb of brackets ends here and not in a walker's stack. */
export const NESTING_LIMIT = 256;
/** Ten times what any dialect names; each field costs a little, and a body has room for millions. */
export const FIELD_LIMIT = 256;
/** From here a string with escapes costs a parser more than it costs to leave it out. */
const LONG_STRING_BYTES = 512;

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
/** Where one quote is escaped others are near: there the loop wins for longer. */
const FAR_BYTES = 1_024;

/**
 * Scans `bytes` as one JSON object (a byte order mark and white space around it are allowed).
 * It finds spans and bounds nesting; it does not validate: pair it with `JSON.parse`, which rejects what this lets pass.
 */
export function scanObject(bytes: Uint8Array, listKey = 'messages'): ObjectScan | Problem {
	return new Scanner(bytes, listKey).scan();
}

/** What `endOfValue` says of a value that is nested too deeply. */
const DEEP = -2;

class Scanner {
	private readonly bytes: Uint8Array;
	private readonly listKey: string;
	private readonly longStrings: Span[] = [];
	private messages: Span[] = [];
	/** A backslash at or behind the place that was last asked about. */
	private slash = -1;

	constructor(bytes: Uint8Array, listKey: string) {
		this.bytes = bytes;
		this.listKey = listKey;
	}

	scan(): ObjectScan | Problem {
		const { bytes } = this;
		const open = skipSpace(bytes, hasByteOrderMark(bytes) ? 3 : 0);
		if (bytes[open] !== OPEN_BRACE) return fault('a JSON object is expected', open);
		const fields: ScannedField[] = [];
		let at = skipSpace(bytes, open + 1);
		while (bytes[at] !== CLOSE_BRACE) {
			const field = this.field(at);
			if (field instanceof Problem) return field;
			if (fields.length === FIELD_LIMIT) return fault(`more than ${FIELD_LIMIT} fields`, at);
			fields.push(field);
			at = skipSpace(bytes, field.end);
			if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1);
			else if (bytes[at] !== CLOSE_BRACE) return fault('a comma or the closing brace is expected', at);
		}
		return { fields, insertAt: open + 1, messages: this.messages, longStrings: this.longStrings };
	}

	private field(at: number): ScannedField | Problem {
		const { bytes } = this;
		if (bytes[at] !== QUOTE) return fault('a field name in quotes is expected', at);
		const keyEnd = this.endOfString(at);
		const colon = skipSpace(bytes, keyEnd);
		if (keyEnd < 0 || bytes[colon] !== COLON) return fault('a field name and its colon are expected', at);
		const key = readKey(bytes, at, keyEnd);
		const start = skipSpace(bytes, colon + 1);
		if (key === this.listKey) this.messages = [];
		const end = this.endOfValue(start, key === this.listKey);
		if (end === DEEP) return fault(`nested deeper than ${NESTING_LIMIT} levels`, start);
		return end > start ? { key, start, end } : fault('a value is expected, or it never ends', start);
	}

	/** Just behind the value that begins at `start`; -1 when it never ends, DEEP when it is nested too deeply. */
	private endOfValue(start: number, isMessages: boolean): number {
		const first = this.bytes[start];
		if (first === QUOTE) return this.endOfString(start);
		if (first === OPEN_BRACE || first === OPEN_BRACKET) return this.endOfContainer(start, isMessages);
		let at = start;
		while (at < this.bytes.length && !endsScalar(this.bytes[at])) at++;
		return at;
	}

	private endOfContainer(start: number, isMessages: boolean): number {
		const { bytes } = this;
		let depth = 1; // the object around it
		let elementStart = start;
		let at = start;
		while (at < bytes.length) {
			const byte = bytes[at];
			if (byte === QUOTE) {
				const end = this.endOfString(at);
				if (end < 0) return -1;
				if (end - at > LONG_STRING_BYTES && this.hasBackslash(at, end)) this.longStrings.push({ start: at, end });
				at = end;
				continue;
			}
			at++;
			if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
				if (++depth > NESTING_LIMIT) return DEEP;
				if (depth === 3) elementStart = at - 1;
			} else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
				if (--depth === 1) return at;
				if (depth === 2 && isMessages) this.messages.push({ start: elementStart, end: at });
			}
		}
		return -1;
	}

	/** Asked in ascending order, so that the whole body is searched once. */
	private hasBackslash(start: number, end: number): boolean {
		if (this.slash < start) {
			const found = this.bytes.indexOf(BACKSLASH, start);
			this.slash = found < 0 ? this.bytes.length : found;
		}
		return this.slash < end;
	}

	/** Just behind the string that opens at `open`; -1 when it never ends. */
	private endOfString(open: number): number {
		const { bytes } = this;
		let at = open + 1;
		for (let stretch = NEAR_BYTES; ; stretch = FAR_BYTES) {
			const near = Math.min(at + stretch, bytes.length);
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
}

/**
 * A place inside the string `{start, end}` at least `headBytes` behind its opening quote where it can be cut:
 * between two characters and outside of escapes. Its end when there is none before.
 */
export function cutInside(bytes: Uint8Array, { start, end }: Span, headBytes: number): number {
	let at = start + 1;
	const least = at + headBytes;
	while (at < least) at += bytes[at] !== BACKSLASH ? 1 : bytes[at + 1] === 0x75 ? 6 : 2;
	while (at < end && ((bytes[at] ?? 0) & 0xc0) === 0x80) at++;
	return Math.min(at, end);
}

function hasByteOrderMark(bytes: Uint8Array): boolean {
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

function endsScalar(byte: number | undefined): boolean {
	return byte === COMMA || byte === CLOSE_BRACE || byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

const decoder = new TextDecoder();

/** The name between the quotes at [start, end); an escaped name counts as what it spells. */
function readKey(bytes: Uint8Array, start: number, end: number): string {
	const place = placeOf(bytes, start + 1, end - 1);
	const known = place === undefined ? undefined : KNOWN_KEYS[place];
	if (known !== undefined && isSame(known.bytes, bytes, start + 1, end - 1)) return known.key;
	const key = spellKey(bytes, start, end);
	if (place !== undefined) KNOWN_KEYS[place] = { key, bytes: bytes.slice(start + 1, end - 1) };
	return key;
}

interface KnownKey {
	readonly key: string;
	readonly bytes: Uint8Array;
}

/** The same few names stand in all calls of a dialect: comparing one costs a tenth of decoding it. */
const KNOWN_KEYS: (KnownKey | undefined)[] = new Array<KnownKey | undefined>(256).fill(undefined);
const LONGEST_KNOWN_KEY = 32;

/** Undefined for a name that is not worth knowing; two names of one place take turns. */
function placeOf(bytes: Uint8Array, start: number, end: number): number | undefined {
	const length = end - start;
	if (length < 1 || length > LONGEST_KNOWN_KEY) return undefined;
	return ((bytes[start] ?? 0) * 31 + (bytes[end - 1] ?? 0) * 7 + length) & 255;
}

function isSame(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
	if (known.length !== end - start) return false;
	for (let at = 0; at < known.length; at++) if (known[at] !== bytes[start + at]) return false;
	return true;
}

function spellKey(bytes: Uint8Array, start: number, end: number): string {
	const raw = decoder.decode(bytes.subarray(start + 1, end - 1));
	if (!raw.includes('\\')) return raw;
	try {
		return JSON.parse(`"${raw}"`);
	} catch {
		return raw;
	}
}
