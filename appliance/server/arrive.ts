/** Turns fastify's request and reply into an Arrival; from here on the reply belongs to the walk. */

import { isUtf8 } from 'node:buffer';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CallLimit } from '../protocol/member.ts';
import type { CallerRequest } from '../protocol/ports.ts';
import type { DialectName } from '../protocol/words.ts';
import type { Box } from './box.ts';
import { limitsOf } from './call-limits.ts';
import { CallerReply } from './caller-reply.ts';
import { isoTime } from './iso-time.ts';
import { KEPT_TEXT_BYTES } from './kept-text.ts';
import { deploymentsFor } from './own-login.ts';
import { keyOf } from './plugins/authenticate.ts';
import { bodyOf } from './plugins/raw-body.ts';
import { runCall } from './run-call.ts';

export function callerRequest(request: FastifyRequest): CallerRequest {
	const at = request.url.indexOf('?');
	const path = at < 0 ? request.url : request.url.slice(0, at);
	const body = bodyOf(request);
	return { path, query: at < 0 ? '' : request.url.slice(at), headers: request.headers, body, isUtf8: isUtf8(body) };
}

/** Serves one call. Rejects only before the walk began: the box is full, stopping, or the member's calls are used up. */
export function arrive(box: Box, request: FastifyRequest, reply: FastifyReply, dialect: DialectName): Promise<void> {
	const limits = limitsOf(keyOf(request), box.settings().memberLimits);
	return limits === undefined ? serveCall(box, request, reply, dialect) : serveLimited(box, request, reply, dialect, limits);
}

async function serveLimited(box: Box, request: FastifyRequest, reply: FastifyReply, dialect: DialectName, limits: readonly CallLimit[]) {
	const end = box.callLimits.begin(limits);
	try {
		await serveCall(box, request, reply, dialect);
	} finally {
		end();
	}
}

async function serveCall(box: Box, request: FastifyRequest, reply: FastifyReply, dialect: DialectName): Promise<void> {
	const settings = box.settings();
	const { concurrentCalls, callTimeoutMs } = settings.server.limits;
	const running = box.running.begin(concurrentCalls, callTimeoutMs);
	reply.hijack();
	const callerReply = new CallerReply(reply.raw, running.abort, box.clock.nowMs);
	if (settings.log.hasPromptText) callerReply.keepText(KEPT_TEXT_BYTES);
	try {
		const key = keyOf(request);
		await runCall(box, {
			callId: box.newCallId(),
			dialect: box.dialects[dialect],
			request: callerRequest(request),
			key,
			reply: callerReply,
			settings,
			deployments: deploymentsFor({ settings, key, dialect, headers: request.headers }, box.deployments()),
			at: isoTime(box.clock.wallMs()),
		});
	} finally {
		box.bodyMemory.giveBack(bodyOf(request));
		running.end();
	}
}
