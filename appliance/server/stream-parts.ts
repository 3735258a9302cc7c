/** Writes an answer's parts as the caller's stream, and keeps the connection alive while a long prompt is read. */

import type { Call } from '../protocol/call.ts';
import { Problem } from '../protocol/problem.ts';
import type { StreamPart } from '../protocol/stream.ts';
import { boxHeaders } from './reply-headers.ts';
import type { Walk } from './walk.ts';

/** Clients and the proxies between give up on silence of 15 to 60 seconds. */
const KEEP_ALIVE_MS = 10_000;

const STREAM_HEADERS = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' };

/** What each dialect's clients skip: an event of its own, or a comment. */
const COMMENT = ': keep-alive\n\n';
const KEEP_ALIVE = { anthropic: 'event: ping\ndata: {"type": "ping"}\n\n', 'chat-completions': COMMENT, responses: COMMENT } as const;

/**
 * What comes in one batch goes out in one write. Throws the Problem of whoever answers. Nothing counts as released before the first content: until then another
 * deployment may still take over, even on a stream that was kept alive with pings.
 */
export async function streamParts(walk: Walk, call: Call, batches: AsyncIterable<readonly StreamPart[]>): Promise<void> {
	const { reply, dialect } = walk.arrival;
	const encoder = dialect.createStreamEncoder(call, Date.parse(walk.arrival.at));
	const begin = () => {
		if (!reply.hasBegun) reply.begin(200, { ...STREAM_HEADERS, ...boxHeaders(walk) });
	};
	const release = () => {
		walk.hasReleased = true;
		begin();
	};
	const keepAlive = setInterval(() => {
		begin();
		void reply.write(KEEP_ALIVE[call.dialect]);
	}, KEEP_ALIVE_MS);
	let held = '';
	let isFinished = false;
	try {
		for await (const batch of batches) {
			for (const part of batch) {
				if (part.type === 'error') {
					if (walk.hasReleased) void reply.write(held);
					throw part.problem;
				}
				held += encoder.encode(part);
				isFinished = part.type === 'finish';
				if (part.type !== 'start') release();
			}
			if (!walk.hasReleased) continue;
			const drained = reply.write(held);
			held = '';
			if (drained !== undefined) await drained;
		}
	} finally {
		clearInterval(keepAlive);
	}
	if (!isFinished) throw new Problem('local-failed', 'The answer ended before it was finished.', { isRetryable: true });
	reply.end();
}
