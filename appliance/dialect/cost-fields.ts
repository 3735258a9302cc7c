/** The closed list of top-level fields whose cost we can bound: what it does not know, or bars, is named. */

import type { Fields } from './fields.ts';
import type { ObjectScan } from './json-scan.ts';

export interface CostField {
	readonly name: string;
	/** Why body bytes and output cap bound what this field can cost; or when they do not. */
	readonly why: string;
	/** Absent: every value is bounded. */
	readonly isBounded?: (value: unknown) => boolean;
	/** A second occurrence could hide content from us that the upstream would read. */
	readonly isUniqueNeeded?: true;
}

export function indexCostFields(fields: readonly CostField[]): ReadonlyMap<string, CostField> {
	return new Map(fields.map((field) => [field.name, field]));
}

/** Names of the fields that a key with a ceiling must refuse, in the caller's order. */
export function unboundedFields(scan: ObjectScan, fields: Fields, known: ReadonlyMap<string, CostField>): Set<string> {
	const names = new Set<string>();
	const seen = new Set<string>();
	for (const { key } of scan.fields) {
		const field = known.get(key);
		if (field === undefined || field.isBounded?.(fields[key]) === false) names.add(key);
		else if (seen.has(key) && (field.isUniqueNeeded || field.isBounded)) names.add(`${key} (repeated)`);
		seen.add(key);
	}
	return names;
}

const NAMES_LISTED = 16;
const NAME_CHARACTERS = 64;

/** The names that a refusal tells: a caller may have written any number of them, of any length. */
export function listNames(...sets: readonly ReadonlySet<string>[]): readonly string[] {
	const names = sets.flatMap((set) => [...set]);
	const listed = names.slice(0, NAMES_LISTED).map((name) => name.slice(0, NAME_CHARACTERS).replace(/[^\x20-\x7e]/g, '?'));
	return names.length > NAMES_LISTED ? [...listed, `${names.length - NAMES_LISTED} more`] : listed;
}

/** For fields that may be absent, null or one of some plain values. */
export function isOneOf(...values: readonly unknown[]): (value: unknown) => boolean {
	return (value) => value === null || values.includes(value);
}

export function isEmptyList(value: unknown): boolean {
	return value === null || (Array.isArray(value) && value.length === 0);
}
