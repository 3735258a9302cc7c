/** Gets the service its model without keeping it waiting: in the background, with its progress in the log. */

import { chooseModel } from './choose-model.ts';
import { ModelFailure } from './model-failure.ts';
import type { OnProgress } from './progress.ts';
import { provideChoice } from './provide-model.ts';

const LOG_EVERY_MS = 5_000;

/** The part of a pino logger that is used. */
export interface ModelLog {
	info(facts: object, message: string): void;
	warn(facts: object, message: string): void;
}

export interface ObtainOptions {
	/** `local.model` of the configuration. */
	readonly wanted: string | undefined;
	readonly modelsDir: string;
	readonly hubToken: string | undefined;
	readonly log: ModelLog;
	readonly signal?: AbortSignal;
}

/** @returns the file; undefined when there is none to be had, which the log explains: the box then answers nothing by itself */
export async function obtainForService(options: ObtainOptions): Promise<string | undefined> {
	const { wanted, modelsDir, hubToken, log, signal } = options;
	const choice = chooseModel(wanted, modelsDir);
	if (choice.isPresent) return choice.file;
	log.info({ model: choice.name, file: choice.file }, 'the local model is not here yet and is fetched in the background');
	try {
		const file = await provideChoice(choice, modelsDir, {
			hubToken,
			onProgress: logged(log, choice.name),
			onRetry: ({ message }, pauseMs) => log.warn({ model: choice.name, message, pauseMs }, 'fetching the local model is tried again'),
			onWait: (pid) => log.info({ model: choice.name, pid }, 'another process fetches the local model; waiting for it'),
			...(signal && { signal }),
		});
		log.info({ model: choice.name, file }, 'the local model is here');
		return file;
	} catch (error) {
		if (signal?.aborted) return undefined;
		if (!(error instanceof ModelFailure)) throw error;
		log.warn(
			{ model: choice.name, reason: error.message },
			'there is no local model: the box answers nothing by itself until it is put there',
		);
		return undefined;
	}
}

function logged(log: ModelLog, model: string): OnProgress {
	let lastMs = Number.NEGATIVE_INFINITY;
	return ({ stage, doneBytes, totalBytes, bytesPerSecond, etaSeconds }) => {
		const nowMs = performance.now();
		if (nowMs - lastMs < LOG_EVERY_MS) return;
		lastMs = nowMs;
		log.info({ model, stage, doneBytes, totalBytes, bytesPerSecond: Math.round(bytesPerSecond), etaSeconds }, 'fetching the local model');
	};
}
