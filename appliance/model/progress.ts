/** Rate and remaining time of a transfer, from what arrived in the last seconds. */

export interface Progress {
	readonly stage: 'download' | 'verify' | 'unpack';
	readonly doneBytes: number;
	readonly totalBytes: number | undefined;
	readonly bytesPerSecond: number;
	readonly etaSeconds: number | undefined;
}

export type OnProgress = (progress: Progress) => void;

const WINDOW_MS = 5_000;

/** Turns byte counts into progress, at most one report each `everyMs`. */
export class ProgressMeter {
	private readonly samples: { readonly atMs: number; readonly bytes: number }[] = [];
	private reportedMs = Number.NEGATIVE_INFINITY;
	private readonly stage: Progress['stage'];
	private readonly onProgress: OnProgress;
	private readonly everyMs: number;

	constructor(stage: Progress['stage'], onProgress: OnProgress, everyMs = 250) {
		this.stage = stage;
		this.onProgress = onProgress;
		this.everyMs = everyMs;
	}

	report(doneBytes: number, totalBytes: number | undefined, nowMs = performance.now()): void {
		this.samples.push({ atMs: nowMs, bytes: doneBytes });
		while (this.samples.length > 2 && nowMs - (this.samples[0]?.atMs ?? nowMs) > WINDOW_MS) this.samples.shift();
		if (nowMs - this.reportedMs < this.everyMs && doneBytes !== totalBytes) return;
		this.reportedMs = nowMs;
		const bytesPerSecond = this.rate();
		const hasEta = totalBytes !== undefined && bytesPerSecond > 0;
		this.onProgress({
			stage: this.stage,
			doneBytes,
			totalBytes,
			bytesPerSecond,
			etaSeconds: hasEta ? (totalBytes - doneBytes) / bytesPerSecond : undefined,
		});
	}

	private rate(): number {
		const first = this.samples[0];
		const last = this.samples.at(-1);
		if (first === undefined || last === undefined || last.atMs <= first.atMs) return 0;
		return ((last.bytes - first.bytes) * 1_000) / (last.atMs - first.atMs);
	}
}
