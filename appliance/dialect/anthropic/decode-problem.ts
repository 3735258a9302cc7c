/** Messages: reads an upstream's error, as a reply of its own or as an event inside a stream. */

import { Problem } from '../../protocol/problem.ts';
import { isFields, textOf } from '../fields.ts';
import { parseEvent } from '../reply-tap.ts';
import { upstreamProblem } from '../upstream-problem.ts';

export function decodeProblem(status: number, body: string, retryAfter: string | undefined): Problem {
	return upstreamProblem(status, { code: '', ...errorOf(parseEvent(body)?.error) }, retryAfter);
}

function errorOf(error: unknown): { readonly type: string; readonly message: string } {
	const fields = isFields(error) ? error : {};
	return { type: textOf(fields.type) ?? '', message: textOf(fields.message) ?? '' };
}

/** An error inside a stream comes after the status, so its type alone says what it is. */
export function problemOfEvent(error: unknown): Problem {
	const { type, message } = errorOf(error);
	const text = message || 'The upstream failed inside its stream.';
	if (type === 'overloaded_error') return new Problem('upstream-overloaded', text, { isRetryable: true });
	if (type === 'rate_limit_error') return new Problem('rate-limited', text, { isRetryable: true });
	return new Problem('upstream-failed', text, { isRetryable: true });
}
