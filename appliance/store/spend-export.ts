/** A table of spending as pieces of CSV, made while they are taken. */

import { Worker } from 'node:worker_threads';
import { Problem } from '../protocol/problem.ts';
import type { SpendExport } from '../protocol/spend-export.ts';

/** Each is a thread with a sorter of its own. */
const MOST_EXPORTS = 2;
/** A reader that takes nothing for so long holds the database's log open. */
const PATIENCE_MS = 60_000;

export type ExportSpend = (request: SpendExport) => AsyncGenerator<string, void>;

export function createSpendExport(file: string): ExportSpend {
	let running = 0;
	return (request) => {
		if (running >= MOST_EXPORTS)
			throw new Problem('rate-limited', `${MOST_EXPORTS} exports are running. Try again when one has ended.`, {
				isRetryable: true,
				retryAfterSeconds: 5,
			});
		running += 1;
		return pieces(file, request, () => {
			running -= 1;
		});
	};
}

const nextPiece = (worker: Worker): Promise<string | undefined> => new Promise((resolve) => void worker.once('message', resolve));

async function* pieces(file: string, request: SpendExport, onEnd: () => void): AsyncGenerator<string, void> {
	const worker = new Worker(new URL('./export-worker.ts', import.meta.url), { workerData: { file, request }, name: 'spend-export' });
	let timer: NodeJS.Timeout | undefined;
	const failed = new Promise<never>((_, reject) => {
		worker.once('error', (error) => reject(Problem.from(error)));
		worker.once('exit', () => reject(new Problem('canceled', 'The export was given up: nobody took it.')));
	});
	failed.catch(() => undefined);
	try {
		for (;;) {
			worker.postMessage('next');
			const piece = await Promise.race([nextPiece(worker), failed]);
			if (piece === undefined) return;
			timer = setTimeout(() => void worker.terminate(), PATIENCE_MS).unref();
			yield piece;
			clearTimeout(timer);
		}
	} finally {
		clearTimeout(timer);
		onEnd();
		await worker.terminate();
	}
}
