/** The closed list of what can cost money in a body: how each field enters the bound, and which values nothing bounds. */

import type { CallFacts } from './call-facts.ts';
import { type Fields, isFields } from './fields.ts';
import type { ObjectScan } from './json-scan.ts';

/** How a field enters the bound of a call, in the words of `docs/money.md`. */
export const COSTS = {
	none: 'bears no cost of its own',
	bytes: 'inline text: one byte bounds one token, at the dearest input rate',
	clamped: 'the box sets it, or holds the answer to it',
	priced: 'counted into the reservation with a rate or a number of its own',
	window: "the deployment's whole window is reserved as input",
} as const;

export type Cost = keyof typeof COSTS;

export interface CostField {
	readonly name: string;
	readonly cost: Cost;
	/** Why that is so; or when it is not. */
	readonly why: string;
	/** Values that `cost` is true of; absent: all. Others are refused on a key with a ceiling, unless `count` takes them. */
	readonly isBounded?: (value: unknown) => boolean;
	/** Puts a value that is not bounded by itself into the call's size; false where that cannot be done either. */
	readonly count?: (value: unknown, facts: CallFacts) => boolean;
	/** The values that pass, in words; for the table. */
	readonly passes?: string;
	/** A second occurrence could hide content from us that the upstream would read. */
	readonly isUniqueNeeded?: true;
}

export type CostFields = ReadonlyMap<string, CostField>;

export function indexCostFields(fields: readonly CostField[]): CostFields {
	return new Map(fields.map((field) => [field.name, field]));
}

export interface FieldFaults {
	/** Known fields whose value, or whose repetition, nothing bounds; in the caller's order. */
	readonly unbounded: Set<string>;
	/** Fields that the list does not know. */
	readonly unknown: Set<string>;
}

/** Holds a body's top-level fields against the list; what can be counted goes into `facts`. */
export function checkFields(scan: ObjectScan, fields: Fields, known: CostFields, facts: CallFacts): FieldFaults {
	const faults: FieldFaults = { unbounded: new Set(), unknown: new Set() };
	const seen = new Set<string>();
	for (const { key } of scan.fields) {
		const field = known.get(key);
		if (field === undefined) faults.unknown.add(key);
		else if (seen.has(key)) {
			if (field.isUniqueNeeded || field.isBounded) faults.unbounded.add(`${key} (repeated)`);
		} else if (!isCounted(field, fields[key], facts)) faults.unbounded.add(key);
		seen.add(key);
	}
	return faults;
}

function isCounted({ isBounded, count }: CostField, value: unknown, facts: CallFacts): boolean {
	return isBounded === undefined || isBounded(value) || count?.(value, facts) === true;
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

/** Text that the vendor holds, named by an id: only the window bounds it. */
export function countHeldInput(value: unknown, facts: CallFacts): boolean {
	if (typeof value !== 'string' && !isFields(value)) return false;
	facts.addHeldInput();
	return true;
}
