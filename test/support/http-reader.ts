/** Reads HTTP/1.1 messages off a socket with as little work as possible, so that what is measured or tapped is the other side. */

type State = 'head' | 'body' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailer';

export interface MessageEvents {
	/** First line and headers, without the blank line. */
	head(text: string): void;
	/** A piece of the body, chunk framing removed. */
	body(piece: Buffer): void;
	end(): void;
}

/** One direction of one keep-alive connection. Knows content-length and chunked; a message with neither has no body. */
export class HttpReader {
	readonly #events: MessageEvents;
	#state: State = 'head';
	#pending: Buffer | undefined;
	#left = 0;

	constructor(events: MessageEvents) {
		this.#events = events;
	}

	push(bytes: Buffer): void {
		let rest = this.#pending === undefined ? bytes : Buffer.concat([this.#pending, bytes]);
		this.#pending = undefined;
		while (rest.length > 0) {
			const next = this.#state === 'body' || this.#state === 'chunk' ? this.#takeBytes(rest) : this.#takeLine(rest);
			if (next === undefined) {
				this.#pending = rest;
				return;
			}
			rest = next;
		}
	}

	#takeBytes(rest: Buffer): Buffer {
		const piece = rest.subarray(0, this.#left);
		this.#left -= piece.length;
		this.#events.body(piece);
		if (this.#left === 0) {
			if (this.#state === 'chunk') this.#state = 'chunk-end';
			else this.#finish();
		}
		return rest.subarray(piece.length);
	}

	/** @returns what follows the line, or undefined when the line is not complete */
	#takeLine(rest: Buffer): Buffer | undefined {
		const mark = this.#state === 'head' ? '\r\n\r\n' : '\r\n';
		const at = rest.indexOf(mark);
		if (at < 0) return undefined;
		const line = rest.toString('latin1', 0, at);
		if (this.#state === 'head') this.#readHead(line);
		else if (this.#state === 'chunk-size') this.#readChunkSize(line);
		else if (this.#state === 'chunk-end') this.#state = 'chunk-size';
		else if (line === '') this.#finish();
		return rest.subarray(at + mark.length);
	}

	#readHead(head: string): void {
		this.#events.head(head);
		const length = /\r\ncontent-length: *(\d+)/i.exec(head);
		if (length !== null) {
			this.#left = Number(length[1]);
			if (this.#left === 0) this.#finish();
			else this.#state = 'body';
		} else if (/\r\ntransfer-encoding: *chunked/i.test(head)) this.#state = 'chunk-size';
		else this.#finish();
	}

	#readChunkSize(line: string): void {
		this.#left = Number.parseInt(line, 16);
		this.#state = this.#left === 0 ? 'trailer' : 'chunk';
	}

	#finish(): void {
		this.#state = 'head';
		this.#events.end();
	}
}
