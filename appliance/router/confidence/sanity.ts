/** Looks at the mere form of an answer: its script, its length, whether it goes round in circles. */

const SCRIPTS = {
	latin: /\p{Script=Latin}/gu,
	cyrillic: /\p{Script=Cyrillic}/gu,
	greek: /\p{Script=Greek}/gu,
	arabic: /\p{Script=Arabic}/gu,
	hebrew: /\p{Script=Hebrew}/gu,
	devanagari: /\p{Script=Devanagari}/gu,
	thai: /\p{Script=Thai}/gu,
	hangul: /\p{Script=Hangul}/gu,
	// Japanese mixes the three.
	'east-asian': /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu,
} as const;
type Script = keyof typeof SCRIPTS;

/** Fewer letters say nothing. */
const LEAST_LETTERS = 4;
/** Share of a step's letters that makes it one of a script. */
const MAIN_SHARE = 0.5;
/** Share of the conversation's letters below which a script was not spoken. */
const UNSPOKEN_SHARE = 0.002;
const ASKS_FOR_LANGUAGE =
	/\b(?:translat\w*|transliterat\w*|locali[sz]\w*|i18n|language|(?:in|into|to) (?:\w+ )?(?:chinese|japanese|korean|russian|ukrainian|greek|arabic|hebrew|hindi|thai|persian))\b/i;

/** The answer is in letters that nobody used here, and no other language was asked for: where small models slip. */
export function isOtherScript(step: string, said: string): boolean {
	const counts = countScripts(step);
	const letters = sum(counts);
	const [main, count] = [...counts].reduce((best, one) => (one[1] > best[1] ? one : best));
	// Latin is every programmer's second script.
	if (main === 'latin' || letters < LEAST_LETTERS || count < MAIN_SHARE * letters || ASKS_FOR_LANGUAGE.test(said)) return false;
	const spoken = countScripts(said);
	return sum(spoken) >= LEAST_LETTERS && (spoken.get(main) ?? 0) <= UNSPOKEN_SHARE * sum(spoken);
}

function countScripts(text: string): ReadonlyMap<Script, number> {
	const scripts = Object.entries(SCRIPTS) as [Script, RegExp][];
	return new Map(scripts.map(([name, pattern]) => [name, text.match(pattern)?.length ?? 0]));
}

const sum = (counts: ReadonlyMap<Script, number>) => [...counts.values()].reduce((total, count) => total + count, 0);

export const hasBrokenCharacters = (step: string): boolean => step.includes('\uFFFD');

/** Steps that say the same before it counts as a circle; a list may well repeat a line. */
const SAME_STEPS = 4;
const REMEMBERED_STEPS = 12;

/** @param before earlier steps of the answer, the newest last */
export function repeatsItself(step: string, before: readonly string[]): boolean {
	const plain = step.trim();
	if (!/[\p{L}\p{N}]{2}/u.test(plain)) return false;
	return before.slice(-REMEMBERED_STEPS).filter((one) => one.trim() === plain).length >= SAME_STEPS - 1 || hasLoop(plain);
}

const LOOP_CHARACTERS = 120;

/** The end of one long step is nothing but one phrase, at least four times. */
function hasLoop(step: string): boolean {
	if (step.length < LOOP_CHARACTERS) return false;
	const tail = step.slice(-LOOP_CHARACTERS);
	for (let period = 2; period <= LOOP_CHARACTERS / 4; period += 1) {
		if (tail.slice(period) === tail.slice(0, -period)) return /[\p{L}\p{N}]/u.test(tail);
	}
	return false;
}
