/** What the box remembers between calls for the router: who is cooling down, and where each session was served. */

import type { Call } from '../protocol/call.ts';
import type { Key } from '../protocol/member.ts';
import type { Affinity } from '../protocol/plan.ts';
import type { Clock } from '../protocol/ports.ts';
import type { Problem } from '../protocol/problem.ts';
import { AffinityMemory, type ServedCall } from '../router/affinity.ts';
import {
	CLOSED,
	type Cooldown,
	type CooldownEvent,
	type FailureClass,
	failureOfStatus,
	nextCooldown,
	retryAfterMs,
} from '../router/cooldown.ts';

export class RoutingMemory {
	private readonly clock: Clock;
	private readonly cooldowns = new Map<string, Cooldown>();
	private readonly affinity = new AffinityMemory((a, b) => Buffer.compare(a, b) === 0);

	constructor(clock: Clock) {
		this.clock = clock;
	}

	/** Monotonic ms; 0 when it is not cooling down. */
	cooldownUntilMs(deployment: string): number {
		return this.cooldowns.get(deployment)?.untilMs ?? 0;
	}

	affinityOf(key: Key, call: Call, body: Uint8Array): Affinity | undefined {
		return this.affinity.find(key, call, body);
	}

	sent(deployment: string): void {
		if (this.cooldowns.has(deployment)) this.step(deployment, { type: 'sent', nowMs: this.clock.nowMs() });
	}

	succeeded(deployment: string): void {
		this.cooldowns.delete(deployment);
	}

	/** An upstream's error status; those that speak of the call alone are not counted. */
	refused(deployment: string, status: number, retryAfter: string | undefined): void {
		const failure = failureOfStatus(status);
		if (failure !== undefined) this.fail(deployment, failure, retryAfterMs(retryAfter));
	}

	/** A call that broke off on the way there or back. */
	broke(deployment: string, problem: Problem): void {
		if (problem.code === 'upstream-timeout') this.fail(deployment, 'timeout');
		else if (problem.code === 'upstream-failed') this.fail(deployment, 'connection');
	}

	served(served: Omit<ServedCall, 'nowMs'>): void {
		this.affinity.note({ ...served, nowMs: this.clock.nowMs() });
	}

	private fail(deployment: string, failure: FailureClass, retryAfter?: number): void {
		this.step(deployment, { type: 'failed', class: failure, retryAfterMs: retryAfter, nowMs: this.clock.nowMs() });
	}

	private step(deployment: string, event: CooldownEvent): void {
		this.cooldowns.set(deployment, nextCooldown(this.cooldowns.get(deployment) ?? CLOSED, event));
	}
}
