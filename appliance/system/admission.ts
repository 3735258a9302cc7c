/** Whether the local model may go on as it does: a pure rule over what the machine says, with a slow way back. */

import type { Admission, AdmissionState, MachineSample } from '../protocol/machine.ts';

/** A Raspberry Pi 5 lowers its clock softly from 80 °C and throttles hard at 85 °C: the model gives way before either. */
const PI_HEAT = { slow: 78, aside: 83 };
/** Processors of other machines are made to run hotter. */
const OTHER_HEAT = { slow: 93, aside: 98 };
/** Percent of the last 10 s: some tasks waiting is thrift, all of them waiting is a machine that only moves pages. */
const PRESSURE = { slowSome: 10, asideFull: 5 };
/** Below this, the next large prompt has to push something out. */
const FREE_BYTES = { slow: 384 * 1024 ** 2, aside: 160 * 1024 ** 2 };

/** To come back, a figure must be this far on the good side … */
const HEAT_MARGIN = 4;
const PRESSURE_FACTOR = 0.5;
const FREE_FACTOR = 1.5;
/** … and stay there for so long, a step at a time: the model itself is what makes the heat. */
const CALM_MS = 20_000;

const RANK: Readonly<Record<AdmissionState, number>> = { open: 0, slow: 1, aside: 2 };

export interface AdmissionMemory extends Admission {
	/** Epoch ms since which nothing asks for as much as the present state; undefined while something does. */
	readonly calmSinceMs: number | undefined;
}

export const OPEN: AdmissionMemory = { state: 'open', reason: '', sinceMs: 0, calmSinceMs: undefined };

/** Worse comes at once, better one step after `CALM_MS` of calm. */
export function admit(before: AdmissionMemory, sample: MachineSample): AdmissionMemory {
	const asked = ask(sample, 'open');
	if (RANK[asked.state] > RANK[before.state]) return { ...asked, sinceMs: sample.atMs, calmSinceMs: undefined };
	if (before.state === 'open') return before;
	const held = ask(sample, before.state);
	if (RANK[held.state] >= RANK[before.state]) return { ...before, reason: held.reason, calmSinceMs: undefined };
	// A clock that was set back would make the calm last for ever.
	const calmSinceMs = Math.min(before.calmSinceMs ?? sample.atMs, sample.atMs);
	if (sample.atMs - calmSinceMs < CALM_MS) return { ...before, calmSinceMs };
	if (before.state === 'slow') return { ...OPEN, sinceMs: sample.atMs };
	const reason = held.reason === '' ? 'The machine recovers.' : held.reason;
	return { state: 'slow', reason, sinceMs: sample.atMs, calmSinceMs: held.state === 'open' ? sample.atMs : undefined };
}

type Finding = readonly [state: AdmissionState, reason: string];

/** What the sample asks for; coming from a worse state, its limits are stricter. */
function ask(sample: MachineSample, from: AdmissionState): { readonly state: AdmissionState; readonly reason: string } {
	const findings = [...powerOf(sample), ...heatOf(sample, from), ...memoryOf(sample, from)];
	const [state, reason] = findings.reduce<Finding>((worst, one) => (RANK[one[0]] > RANK[worst[0]] ? one : worst), ['open', '']);
	return { state, reason };
}

function powerOf({ flags }: MachineSample): Finding[] {
	if (flags?.isThrottled === true) return [['aside', 'The processor is throttled.']];
	if (flags?.isUnderVoltage === true) return [['slow', 'The power supply is too weak.']];
	if (flags?.isSoftTemperatureLimited === true) return [['slow', 'The processor is at its soft temperature limit.']];
	return [];
}

function heatOf({ temperatureCelsius, flags }: MachineSample, from: AdmissionState): Finding[] {
	if (temperatureCelsius === undefined) return [];
	const limits = flags === undefined ? OTHER_HEAT : PI_HEAT;
	const reason = `The processor is at ${Math.round(temperatureCelsius)} °C.`;
	if (temperatureCelsius >= limits.aside - (from === 'aside' ? HEAT_MARGIN : 0)) return [['aside', reason]];
	if (temperatureCelsius >= limits.slow - (from === 'slow' ? HEAT_MARGIN : 0)) return [['slow', reason]];
	return [];
}

function memoryOf({ pressure, freeBytes }: MachineSample, from: AdmissionState): Finding[] {
	const found: Finding[] = [];
	const { somePercent = 0, fullPercent = 0 } = pressure ?? {};
	const pressed = (limit: number, state: AdmissionState) => limit * (from === state ? PRESSURE_FACTOR : 1);
	if (fullPercent >= pressed(PRESSURE.asideFull, 'aside'))
		found.push(['aside', `Memory is short: everything waited for it ${percent(fullPercent)} of the time.`]);
	else if (somePercent >= pressed(PRESSURE.slowSome, 'slow'))
		found.push(['slow', `Memory is short: something waited for it ${percent(somePercent)} of the time.`]);
	if (freeBytes === undefined) return found;
	const least = (limit: number, state: AdmissionState) => limit * (from === state ? FREE_FACTOR : 1);
	const reason = `Only ${Math.round(freeBytes / 1024 ** 2)} MB of memory are free.`;
	if (freeBytes < least(FREE_BYTES.aside, 'aside')) found.push(['aside', reason]);
	else if (freeBytes < least(FREE_BYTES.slow, 'slow')) found.push(['slow', reason]);
	return found;
}

const percent = (value: number) => `${Math.round(value)} %`;
