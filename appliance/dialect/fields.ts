/** Strict readers of the fields that we act on; each says which field, what was found and what is expected. */

import { Problem } from '../protocol/problem.ts';

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Runs a reader whose parts throw a Problem at the first bad field, and gives that Problem back as a result. */
export function attempt<T>(read: () => T): T | Problem {
	try {
		return read();
	} catch (error) {
		if (error instanceof Problem) return error;
		throw error;
	}
}

export function refuse(field: string, found: unknown, expected: string): never {
	throw new Problem('invalid-call', `${field}: expected ${expected}, found ${describe(found)}.`, { details: { field } });
}

/** What a value is, in words, without its text. */
function describe(value: unknown): string {
	if (value === undefined) return 'nothing';
	if (value === null) return 'null';
	if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
	if (value === '') return 'an empty string';
	if (typeof value === 'number' || typeof value === 'boolean') return String(value);
	return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

export function readString(fields: Fields, name: string, path = name): string {
	const value = fields[name];
	return typeof value === 'string' && value !== '' ? value : refuse(path, value, 'a string');
}

export function readBoolean(fields: Fields, name: string): boolean {
	const value = fields[name] ?? false;
	return typeof value === 'boolean' ? value : refuse(name, value, 'true or false');
}

export function readObjects(value: unknown, path: string): readonly Fields[] {
	if (!Array.isArray(value)) return refuse(path, value, 'an array of objects');
	for (const [index, entry] of value.entries()) if (!isFields(entry)) refuse(`${path}[${index}]`, entry, 'an object');
	return value;
}

/** A number of a stated range, or undefined where the field is absent or null. */
export function readNumber(fields: Fields, name: string): number | undefined {
	const value = fields[name] ?? undefined;
	return value === undefined || (typeof value === 'number' && Number.isFinite(value)) ? value : refuse(name, value, 'a number');
}

/** Text of a JSON value that came from `JSON.parse`, else undefined. */
export function textOf(value: unknown): string | undefined {
	return typeof value === 'string' ? value : undefined;
}

/** Without the fields that say nothing. */
export function definite<T extends object>(values: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
	return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
		[Key in keyof T]?: Exclude<T[Key], undefined>;
	};
}

/** A list that says something, else undefined. */
export const some = <T>(list: readonly T[]): readonly T[] | undefined => (list.length > 0 ? list : undefined);
