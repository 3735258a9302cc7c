/** Ids of calls: `call_` and 128 random bits in hex, drawn for many calls at once. */

import { randomBytes } from 'node:crypto';

const ID_CHARACTERS = 32;
const IDS = 128;

export function createCallIds(): () => string {
	let drawn = '';
	let at = 0;
	return () => {
		if (at === drawn.length) {
			drawn = randomBytes((IDS * ID_CHARACTERS) / 2).toString('hex');
			at = 0;
		}
		at += ID_CHARACTERS;
		return `call_${drawn.slice(at - ID_CHARACTERS, at)}`;
	};
}
