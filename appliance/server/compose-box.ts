/** Puts the rooms together into the Box that the walk works with. */

import type { Logger } from 'pino';
import { localDeployment } from '../config/local-deployment.ts';
import type { Settings } from '../config/settings.ts';
import { DIALECTS_BY_NAME } from '../dialect/dialects.ts';
import type { Deployment } from '../protocol/deployment.ts';
import type { Clock, LocalEngine, Store } from '../protocol/ports.ts';
import { createCloudClient, type Upstream } from '../provider/cloud/cloud-client.ts';
import type { ShownCode } from './access/claim-desk.ts';
import { openAccess } from './access/open-access.ts';
import { LiveFeed } from './admin/live-feed.ts';
import { livePartsOf } from './admin/live-parts.ts';
import { PulseMemory } from './admin/pulse.ts';
import { AdmissionDesk } from './admission-desk.ts';
import { AlertDesk } from './alerts/alert-desk.ts';
import { BodyMemory } from './body-memory.ts';
import type { Box } from './box.ts';
import { createCallIds } from './call-ids.ts';
import { CallLimits } from './call-limits.ts';
import { ClientsSeen } from './clients-seen.ts';
import { ConfidenceDesk } from './confidence/confidence-desk.ts';
import { DietDesk } from './diet/diet-desk.ts';
import { SummaryDesk } from './diet/summary-desk.ts';
import { EarnedDesk } from './earned/earned-desk.ts';
import { IdleWork } from './idle-work.ts';
import { LearningDesk } from './learning/learning-desk.ts';
import { lineWriterOf } from './log.ts';
import { createMetrics } from './metrics.ts';
import { NativeMemory } from './native-memory.ts';
import { RecentPlans } from './recent-plans.ts';
import { reportTraffic } from './report-traffic.ts';
import { RoutingMemory } from './routing-memory.ts';
import { RunningCalls } from './running-calls.ts';

export const systemClock: Clock = { nowMs: () => performance.now(), wallMs: () => Date.now() };

export interface BoxParts {
	readonly settings: Settings;
	readonly store: Store;
	readonly engine: LocalEngine;
	readonly logger: Logger;
	/** Shows the claim code on the device, or takes it away. */
	readonly showClaim: (code: ShownCode | undefined) => Promise<void>;
	readonly version: string;
}

/** `take` puts a changed configuration in force. */
export function composeBox(parts: BoxParts): { readonly box: Box; take(settings: Settings): void } {
	const { store, engine, logger, showClaim } = parts;
	let { settings } = parts;
	const running = new RunningCalls();
	const memory = new RoutingMemory(systemClock);
	memory.configure(settings);
	const clients = new ClientsSeen({ store: store.clients, clock: systemClock, log: logger });
	const access = openAccess(store, systemClock, () => settings.access, showClaim);
	const alerts = new AlertDesk(settings.alerts, { store, clock: systemClock, log: logger, egress: settings.egress });
	const spend = () => store.ledger.spend();
	const learning = new LearningDesk(settings.learning, { store: store.learning, spend, clock: systemClock, log: logger });
	const confidence = new ConfidenceDesk(settings.confidence);
	const machine = new AdmissionDesk({ engine, isOn: () => settings.local.admission === 'auto', log: logger });
	const idle = new IdleWork(settings.earned.idleMs, {
		engine,
		clock: systemClock,
		log: logger,
		runningCalls: () => running.count,
		hasRoom: () => machine.admission.state === 'open',
	});
	const summaries = new SummaryDesk(engine, idle);
	const diet = new DietDesk(settings.diet, { store: store.diet, clock: systemClock, log: logger, summaries });
	const earned = new EarnedDesk(settings.earned, {
		store: store.earned,
		engine,
		clock: systemClock,
		log: logger,
		idle,
	});
	const take = (next: Settings) => {
		settings = next;
		memory.configure(next);
		store.ledger.setBudgets(next.budgets);
		store.setRetention(next.retention);
		alerts.configure(next.alerts);
		learning.configure(next.learning);
		confidence.configure(next.confidence);
		diet.configure(next.diet);
		earned.configure(next.earned);
		idle.configure(next.earned.idleMs);
		logger.level = next.log.level;
	};
	const identity = { version: parts.version, startedAt: new Date(systemClock.wallMs()).toISOString() };
	const box: Box = {
		settings: () => settings,
		deployments: () => withLocal(settings, engine),
		dialects: DIALECTS_BY_NAME,
		store,
		engine,
		cloud: createCloudClient((provider, key) => upstreamOf(settings, provider, key)),
		memory,
		natives: new NativeMemory(),
		bodyMemory: new BodyMemory(),
		running,
		recentPlans: new RecentPlans(),
		live: new LiveFeed({ parts: (memberId) => livePartsOf(box, identity, memberId) }),
		pulse: new PulseMemory(systemClock.wallMs),
		machine,
		access,
		alerts,
		learning,
		confidence,
		diet,
		earned,
		idle,
		clients,
		callLimits: new CallLimits(systemClock.nowMs),
		metrics: createMetrics({
			engine: () => engine.status(),
			spend: () => store.ledger.spend(),
			runningCalls: () => running.count,
			store: () => store.stats(),
			clients: () => clients.countByState(),
			traffic: () => settings.deployments.map(({ id }) => [id, reportTraffic(memory.station(id), systemClock.nowMs())] as const),
		}),
		log: logger,
		writeLogLine: lineWriterOf(logger),
		clock: systemClock,
		random: Math.random,
		newCallId: createCallIds(),
	};
	return { box, take };
}

function withLocal({ deployments, local }: Settings, engine: LocalEngine): readonly Deployment[] {
	const own = localDeployment(local, engine.status());
	return own === undefined ? deployments : [...deployments, own];
}

function upstreamOf({ providers, egress }: Settings, name: string, keyId: string | undefined): Upstream | undefined {
	const provider = providers[name];
	if (provider === undefined) return undefined;
	const { secret } = provider.keys.find(({ id }) => id === keyId) ?? { secret: provider.key };
	return { ...provider, key: secret?.reveal(), egress };
}
