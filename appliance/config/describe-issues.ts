/** Says a schema's complaints in our own words: where, what was found, what may stand there, and the nearest known name. */

import type { z } from 'zod';
import { type ConfigError, formatPath, type PathSegment } from './config-error.ts';
import { knownKeys } from './config-schema.ts';
import { nearest } from './nearest.ts';
import type { JsonFile } from './read-json.ts';

type Issue = z.core.$ZodIssue;

/** Longer texts in a place for a short word are likely something pasted, perhaps a secret. */
const SHOWN_TEXT = /^[\w.-]{1,24}$/;

function valueAt(root: unknown, path: readonly PathSegment[]): unknown {
	let value = root;
	for (const segment of path) {
		value = typeof value === 'object' && value !== null ? (value as Record<PathSegment, unknown>)[segment] : undefined;
	}
	return value;
}

/** Text is shown only where a word of a small vocabulary belongs; anywhere else it could be a secret. */
function describeValue(value: unknown, isTextShown = false): string {
	if (value === undefined) return 'nothing';
	if (Array.isArray(value)) return `a list of ${value.length}`;
	if (typeof value === 'object' && value !== null) return 'an object';
	if (typeof value !== 'string') return String(value);
	return isTextShown && SHOWN_TEXT.test(value) ? JSON.stringify(value) : `a text of ${value.length} characters`;
}

function oneOf(values: readonly unknown[]): string {
	return values.length === 1 ? JSON.stringify(values[0]) : `one of ${values.map((value) => JSON.stringify(value)).join(', ')}`;
}

function sizeLimit(issue: z.core.$ZodIssueTooBig | z.core.$ZodIssueTooSmall): string {
	const unit = issue.origin === 'string' ? ' characters' : issue.origin === 'array' ? ' entries' : '';
	if (issue.code === 'too_big') return `at most ${issue.maximum}${unit}`;
	return issue.inclusive === false ? `more than ${issue.minimum}${unit}` : `at least ${issue.minimum}${unit}`;
}

const FORMATS: Readonly<Record<string, string>> = { url: 'an http or https address', date: 'a date like 2026-11-23' };

function expectation(issue: Issue): string {
	switch (issue.code) {
		case 'invalid_type':
			return issue.expected === 'int' ? 'a whole number' : `${/^[aeio]/.test(issue.expected) ? 'an' : 'a'} ${issue.expected}`;
		case 'invalid_value':
			return oneOf(issue.values);
		case 'too_big':
		case 'too_small':
			return sizeLimit(issue);
		case 'invalid_format':
			return FORMATS[issue.format] ?? issue.message;
		case 'invalid_key':
			return `a name of ${issue.issues[0]?.message ?? 'another form'}`;
		default:
			return issue.message;
	}
}

function unknownKeys(issue: z.core.$ZodIssueUnrecognizedKeys, path: readonly PathSegment[], file: JsonFile): ConfigError[] {
	const known = knownKeys(path);
	return issue.keys.map((key) => ({
		path: formatPath([...path, key]),
		...file.locate([...path, key]),
		found: 'an unknown key',
		expected: `one of ${known.join(', ')}`,
		nearest: nearest(key, known),
	}));
}

/** One error a fault, in the order in which the faults stand in the file. */
export function describeIssues(issues: readonly Issue[], file: JsonFile): readonly ConfigError[] {
	return issues.flatMap((issue): ConfigError[] => {
		const path = issue.path.filter((segment) => typeof segment !== 'symbol');
		if (issue.code === 'unrecognized_keys') return unknownKeys(issue, path, file);
		const value = valueAt(file.value, path);
		const isWord = issue.code === 'invalid_value';
		return [
			{
				path: formatPath(path),
				...file.locate(path),
				found: issue.code === 'invalid_key' ? 'a name of another form' : describeValue(value, isWord),
				expected: expectation(issue),
				nearest: isWord && typeof value === 'string' ? nearest(value, issue.values.map(String)) : undefined,
			},
		];
	});
}
