/** Where the service listens, and how much of anything it takes. */

import { z } from 'zod';
import { tlsSchema } from '../tls.ts';
import { count } from './values.ts';

export const limitsSchema = z.strictObject({
	bodyBytes: count.default(33_554_432).describe('Largest request body that is accepted.'),
	headerBytes: count.default(65_536).describe('Largest request head that is accepted.'),
	headersTimeoutMs: count.default(15_000).describe('Time for a caller to send its request head.'),
	bodyTimeoutMs: count.default(60_000).describe('Time for a caller to send its whole request.'),
	callTimeoutMs: count.default(900_000).describe('Longest life of one call.'),
	concurrentCalls: count.default(256).describe('Calls served at once; more get 429.'),
	stopTimeoutMs: count.default(20_000).describe('How long a stop waits for running calls.'),
});

export const serverSchema = z.strictObject({
	host: z.string().min(1).default('127.0.0.1').describe('Address to listen on; 0.0.0.0 or :: for the network.'),
	port: z.number().int().min(0).max(65_535).default(7341).describe('Port to listen on; 0 takes any free one.'),
	allowedHosts: z
		.array(z.string().min(1))
		.default([])
		.describe('Host names that callers may use beside IP addresses, localhost and *.local.'),
	tls: tlsSchema.prefault({}).describe('HTTPS beside the plain port: by the box’s own authority, or by a given certificate.'),
	limits: limitsSchema.prefault({}),
});
