/** Progress of a transfer on a terminal: one renewed line where it is interactive, a line every few seconds elsewhere. */

import type { OnRetry } from '../model/download.ts';
import type { OnProgress, Progress } from '../model/progress.ts';
import type { Terminal } from './terminal.ts';

const PLAIN_EVERY_MS = 5_000;

export interface ProgressLines {
	readonly onProgress: OnProgress;
	readonly onRetry: OnRetry;
	readonly onWait: (pid: number) => void;
	/** Ends the renewed line. */
	finish(): void;
}

export function progressLines(terminal: Terminal, nowMs: () => number = () => performance.now()): ProgressLines {
	let isOpen = false;
	let lastMs = Number.NEGATIVE_INFINITY;
	const finish = () => {
		if (isOpen) terminal.note('');
		isOpen = false;
	};
	return {
		onProgress(progress) {
			if (terminal.isInteractive) {
				terminal.renew(describeProgress(progress));
				isOpen = true;
			} else if (nowMs() - lastMs >= PLAIN_EVERY_MS) {
				lastMs = nowMs();
				terminal.note(describeProgress(progress));
			}
		},
		onRetry(failure, pauseMs) {
			finish();
			terminal.note(`${failure.message} Trying again in ${Math.ceil(pauseMs / 1_000)} s.`);
		},
		onWait: (pid) => terminal.note(`Process ${pid} is fetching this file already. Waiting for it.`),
		finish,
	};
}

const STAGES = { download: 'Fetching', verify: 'Verifying', unpack: 'Unpacking' } as const;

/** `Fetching 120.5 of 2841.5 MB (4 %), 11.2 MB/s, 4:03 left`. */
export function describeProgress({ stage, doneBytes, totalBytes, bytesPerSecond, etaSeconds }: Progress): string {
	if (doneBytes === 0 && totalBytes === undefined) return `${STAGES[stage]} …`;
	const share = totalBytes === undefined ? ' MB' : ` of ${megabytes(totalBytes)} MB (${Math.floor((doneBytes * 100) / totalBytes)} %)`;
	const rate = bytesPerSecond > 0 ? `, ${megabytes(bytesPerSecond)} MB/s` : '';
	const left = etaSeconds === undefined ? '' : `, ${clock(etaSeconds)} left`;
	return `${STAGES[stage]} ${megabytes(doneBytes)}${share}${rate}${left}`;
}

export function megabytes(bytes: number): string {
	return (bytes / 1e6).toFixed(1);
}

function clock(seconds: number): string {
	const whole = Math.ceil(seconds);
	const [hours, minutes, rest] = [Math.floor(whole / 3_600), Math.floor((whole % 3_600) / 60), whole % 60];
	const tail = `${String(minutes).padStart(hours > 0 ? 2 : 1, '0')}:${String(rest).padStart(2, '0')}`;
	return hours > 0 ? `${hours}:${tail}` : tail;
}
