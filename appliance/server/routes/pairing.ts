/** Where clients pair: two requests over TLS, whose bodies tell nothing of the code to whoever does not know it. */

import { hostname } from 'node:os';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { PairingFinish, PairingStart } from '../../pairing/messages.ts';
import { Problem } from '../../protocol/problem.ts';
import { PairingDesk, type PairingPlace } from '../access/pairing-desk.ts';
import { addressOf, transportOf } from '../access/transport.ts';
import type { Box } from '../box.ts';
import { leafNames } from '../tls/names.ts';
import { readBody } from './admin-body.ts';
import type { StatusSources } from './admin-status.ts';

const OPEN = { config: { access: 'open' as const } };
/** More than any request of ours; decoded size. */
const MOST_SEALED = 16_384;

const base64url = (bytes: number) =>
	z
		.string()
		.regex(/^[\w-]+$/)
		.length(Math.ceil((bytes * 4) / 3));
const start: z.ZodType<PairingStart> = z.strictObject({
	version: z.literal(1),
	slot: z
		.string()
		.regex(/^[0-9A-Z]{2}$/)
		.optional() as z.ZodOptional<z.ZodString>,
	sessionId: base64url(16),
	share: base64url(32),
}) as z.ZodType<PairingStart>;
const finish: z.ZodType<PairingFinish> = z.strictObject({
	pairing: base64url(16),
	proof: base64url(32),
	sealed: z
		.string()
		.regex(/^[\w-]+$/)
		.max(MOST_SEALED),
});

export function addPairingRoutes(app: FastifyInstance, box: Box, sources: StatusSources): void {
	const desk = new PairingDesk(box.access, box.store.members, box.clock);
	app.post('/innerloop/v1/pairing/start', OPEN, (request, reply) => {
		reply.header('cache-control', 'no-store');
		return desk.start(readBody(start, request), placeOf(request, sources), addressOf(request));
	});
	app.post('/innerloop/v1/pairing/finish', OPEN, async (request, reply) => {
		const { reply: answer, key } = await desk.finish(readBody(finish, request), placeOf(request, sources), addressOf(request));
		// For the audit log: from here on it is known who that is.
		request.memberKey = key;
		return reply.header('cache-control', 'no-store').send(answer);
	});
}

/** The pairing binds itself to the certificate, so it needs one. */
function placeOf(request: FastifyRequest, { version, door }: StatusSources): PairingPlace {
	const tls = door();
	if (tls === undefined || transportOf(request) !== 'https')
		throw new Problem('forbidden', 'Pairing goes over HTTPS alone. The box listens by HTTPS where server.tls.mode says so.');
	const { dns, ip } = leafNames([]);
	const reached = (name: string) => `https://${name.includes(':') ? `[${name}]` : name}:${tls.port}`;
	const called = (request.headers.host ?? '').replace(/:\d+$/, '');
	// One name: the others are for a box that had to rename itself.
	const names = [
		called,
		dns.find((name) => name === `${hostname()}.local`),
		...ip.filter((one) => !/^(?:127\.|169\.254\.|::1$|fe80:)/i.test(one)),
	];
	return {
		version,
		certificate: tls.certificate(),
		authority: tls.authority(),
		addresses: [...new Set(names.flatMap((name) => (name ? [reached(name)] : [])))],
	};
}
