/** Which passwords are taken: long enough and not among those that everybody tries first. Nothing else is asked of them. */

import { Problem } from '../../protocol/problem.ts';

const SHORTEST = 8;
/** Longer than anybody types; keeps strangers from having us hash megabytes. */
const LONGEST = 256;

/** @param names words that whoever guesses knows: the member's name. Throws `invalid-call` with what to do. */
export async function checkPassword(password: string, names: readonly string[]): Promise<void> {
	const length = [...password].length;
	if (length < SHORTEST) throw refuse(`It needs at least ${SHORTEST} characters.`);
	if (length > LONGEST) throw refuse(`It may have at most ${LONGEST} characters.`);
	const plain = password.normalize('NFKC').toLowerCase();
	if (isRepetition(plain)) throw refuse('It repeats one pattern.');
	const core = withoutEnds(plain);
	if (['innerloop', ...names].some((name) => core === withoutEnds(name.toLowerCase()))) throw refuse('It is a name with something put on.');
	const common = await commonPasswords();
	if (common.has(plain) || (core.length >= 4 && common.has(core) && plain.length - core.length < SHORTEST))
		throw refuse('It is among the passwords that everybody tries first. Three or four unrelated words are easy to keep and hard to guess.');
}

const refuse = (why: string) => new Problem('invalid-call', `This password is not taken: ${why}`);

/** `aaaaaaaa`, `abababab`. */
const isRepetition = (text: string): boolean => /^(.{1,3})\1+.?.?$/u.test(text);

/** Without the digits and signs that people put on when a rule asks for them. */
const withoutEnds = (text: string): string => text.replace(/^[^a-z]+|[^a-z]+$/g, '');

let list: Promise<ReadonlySet<string>> | undefined;

/** Some 49 000, read when the first password is set: half a megabyte that a box needs once in its life. */
function commonPasswords(): Promise<ReadonlySet<string>> {
	list ??= import('@zxcvbn-ts/language-common').then(({ dictionary }) => new Set(dictionary['passwords-common']));
	return list;
}
