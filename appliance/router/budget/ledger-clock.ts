/** Whether the wall clock can be believed: money is spent by days, and a box without a clock battery wakes up in the past. */

import { Problem } from '../../protocol/problem.ts';
import { instantText } from './ledger-period.ts';

const DAY_MS = 86_400_000;

/** This program's build date (2026-11-01): an earlier clock was never set. */
export const BUILD_DATE_MS = 20_758 * DAY_MS;

/** Clocks are corrected by minutes; a step back beyond this is a clock that lost its time. */
const BACK_TOLERANCE_MS = 5 * 60_000;

/** A step ahead beyond this would open budgets that nobody granted. */
const AHEAD_TOLERANCE_MS = 400 * DAY_MS;

export interface ClockReading {
	/** Epoch ms. */
	readonly wallMs: number;
	/** Does the machine say that its clock was set by a time server? Undefined where it does not say. */
	readonly isSynchronised?: boolean | undefined;
}

export interface ClockFault {
	readonly kind: 'never-set' | 'unsynchronised' | 'went-back' | 'leapt-ahead';
	readonly wallMs: number;
	/** The latest time that the ledger ever saw, epoch ms. */
	readonly seenMs: number;
}

/**
 * What is wrong with the clock; undefined when it can be believed. A synchronised clock is believed wherever it stands
 * behind the build date: after a leap that was undone, the ledger stays in the later day, and its budgets hold.
 *
 * @param seenMs the latest time that the ledger ever saw, 0 for none
 * @param isTrusted the operator's word that the clock is right, whatever else seems
 */
export function clockFault({ wallMs, isSynchronised }: ClockReading, seenMs: number, isTrusted: boolean): ClockFault | undefined {
	const fault = (kind: ClockFault['kind']): ClockFault => ({ kind, wallMs, seenMs });
	if (!Number.isFinite(wallMs) || wallMs < BUILD_DATE_MS) return fault('never-set');
	if (isTrusted || isSynchronised === true) return undefined;
	if (isSynchronised === false) return fault('unsynchronised');
	if (seenMs <= 0) return undefined;
	if (wallMs < seenMs - BACK_TOLERANCE_MS) return fault('went-back');
	return wallMs > seenMs + AHEAD_TOLERANCE_MS ? fault('leapt-ahead') : undefined;
}

/** The fault in one sentence for a caller, a log line and the operator. */
export function sayClockFault({ kind, wallMs, seenMs }: ClockFault): string {
	const now = Number.isFinite(wallMs) ? instantText(wallMs) : 'no time at all';
	switch (kind) {
		case 'never-set':
			return `The box's clock says ${now}, which is before this program was built (${instantText(BUILD_DATE_MS)}): it was never set`;
		case 'unsynchronised':
			return `The box's clock says ${now}, but no time server has confirmed it since the box started`;
		case 'went-back':
			return `The box's clock went back: it says ${now}, and the ledger has seen ${instantText(seenMs)}`;
		case 'leapt-ahead':
			return `The box's clock leapt ahead: it says ${now}, and the ledger last saw ${instantText(seenMs)}`;
	}
}

/** Cloud calls wait until the clock is set; the box's own model does not. */
export function clockProblem(fault: ClockFault): Problem {
	const text =
		`${sayClockFault(fault)}. Budgets are counted by days, so calls that cost money wait until the clock is right; ` +
		'the local model goes on. Connect the box to a time server, set its clock, or, where it is right, set budgets.trustClock.';
	return new Problem('clock-not-set', text, { isRetryable: true, retryAfterSeconds: 30, details: { ...fault } });
}
