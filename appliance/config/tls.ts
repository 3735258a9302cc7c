/** HTTPS: whether, on which port, and by whose certificate. */

import { z } from 'zod';

export const tlsSchema = z
	.strictObject({
		mode: z
			.enum(['auto', 'on', 'off'])
			.default('auto')
			.describe('auto listens by HTTPS wherever server.host lets other machines in, or a certificate is given.'),
		port: z.number().int().min(0).max(65_535).default(7343).describe('Port of HTTPS; 0 takes any free one.'),
		certFile: z.string().min(1).optional().describe("PEM file of a certificate and its chain, in the place of the box's own."),
		keyFile: z.string().min(1).optional().describe('PEM file of its private key, unencrypted.'),
		caFile: z.string().min(1).optional().describe('PEM file of the authority behind a given certificate, where not everybody trusts it.'),
		names: z
			.array(z.string().regex(/^[a-z0-9.-]{1,253}$/, 'a host name in lower case'))
			.default([])
			.describe("More names for the box's own certificate, beside its host name, *.local names, addresses and server.allowedHosts."),
	})
	.refine(({ certFile, keyFile }) => (certFile === undefined) === (keyFile === undefined), 'certFile and keyFile belong together');

export type TlsConfig = z.infer<typeof tlsSchema>;
