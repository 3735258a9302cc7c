/** Loads the model and its context into the engine child, from the stock binary or from an own build. */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Llama, LlamaContext, LlamaModel } from 'node-llama-cpp';
import type { EngineSettings } from '../messages.ts';
import { modelNameOf } from '../model-name.ts';
import { ringCells } from '../prefix/ring.ts';
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

/** Half of f16's memory at its quality; only with flash attention. docs/decisions/0027 has the figures of the others. */
export const KV_CACHE_TYPE = 'Q8_0';

export interface LoadedEngine {
	readonly llama: Llama;
	readonly model: LlamaModel;
	readonly context: LlamaContext;
	readonly modelName: string;
	/** Undefined for models that see everything in every layer. */
	readonly window: WindowSize | undefined;
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
	const hasTables = await hasPerLayerEmbeddings(library, settings.modelPath);
	const model = await loadLeanModel(library, llama, { modelPath: settings.modelPath, gpuLayers: 0 }, hasTables);
	const largest = Math.min(model.trainContextSize, MAX_CONTEXT_TOKENS);
	const context = await model.createContext({
		flashAttention: true,
		experimentalKvCacheKeyType: KV_CACHE_TYPE,
		experimentalKvCacheValueType: KV_CACHE_TYPE,
		sequences: settings.slots,
		contextSize: settings.contextTokens ?? { max: largest },
		batchSize: Math.max(MIN_BATCH_TOKENS, settings.prefillChunkTokens),
		...(settings.threads === undefined ? {} : { threads: settings.threads }),
	});
	repairSlidingWindow(context, model.fileInsights.swaSize);
	const window = windowOf(context, model.fileInsights.swaSize);
	return { llama, model, context, library, window, modelName: modelNameOf(settings.modelPath) };
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

async function hasPerLayerEmbeddings(library: typeof import('node-llama-cpp'), modelPath: string): Promise<boolean> {
	const file = await library.readGgufFileInfo(modelPath, { readTensorInfo: false, logWarnings: false });
	const architecture: string = file.metadata.general.architecture;
	return architecture === 'gemma4' || architecture === 'gemma3n';
}
