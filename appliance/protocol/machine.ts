/** The machine under the box at one moment, and what that means for its own model. */

/** What a Raspberry Pi's firmware says of its power and heat: now, and at any time since it started. */
export interface PiFlags {
	readonly isUnderVoltage: boolean;
	/** The ARM clock is held down. */
	readonly isCapped: boolean;
	/** The clock is throttled hard: the chip is at its limit, or the supply too weak. */
	readonly isThrottled: boolean;
	readonly isSoftTemperatureLimited: boolean;
	readonly wasUnderVoltage: boolean;
	readonly wasCapped: boolean;
	readonly wasThrottled: boolean;
	readonly wasSoftTemperatureLimited: boolean;
}

/** Share of wall time (percent, mean of the last 10 s) in which some or all tasks waited for memory. */
export interface MemoryPressure {
	readonly somePercent: number;
	readonly fullPercent: number;
}

export interface DiskUse {
	readonly freeBytes: number;
	readonly totalBytes: number;
}

/** One look at the machine. What it does not say is undefined, which is not zero. */
export interface MachineSample {
	/** Epoch ms. */
	readonly atMs: number;
	readonly rssBytes: number;
	/** Memory that programs can still get without swapping. */
	readonly freeBytes: number | undefined;
	readonly totalBytes: number | undefined;
	readonly swapUsedBytes: number | undefined;
	readonly swapTotalBytes: number | undefined;
	readonly temperatureCelsius: number | undefined;
	readonly cpuLoadPercent: number | undefined;
	readonly pressure: MemoryPressure | undefined;
	/** Undefined off a Raspberry Pi. */
	readonly flags: PiFlags | undefined;
	/** Where the ledger lies. */
	readonly disk: DiskUse | undefined;
}

/**
 * `open`: the local model takes what its slots hold. `slow`: it takes one call at a time. `aside`: it takes none, so that
 * calls go elsewhere before the machine swaps or throttles hard.
 */
export type AdmissionState = 'open' | 'slow' | 'aside';

export interface Admission {
	readonly state: AdmissionState;
	/** One sentence for a person, empty while open. */
	readonly reason: string;
	/** Epoch ms since which the state holds. */
	readonly sinceMs: number;
}
