/** Progress of long work: one line that renews itself on a terminal, two plain lines elsewhere. Goes to standard error. */

const RENEW_MS = 500;

/**
 * @param {string} title
 * @param {() => string} measure how far the work is, in few words
 * @returns {{ stop: (outcome: string) => void }}
 */
export function startProgress(title, measure) {
	const startMs = performance.now();
	const seconds = () => `${((performance.now() - startMs) / 1_000).toFixed(0)} s`;
	const stream = process.stderr;
	if (!stream.isTTY) {
		stream.write(`${title} …\n`);
		return { stop: (outcome) => void stream.write(`${title}: ${outcome} after ${seconds()}\n`) };
	}
	const timer = setInterval(() => stream.write(`\r\x1b[K${title}: ${measure()}, ${seconds()}`), RENEW_MS);
	return {
		stop(outcome) {
			clearInterval(timer);
			stream.write(`\r\x1b[K${title}: ${outcome} after ${seconds()}\n`);
		},
	};
}
