/** What the walk works with: the rooms, as the composition put them together, and the settings of this moment. */

import type { Logger } from 'pino';
import type { Settings } from '../config/settings.ts';
import type { Deployment } from '../protocol/deployment.ts';
import type { Clock, CloudClient, LocalEngine, Store } from '../protocol/ports.ts';
import type { AccessDesk } from './access/access-desk.ts';
import type { LiveFeed } from './admin/live-feed.ts';
import type { PulseMemory } from './admin/pulse.ts';
import type { AdmissionDesk } from './admission-desk.ts';
import type { AlertDesk } from './alerts/alert-desk.ts';
import type { BodyMemory } from './body-memory.ts';
import type { CallLimits } from './call-limits.ts';
import type { ClientsSeen } from './clients-seen.ts';
import type { ConfidenceDesk } from './confidence/confidence-desk.ts';
import type { DietDesk } from './diet/diet-desk.ts';
import type { EarnedDesk } from './earned/earned-desk.ts';
import type { IdleWork } from './idle-work.ts';
import type { LearningDesk } from './learning/learning-desk.ts';
import type { LineWriter } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { NativeMemory } from './native-memory.ts';
import type { Dialects } from './plugins/problems.ts';
import type { RecentPlans } from './recent-plans.ts';
import type { RoutingMemory } from './routing-memory.ts';
import type { RunningCalls } from './running-calls.ts';

export interface Box {
	/** The settings of this moment: ask once a call, so that one call sees one configuration. */
	settings(): Settings;
	/** The configured cloud deployments and the box's own, as it is at this moment. */
	deployments(): readonly Deployment[];
	readonly dialects: Dialects;
	readonly store: Store;
	readonly engine: LocalEngine;
	readonly cloud: CloudClient;
	readonly memory: RoutingMemory;
	/** Where the bodies of calls lie while they are served. */
	readonly bodyMemory: BodyMemory;
	readonly natives: NativeMemory;
	readonly running: RunningCalls;
	readonly callLimits: CallLimits;
	/** How the machine is, and how much of it the local model may use. */
	readonly machine: AdmissionDesk;
	readonly access: AccessDesk;
	/** Pages that watch. */
	readonly live: LiveFeed;
	readonly pulse: PulseMemory;
	readonly recentPlans: RecentPlans;
	readonly alerts: AlertDesk;
	readonly learning: LearningDesk;
	readonly confidence: ConfidenceDesk;
	readonly diet: DietDesk;
	readonly earned: EarnedDesk;
	/** What the box's model does while nobody calls. */
	readonly idle: IdleWork;
	readonly clients: ClientsSeen;
	readonly metrics: Metrics;
	readonly log: Logger;
	/** Puts a finished line into the log; undefined where only the logger itself can. */
	readonly writeLogLine: LineWriter | undefined;
	readonly clock: Clock;
	/** Uniform [0, 1). */
	random(): number;
	newCallId(): string;
}
