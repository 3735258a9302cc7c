/** Holds the mean cost of the team's calls to its target: the hard filter's state over periods, crashes and restarts. */

import type { PacingSettings } from '../../protocol/learning.ts';
import type { Allowance } from '../../protocol/plan.ts';
import type { Clock, SpendRow } from '../../protocol/ports.ts';
import {
	EMPTY_GUARD,
	type GuardState,
	guard,
	headroomNanoUsd,
	heldNanoUsd,
	limitNanoUsd,
	NO_SUMS,
	type PeriodSums,
	recoverGuard,
} from '../../router/policy/spend-guard.ts';

export interface MeanReport {
	readonly period: string;
	readonly targetNanoUsd: number;
	readonly sums: PeriodSums;
	readonly headroomNanoUsd: number;
	/** What the period's settled calls may have cost at most. */
	readonly limitNanoUsd: number;
}

const DAY_LENGTH = '2026-11-23'.length;
const MONTH_LENGTH = '2026-11'.length;

export class MeanKeeper {
	state: GuardState = EMPTY_GUARD;
	private readonly clock: Clock;
	private latestPeriod = '';

	constructor(clock: Clock) {
		this.clock = clock;
	}

	/** A clock that goes back opens no period anew. */
	period({ period }: PacingSettings): string {
		const now = new Date(this.clock.wallMs()).toISOString().slice(0, period === 'day' ? DAY_LENGTH : MONTH_LENGTH);
		if (now.length !== this.latestPeriod.length || now > this.latestPeriod) this.latestPeriod = now;
		return this.latestPeriod;
	}

	/** After a start: what the ledger settled of this period counts in any case. */
	recover(state: GuardState, settings: PacingSettings, spend: readonly SpendRow[]): void {
		const period = this.period(settings);
		const row = spend.find((one) => one.scope === 'team' && one.period === settings.period);
		const opened = state.periods.has(period);
		this.state = opened ? recoverGuard(state, period, row?.settledNanoUsd ?? 0) : EMPTY_GUARD;
	}

	/** The smaller of the two; what the mean leaves where it bounds. */
	narrow(allowance: Allowance, settings: PacingSettings): Allowance {
		const period = this.period(settings);
		const nanoUsd = headroomNanoUsd(this.state, period, settings);
		if (allowance.boundBy === 'clock' || allowance.nanoUsd <= nanoUsd) return allowance;
		const { calls, settledNanoUsd } = this.state.periods.get(period) ?? NO_SUMS;
		const spentNanoUsd = settledNanoUsd + heldNanoUsd(this.state, period);
		return { nanoUsd, boundBy: 'mean', ceilingNanoUsd: limitNanoUsd(calls + 1, settings), spentNanoUsd };
	}

	/** False where there is no room. */
	reserve(callId: string, worstNanoUsd: number, isException: boolean, settings: PacingSettings): boolean {
		const event = { type: 'reserve', callId, period: this.period(settings), worstNanoUsd, isException } as const;
		const { state, isAdmitted } = guard(this.state, event, settings);
		this.state = state;
		return isAdmitted;
	}

	settle(callId: string, costNanoUsd: number, settings: PacingSettings): void {
		this.state = guard(this.state, { type: 'settle', callId, costNanoUsd }, settings).state;
	}

	release(callId: string, settings: PacingSettings): void {
		this.state = guard(this.state, { type: 'release', callId }, settings).state;
	}

	report(settings: PacingSettings): MeanReport {
		const period = this.period(settings);
		const sums = this.state.periods.get(period) ?? NO_SUMS;
		return {
			period,
			targetNanoUsd: settings.targetNanoUsd,
			sums,
			headroomNanoUsd: headroomNanoUsd(this.state, period, settings),
			limitNanoUsd: limitNanoUsd(sums.calls, settings),
		};
	}
}
