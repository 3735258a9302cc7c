/** Composes the HTTP server: hooks, addresses, errors. It never listens. */

import Fastify, { type FastifyInstance } from 'fastify';
import type { Box } from './box.ts';
import { addAuditTrail } from './plugins/audit-trail.ts';
import { addAuthentication } from './plugins/authenticate.ts';
import { addHostList } from './plugins/host-list.ts';
import { addPlainHttpRule } from './plugins/plain-http.ts';
import { addProblems, answerClientError } from './plugins/problems.ts';
import { addRawBody } from './plugins/raw-body.ts';
import { addAccountRoutes, addAuditRoutes, addPairingCodeRoutes } from './routes/accounts.ts';
import { addAlertRoutes } from './routes/admin-alerts.ts';
import { addBoxRoutes, type BoxSources } from './routes/admin-box.ts';
import { addCallRecordRoutes, addExplainRoutes } from './routes/admin-calls.ts';
import { addConfigRoutes } from './routes/admin-config.ts';
import { addLiveRoutes } from './routes/admin-live.ts';
import { addKeyRoutes, addMemberRoutes } from './routes/admin-members.ts';
import { addPageRoutes } from './routes/admin-page.ts';
import { addProviderRoutes } from './routes/admin-providers.ts';
import { addSpendRoutes } from './routes/admin-spend.ts';
import { addStatusRoutes, type StatusSources } from './routes/admin-status.ts';
import { addUpdateRoutes, type UpdateSources } from './routes/admin-update.ts';
import { addAuthorityRoute } from './routes/authority.ts';
import { addCallRoutes } from './routes/calls.ts';
import { addConnectRoutes } from './routes/connect.ts';
import { addEarnedRoute } from './routes/earned.ts';
import { addHealthRoutes } from './routes/health.ts';
import { addLearningRoutes } from './routes/learning.ts';
import { addModelRoutes } from './routes/models.ts';
import { addOriginalRoute } from './routes/originals.ts';
import { addPairingRoutes } from './routes/pairing.ts';
import { addSecretRoutes } from './routes/secrets.ts';
import { addSessionRoutes } from './routes/session.ts';
import { isLoopbackHost } from './tls/listen-tls.ts';

/** How often Node looks for heads and bodies that take too long. */
const CHECK_TIMEOUTS_MS = 1_000;

export interface ServerSources extends StatusSources, BoxSources, UpdateSources {}

/** Limits of the socket are taken from the settings of this moment and stay until the next start. */
export function buildServer(box: Box, sources: ServerSources): FastifyInstance {
	const { bodyBytes, headerBytes, headersTimeoutMs, bodyTimeoutMs } = box.settings().server.limits;
	const app: FastifyInstance = Fastify({
		logger: false,
		bodyLimit: bodyBytes,
		requestTimeout: bodyTimeoutMs,
		forceCloseConnections: 'idle',
		return503OnClosing: false,
		clientErrorHandler: answerClientError,
		routerOptions: { maxParamLength: 256 },
		http: { maxHeaderSize: headerBytes, headersTimeout: headersTimeoutMs, connectionsCheckingInterval: CHECK_TIMEOUTS_MS },
	});
	addHostList(app, () => box.settings().server.allowedHosts);
	if (!isLoopbackHost(sources.host)) addPlainHttpRule(app, box, () => sources.door()?.port ?? 0);
	const { access } = box;
	addAuthentication(app, {
		members: box.store.members,
		console: sources.console,
		session: (token) => access.sessions.find(token),
		roleOf: (memberId) => access.roleOf(memberId),
	});
	addRawBody(app, bodyBytes, box.bodyMemory);
	addProblems(app, box.dialects, (err, path) => box.log.error({ err, path }, 'a request failed inside the box'));
	addAuditTrail(app, box);
	addHealthRoutes(app, box);
	addPageRoutes(app, box);
	addLiveRoutes(app, box);
	addConnectRoutes(app);
	addCallRoutes(app, box);
	addModelRoutes(app, box);
	addStatusRoutes(app, box, sources);
	addCallRecordRoutes(app, box);
	addExplainRoutes(app, box);
	addSpendRoutes(app, box);
	addConfigRoutes(app, sources.config);
	addProviderRoutes(app, box);
	addBoxRoutes(app, box, sources);
	addUpdateRoutes(app, box, sources);
	addAlertRoutes(app, box);
	addLearningRoutes(app, box);
	addOriginalRoute(app, box);
	addEarnedRoute(app, box);
	addMemberRoutes(app, box);
	addKeyRoutes(app, box);
	addSessionRoutes(app, box);
	addPairingRoutes(app, box, sources);
	addSecretRoutes(app, sources.secrets);
	addAuthorityRoute(app, () => sources.door()?.authority());
	addAccountRoutes(app, box);
	addPairingCodeRoutes(app, box);
	addAuditRoutes(app, box);
	return app;
}
