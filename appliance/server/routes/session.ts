/** The way in for people: claim, login, join, password, logout. */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type {
	ClaimCheckRequest,
	JoinRequest,
	LoginRequest,
	NewClaimReport,
	PasswordChangeRequest,
	SessionReport,
} from '../../protocol/access.ts';
import { Problem } from '../../protocol/problem.ts';
import type { Session } from '../access/sessions.ts';
import { addressOf, assertPrivate, setCookie, transportOf } from '../access/transport.ts';
import type { Box } from '../box.ts';
import { readBody } from './admin-body.ts';

const OPEN = { config: { access: 'open' as const } };
const VIEWER = { config: { access: 'viewer' as const } };
const CONSOLE = { config: { access: 'console' as const } };

const text = z.string().min(1).max(1_024);
const name = z.string().trim().min(1).max(64);
const claimCheck: z.ZodType<ClaimCheckRequest> = z.strictObject({ code: text });
const claim = z.strictObject({ code: text, name: name.optional(), password: text });
const login: z.ZodType<LoginRequest> = z.strictObject({ name, password: text });
const join: z.ZodType<JoinRequest> = z.strictObject({ code: text, password: text });
const passwordChange: z.ZodType<PasswordChangeRequest> = z.strictObject({ current: text, next: text });

export function addSessionRoutes(app: FastifyInstance, box: Box): void {
	const { access } = box;
	app.get('/innerloop/v1/session', OPEN, (request, reply) => {
		reply.header('cache-control', 'no-store');
		return reportOf(box, request, request.session);
	});
	const begin = async (request: FastifyRequest, reply: FastifyReply, token: Promise<string>) => {
		const session = access.sessions.find(await token);
		request.session = session;
		setCookie(request, reply, await token, box.settings().access.sessionMs);
		return reply
			.code(201)
			.header('cache-control', 'no-store')
			.send(reportOf(box, request, session));
	};
	const read = <T>(schema: z.ZodType<T>, request: FastifyRequest): T => {
		assertPrivate(request, box.settings().access.plainHttp);
		return readBody(schema, request);
	};
	app.post('/innerloop/v1/session', OPEN, (request, reply) =>
		begin(request, reply, access.login(read(login, request), addressOf(request))),
	);
	app.post('/innerloop/v1/claim/check', OPEN, async (request, reply) => {
		await access.claim.check(read(claimCheck, request).code);
		return reply.code(204).send();
	});
	app.post('/innerloop/v1/claim', OPEN, (request, reply) => begin(request, reply, access.takeClaim(clean(read(claim, request)))));
	app.post('/innerloop/v1/join', OPEN, (request, reply) => begin(request, reply, access.join(read(join, request), addressOf(request))));
	app.delete('/innerloop/v1/session', VIEWER, async (request, reply) => {
		if (request.session !== undefined) await access.sessions.end(request.session.id);
		setCookie(request, reply, undefined, 0);
		return reply.code(204).send();
	});
	app.post('/innerloop/v1/session/password', VIEWER, async (request, reply) => {
		const { current, next } = read(passwordChange, request);
		if (request.session === undefined) throw new Problem('forbidden', 'A password is changed by its owner’s session.');
		await access.changePassword(request.session, current, next, addressOf(request));
		return reply.code(204).send();
	});
	app.post('/innerloop/v1/claim/code', CONSOLE, async (): Promise<NewClaimReport> => {
		const { code, untilMs } = await access.claim.renew();
		return { code, until: new Date(untilMs).toISOString() };
	});
}

/** A type that is exact about absent fields does not take undefined ones. */
const clean = ({ name: given, ...rest }: z.infer<typeof claim>) => ({ ...rest, ...(given === undefined ? {} : { name: given }) });

function reportOf({ access }: Box, request: FastifyRequest, session: Session | undefined): SessionReport {
	const state = access.claim.state();
	const isOpen = state === 'open';
	return {
		claim: {
			state,
			isReset: isOpen && access.claim.isClaimed,
			until: isOpen ? new Date(access.claim.untilMs()).toISOString() : undefined,
		},
		transport: transportOf(request),
		who: session && { memberId: session.key.memberId, name: session.key.memberName, role: session.role },
		csrf: session?.csrf,
		expiresAt: session && new Date(session.expiresMs).toISOString(),
	};
}
