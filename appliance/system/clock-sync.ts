/** Whether a time server has set the machine's clock since it started, as systemd-timesyncd tells it. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where the time service keeps its state; its file `synchronized` appears with the first answer of a server. */
const TIME_SERVICE_DIRECTORY = '/run/systemd/timesync';

/** Undefined where that service does not run: in a container, or where another one keeps the time. */
export function createClockSync(directory = TIME_SERVICE_DIRECTORY): () => boolean | undefined {
	let isSynchronised: boolean | undefined;
	return () => {
		// Once set, a clock keeps time well enough until the machine stops.
		if (isSynchronised !== true) isSynchronised = existsSync(directory) ? existsSync(join(directory, 'synchronized')) : undefined;
		return isSynchronised;
	};
}
