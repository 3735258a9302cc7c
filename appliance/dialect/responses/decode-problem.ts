/** Responses: reads an upstream's error; a reply of its own looks as in Chat Completions, inside a stream it is an event. */

import { Problem, type ProblemCode } from '../../protocol/problem.ts';
import { type Fields, isFields, textOf } from '../fields.ts';

export { decodeProblem } from '../chat-completions/decode-problem.ts';

/** Codes that say more than that it failed. */
const CODES: ReadonlyMap<string | undefined, ProblemCode> = new Map([
	['rate_limit_exceeded', 'rate-limited'],
	['server_is_overloaded', 'upstream-overloaded'],
	['slow_down', 'upstream-overloaded'],
	['context_length_exceeded', 'context-window-exceeded'],
]);

/** Takes the error of a failed response, or the fields of an `error` event. */
export function problemOfEvent(error: unknown): Problem {
	const { code, message }: Fields = isFields(error) ? error : {};
	const text = textOf(message) || 'The upstream failed inside its stream.';
	const known = CODES.get(textOf(code));
	return new Problem(known ?? 'upstream-failed', text, { isRetryable: known !== 'context-window-exceeded' });
}
