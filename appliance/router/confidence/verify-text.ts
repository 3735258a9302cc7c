/** Judges a step of text by its form, and by what the caller sent. Free of any model. */

import type { Doubt } from '../../protocol/confidence.ts';
import { contradicts } from './claims.ts';
import { parseJson } from './json-text.ts';
import { hasBrokenCharacters, isOtherScript, repeatsItself } from './sanity.ts';
import type { Transcript } from './transcript.ts';
import { isKnownPath } from './verify-call.ts';

/** A file with a line: that is quoted, not proposed. */
const CITATION = /(?<![\w/.:-])((?:[\w.-]+\/)*[\w-]+\.[a-z]{1,5}):\d+\b/gi;

/** @param before earlier steps of the answer, the newest last */
export function doubtsOfText(step: string, before: readonly string[], transcript: Transcript): readonly Doubt[] {
	const doubts: Doubt[] = [];
	if (contradicts(step, transcript)) doubts.push('claim-against-result');
	if ([...step.matchAll(CITATION)].some(([, path = '']) => !isKnownPath(path, transcript.text))) doubts.push('path-not-in-transcript');
	if (isOtherScript(step, transcript.said)) doubts.push('other-script');
	if (hasBrokenCharacters(step)) doubts.push('broken-characters');
	if (repeatsItself(step, before)) doubts.push('repeats-itself');
	return doubts;
}

/** Of an answer that has come to its end. */
export interface WholeAnswer {
	readonly text: string;
	readonly hasCall: boolean;
	/** Cut at the cap, or refused: its length is not the model's own. */
	readonly isCut: boolean;
	/** The caller wants JSON. */
	readonly isStructured: boolean;
	/** Longest that what is asked for can sensibly be; undefined where nobody knows. */
	readonly mostCharacters: number | undefined;
}

export function doubtsOfWhole({ text, hasCall, isCut, isStructured, mostCharacters }: WholeAnswer): readonly Doubt[] {
	if (text.trim() === '' && !hasCall) return ['empty-answer'];
	if (mostCharacters !== undefined && text.length > mostCharacters) return ['too-long'];
	return isStructured && !hasCall && !isCut && parseJson(text) === undefined ? ['not-json'] : [];
}

const MOST_CHARACTERS = { title: 160, 'commit-message': 2_000 } as const;

/** A title is a line, whatever the model makes of it. */
export function mostCharactersFor(purpose: string | undefined): number | undefined {
	return purpose === 'title' || purpose === 'commit-message' ? MOST_CHARACTERS[purpose] : undefined;
}
