/** Settings of how the box is found on its network. */

import { z } from 'zod';
import { ADVERTISERS } from '../protocol/discovery.ts';

/** A DNS label holds 63 bytes; a dot would cut it in two, and a conflict adds a number. */
const instanceName = z
	.string()
	.min(1)
	.refine((text) => Buffer.byteLength(text) <= 55 && !/[.\p{Cc}]/u.test(text), 'at most 55 bytes, without dots');

export const discoverySchema = z.strictObject({
	isEnabled: z
		.boolean()
		.default(true)
		.describe('Whether the box announces itself by multicast DNS. It never does while it listens on loopback alone.'),
	name: instanceName.optional().describe('Name to be found under. Default: the host name of the machine.'),
	advertisers: z
		.array(z.enum(ADVERTISERS))
		.min(1)
		.default([...ADVERTISERS])
		.describe('Ways to announce, the first that works is used: avahi where its daemon runs, mdns-js and ciao by themselves.'),
});
