/** Judges a tool call by what the caller sent: does the path, the quoted line, the symbol exist? Free of any model. */

import type { Doubt } from '../../protocol/confidence.ts';
import type { JsonValue, ToolDefinition } from '../../protocol/conversation.ts';
import { isWriteTool } from '../tools.ts';
import { callKey, type Transcript } from './transcript.ts';

export interface WrittenCall {
	readonly name: string;
	readonly input: JsonValue;
}

const PATH_KEY = /^(?:(?:file|notebook|dir|directory|folder)[_-]?(?:path|name)?|path|filename|relative[_-]?path|absolute[_-]?path)$/i;
const QUOTE_KEY = /^(?:old[_-]?(?:string|str|text)|anchor|quote|snippet|search[_-]?block)$/i;
const SYMBOL_KEY = /^(?:symbol|function|class|method|identifier)(?:[_-]?name)?$/i;
/** Tools whose file need not exist yet. */
const MAKES = /^(?:write|create|touch|mkdir|notebookwrite)(?:[_-].*)?$/i;

/** Empty where nothing speaks against it. */
export function doubtsOfCall(call: WrittenCall, tools: readonly ToolDefinition[], transcript: Transcript): readonly Doubt[] {
	if (!tools.some(({ name }) => name === call.name)) return ['unknown-tool'];
	const doubts = new Set<Doubt>();
	if (callKey(call.name, call.input) === transcript.lastCall && transcript.lastResult?.isError !== true && !isWriteTool(call.name))
		doubts.add('call-repeated');
	for (const [key, value] of namedStrings(call.input)) {
		const doubt = doubtOf(call.name, key, value, transcript);
		if (doubt !== undefined) doubts.add(doubt);
	}
	return [...doubts];
}

function doubtOf(tool: string, key: string, value: string, { text }: Transcript): Doubt | undefined {
	if (PATH_KEY.test(key)) return MAKES.test(tool) || isKnownPath(value, text) ? undefined : 'path-not-in-transcript';
	if (QUOTE_KEY.test(key)) return linesOf(value).every((line) => text.includes(line)) ? undefined : 'quote-not-in-transcript';
	if (SYMBOL_KEY.test(key)) return value.split(/[./#:]+/).every((part) => hasWord(text, part)) ? undefined : 'symbol-not-in-transcript';
	return undefined;
}

/**
 * A path is known when it was said whole, or when each of its parts was said as a word: a listing names files without
 * the folder that was listed. What begins a path (`.`, `..`, `~`) needs no mention.
 */
export function isKnownPath(path: string, text: string): boolean {
	const parts = path.trim().split(/[\\/]+/);
	const named = parts.filter((part) => part !== '' && part !== '.' && part !== '..' && part !== '~' && !/[*?[{]/.test(part));
	return text.includes(path.trim()) || named.every((part) => hasWord(text, part));
}

/** Not inside a longer name: `a.ts` is not said by `data.ts`. */
function hasWord(text: string, word: string): boolean {
	if (word === '') return true;
	for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
		if (!isNameCharacter(text[at - 1]) && !isNameCharacter(text[at + word.length])) return true;
	}
	return false;
}

const isNameCharacter = (character: string | undefined) => character !== undefined && /[\p{L}\p{N}_$-]/u.test(character);

/** Without blanks at both ends: what a tool shows of a file stands behind line numbers. */
const linesOf = (text: string) =>
	text
		.split('\n')
		.map((line) => line.trim())
		.filter((line) => line !== '');

function namedStrings(value: JsonValue, key = ''): readonly (readonly [string, string])[] {
	if (typeof value === 'string') return [[key, value]];
	if (typeof value !== 'object' || value === null) return [];
	if (Array.isArray(value)) return value.flatMap((one: JsonValue) => namedStrings(one, key));
	return Object.entries(value).flatMap(([name, one]) => namedStrings(one, name));
}
