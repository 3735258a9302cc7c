/** What the stream decoders of all dialects share. */

import { Problem } from '../protocol/problem.ts';

export function cutProblem(): Problem {
	return new Problem('upstream-failed', 'The upstream ended its stream before the answer was finished.', { isRetryable: true });
}
