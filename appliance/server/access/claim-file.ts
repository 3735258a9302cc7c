/** DATA/claim.txt: the claim code as a screen of the device shows it (the image links it to /etc/issue.d), while it is taken. */

import { chmod, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ShownCode } from './claim-desk.ts';

/** @returns what writes or deletes the file; the group may read it, so that the console's greeting can. */
export function claimFile(dataDir: string): (shown: ShownCode | undefined) => Promise<void> {
	const file = join(dataDir, 'claim.txt');
	return async (shown) => {
		if (shown === undefined) return await rm(file, { force: true });
		const fresh = `${file}.${process.pid}`;
		await writeFile(fresh, claimText(shown), { mode: 0o640 });
		await chmod(fresh, 0o640);
		await rename(fresh, file);
	};
}

/** For a screen without colours, 80 columns. */
function claimText({ code, untilMs, isReset }: ShownCode): string {
	const what = isReset ? 'Innerloop waits for a new password of its owner.' : 'Innerloop waits for its owner.';
	return `${what}\n\n    Claim code:  ${code}\n\nIt is taken until ${new Date(untilMs).toISOString().slice(0, 16).replace('T', ' ')} UTC.\n`;
}
