/** The log: JSON lines on standard error, written behind so that no call waits for a terminal or a pipe. */

import pino, { type Logger, symbols } from 'pino';
import { KeptLines } from './kept-lines.ts';

/** A write for every handful of calls would be a good part of what the calls cost. */
const PIECE_CHARACTERS = 32_768;
const FLUSH_MS = 500;

export interface Log {
	readonly logger: Logger;
	/** The last lines, the oldest first. */
	lastLines(most: number): readonly string[];
	/** Writes what is buffered; for the last moment before an exit. */
	flush(): void;
}

/** @param dest file of the log; standard error where there is none. */
export function createLog(level: string, dest: string | number = 2): Log {
	const destination = pino.destination({ dest, sync: false });
	// A closed pipe must not take the service along.
	destination.on('error', () => {});
	const kept = new KeptLines();
	const pieces = new Pieces(destination, kept);
	const logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pieces);
	return {
		logger,
		lastLines: (most) => {
			pieces.passOn();
			return kept.last(most);
		},
		flush: () => {
			try {
				pieces.passOn();
				destination.flushSync();
			} catch {
				// The descriptor is not open yet, or no more: nothing can be written.
			}
		},
	};
}

/**
 * Gathers lines into large pieces. The destination could gather them itself, but measures all that it holds anew at
 * every line: 16 kB of garbage a call.
 */
class Pieces {
	readonly #destination: { write(text: string): unknown };
	readonly #kept: KeptLines;
	#text = '';
	#timer: NodeJS.Timeout | undefined;

	constructor(destination: { write(text: string): unknown }, kept: KeptLines) {
		this.#destination = destination;
		this.#kept = kept;
	}

	write(line: string): void {
		this.#text += line;
		if (this.#text.length >= PIECE_CHARACTERS) this.passOn();
		else this.#timer ??= setTimeout(() => this.passOn(), FLUSH_MS).unref();
	}

	passOn(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		const text = this.#text;
		this.#text = '';
		if (text === '') return;
		this.#kept.add(text);
		this.#destination.write(text);
	}
}

/** Takes a finished line, line end included. */
export type LineWriter = (line: string) => void;

const INFO_LEVEL = 30;

/**
 * Writes lines that somebody else has put together into the logger's own destination: the line of every call is worth
 * it. Undefined where the logger does not say where it writes, and the level is asked at each call, since it may change.
 */
export function lineWriterOf(logger: Logger): LineWriter | undefined {
	const destination: unknown = Reflect.get(logger, symbols.streamSym);
	if (typeof destination !== 'object' || destination === null || !('write' in destination)) return undefined;
	const { write } = destination;
	return typeof write === 'function' ? (line) => void write.call(destination, line) : undefined;
}

/** The line that `logger.info({ …first, …second }, message)` would write, from the JSON texts of both objects. */
export function infoLine(time: string, firstJson: string, secondJson: string, message: string): string {
	return `{"level":${INFO_LEVEL},"time":"${time}",${inside(firstJson)},${inside(secondJson)},"msg":"${message}"}\n`;
}

/** @param json of an object that is not empty */
const inside = (json: string): string => json.slice(1, -1);
