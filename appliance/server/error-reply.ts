/** An upstream's error reply: read as far as it takes to know what it says, and passed on or dropped afterwards. */

import type { UpstreamReply } from '../protocol/ports.ts';

/** Errors are short; of a longer one only this much is looked at. */
const READ_BYTES = 65_536;

export class ErrorReply {
	readonly status: number;
	readonly headers: UpstreamReply['headers'];
	/** What was read of the body. */
	readonly head: Uint8Array;
	/** What follows the head; undefined where that was all. */
	readonly rest: AsyncIterator<Uint8Array> | undefined;

	private constructor(upstream: UpstreamReply, head: Uint8Array, rest: AsyncIterator<Uint8Array> | undefined) {
		this.status = upstream.status;
		this.headers = upstream.headers;
		this.head = head;
		this.rest = rest;
	}

	/** Reads a small body to its end, so that the connection serves again; a body that breaks off counts as far as it came. */
	static async read(upstream: UpstreamReply): Promise<ErrorReply> {
		const iterator = upstream.body[Symbol.asyncIterator]();
		const chunks: Uint8Array[] = [];
		let bytes = 0;
		try {
			while (bytes <= READ_BYTES) {
				const { done, value } = await iterator.next();
				if (done === true) return new ErrorReply(upstream, Buffer.concat(chunks), undefined);
				chunks.push(value);
				bytes += value.length;
			}
		} catch {
			return new ErrorReply(upstream, Buffer.concat(chunks), undefined);
		}
		return new ErrorReply(upstream, Buffer.concat(chunks), iterator);
	}

	header(name: string): string | undefined {
		const value = this.headers[name];
		return typeof value === 'string' ? value : undefined;
	}

	drop(): void {
		void this.rest?.return?.();
	}
}
