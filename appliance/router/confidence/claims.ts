/** Holds what a sentence claims of a run (`all tests pass`) against what the last tool's result says of it. */

import type { Transcript } from './transcript.ts';

export type RunOutcome = 'passed' | 'failed' | undefined;

const EXIT_CODE = /\bexit(?:ed)?(?: with)?(?: (?:code|status))?[ :=(]+(\d+)\b|\b(?:return|status) ?code[ :=]+(\d+)\b/gi;
const FAILURES = /\b(\d+) (?:tests? )?(?:failed|failing|failures?|errors?)\b|\b(?:failed|failures?|errors?)[:=] *(\d+)\b/gi;
const BROKEN =
	/^(?:FAIL|FAILED|ERROR)\b|\bBUILD FAILED\b|\bnpm ERR!|\bTraceback \(most recent call last\)|\berror TS\d+|\berror\[E\d+\]|\bpanicked at\b|\bSegmentation fault\b|^make: \*\*\*/m;
const FINE = /\b\d+ (?:tests? )?pass(?:ed|ing)\b|\bBUILD SUCCESS(?:FUL)?\b|^(?:ok|PASS)\b/m;

/** An exit code speaks before any word. Undefined where the result is of no run, or says neither. */
export function outcomeOf({ lastResult }: Pick<Transcript, 'lastResult'>): RunOutcome {
	if (lastResult === undefined) return undefined;
	const { text, isError } = lastResult;
	const codes = numbersIn(text, EXIT_CODE);
	const code = codes.at(-1);
	if (code !== undefined) return code === 0 && !isError ? 'passed' : 'failed';
	if (isError || BROKEN.test(text) || numbersIn(text, FAILURES).some((count) => count > 0)) return 'failed';
	return FINE.test(text) ? 'passed' : undefined;
}

const numbersIn = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((found) => Number(found[1] ?? found[2]));

const RUN = `(?:tests?|test suite|suite|specs?|checks?|build|compilation|type ?check|lint(?:ing|er)?|command|script)`;
const GOOD = `(?:pass(?:es|ed|ing)?|succeed(?:s|ed)?|successful(?:ly)?|(?:is|are) green|(?:is|are|was|were) clean|no (?:errors|failures))`;
const BAD = `(?:fail(?:s|ed|ing|ures?)?|did not pass|do(?:es)? not pass|broke|broken|errors? out)`;
const CLAIMS_GOOD = new RegExp(String.raw`\b${RUN}\b[^.!?\n]{0,40}\b${GOOD}\b`, 'i');
const CLAIMS_BAD = new RegExp(String.raw`\b${RUN}\b[^.!?\n]{0,40}\b${BAD}\b`, 'i');
/** Speaks of what is to come, of something else, or of the opposite. */
const HEDGED =
	/\b(?:not|never|no longer|cannot|n't|if|once|until|unless|when|whether|should|would|could|will|might|may|must|to make|so that|before|previously|expected|need(?:s|ed)? to|without)\b|n't\b|\?/i;

export function claimOf(sentence: string): RunOutcome {
	const isGood = CLAIMS_GOOD.test(sentence) && !CLAIMS_BAD.test(sentence) && !HEDGED.test(sentence);
	if (isGood) return 'passed';
	return CLAIMS_BAD.test(sentence) && !CLAIMS_GOOD.test(sentence) && !HEDGED.test(sentence.replace(/\b(?:do(?:es)?|did) not pass\b/gi, ''))
		? 'failed'
		: undefined;
}

/** Whether the sentence says the opposite of the last result, which is read only where it says anything of a run. */
export function contradicts(sentence: string, transcript: Transcript): boolean {
	const claim = claimOf(sentence);
	if (claim === undefined) return false;
	const outcome = outcomeOf(transcript);
	return outcome !== undefined && claim !== outcome;
}
