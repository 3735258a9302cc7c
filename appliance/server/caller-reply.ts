/** The reply to one caller while it is written: back-pressure, first byte, and an end that tells whole from cut. */

import type { ServerResponse } from 'node:http';
import { Problem } from '../protocol/problem.ts';
import { transportOf } from './access/transport.ts';

type Headers = Readonly<Record<string, string | readonly string[]>>;

/** Node writes a text of this size without asking for memory. */
const HELD_BYTES = 8_192;

export class CallerReply {
	/** Aborts when the caller goes away, the call's time is up or the box stops; the reason is a Problem. */
	readonly signal: AbortSignal;
	status = 0;
	firstByteMs: number | undefined;
	private readonly response: ServerResponse;
	private readonly startMs: number;
	private readonly nowMs: () => number;
	private drained: Promise<void> | undefined;
	/** Written, but not yet to the socket. */
	private held: Uint8Array | undefined;
	private readonly kept: Buffer[] = [];
	private roomBytes = 0;

	constructor(response: ServerResponse, abort: AbortController, nowMs: () => number) {
		this.response = response;
		this.signal = abort.signal;
		this.nowMs = nowMs;
		this.startMs = nowMs();
		response.on('error', () => {});
		response.once('close', () => {
			if (!response.writableFinished) abort.abort(new Problem('canceled', 'The caller went away.'));
		});
		if (response.destroyed) abort.abort(new Problem('canceled', 'The caller went away.'));
	}

	get hasBegun(): boolean {
		return this.response.headersSent || this.status !== 0;
	}

	/** It goes out over TLS. */
	get isSecure(): boolean {
		return transportOf({ raw: this.response.req }) === 'https';
	}

	get elapsedMs(): number {
		return this.nowMs() - this.startMs;
	}

	/** Sends the head: together with the first bytes when they follow at once, alone when they let wait. */
	begin(status: number, headers: Headers): void {
		this.status = status;
		this.response.writeHead(status, headers as Record<string, string | string[]>);
		setImmediate(() => {
			if (!this.response.writableEnded && !this.response.destroyed && this.firstByteMs === undefined) this.response.flushHeaders();
		});
	}

	/** Keeps a copy of the first bytes, for a log that the operator wants to hold texts. */
	keepText(mostBytes: number): void {
		this.roomBytes = mostBytes;
	}

	get keptText(): string {
		return Buffer.concat(this.kept).toString('utf8');
	}

	private keep(bytes: Uint8Array | string): void {
		const piece = Buffer.from(bytes as string).subarray(0, this.roomBytes);
		this.roomBytes -= piece.length;
		this.kept.push(piece);
	}

	/** Resolves when the caller can take more; undefined when it can at once. */
	write(bytes: Uint8Array | string): Promise<void> | undefined {
		if (bytes.length === 0) return undefined;
		if (this.roomBytes > 0) this.keep(bytes);
		this.firstByteMs ??= this.elapsedMs;
		if (typeof bytes !== 'string' && this.mayHold(bytes)) {
			this.held = bytes;
			process.nextTick(() => this.writeHeld());
			return undefined;
		}
		this.writeHeld();
		if (this.response.destroyed || this.response.write(bytes)) return undefined;
		this.drained ??= new Promise((resolve) => {
			const proceed = () => {
				this.drained = undefined;
				this.response.off('drain', proceed).off('close', proceed);
				resolve();
			};
			this.response.once('drain', proceed).once('close', proceed);
		});
		return this.drained;
	}

	/**
	 * A small piece waits until this turn's promises are through: where it was all, head, piece and end are one write of
	 * one text, which costs a third less than three.
	 */
	private mayHold(bytes: Uint8Array): boolean {
		return this.held === undefined && bytes.length <= HELD_BYTES && !this.response.writableNeedDrain;
	}

	private writeHeld(): void {
		const { held, response } = this;
		if (held === undefined) return;
		this.held = undefined;
		if (!response.destroyed) response.write(held);
	}

	end(bytes?: Uint8Array | string): void {
		if (this.roomBytes > 0 && bytes !== undefined) this.keep(bytes);
		this.firstByteMs ??= this.elapsedMs;
		const { held } = this;
		if (held === undefined || bytes !== undefined) {
			this.writeHeld();
			this.response.end(bytes);
			return;
		}
		this.held = undefined;
		// Each byte is one character of latin1, so these are the very bytes.
		this.response.end(Buffer.from(held.buffer, held.byteOffset, held.length).toString('latin1'), 'latin1');
	}

	/**
	 * Breaks the connection so that no client takes the reply for whole; after `lastWords`, and after what was written
	 * in this turn of the loop.
	 */
	cut(lastWords = ''): void {
		const { response } = this;
		this.writeHeld();
		if (lastWords !== '' && !response.destroyed) response.write(lastWords);
		setImmediate(() => response.destroy());
	}
}
