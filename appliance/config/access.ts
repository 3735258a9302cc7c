/** What the operator sets about claiming, sessions and plain HTTP. */

import { z } from 'zod';
import type { Environment } from './places.ts';
import { Secret } from './secret.ts';

const count = z.number().int().positive();

export const accessSchema = z.strictObject({
	claimCode: z
		.string()
		.regex(/^(?:[- ]*[0-9A-Za-z]){8,64}[- ]*$/, '8 to 64 letters and digits; blanks and dashes do not count')
		.optional()
		.describe('Preset claim code, in the place of one made at the first start; $INNERLOOP_CLAIM_CODE wins over it.'),
	claimMinutes: count.max(1_440).default(30).describe('How long after a start an unclaimed box takes its claim code.'),
	claimResetFile: z
		.string()
		.min(1)
		.optional()
		.describe('A file that, found at a start, opens a window for a lost password and is deleted: on the boot partition, for instance.'),
	firstKey: z
		.enum(['shown', 'none'])
		.default('shown')
		.describe("Whether the first start makes an owner's key and shows it; none leaves that to whoever claims the box."),
	plainHttp: z
		.enum(['loopback', 'everywhere'])
		.default('loopback')
		.describe('From where keys and passwords are taken over plain HTTP; everywhere is meant for the time of a move to TLS.'),
	sessionIdleHours: count.max(8_760).default(24).describe('A session of the page ends after so long without a request.'),
	sessionDays: count.max(365).default(30).describe('A session of the page ends after so long in any case.'),
});

export interface AccessSettings {
	readonly claimCode: Secret | undefined;
	readonly claimMs: number;
	readonly claimResetFile: string | undefined;
	readonly firstKey: 'shown' | 'none';
	readonly plainHttp: 'loopback' | 'everywhere';
	readonly sessionIdleMs: number;
	readonly sessionMs: number;
}

export function toAccess(config: z.infer<typeof accessSchema>, env: Environment): AccessSettings {
	const claimCode = env.INNERLOOP_CLAIM_CODE?.trim() || config.claimCode;
	return {
		claimCode: claimCode === undefined ? undefined : new Secret(claimCode),
		claimMs: config.claimMinutes * 60_000,
		claimResetFile: config.claimResetFile,
		firstKey: config.firstKey,
		plainHttp: config.plainHttp,
		sessionIdleMs: config.sessionIdleHours * 3_600_000,
		sessionMs: config.sessionDays * 86_400_000,
	};
}
