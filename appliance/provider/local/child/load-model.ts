/** Loads the model and its context into the engine child, from the stock binary or from an own build. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { GgmlType, GgufFileInfo, Llama, LlamaContext, LlamaModel } from 'node-llama-cpp';
import type { EngineSettings } from '../messages.ts';
import { modelNameOf } from '../model-name.ts';
import { ringCells } from '../prefix/ring.ts';
import { type CacheTypes, chooseCacheTypes } from './cache-types.ts';
import { loadLeanModel } from './lean-model.ts';
import { repairSlidingWindow } from './sliding-window.ts';
import type { WindowSize } from './slot-pool.ts';

/** The part of the library's context that setting its threads while it lives needs. */
interface ThreadedContext {
	_idealThreads: number;
	/** Lets go of the threads that the last batch reserved; the next one reserves anew. */
	_freeReservedThreads(): void;
}

/** From the next batch on. */
export function setThreads(context: LlamaContext, threads: number): void {
	const threaded = context as unknown as ThreadedContext;
	if (threaded._idealThreads === threads) return;
	threaded._idealThreads = threads;
	threaded._freeReservedThreads();
}

/** Longer windows are not offered: no supported model was trained beyond it. */
const MAX_CONTEXT_TOKENS = 131_072;

/** Positions decoded at once; also how far a sliding window can be rolled back without a checkpoint. */
const MIN_BATCH_TOKENS = 512;

export interface LoadedEngine {
	readonly llama: Llama;
	readonly model: LlamaModel;
	readonly context: LlamaContext;
	readonly modelName: string;
	/** Undefined for models that see everything in every layer. */
	readonly window: WindowSize | undefined;
	readonly cache: CacheTypes;
	/** Of all that gives stored keys and values their meaning: a stored state fits only where it is the same. */
	readonly cacheVersion: string;
	/** Makes a grammar's matcher state. */
	readonly library: typeof import('node-llama-cpp');
}

export async function loadEngine(settings: EngineSettings, onLog: (message: string) => void): Promise<LoadedEngine> {
	const library = await loadLibrary(settings.build);
	const common = { logLevel: library.LlamaLogLevel.warn, logger: (_level: unknown, message: string) => onLog(message), maxThreads: 0 };
	const llama =
		settings.build.kind === 'own'
			? await library.getLlama('lastBuild', { ...common, usePrebuiltBinaries: false, skipDownload: true, progressLogs: false })
			: await library.getLlama({ ...common, build: 'never', gpu: false, progressLogs: false });
	if (settings.build.kind === 'own' && llama.buildType !== 'localBuild') throw new Error('the own build of the engine could not be loaded');
	const file = await library.readGgufFileInfo(settings.modelPath, { readTensorInfo: false, logWarnings: false });
	const architecture: string = file.metadata.general.architecture;
	const cache = chooseCacheTypes(settings.kvCache, {
		build: settings.build.kind,
		architecture,
		headSizes: headSizesOf(file),
		isCalibrated: settings.kvCalibrationFile !== undefined,
	});
	const calibrationFile = cache.keys.startsWith('tqs') ? settings.kvCalibrationFile : undefined;
	// Read by our own build while the model is loaded and while the context is made.
	process.env.INNERLOOP_KEY_CALIBRATION = calibrationFile ?? '';
	process.env.INNERLOOP_SLIDING_CACHE = cache.slidingWindows ?? '';
	const hasTables = architecture === 'gemma4' || architecture === 'gemma3n';
	const model = await loadLeanModel(library, llama, { modelPath: settings.modelPath, gpuLayers: 0 }, hasTables);
	const largest = Math.min(model.trainContextSize, MAX_CONTEXT_TOKENS);
	const context = await model.createContext({
		flashAttention: true,
		// The library's types do not list those of our own build; it asks the loaded binary for a name.
		experimentalKvCacheKeyType: typeNamed(llama, cache.keys),
		experimentalKvCacheValueType: typeNamed(llama, cache.values),
		sequences: settings.slots,
		contextSize: settings.contextTokens ?? { max: largest },
		batchSize: Math.max(MIN_BATCH_TOKENS, settings.prefillChunkTokens),
		...(settings.threads === undefined ? {} : { threads: settings.threads }),
	});
	repairSlidingWindow(context, model.fileInsights.swaSize);
	const window = windowOf(context, model.fileInsights.swaSize);
	const cacheVersion = [
		cache.keys,
		cache.values,
		cache.slidingWindows ?? '',
		calibrationFile === undefined ? 'weights' : digestOf(calibrationFile),
		settings.build.kind,
	].join(' ');
	return { llama, model, context, library, cache, cacheVersion, window, modelName: modelNameOf(settings.modelPath) };
}

function windowOf(context: LlamaContext, windowTokens: number | undefined): WindowSize | undefined {
	if (windowTokens === undefined || windowTokens <= 0) return undefined;
	const slotTokens = Math.ceil(context.getAllocatedContextSize() / context.totalSequences / 256) * 256;
	// The library adds one to the batch of such models.
	return { windowTokens, cells: ringCells(windowTokens, context.batchSize + 1, slotTokens) };
}

function loadLibrary(build: EngineSettings['build']): Promise<typeof import('node-llama-cpp')> {
	if (build.kind === 'prebuilt') return import('node-llama-cpp');
	return import(pathToFileURL(join(build.folder, 'dist', 'index.js')).href);
}

/** Two calibrations of one model are two formats. */
function digestOf(file: string): string {
	return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/** Of keys and of values, in the layers that look at everything. */
function headSizesOf(file: GgufFileInfo): readonly number[] {
	const { attention, embedding_length: width = 0 } = file.architectureMetadata;
	const heads = attention?.head_count;
	const fallback = typeof heads === 'number' && heads > 0 ? width / heads : 0;
	return [attention?.key_length ?? fallback, attention?.value_length ?? fallback];
}

/** @throws when the binary has no such type: the choice and the build do not fit each other */
function typeNamed(llama: Llama, name: string): GgmlType {
	const bindings = (llama as unknown as { readonly _bindings: { getGgmlType(name: string): number | undefined } })._bindings;
	const type = bindings.getGgmlType(name.toUpperCase());
	if (type === undefined) throw new Error(`the engine has no type ${name} for its cache`);
	return type;
}
