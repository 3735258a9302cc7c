/** GET /admin/live: what happens, as server-sent events, for as long as the reader may read. */

import type { FastifyInstance } from 'fastify';
import type { Key } from '../../protocol/member.ts';
import { Problem } from '../../protocol/problem.ts';
import type { Session } from '../access/sessions.ts';
import type { Box } from '../box.ts';
import { keyOf } from '../plugins/authenticate.ts';

/** Beyond so much that was not taken, a reader counts as not reading. */
const MOST_BUFFERED_BYTES = 262_144;

export function addLiveRoutes(app: FastifyInstance, box: Box): void {
	app.get('/admin/live', { config: { access: 'viewer' } }, (request, reply) => {
		const { raw } = reply;
		const key = keyOf(request);
		const { session } = request;
		if (box.running.isStopping) throw new Problem('shutting-down', 'The box is stopping.', { isRetryable: true, retryAfterSeconds: 10 });
		const leave = box.live.subscribe({
			scope: key.isOwner ? 'all' : { memberId: key.memberId },
			isStillAllowed: () => isAllowed(box, key, session),
			write: (text) => void raw.write(text),
			isBlocked: () => raw.writableLength > MOST_BUFFERED_BYTES,
			end: () => raw.end(),
		});
		raw.once('close', leave);
		reply.hijack();
		raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
		raw.flushHeaders();
	});
}

/** Looked up again: a session may have ended, a key been revoked or have expired, while the feed was open. */
function isAllowed({ access, store, clock }: Box, { id, isOwner }: Key, session: Session | undefined): boolean {
	if (session !== undefined) {
		const { memberId } = session.key;
		const isOpen = access.sessions.of(memberId).some(({ tokenSha256 }) => tokenSha256 === session.id);
		return isOpen && store.access.account(memberId)?.role === session.role;
	}
	if (id === 'console') return true;
	const now = store.members.listKeys().find((key) => key.id === id);
	if (now === undefined || now.isRevoked || now.isOwner !== isOwner) return false;
	return now.expiresAtMs === undefined || now.expiresAtMs > clock.wallMs();
}
