/** The log: JSON lines on standard error, written behind so that no call waits for a terminal or a pipe. */

import pino, { type Logger } from 'pino';

/** A write for every handful of calls would be a good part of what the calls cost. */
const BUFFER_BYTES = 32_768;
const FLUSH_MS = 500;

export interface Log {
	readonly logger: Logger;
	/** Writes what is buffered; for the last moment before an exit. */
	flush(): void;
}

/** @param dest file of the log; standard error where there is none. */
export function createLog(level: string, dest: string | number = 2): Log {
	const destination = pino.destination({ dest, sync: false, minLength: BUFFER_BYTES, maxWrite: 2 * BUFFER_BYTES, periodicFlush: FLUSH_MS });
	// A closed pipe must not take the service along.
	destination.on('error', () => {});
	const logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
	return {
		logger,
		flush: () => {
			try {
				destination.flushSync();
			} catch {
				// The descriptor is not open yet, or no more: nothing can be written.
			}
		},
	};
}
