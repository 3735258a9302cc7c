/** The door of the stream decoders: an upstream's bytes, cut anywhere, become the parts of an answer. */

import { Problem } from '../protocol/problem.ts';
import type { StreamPart } from '../protocol/stream.ts';

export interface StreamDecoder {
	push(chunk: Uint8Array): readonly StreamPart[];
	/** Call once the upstream ended; a stream without its last word ends in an `error` part. */
	end(): readonly StreamPart[];
}

export function cutProblem(): Problem {
	return new Problem('upstream-failed', 'The upstream ended its stream before the answer was finished.', { isRetryable: true });
}
