/** Reads a JSON file and remembers where each value stands, so that an error can name line and column; finds duplicate keys. */

import { type ConfigError, formatPath, type PathSegment } from './config-error.ts';

export interface JsonFile {
	readonly value: unknown;
	/** Line and column of the value at a path; of its nearest ancestor where the value is missing. */
	locate(path: readonly PathSegment[]): { readonly line: number; readonly column: number };
	readonly duplicates: readonly ConfigError[];
}

export type JsonReading = { readonly ok: true; readonly file: JsonFile } | { readonly ok: false; readonly error: ConfigError };

function fileError(found: string, expected: string, at?: { line: number; column: number }): JsonReading {
	return { ok: false, error: { path: '', line: at?.line, column: at?.column, found, expected, nearest: undefined } };
}

function lineAndColumn(text: string, offset: number) {
	const before = text.slice(0, offset);
	const line = before.split('\n').length;
	return { line, column: offset - before.lastIndexOf('\n') };
}

/** The parser names the offset in most of its errors; where it does not, the text ended too early. */
function syntaxError(text: string, error: unknown): JsonReading {
	const message = error instanceof Error ? error.message : '';
	const offset = /at position (\d+)/.exec(message)?.[1];
	const at = lineAndColumn(text, offset === undefined ? text.length : Number(offset));
	const found = offset === undefined || Number(offset) >= text.length ? 'the end of the file' : 'something that is not JSON';
	return fileError(found, 'JSON without comments and trailing commas', at);
}

/**
 * Walks text that is known to be JSON. Strings are skipped by expression, everything else by its first letter,
 * so the walk needs no grammar of its own.
 */
class PositionWalk {
	readonly #text: string;
	readonly #token = /[\s,:]*("(?:[^"\\]|\\.)*"|[{}[\]]|[^\s,:{}[\]"]+)/y;
	readonly offsets = new Map<string, number>();
	readonly duplicates: { readonly path: readonly PathSegment[]; readonly offset: number }[] = [];

	constructor(text: string) {
		this.#text = text;
		this.#value([]);
	}

	#next(): { readonly text: string; readonly offset: number } {
		const match = this.#token.exec(this.#text);
		const text = match?.[1] ?? '';
		return { text, offset: this.#token.lastIndex - text.length };
	}

	#value(path: readonly PathSegment[], token = this.#next()): void {
		this.offsets.set(JSON.stringify(path), token.offset);
		if (token.text === '{') this.#object(path);
		if (token.text === '[') this.#array(path);
	}

	#object(path: readonly PathSegment[]): void {
		const seen = new Set<string>();
		for (let key = this.#next(); key.text.startsWith('"'); key = this.#next()) {
			const name: string = JSON.parse(key.text);
			if (seen.has(name)) this.duplicates.push({ path: [...path, name], offset: key.offset });
			seen.add(name);
			this.#value([...path, name]);
		}
	}

	#array(path: readonly PathSegment[]): void {
		let index = 0;
		for (let token = this.#next(); token.text !== ']' && token.text !== ''; token = this.#next()) {
			this.#value([...path, index], token);
			index += 1;
		}
	}
}

function locator(text: string, walk: PositionWalk): JsonFile['locate'] {
	return (path) => {
		for (let length = path.length; length >= 0; length -= 1) {
			const offset = walk.offsets.get(JSON.stringify(path.slice(0, length)));
			if (offset !== undefined) return lineAndColumn(text, offset);
		}
		return { line: 1, column: 1 };
	};
}

export function readJson(bytes: Uint8Array): JsonReading {
	let text: string;
	try {
		text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
	} catch {
		return fileError('bytes that are not UTF-8', 'a JSON file in UTF-8');
	}
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch (error) {
		return syntaxError(text, error);
	}
	const walk = new PositionWalk(text);
	const duplicates = walk.duplicates.map(({ path, offset }) => ({
		path: formatPath(path),
		...lineAndColumn(text, offset),
		found: 'a key that stands here a second time',
		expected: 'each key once',
		nearest: undefined,
	}));
	return { ok: true, file: { value, locate: locator(text, walk), duplicates } };
}
