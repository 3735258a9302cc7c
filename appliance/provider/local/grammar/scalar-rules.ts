/** Numbers and strings of a schema as GBNF. */

import type { JsonSchema, JsonValue } from '../../../protocol/conversation.ts';
import type { StringBounds } from './value-style.ts';

/** More digits than a double holds exactly would only be rounded. */
const DIGITS = '("0" | [1-9] [0-9]{0,14})';

export const NUMBER = `("-"? ${DIGITS} ("." [0-9]{1,12})? ([eE] [-+]? [0-9]{1,2})?)`;

/** Longer bounds are left to ajv: every repetition costs the matcher a rule. */
const MAX_ENFORCED_LENGTH = 512;

export function integerRule(schema: JsonSchema): string {
	return isNonNegative(schema) ? DIGITS : `"-"? ${DIGITS}`;
}

export function numberRule(schema: JsonSchema): string {
	return isNonNegative(schema) ? `${DIGITS} ("." [0-9]{1,12})?` : NUMBER;
}

function isNonNegative(schema: JsonSchema): boolean {
	const least = schema.minimum ?? schema.exclusiveMinimum;
	return typeof least === 'number' && least >= 0;
}

/** One class of plain characters, repeated: the only patterns that are expressed here; others are left to ajv. */
const SIMPLE_PATTERN = /^\^\[([A-Za-z0-9_ ./:-]+)\](?:(\+|\*)|\{(\d{1,3})(?:,(\d{1,3}))?\})\$$/;

export function stringBounds(schema: JsonSchema): StringBounds {
	const min = lengthOf(schema.minLength) ?? 0;
	const max = lengthOf(schema.maxLength);
	const pattern = typeof schema.pattern === 'string' ? SIMPLE_PATTERN.exec(schema.pattern) : null;
	if (pattern === null) return { minLength: min, maxLength: max, characterClass: undefined };
	const [, characters, sign, least, most] = pattern;
	const patternMin = sign === '+' ? 1 : sign === '*' ? 0 : Number(least);
	const patternMax = sign === undefined ? Number(most ?? least) : undefined;
	return {
		minLength: Math.max(min, patternMin),
		maxLength: max === undefined ? patternMax : Math.min(max, patternMax ?? max),
		characterClass: `[${characters}]`,
	};
}

function lengthOf(value: JsonValue | undefined): number | undefined {
	return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_ENFORCED_LENGTH ? value : undefined;
}
