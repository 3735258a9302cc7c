/** Messages: writes a Problem in the words that this dialect's clients match on. */

import type { WireReply } from '../../protocol/ports.ts';
import type { Problem } from '../../protocol/problem.ts';
import { type ErrorTypes, problemHeaders, publicMessage, type WindowFacts, windowFacts } from '../problem-text.ts';
import { encodeSse } from '../sse.ts';

const ERROR_TYPES: ErrorTypes = {
	'invalid-call': 'invalid_request_error',
	unauthenticated: 'authentication_error',
	forbidden: 'permission_error',
	'not-found': 'not_found_error',
	'method-not-allowed': 'invalid_request_error',
	'upgrade-refused': 'invalid_request_error',
	'unsupported-media-type': 'invalid_request_error',
	'call-too-large': 'request_too_large',
	'context-window-exceeded': 'invalid_request_error',
	'budget-exhausted': 'billing_error',
	'cost-not-bounded': 'invalid_request_error',
	'not-expressible': 'invalid_request_error',
	'no-eligible-deployment': 'api_error',
	'rate-limited': 'rate_limit_error',
	'local-busy': 'overloaded_error',
	'local-failed': 'api_error',
	'low-confidence': 'api_error',
	'upstream-failed': 'api_error',
	'upstream-timeout': 'timeout_error',
	'upstream-overloaded': 'overloaded_error',
	canceled: 'api_error',
	'clock-not-set': 'api_error',
	'shutting-down': 'overloaded_error',
	internal: 'api_error',
};

export function encodeProblem(problem: Problem, callId: string): WireReply {
	return {
		status: problem.status,
		headers: problemHeaders(problem, callId, 'request-id'),
		body: JSON.stringify(envelope(problem, callId)),
	};
}

export function encodeStreamProblem(problem: Problem, callId: string): string {
	return encodeSse('error', JSON.stringify(envelope(problem, callId)));
}

function envelope(problem: Problem, callId: string) {
	const error = { type: ERROR_TYPES[problem.code], message: messageOf(problem, callId) };
	return { type: 'error', error, request_id: callId === '' ? null : callId };
}

/** Clients compact, or lower their cap and try again, on these words; they read the numbers out of them. */
function messageOf(problem: Problem, callId: string): string {
	const message = publicMessage(problem, callId);
	if (problem.code !== 'context-window-exceeded' || /prompt is too long/i.test(message)) return message;
	return `${windowWords(windowFacts(problem))}. ${message}`;
}

function windowWords(facts: WindowFacts | undefined): string {
	if (facts === undefined) return 'prompt is too long';
	const { inputTokens, contextTokens, wantedTokens } = facts;
	if (inputTokens > contextTokens || wantedTokens === undefined)
		return `prompt is too long: ${inputTokens} tokens > ${contextTokens} maximum`;
	return `input length and \`max_tokens\` exceed context limit: ${inputTokens} + ${wantedTokens} > ${contextTokens}`;
}
