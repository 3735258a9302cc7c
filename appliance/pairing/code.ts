/** The codes that people read from a screen and type: made, written and read. */

import { randomInt } from 'node:crypto';

/** Crockford's 32: no I, L, O or U, which are misread or make words. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** 8 symbols of 5 bits: 40 random bits, which is 1 in 10^12 at each try. */
const SYMBOLS = 8;
const SLOT_SYMBOLS = 2;
const GROUP = 4;

const draw = (count: number): string => Array.from({ length: count }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');

/** `ABCD2345`. */
export const newCode = (): string => draw(SYMBOLS);

/** Two symbols that name one of several codes; no secret. */
export const newSlot = (): string => draw(SLOT_SYMBOLS);

/** As it is shown: `ABCD-2345`, or with its slot `7Q-ABCD-2345`. */
export function showCode(code: string, slot = ''): string {
	const groups = code.match(new RegExp(`.{1,${GROUP}}`, 'g')) ?? [];
	return [...(slot === '' ? [] : [slot]), ...groups].join('-');
}

/** What somebody typed, as the box wrote it: upper case, without blanks and dashes, misread letters put right. */
export function readCode(text: string): string {
	return text
		.toUpperCase()
		.replace(/[^0-9A-Z]/g, '')
		.replace(/O/g, '0')
		.replace(/[IL]/g, '1');
}

export interface TypedCode {
	/** Undefined for the claim code, which has none. */
	readonly slot: string | undefined;
	readonly code: string;
}

/** A code of ten symbols begins with its slot; any other is a claim code (a preset one has its own length). */
export function readTypedCode(text: string): TypedCode {
	const symbols = readCode(text);
	if (symbols.length !== SYMBOLS + SLOT_SYMBOLS) return { slot: undefined, code: symbols };
	return { slot: symbols.slice(0, SLOT_SYMBOLS), code: symbols.slice(SLOT_SYMBOLS) };
}
