/** The rules of the diet: what of a command's output is left out, and what is said in its place. */

import type { TrimRule } from '../../protocol/diet.ts';
import type { ResultKind } from './tool-kind.ts';

export interface Trimmed {
	readonly text: string;
	readonly rules: readonly TrimRule[];
	/** Of the original, and of those the ones that are no longer there. */
	readonly lines: number;
	readonly leftOutLines: number;
}

/** So many equal lines in a row may stand. */
const MOST_REPEATS = 3;
const HEAD_LINES = 15;
const TAIL_LINES = 40;
/** Lines that stay before and behind one that tells of an error. */
const BEFORE_ERROR = 3;
const AFTER_ERROR = 8;
/** In a log of nothing but errors the first ones tell most. */
const MOST_ERROR_LINES = 160;

const ERROR =
	/\b(?:error|errors|failed|failure|failures|fatal|panic|panicked|exception|traceback|assert(?:ion)?(?:error)?|undefined reference|segmentation fault|cannot|could not|not found|denied|warning|warn)\b|\bERR!|\bE\d{3,5}\b|✗|✖|✘|×|\bFAIL\b|^\s*>\s|^\s+at .+:\d+/i;
/** Counts that a runner prints of itself say that nothing is wrong. */
const NO_ERROR = /\b(?:0|no) (?:errors?|failures?|failed|warnings?)\b/i;

/** What a line shows that moves on: a share, a bar, a count of a total. */
const PROGRESS =
	/\d{1,3}(?:\.\d+)? ?%|[█▓▒░━╸#=]{4,}|\[\s*\d+\s*\/\s*\d+\s*\]|\b\d+(?:\.\d+)?\s?[kKMG]i?B\b.*\b\d+(?:\.\d+)?\s?[kKMG]i?B\b/;
const MOVING = /[\d.]+|[█▓▒░━╸#=>\- ]{2,}|[⠀-⣿|/\\]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the codes of a terminal begin with this one.
const TERMINAL_CODES = /\u001b\[[0-9;?]*[A-Za-z]/g;

/** Undefined where nothing is left out. `summary` stands in the place of what a long log loses. */
export function trimText(original: string, kind: ResultKind, longLogLines: number, summary?: string): Trimmed | undefined {
	if (kind === 'exact') return undefined;
	const rules: TrimRule[] = [];
	const lines = original.split('\n');
	const shown = lines.map(asShown);
	const moved = dropProgress(shown);
	if (moved.length < lines.length || shown.some((line, index) => line !== lines[index])) rules.push('progress');
	const once = dropRepeats(moved);
	if (once.length < moved.length) rules.push('repeated-lines');
	const cut = kind === 'log' && once.length > longLogLines ? aroundErrors(once, summary) : once;
	if (cut !== once) rules.push('long-log', ...(summary === undefined ? [] : (['summary'] as const)));
	const text = cut.join('\n');
	if (rules.length === 0 || text.length >= original.length) return undefined;
	return { text, rules, lines: lines.length, leftOutLines: Math.max(0, lines.length - cut.length) };
}

/** What a terminal shows of a line in the end: the last text after a carriage return, without codes of colour. */
function asShown(line: string): string {
	if (!line.includes('\r') && !line.includes('\u001b')) return line;
	const plain = line.replace(TERMINAL_CODES, '');
	return plain.split('\r').findLast((part) => part.trim() !== '') ?? '';
}

/** Of lines in a row that differ only in how far they are, the last one. */
function dropProgress(lines: readonly string[]): readonly string[] {
	const mask = (line: string | undefined): string | undefined =>
		line !== undefined && PROGRESS.test(line) && !isTelling(line) ? line.replace(MOVING, '') : undefined;
	return lines.filter((line, index) => {
		const shape = mask(line);
		return shape === undefined || shape !== mask(lines[index + 1]);
	});
}

function dropRepeats(lines: readonly string[]): readonly string[] {
	const result: string[] = [];
	for (let at = 0; at < lines.length; ) {
		const line = lines[at] ?? '';
		let end = at + 1;
		while (end < lines.length && lines[end] === line) end += 1;
		if (end - at > MOST_REPEATS && line.trim() !== '') result.push(line, `[innerloop: the line above ${end - at - 1} more times]`);
		else if (end - at > MOST_REPEATS) result.push(line);
		else for (let repeat = at; repeat < end; repeat += 1) result.push(line);
		at = end;
	}
	return result;
}

const isTelling = (line: string): boolean => ERROR.test(line) && !NO_ERROR.test(line);

function aroundErrors(lines: readonly string[], summary: string | undefined): readonly string[] {
	const keeps = new Uint8Array(lines.length);
	const keep = (from: number, to: number) => keeps.fill(1, Math.max(0, from), Math.min(lines.length, to));
	keep(0, HEAD_LINES);
	keep(lines.length - TAIL_LINES, lines.length);
	let errorLines = 0;
	for (const [index, line] of lines.entries()) {
		if (errorLines >= MOST_ERROR_LINES) break;
		if (!isTelling(line)) continue;
		keep(index - BEFORE_ERROR, index + AFTER_ERROR + 1);
		errorLines += 1;
	}
	const result: string[] = summary === undefined ? [] : [`[innerloop: summed up by the box's own model: ${summary}]`];
	for (let at = 0; at < lines.length; ) {
		if (keeps[at] === 1) {
			result.push(lines[at] ?? '');
			at += 1;
			continue;
		}
		const gap = keeps.indexOf(1, at);
		const end = gap < 0 ? lines.length : gap;
		result.push(`[innerloop: ${end - at} lines left out]`);
		at = end;
	}
	return result.length < lines.length ? result : lines;
}
