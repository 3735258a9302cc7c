/** Responses: writes a Problem as this dialect's clients expect it; the envelope is the one of Chat Completions. */

import type { Problem } from '../../protocol/problem.ts';
import { errorOf } from '../chat-completions/encode-problem.ts';
import { encodeSse } from '../sse.ts';

export { encodeProblem } from '../chat-completions/encode-problem.ts';

export interface FailedStream {
	/** Of the response that was begun; empty when none was. */
	readonly id: string;
	readonly sequenceNumber: number;
}

const NOT_BEGUN: FailedStream = { id: '', sequenceNumber: 0 };

/** SDKs throw at the `error` event, Codex reads the code of `response.failed` and knows no other failure: so both are written. */
export function encodeStreamProblem(problem: Problem, callId: string, { id, sequenceNumber }: FailedStream = NOT_BEGUN): string {
	const { message, code, param } = errorOf(problem, callId);
	const error = { type: 'error', sequence_number: sequenceNumber, code, message, param };
	const response = { id: id === '' ? callId : id, object: 'response', status: 'failed', error: { code, message } };
	const failed = { type: 'response.failed', sequence_number: sequenceNumber + 1, response };
	return encodeSse('error', JSON.stringify(error)) + encodeSse('response.failed', JSON.stringify(failed));
}
