/** What the box is doing: status, deployments with their health, spend. */

import type { FastifyInstance } from 'fastify';
import type { DeploymentReport, StatusReport } from '../../protocol/admin.ts';
import type { DeploymentHealth } from '../../protocol/deployment.ts';
import type { DiscoveryStatus } from '../../protocol/discovery.ts';
import type { Admission, MachineSample } from '../../protocol/machine.ts';
import type { Key } from '../../protocol/member.ts';
import type { Box } from '../box.ts';
import { conditionsNow, restingDeployments } from '../conditions-now.ts';
import { healthOf } from '../health-of.ts';
import { publishedModels } from '../published-models.ts';
import { reportTraffic } from '../report-traffic.ts';
import type { SecretsDesk } from '../secrets-desk.ts';
import type { TlsDoor } from '../tls/listen-tls.ts';

export interface StatusSources {
	readonly version: string;
	/** That the plain port listens on. */
	readonly host: string;
	/** Where the box listens; empty before it does. */
	address(): string;
	system(): Promise<MachineSample>;
	/** How it is announced on its network. */
	discovery(): DiscoveryStatus;
	readonly secrets: SecretsDesk;
	/** HTTPS; undefined where there is none, or not yet. */
	door(): TlsDoor | undefined;
	/** The key of this machine's command line, for its token. */
	console(secret: string): Key | undefined;
}

const VIEWER = { config: { access: 'viewer' as const } };

export function addStatusRoutes(app: FastifyInstance, box: Box, sources: StatusSources): void {
	const startMs = box.clock.nowMs();
	const startedAt = new Date(box.clock.wallMs()).toISOString();
	app.get('/innerloop/v1/status', VIEWER, async (): Promise<StatusReport> => {
		const system = await sources.system();
		return {
			version: sources.version,
			startedAt,
			uptimeMs: Math.round(box.clock.nowMs() - startMs),
			isStopping: box.running.isStopping,
			address: sources.address(),
			runningCalls: box.running.count,
			clients: box.clients.list(),
			engine: box.engine.status(),
			localEstimates: box.memory.localTimes.errors(),
			discovery: sources.discovery(),
			restingDeployments: restingDeployments(box),
			system,
			admission: admissionOf(box),
			conditions: conditionsNow(box),
		};
	});
	app.get('/innerloop/v1/deployments', VIEWER, (): { deployments: DeploymentReport[] } => ({ deployments: deployments(box) }));
	app.get('/innerloop/v1/models', VIEWER, () => ({ models: publishedModels(box.settings(), box.deployments()) }));
}

const admissionOf = ({ machine: { admission } }: Box): Admission => ({
	state: admission.state,
	reason: admission.reason,
	sinceMs: admission.sinceMs,
});

function deployments(box: Box): DeploymentReport[] {
	const health = healthOf(box, box.settings(), box.deployments());
	const nowMs = box.clock.nowMs();
	return box.deployments().map((deployment) => {
		const { traffic: _, ...one } = health.get(deployment.id) ?? NOT_KNOWN;
		const cooldownMs = Math.max(0, Math.round(one.cooldownUntilMs - nowMs));
		const traffic = deployment.provider === 'local' ? undefined : reportTraffic(box.memory.station(deployment.id), nowMs);
		return { deployment, health: one, cooldownMs, ...(traffic && { traffic }) };
	});
}

const NOT_KNOWN: DeploymentHealth = { isUp: false, detail: undefined, cooldownUntilMs: 0, rates: undefined };
