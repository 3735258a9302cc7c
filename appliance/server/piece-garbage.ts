/** Takes the memory of large bodies' pieces back in time: the collector sees it as a few small objects that hold much. */

/** The pieces of smaller bodies go with the garbage of their calls. */
const LEAST_BYTES = 262_144;
/** Dead pieces up to which nothing is done: some calls of a megabyte. */
const MOST_DEAD_BYTES = 4_194_304;

let deadBytes = 0;

/**
 * Call when a body of so many bytes has been copied together. Left alone, its pieces would bring on a full collection
 * for every handful of large calls, and that reads all that lives; a collection of the young takes a moment. Does
 * nothing where the program runs without the flag that offers it.
 */
export function noteDeadPieces(bytes: number): void {
	if (bytes < LEAST_BYTES) return;
	deadBytes += bytes;
	if (deadBytes < MOST_DEAD_BYTES) return;
	deadBytes = 0;
	void globalThis.gc?.({ type: 'minor' });
}
