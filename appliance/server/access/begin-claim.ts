/** What a start does about the claim code: opens the window of an unclaimed box, or that of a lost password where a file asks for it. */

import { rm, stat } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { ClaimDesk } from './claim-desk.ts';

/** @param resetFile put there by somebody who has the device, or its card, in hand; deleted, so that it opens one window only */
export async function beginClaim(claim: ClaimDesk, resetFile: string | undefined, log: Logger): Promise<void> {
	await claim.begin();
	if (resetFile === undefined || !(await isThere(resetFile))) return;
	try {
		await rm(resetFile);
	} catch (err) {
		log.error({ err, resetFile }, 'the file that asks for a new claim code cannot be deleted, so it is not followed');
		return;
	}
	await claim.renew();
	log.warn({ resetFile }, 'a file on the device asks for a new claim code: the window is open');
}

const isThere = (file: string): Promise<boolean> =>
	stat(file).then(
		(found) => found.isFile(),
		() => false,
	);
