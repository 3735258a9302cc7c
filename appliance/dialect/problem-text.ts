/** What a caller may read of a Problem, whatever its dialect. */

import type { Problem, ProblemCode } from '../protocol/problem.ts';

/** The Problem's own words; of an `internal` one, whose message may come from anywhere, only where to look. */
export function publicMessage(problem: Problem, callId: string): string {
	if (problem.code === 'internal') return `Innerloop failed on this call; its log says more under ${callId || 'this time'}.`;
	return problem.message;
}

export interface WindowFacts {
	readonly inputTokens: number;
	readonly contextTokens: number;
	/** The output cap that was asked for. */
	readonly wantedTokens: number | undefined;
}

/** Facts for the window's wording, where the thrower knew them: `inputTokens` (of an engine: `promptTokens`), `contextTokens`, `wantedTokens`. */
export function windowFacts(problem: Problem): WindowFacts | undefined {
	const { promptTokens, inputTokens = promptTokens, contextTokens, wantedTokens } = problem.details;
	if (typeof inputTokens !== 'number' || typeof contextTokens !== 'number') return undefined;
	return { inputTokens, contextTokens, wantedTokens: typeof wantedTokens === 'number' ? wantedTokens : undefined };
}

/** Both SDKs obey `x-should-retry`, both read their request id from a header of their own. */
export function problemHeaders(problem: Problem, callId: string, idHeader: string): Record<string, string> {
	const headers: Record<string, string> = {
		'content-type': 'application/json',
		'x-should-retry': String(problem.isRetryable),
	};
	if (callId !== '') headers[idHeader] = callId;
	if (problem.retryAfterSeconds !== undefined) headers['retry-after'] = String(Math.ceil(problem.retryAfterSeconds));
	return headers;
}

export type ErrorTypes = Readonly<Record<ProblemCode, string>>;
