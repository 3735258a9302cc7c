/** Notes every change by an admin address in the audit log: who, what, when, from where, and how it ended. No values. */

import type { FastifyInstance, FastifyRequest, onResponseAsyncHookHandler } from 'fastify';
import type { AuditEntry } from '../../protocol/access.ts';
import { addressOf } from '../access/transport.ts';
import type { Box } from '../box.ts';

const ADMIN = '/innerloop/v1/';
/** They change nothing: dry runs. */
const NOT_NOTED = /^explain(?:\/|$)/;
/** A field's name as our own bodies have them: what else a stranger writes there is not kept. */
const FIELD_NAME = /^[A-Za-z]{1,40}$/;
const MOST_FIELDS = 20;
const LARGEST_BODY = 65_536;

/** Before the addresses are added: only those that it notes get its hook, since one of every address would cost each call. */
export function addAuditTrail(app: FastifyInstance, { store, log }: Box): void {
	const note: onResponseAsyncHookHandler = async (request, reply) => {
		const { method } = request;
		const address = (request.routeOptions.url ?? '').slice(ADMIN.length);
		if (NOT_NOTED.test(address) || isNoise(request, address, reply.statusCode)) return;
		const entry = {
			...whoOf(request),
			action: `${method} ${address}`,
			subject: subjectOf(request, (name) => store.members.listMembers().some((member) => member.name === name)),
			status: reply.statusCode,
			from: addressOf(request),
			fields: fieldsOf(request.body),
		};
		await store.access.note(entry).catch((err: unknown) => log.error({ err, entry }, 'an admin action could not be noted'));
	};
	app.addHook('onRoute', (route) => {
		if (!route.url.startsWith(ADMIN) || [route.method].flat().every((method) => method === 'GET' || method === 'HEAD')) return;
		route.onResponse = [...[route.onResponse ?? []].flat(), note];
	});
}

/** Where strangers try names, passwords and codes. */
const DOORS: ReadonlySet<string> = new Set(['session', 'claim', 'claim/check', 'join', 'pairing/finish']);

/** What was refused unseen, so that nobody can flood the log: whoever waits, and whoever knocks elsewhere without a key. */
const isNoise = ({ memberKey, session }: FastifyRequest, address: string, status: number): boolean =>
	status === 429 || (memberKey === undefined && session === undefined && !DOORS.has(address));

function whoOf({ memberKey, session }: FastifyRequest): Pick<AuditEntry, 'who' | 'via'> {
	if (memberKey === undefined) return { who: session?.key.memberName ?? 'nobody', via: session === undefined ? 'none' : 'session' };
	return { who: memberKey.memberName, via: session !== undefined ? 'session' : memberKey.id === 'console' ? 'console' : 'key' };
}

/** A name only where it is somebody's: people type passwords into the wrong field. */
function subjectOf({ params, body }: FastifyRequest, isMember: (name: string) => boolean): string {
	const inPath = Object.values((params ?? {}) as Record<string, unknown>)[0];
	if (typeof inPath === 'string') return inPath.slice(0, 100);
	const { member, name } = jsonOf(body);
	return [member, name].find((one) => typeof one === 'string' && isMember(one)) ?? '';
}

const fieldsOf = (body: unknown): string[] =>
	Object.keys(jsonOf(body))
		.filter((name) => FIELD_NAME.test(name))
		.slice(0, MOST_FIELDS);

function jsonOf(body: unknown): Readonly<Record<string, string | undefined>> {
	try {
		const value: unknown = Buffer.isBuffer(body) && body.length <= LARGEST_BODY ? JSON.parse(body.toString('utf8')) : undefined;
		return typeof value === 'object' && value !== null ? (value as Record<string, string>) : {};
	} catch {
		return {};
	}
}
