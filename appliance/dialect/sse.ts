/** Server-sent events: framing that gives the same events wherever the bytes are cut. */

import { TextPieces } from './text-pieces.ts';

export interface SseEvent {
	/** The `event:` field; empty when there was none. */
	readonly event: string;
	readonly data: string;
}

export interface SseDecoder {
	push(chunk: Uint8Array): readonly SseEvent[];
	/** What had begun and was not ended by an empty line when the bytes stopped; undefined when nothing had. */
	end(): SseEvent | undefined;
}

/** An event over this many characters loses its data, so that a hostile or broken upstream cannot fill memory; only its name is told. */
const EVENT_LIMIT = 4 * 1024 * 1024;

/** Takes CR, LF and CRLF as line ends, skips comments, joins several `data:` lines. */
export function createSseDecoder(eventLimit = EVENT_LIMIT): SseDecoder {
	return new Decoder(eventLimit);
}

class Decoder implements SseDecoder {
	private readonly decoder = new TextPieces();
	private readonly eventLimit: number;
	private line = '';
	private event = '';
	/** Undefined before the first `data:` line. */
	private data: string | undefined;
	/** Characters of the open event, kept or not. */
	private size = 0;
	private isAfterCr = false;

	constructor(eventLimit: number) {
		this.eventLimit = eventLimit;
	}

	push(chunk: Uint8Array): readonly SseEvent[] {
		const events: SseEvent[] = [];
		const text = this.decoder.push(chunk);
		let from = this.isAfterCr && text[0] === '\n' ? 1 : 0;
		if (text !== '') this.isAfterCr = false;
		let lf = text.indexOf('\n', from);
		let cr = text.indexOf('\r', from);
		while (lf >= 0 || cr >= 0) {
			const at = lf < 0 || (cr >= 0 && cr < lf) ? cr : lf;
			this.grow(text.slice(from, at));
			this.endLine(events);
			this.isAfterCr = at === cr && at + 1 === text.length;
			from = at === cr && text[at + 1] === '\n' ? at + 2 : at + 1;
			// Each index moves only forward, so a chunk of many lines is searched once.
			if (lf >= 0 && lf < from) lf = text.indexOf('\n', from);
			if (cr >= 0 && cr < from) cr = text.indexOf('\r', from);
		}
		this.grow(text.slice(from));
		return events;
	}

	end(): SseEvent | undefined {
		if (this.line === '' && this.data === undefined && this.size === 0) return undefined;
		const events: SseEvent[] = [];
		if (this.line !== '') this.endLine(events);
		this.endLine(events);
		return events[0] ?? { event: '', data: '' };
	}

	/** Adds to the open line; what lies over the limit is counted and not kept. */
	private grow(text: string): void {
		this.size += text.length;
		if (this.size <= this.eventLimit) this.line += text;
		else if (text !== '') this.line = ':';
	}

	private endLine(events: SseEvent[]): void {
		if (this.line !== '') {
			if (this.size <= this.eventLimit) this.takeField();
			this.line = '';
			return;
		}
		if (this.size > this.eventLimit) {
			if (this.event !== '') events.push({ event: this.event, data: '' });
		} else if (this.data !== undefined) events.push({ event: this.event, data: this.data });
		this.event = '';
		this.data = undefined;
		this.size = 0;
	}

	private takeField(): void {
		const { line } = this;
		const colon = line.indexOf(':');
		if (colon === 0) return;
		const name = colon < 0 ? line : line.slice(0, colon);
		const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
		if (name === 'data') this.data = this.data === undefined ? value : `${this.data}\n${value}`;
		else if (name === 'event') this.event = value;
	}
}

/** Wire text of one event; an empty name writes `data:` alone. */
export function encodeSse(event: string, data: string): string {
	return event === '' ? `data: ${data}\n\n` : `event: ${event}\ndata: ${data}\n\n`;
}
