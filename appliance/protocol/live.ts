/** What the live feed of the page says: GET /admin/live, server-sent events whose data is JSON. */

import type { Condition } from './condition.ts';
import type { Admission, MachineSample } from './machine.ts';
import type { EngineStatus, SpendRow } from './ports.ts';
import type { DialectName, Role, Tier } from './words.ts';

/** `event: state`: the parts that changed since this reader's last one; the first has them all. */
export interface LiveState {
	readonly box: { readonly version: string; readonly startedAt: string; readonly isStopping: boolean };
	readonly machine: MachineSample | undefined;
	readonly admission: Admission;
	readonly conditions: readonly Condition[];
	readonly engine: Pick<EngineStatus, 'state' | 'detail' | 'model' | 'slots' | 'busySlots' | 'queued' | 'contextTokens' | 'rates'>;
	readonly runningCalls: number;
	/** Of the team and of the members that the reader may see; no call trees. */
	readonly spend: readonly SpendRow[];
	readonly deployments: readonly LiveDeployment[];
	readonly pulse: Pulse;
}

export interface LiveDeployment {
	readonly id: string;
	readonly tier: Tier;
	/** `absent`: it has no key, or no model. */
	readonly state: 'up' | 'resting' | 'absent';
	readonly detail: string | undefined;
	readonly runningCalls: number;
}

/** The last minutes in steps, the oldest first; the last step is still running. */
export interface Pulse {
	readonly stepMs: number;
	/** Epoch ms at which the last step began. */
	readonly lastStepAtMs: number;
	readonly calls: readonly number[];
	readonly outputTokens: readonly number[];
	readonly costNanoUsd: readonly number[];
	/** Null where no sample was taken. */
	readonly temperatureCelsius: readonly (number | null)[];
	readonly cpuLoadPercent: readonly (number | null)[];
}

/** `event: begin`: a call has been planned. */
export interface LiveBegin {
	readonly callId: string;
	readonly at: string;
	readonly member: string;
	readonly model: string;
	readonly role: Role;
	readonly deployment: string | undefined;
}

/** `event: call`: a call is over. */
export interface LiveCall {
	readonly callId: string;
	readonly at: string;
	readonly member: string;
	readonly dialect: DialectName;
	readonly model: string;
	readonly role: Role | undefined;
	readonly tier: Tier | undefined;
	readonly deployment: string | undefined;
	readonly status: number;
	readonly problemCode: string | undefined;
	readonly costNanoUsd: number;
	readonly latencyMs: number;
	readonly inputTokens: number | undefined;
	readonly outputTokens: number | undefined;
	/** The sentence that says most about why it went there. */
	readonly why: string;
}

/** `event: missed`: so many calls ended while this reader did not read. */
export interface LiveMissed {
	readonly calls: number;
}

/** `event: end`: the reader may not read on. */
export interface LiveEnd {
	readonly reason: 'signed-out' | 'stopping';
}
