/** Whether two answers to one call do the same: the same tools with the same arguments, or the same short text. */

import type { Verdict } from '../../protocol/earned.ts';
import type { ReplyContent } from '../../protocol/stream.ts';
import { canonicalJson } from '../confidence/json-text.ts';
import { isSameForm } from '../confidence/semantic-entropy.ts';

/** A label, a title, a yes: what a canonical form can tell apart. */
const SHORT_CHARACTERS = 200;

const callsOf = (content: readonly ReplyContent[]): readonly string[] =>
	content.flatMap((one) => (one.type === 'tool-call' ? [`${one.name} ${canonicalJson(one.input)}`] : [])).toSorted();

const textOf = (content: readonly ReplyContent[]): string =>
	content
		.flatMap((one) => (one.type === 'text' ? [one.text] : []))
		.join('\n')
		.trim();

/** What stands beside tool calls, and what was thought, does nothing: it is not compared. */
export function compareAnswers(cloud: readonly ReplyContent[], local: readonly ReplyContent[]): Verdict {
	const [theirs, ours] = [callsOf(cloud), callsOf(local)];
	if (theirs.length + ours.length > 0) {
		return theirs.length === ours.length && theirs.every((call, index) => call === ours[index]) ? 'agrees' : 'differs';
	}
	const [said, answered] = [textOf(cloud), textOf(local)];
	if (said === '' || answered === '') return said === answered ? 'incomparable' : 'differs';
	if (said.length > SHORT_CHARACTERS) return 'incomparable';
	return isSameForm(said, answered) ? 'agrees' : 'differs';
}
