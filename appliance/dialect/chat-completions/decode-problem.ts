/** Chat Completions: reads an upstream's error, as a reply of its own or as an event inside a stream. */

import { Problem } from '../../protocol/problem.ts';
import { type Fields, isFields, textOf } from '../fields.ts';
import { type UpstreamError, upstreamProblem } from '../upstream-problem.ts';

/** Gemini's compatible endpoint puts its error into an array of one. */
export function decodeProblem(status: number, body: string, retryAfter: string | undefined): Problem {
	return upstreamProblem(status, errorOf(parse(body)), retryAfter);
}

function parse(body: string): Fields {
	try {
		const value: unknown = JSON.parse(body);
		const first: unknown = Array.isArray(value) ? value[0] : value;
		return isFields(first) && isFields(first.error) ? first.error : {};
	} catch {
		return {};
	}
}

function errorOf(error: Fields): UpstreamError {
	return { type: textOf(error.type) ?? textOf(error.status) ?? '', code: textOf(error.code) ?? '', message: textOf(error.message) ?? '' };
}

/** An error inside a stream comes after the status, so its own words alone say what it is. */
export function problemOfEvent(fields: Fields): Problem {
	const { type, code, message } = errorOf(fields);
	const text = message || 'The upstream failed inside its stream.';
	const words = `${type} ${code}`;
	if (/overload/i.test(words) || fields.code === 503 || fields.code === 529)
		return new Problem('upstream-overloaded', text, { isRetryable: true });
	if (/rate_limit/i.test(words) || fields.code === 429) return new Problem('rate-limited', text, { isRetryable: true });
	return new Problem('upstream-failed', text, { isRetryable: true });
}

/** DeepSeek ends an answer that it had no machine left for with a reason of its own: that is no end. */
export function isUnfinished(finishReason: unknown): boolean {
	return finishReason === 'insufficient_system_resource';
}

export function unfinishedProblem(): Problem {
	return new Problem('upstream-overloaded', 'The upstream ran out of resources in the middle of its answer.', { isRetryable: true });
}
