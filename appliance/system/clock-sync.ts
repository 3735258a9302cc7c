/** Whether a time server has set the machine's clock since it started, as systemd-timesyncd tells it. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ClockPlaces {
	/** Where the time service keeps its state; its file `synchronized` appears with the first answer of a server. */
	readonly service: string;
	/** Seconds since 1970 by the machine's battery clock. */
	readonly battery: string;
}

const PLACES: ClockPlaces = { service: '/run/systemd/timesync', battery: '/sys/class/rtc/rtc0/since_epoch' };

/** A battery clock may run in local time, and one without a battery starts at 1970. */
const BATTERY_TOLERANCE_MS = 86_400_000;

/**
 * False while the time service waits for its first answer and no battery clock bears the time out: a Pi after its start.
 * Undefined where nobody says: another time service, a container, or a machine whose battery clock agrees, which may
 * stand in a network that lets no time server through.
 */
export function createClockSync(wallMs: () => number, places: ClockPlaces = PLACES): () => boolean | undefined {
	let isSynchronised: boolean | undefined;
	return () => {
		// Once set, a clock keeps time well enough until the machine stops.
		if (isSynchronised !== true) isSynchronised = look(wallMs(), places);
		return isSynchronised;
	};
}

function look(wallMs: number, { service, battery }: ClockPlaces): boolean | undefined {
	if (!existsSync(service)) return undefined;
	if (existsSync(join(service, 'synchronized'))) return true;
	return isBorneOut(wallMs, battery) ? undefined : false;
}

function isBorneOut(wallMs: number, battery: string): boolean {
	try {
		return Math.abs(Number(readFileSync(battery, 'utf8')) * 1_000 - wallMs) < BATTERY_TOLERANCE_MS;
	} catch {
		// No battery clock, or none that may be read.
		return false;
	}
}
