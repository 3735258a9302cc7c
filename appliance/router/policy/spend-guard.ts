/**
 * The hard filter in front of the pacer: at every moment and for any order of events, what a scope (a team, a member)
 * settled in a period is at most (1 + tolerance)·B·n + opening credit, where n counts its settled calls.
 *
 * A call is admitted only if settled + held + its worst case ≤ (1 + tolerance)·B·(n + 1) + credit. `held` is the worst
 * case of every call in flight, so each of them may cost its worst, in any order. Proof: let Φ = settled + held and
 * L(n) the limit. Admission keeps Φ ≤ L(n + 1); settling a call moves at most its worst case from held to settled and
 * counts it, so settled ≤ Φ ≤ L(n + 1) = L(n'); releasing one lowers Φ and leaves settled and n alone.
 *
 * Calls that no free arm can take may be let through as exceptions, by policy: they stand in sums of their own, are told
 * with every report, and neither use nor enlarge the room of the others.
 */

export interface GuardSettings {
	/** B, nano-USD a call. */
	readonly targetNanoUsd: number;
	/** In thousandths: 4 is 0.4 %. */
	readonly tolerancePermille: number;
	readonly openingCreditNanoUsd: number;
}

export interface Hold {
	readonly period: string;
	readonly worstNanoUsd: number;
	readonly isException: boolean;
}

export interface PeriodSums {
	/** n: settled calls, free ones included, exceptions not. */
	readonly calls: number;
	readonly settledNanoUsd: number;
	readonly exceptions: number;
	readonly exceptionNanoUsd: number;
	/** Settled above their held worst case: what a bound that did not hold cost. Counted as an exception. */
	readonly overrunNanoUsd: number;
}

export interface GuardState {
	readonly periods: ReadonlyMap<string, PeriodSums>;
	/** By call id. */
	readonly holds: ReadonlyMap<string, Hold>;
}

export type GuardEvent =
	| {
			readonly type: 'reserve';
			readonly callId: string;
			readonly period: string;
			readonly worstNanoUsd: number;
			readonly isException?: boolean;
	  }
	| { readonly type: 'settle'; readonly callId: string; readonly costNanoUsd: number }
	| { readonly type: 'release'; readonly callId: string };

export interface GuardStep {
	readonly state: GuardState;
	/** False for a reservation that found no room; true for all else. */
	readonly isAdmitted: boolean;
}

export const EMPTY_GUARD: GuardState = { periods: new Map(), holds: new Map() };
export const NO_SUMS: PeriodSums = { calls: 0, settledNanoUsd: 0, exceptions: 0, exceptionNanoUsd: 0, overrunNanoUsd: 0 };

/** (1 + tolerance)·B·n + credit, in whole nano-USD, rounded down. */
export function limitNanoUsd(calls: number, { targetNanoUsd, tolerancePermille, openingCreditNanoUsd }: GuardSettings): number {
	return Math.floor((targetNanoUsd * calls * (1000 + tolerancePermille)) / 1000) + openingCreditNanoUsd;
}

/** Worst cases of the period's calls in flight, without the exceptions. */
export function heldNanoUsd({ holds }: GuardState, period: string): number {
	let sum = 0;
	for (const hold of holds.values()) if (hold.period === period && !hold.isException) sum += hold.worstNanoUsd;
	return sum;
}

/** The most that a new call may cost; at least 0. */
export function headroomNanoUsd(state: GuardState, period: string, settings: GuardSettings): number {
	const { calls, settledNanoUsd } = state.periods.get(period) ?? NO_SUMS;
	return Math.max(0, limitNanoUsd(calls + 1, settings) - settledNanoUsd - heldNanoUsd(state, period));
}

/** Idempotent by call id, which is used once: an event that comes again changes nothing, nor does the end of an unknown call. */
export function guard(state: GuardState, event: GuardEvent, settings: GuardSettings): GuardStep {
	if (event.type === 'reserve') return reserve(state, event, settings);
	const hold = state.holds.get(event.callId);
	if (hold === undefined) return { state, isAdmitted: true };
	const holds = new Map(state.holds);
	holds.delete(event.callId);
	const periods = event.type === 'settle' ? settled(state.periods, hold, event.costNanoUsd) : state.periods;
	return { state: { periods: prune(periods, holds), holds }, isAdmitted: true };
}

function reserve(state: GuardState, event: Extract<GuardEvent, { type: 'reserve' }>, settings: GuardSettings): GuardStep {
	const { callId, period, worstNanoUsd, isException = false } = event;
	if (state.holds.has(callId)) return { state, isAdmitted: true };
	if (!isException && worstNanoUsd > 0 && worstNanoUsd > headroomNanoUsd(state, period, settings)) return { state, isAdmitted: false };
	const holds = new Map(state.holds).set(callId, { period, worstNanoUsd, isException });
	const periods = state.periods.has(period) ? state.periods : new Map(state.periods).set(period, NO_SUMS);
	return { state: { ...state, holds, periods }, isAdmitted: true };
}

function settled(periods: ReadonlyMap<string, PeriodSums>, hold: Hold, costNanoUsd: number): ReadonlyMap<string, PeriodSums> {
	const before = periods.get(hold.period) ?? NO_SUMS;
	const { isException, worstNanoUsd } = hold;
	const within = Math.min(costNanoUsd, worstNanoUsd);
	const after = isException
		? { ...before, exceptions: before.exceptions + 1, exceptionNanoUsd: before.exceptionNanoUsd + costNanoUsd }
		: {
				...before,
				calls: before.calls + 1,
				settledNanoUsd: before.settledNanoUsd + within,
				overrunNanoUsd: before.overrunNanoUsd + costNanoUsd - within,
			};
	return new Map(periods).set(hold.period, after);
}

/** Keeps the newest period and those that calls in flight will still settle in. Periods sort by their names. */
function prune(periods: ReadonlyMap<string, PeriodSums>, holds: ReadonlyMap<string, Hold>): ReadonlyMap<string, PeriodSums> {
	if (periods.size < 2) return periods;
	const newest = [...periods.keys()].toSorted().at(-1);
	const needed = new Set([...holds.values()].map(({ period }) => period));
	return new Map([...periods].filter(([period]) => period === newest || needed.has(period)));
}

/**
 * After a restart: calls that were in flight count at their worst case, and nothing counts for less than the ledger's own
 * sum of the period says, which survives any crash.
 * @param ledgerNanoUsd what the ledger settled since the period was opened here
 */
export function recoverGuard(state: GuardState, period: string, ledgerNanoUsd: number): GuardState {
	const periods = new Map([...state.periods].filter(([name]) => name === period));
	const sums = periods.get(period) ?? NO_SUMS;
	const settledNanoUsd = Math.max(
		sums.settledNanoUsd + heldNanoUsd(state, period),
		ledgerNanoUsd - sums.exceptionNanoUsd - sums.overrunNanoUsd,
	);
	// One of those in flight counts as a call: the room they were let in by was reckoned with one more.
	const calls = sums.calls + (heldNanoUsd(state, period) > 0 ? 1 : 0);
	return { periods: periods.set(period, { ...sums, calls, settledNanoUsd }), holds: new Map() };
}
