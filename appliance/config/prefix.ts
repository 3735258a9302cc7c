/** The configuration of what the local model keeps of prompts: in memory, on disk, and across members. */

import { z } from 'zod';

const bytes = z.number().int().positive();

export const prefixSchema = z.strictObject({
	isStored: z
		.boolean()
		.default(true)
		.describe('Keep computed prefixes on disk, encrypted, so that no prompt is read again after a restart. Off: only in memory.'),
	diskBytes: bytes.default(2 * 1024 ** 3).describe('Most bytes on disk; what saves least is dropped first.'),
	diskBytesADay: bytes.default(2 * 1024 ** 3).describe('Most bytes written in a day of UTC: SD cards wear out.'),
	restMs: z
		.number()
		.int()
		.min(0)
		.max(3_600_000)
		.default(20_000)
		.describe('How long a session is quiet before its own prefix goes to disk; what many calls begin with goes at once.'),
	windowStateBytes: bytes
		.max(1024 ** 3)
		.default(24 * 1024 ** 2)
		.describe('Memory for the states of sliding windows that a prompt can go on from: about 3 MB each on Gemma 4 E2B.'),
	teamPrompts: z
		.array(
			z.union([
				z.strictObject({ text: z.string().min(1) }),
				z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits') }),
			]),
		)
		.default([])
		.describe(
			"System texts that are the team's own, by their text or the sha256 of it without blanks at both ends: every member finds what one has had computed, tools included. Other text is shared once two other members have sent it.",
		),
});

export type PrefixConfig = z.infer<typeof prefixSchema>;
