/** The state of the board around a run, from files of the kernel, and whether a run under it counts. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PiFlags } from '../../appliance/protocol/machine.ts';
import { readPiFlags } from '../../appliance/system/pi-flags.ts';

export interface BoardState {
	/** `not a Pi` elsewhere. */
	readonly board: string;
	readonly temperatureCelsius: number | undefined;
	readonly governor: string | undefined;
	readonly clockMhz: number | undefined;
	/** Undefined where neither the kernel nor `vcgencmd` tells them. */
	readonly flags: PiFlags | undefined;
}

/** Soft throttling begins at 80 °C: a run that starts hotter measures the cooler. */
const HOTTEST_START_CELSIUS = 75;

const NAMES: Readonly<Record<keyof PiFlags, string>> = {
	isUnderVoltage: 'under-voltage',
	isCapped: 'clock capped',
	isThrottled: 'throttled',
	isSoftTemperatureLimited: 'soft temperature limit',
	wasUnderVoltage: 'under-voltage has occurred',
	wasCapped: 'clock was capped',
	wasThrottled: 'throttling has occurred',
	wasSoftTemperatureLimited: 'soft temperature limit was reached',
};

/**
 * @param root `/`, or a recorded tree
 * @param program tells the flags where the kernel has no file for them
 */
export async function readBoard(root = '/', program = 'vcgencmd'): Promise<BoardState> {
	const text = (path: string): string | undefined => {
		const file = join(root, path);
		return existsSync(file) ? readFileSync(file, 'utf8').replaceAll('\0', '').trim() : undefined;
	};
	const scaled = (path: string, unit: number): number | undefined => {
		const value = text(path);
		return value === undefined || !Number.isFinite(Number(value)) ? undefined : Number(value) / unit;
	};
	const model = text('proc/device-tree/model');
	return {
		board: model?.startsWith('Raspberry Pi') === true ? model : 'not a Pi',
		temperatureCelsius: scaled('sys/class/thermal/thermal_zone0/temp', 1_000),
		governor: text('sys/devices/system/cpu/cpu0/cpufreq/scaling_governor'),
		clockMhz: scaled('sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq', 1_000),
		flags: await readPiFlags({ file: join(root, 'sys/devices/platform/soc/soc:firmware/get_throttled'), program }),
	};
}

/** @returns what is wrong, in words; empty when a run may start */
export function reasonsNotToStart(state: BoardState): readonly string[] {
	const flags = flagsSet(state.flags);
	const { temperatureCelsius: hot } = state;
	return hot !== undefined && state.board !== 'not a Pi' && hot > HOTTEST_START_CELSIUS
		? [...flags, `${hot.toFixed(0)} °C before the run, ${HOTTEST_START_CELSIUS} at most`]
		: flags;
}

/** What went wrong while it ran: flags that are set now, or that have come to be since before. */
export function reasonsToDiscard(before: BoardState, after: BoardState): readonly string[] {
	const known = new Set(flagsSet(before.flags, true));
	return flagsSet(after.flags, true).filter((flag) => !known.has(flag));
}

/** Flags of what has occurred stay set until the board is started anew: they say nothing of a run that has not begun. */
function flagsSet(flags: PiFlags | undefined, isPastCounted = false): readonly string[] {
	if (flags === undefined) return [];
	const keys = Object.keys(NAMES) as (keyof PiFlags)[];
	return keys.filter((key) => flags[key] && (isPastCounted || key.startsWith('is'))).map((key) => NAMES[key]);
}

/** Of what the path stands on, as /proc/mounts names it. */
export function storageOf(mounts: string, path: string): string {
	const rows = mounts.split('\n').map((line) => line.split(' '));
	const holding = rows.filter(([, at = '']) => path === at || path.startsWith(at.endsWith('/') ? at : `${at}/`));
	const [device = 'unknown', , type = 'unknown'] = holding.sort(([, a = ''], [, b = '']) => b.length - a.length)[0] ?? [];
	return `${device} (${type})`;
}
