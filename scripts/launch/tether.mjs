/** Preloaded into every program that the launcher starts: when the launcher dies, the program stops too. */

import { kill, pid } from 'node:process';

/** Time for a clean stop before the end is forced. */
const GRACE_MS = 5_000;

if (process.connected) {
	process.once('disconnect', () => {
		setTimeout(() => kill(pid, 'SIGKILL'), GRACE_MS).unref();
		kill(pid, 'SIGTERM');
	});
	// The channel must not keep a finished program alive.
	process.channel?.unref();
}
