/** Carries an upstream's reply to the caller while listeners read along. */

import type { ReplyTap, StreamFilter, UpstreamReply } from '../protocol/ports.ts';
import { boxHeaders } from './reply-headers.ts';
import type { Walk } from './walk.ts';

/** A reply of which the first piece has been read. */
export interface OpenedReply extends Pick<UpstreamReply, 'status' | 'headers'> {
	readonly first: Uint8Array;
	/** Undefined where that was all. */
	readonly rest: AsyncIterator<Uint8Array> | undefined;
}

export interface Listeners {
	readonly tap?: ReplyTap;
	/** Takes out what the caller did not ask for. */
	readonly filter?: StreamFilter | undefined;
}

/** Bytes to the caller first, to the tap second. Rejects where the reply breaks off. */
export async function pour(walk: Walk, { status, headers, first, rest }: OpenedReply, { tap, filter }: Listeners = {}): Promise<void> {
	const { reply } = walk.arrival;
	walk.isRelay = true;
	walk.hasReleased = true;
	if (!reply.hasBegun) reply.begin(status, { ...headers, ...boxHeaders(walk) });
	let chunk: Uint8Array | undefined = first;
	try {
		while (chunk !== undefined) {
			const drained = reply.write(filter === undefined ? chunk : filter.push(chunk));
			tap?.push(chunk);
			if (drained !== undefined) await drained;
			const next: IteratorResult<Uint8Array> | undefined = await rest?.next();
			chunk = next?.done === false ? next.value : undefined;
		}
	} catch (error) {
		void rest?.return?.();
		throw error;
	}
	if (filter !== undefined) await reply.write(filter.end());
}
