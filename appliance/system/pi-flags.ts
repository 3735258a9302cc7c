/** The throttling and voltage flags of a Raspberry Pi, from its firmware: by sysfs where the kernel has it, else by vcgencmd. */

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { PiFlags } from '../protocol/machine.ts';

export interface FlagSources {
	/** File with the bits in hexadecimal. */
	readonly file: string;
	/** Program that prints `throttled=0x…`. */
	readonly program: string;
}

const SOURCES: FlagSources = { file: '/sys/devices/platform/soc/soc:firmware/get_throttled', program: 'vcgencmd' };

const PATIENCE_MS = 2_000;

/** Bits as Raspberry Pi's documentation of `vcgencmd get_throttled` has them; the same 16 bits higher is "has occurred". */
const UNDER_VOLTAGE = 0x1;
const CAPPED = 0x2;
const THROTTLED = 0x4;
const SOFT_LIMIT = 0x8;
const OCCURRED_SHIFT = 16;

/** @param text `throttled=0x50005`, `0x50005` or `50005`; undefined for anything else */
export function parsePiFlags(text: string): PiFlags | undefined {
	const hex = /^(?:throttled=)?(?:0x)?([0-9a-f]{1,8})$/i.exec(text.trim())?.[1];
	if (hex === undefined) return undefined;
	const bits = Number.parseInt(hex, 16);
	const has = (bit: number) => (bits & bit) !== 0;
	const had = (bit: number) => ((bits >>> OCCURRED_SHIFT) & bit) !== 0;
	return {
		isUnderVoltage: has(UNDER_VOLTAGE),
		isCapped: has(CAPPED),
		isThrottled: has(THROTTLED),
		isSoftTemperatureLimited: has(SOFT_LIMIT),
		wasUnderVoltage: had(UNDER_VOLTAGE),
		wasCapped: had(CAPPED),
		wasThrottled: had(THROTTLED),
		wasSoftTemperatureLimited: had(SOFT_LIMIT),
	};
}

/** Resolves to undefined where neither source exists, as on any other machine. */
export async function readPiFlags(sources: FlagSources = SOURCES): Promise<PiFlags | undefined> {
	const text = await readFile(sources.file, 'utf8').catch(() => askProgram(sources.program));
	return text === undefined ? undefined : parsePiFlags(text);
}

const run = promisify(execFile);

async function askProgram(program: string): Promise<string | undefined> {
	try {
		return (await run(program, ['get_throttled'], { timeout: PATIENCE_MS })).stdout;
	} catch {
		// No such program, or no firmware that answers it.
		return undefined;
	}
}
