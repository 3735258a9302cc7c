/** Reads a request's body into one piece of memory of the length that its head tells. */

import type { IncomingMessage } from 'node:http';
import { errorCodes } from 'fastify';
import { Problem } from '../../protocol/problem.ts';
import type { BodyMemory } from '../body-memory.ts';
import { noteDeadPieces } from '../piece-garbage.ts';

type Done = (error: Error | null, body?: Buffer) => void;

/** `done` is called once: with the whole body, or with why there is none. */
export function collectBody(request: IncomingMessage, mostBytes: number, memory: BodyMemory, done: Done): void {
	const told = request.headers['content-length'];
	if (told !== undefined && Number(told) > mostBytes) {
		done(new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE());
		return;
	}
	const pieces = told === undefined ? new UntoldBody(mostBytes) : new ToldBody(Number(told), memory);
	const finish = (error: Error | null, body?: Buffer): void => {
		request.off('data', onData).off('end', onEnd).off('error', onError);
		if (error !== null) pieces.giveUp();
		done(error, body);
	};
	const onData = (piece: Buffer): void => {
		if (!pieces.add(piece)) finish(new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE());
	};
	const onEnd = (): void => {
		const body = pieces.whole();
		if (body === undefined) finish(new errorCodes.FST_ERR_CTP_INVALID_CONTENT_LENGTH());
		else finish(null, body);
	};
	const onError = (cause: Error): void => finish(new Problem('invalid-call', 'The request could not be read.', { cause }));
	request.on('data', onData).on('end', onEnd).on('error', onError);
}

class ToldBody {
	readonly #bytes: number;
	readonly #memory: BodyMemory;
	#body: Buffer | undefined;
	#at = 0;

	constructor(bytes: number, memory: BodyMemory) {
		this.#bytes = bytes;
		this.#memory = memory;
	}

	/** False when there is more than was told. */
	add(piece: Buffer): boolean {
		if (this.#at + piece.length > this.#bytes) return false;
		// A small call comes in one piece and needs no other place.
		if (this.#at === 0 && piece.length === this.#bytes && piece.length < SMALL_BYTES) this.#body = piece;
		else {
			this.#body ??= this.#memory.take(this.#bytes);
			this.#body.set(piece, this.#at);
		}
		this.#at += piece.length;
		return true;
	}

	whole(): Buffer | undefined {
		noteDeadPieces(this.#at);
		return this.#at === this.#bytes ? (this.#body ?? Buffer.alloc(0)) : undefined;
	}

	giveUp(): void {
		if (this.#body !== undefined) this.#memory.giveBack(this.#body);
	}
}

/** Young garbage costs less than a copy up to here. */
const SMALL_BYTES = 16_384;

/** Chunked: nobody said how long it will be. */
class UntoldBody {
	readonly #mostBytes: number;
	readonly #pieces: Buffer[] = [];
	#bytes = 0;

	constructor(mostBytes: number) {
		this.#mostBytes = mostBytes;
	}

	add(piece: Buffer): boolean {
		this.#bytes += piece.length;
		this.#pieces.push(piece);
		return this.#bytes <= this.#mostBytes;
	}

	whole(): Buffer {
		return Buffer.concat(this.#pieces, this.#bytes);
	}

	giveUp(): void {
		this.#pieces.length = 0;
	}
}
