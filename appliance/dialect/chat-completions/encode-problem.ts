/** Chat Completions: writes a Problem in the words that this dialect's clients match on. */

import type { WireReply } from '../../protocol/ports.ts';
import type { Problem } from '../../protocol/problem.ts';
import { type ErrorTypes, problemHeaders, publicMessage, windowFacts } from '../problem-text.ts';
import { encodeSse } from '../sse.ts';

const ERROR_TYPES: ErrorTypes = {
	'invalid-call': 'invalid_request_error',
	unauthenticated: 'authentication_error',
	forbidden: 'permission_error',
	'not-found': 'invalid_request_error',
	'method-not-allowed': 'invalid_request_error',
	'upgrade-refused': 'invalid_request_error',
	'unsupported-media-type': 'invalid_request_error',
	'call-too-large': 'invalid_request_error',
	'context-window-exceeded': 'invalid_request_error',
	'budget-exhausted': 'insufficient_quota',
	'cost-not-bounded': 'invalid_request_error',
	'not-expressible': 'invalid_request_error',
	'no-eligible-deployment': 'server_error',
	'rate-limited': 'rate_limit_error',
	'local-busy': 'server_error',
	'local-failed': 'server_error',
	'low-confidence': 'server_error',
	'upstream-failed': 'server_error',
	'upstream-timeout': 'server_error',
	'upstream-overloaded': 'server_error',
	canceled: 'server_error',
	'clock-not-set': 'server_error',
	'shutting-down': 'server_error',
	internal: 'server_error',
};

/** Codes that clients know; every other Problem carries its own. */
const ERROR_CODES: ReadonlyMap<string, string> = new Map([
	['context-window-exceeded', 'context_length_exceeded'],
	['budget-exhausted', 'insufficient_quota'],
	['unauthenticated', 'invalid_api_key'],
	['rate-limited', 'rate_limit_exceeded'],
]);

export function encodeProblem(problem: Problem, callId: string): WireReply {
	return {
		status: problem.status,
		headers: problemHeaders(problem, callId, 'x-request-id'),
		body: JSON.stringify(envelope(problem, callId)),
	};
}

/** No `[DONE]` follows: a stream that failed must not look like one that ended. */
export function encodeStreamProblem(problem: Problem, callId: string): string {
	return encodeSse('', JSON.stringify(envelope(problem, callId)));
}

function envelope(problem: Problem, callId: string) {
	return { error: errorOf(problem, callId) };
}

export function errorOf(problem: Problem, callId: string) {
	const field = problem.details.field;
	return {
		message: messageOf(problem, callId),
		type: ERROR_TYPES[problem.code],
		param: typeof field === 'string' ? field : null,
		code: ERROR_CODES.get(problem.code) ?? problem.code.replaceAll('-', '_'),
	};
}

/** Clients match on the words about the context length where they do not read the code. */
function messageOf(problem: Problem, callId: string): string {
	const message = publicMessage(problem, callId);
	const facts = problem.code === 'context-window-exceeded' ? windowFacts(problem) : undefined;
	if (facts === undefined) return message;
	const { inputTokens, contextTokens } = facts;
	return `This model's maximum context length is ${contextTokens} tokens; your messages come to ${inputTokens}. ${message}`;
}
