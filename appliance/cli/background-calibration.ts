/** Lets the service measure its model's keys by itself, once, while nobody calls. */

import { nativeDir } from '../config/places.ts';
import { findCalibration } from '../model/kv-calibration.ts';
import type { LocalEngine } from '../protocol/ports.ts';
import type { LogPort } from '../provider/local/engine-supervisor.ts';
import { calibrateKeys, DEFAULT_TOKENS } from './calibrate-keys.ts';

/** The first look comes after the first minutes of a new box, which have better things to do. */
const LOOK_EVERY_MS = 5 * 60_000;

export interface BackgroundCalibrationOptions {
	readonly modelFile: string;
	readonly env: Parameters<typeof nativeDir>[0];
	readonly home: string;
	readonly log: LogPort;
	readonly lookEveryMs?: number;
}

/** @returns the same engine; closing it ends the calibration too */
export function withCalibration(engine: LocalEngine, options: BackgroundCalibrationOptions): LocalEngine {
	const closing = new AbortController();
	const timer = setInterval(() => {
		if (!isWanted(engine, options.modelFile)) return;
		clearInterval(timer);
		calibrate(options, closing.signal).catch((error: unknown) => {
			if (!closing.signal.aborted) options.log.warn({ err: error }, 'the keys could not be calibrated: they stay balanced by the norms');
		});
	}, options.lookEveryMs ?? LOOK_EVERY_MS).unref();
	return {
		status: () => engine.status(),
		countTokens: (conversation, signal) => engine.countTokens(conversation, signal),
		answer: (request) => engine.answer(request),
		async close() {
			clearInterval(timer);
			closing.abort(new Error('the engine is closed'));
			await engine.close();
		},
	};
}

/** Where the codec holds the keys, or would if their channels were known. */
function isWanted(engine: LocalEngine, modelFile: string): boolean {
	const { state, build, busySlots, queued, kvCache = '', kvCacheReason = '' } = engine.status();
	const isIdle = state === 'ready' && build === 'own' && busySlots === 0 && queued === 0;
	const canGain = kvCache.startsWith('tq') || kvCacheReason.includes('kv calibrate');
	return isIdle && canGain && findCalibration(modelFile).kind === 'absent';
}

async function calibrate({ modelFile, env, home, log }: BackgroundCalibrationOptions, signal: AbortSignal): Promise<void> {
	log.info({ modelFile }, 'measuring the keys of the model in the background');
	const { check, isUsable } = await calibrateKeys({
		modelFile,
		textFile: undefined,
		tokens: DEFAULT_TOKENS,
		threads: 1,
		nativeFolder: nativeDir(env, home),
		onProgress: () => undefined,
		signal,
	});
	log.info({ check, isUsable }, isUsable ? 'the keys are calibrated from the next start of the engine on' : 'a calibration is no gain');
}
