/** Loads a model with each of its parts in memory once: node-llama-cpp by itself keeps the file's mapping and four copies of the vocabulary. */

import type { GgufInsights, Llama, LlamaModel, LlamaModelOptions } from 'node-llama-cpp';

/** The part of the library's native model class that is stood in for. */
type NativeModelClass = new (modelPath: string, options: Readonly<Record<string, unknown>>) => object;

interface NativeBindings {
	AddonModel: NativeModelClass;
}

interface Library {
	readonly GgufInsights: typeof GgufInsights;
}

/**
 * The weights are read into memory, not mapped: llama.cpp repacks them for its kernels, and the originals in the mapping would
 * count a second time. Tables of per-layer embeddings stay in the file, from which single rows are looked up; llama.cpp can do
 * both at once, and node-llama-cpp lets one choose only one of them.
 */
export async function loadLeanModel(library: Library, llama: Llama, options: LlamaModelOptions, hasTables: boolean): Promise<LlamaModel> {
	const bindings = (llama as unknown as { readonly _bindings: NativeBindings })._bindings;
	const { AddonModel } = bindings;
	estimateWithoutRehearsal(library);
	if (hasTables) bindings.AddonModel = withTablesInFile(AddonModel);
	try {
		const model = await llama.loadModel({ ...options, useMmap: false });
		forgetVocabularyText(model);
		return model;
	} finally {
		bindings.AddonModel = AddonModel;
	}
}

/** The library would load the model without its weights first, to tell how much memory it needs, and keep 110 MB of that. */
function estimateWithoutRehearsal({ GgufInsights: { prototype } }: Library): void {
	Object.defineProperty(prototype, '_resolveSimulatorSource', { value: async () => null, configurable: true });
}

function withTablesInFile(AddonModel: NativeModelClass): NativeModelClass {
	return new Proxy(AddonModel, {
		construct: (target, [modelPath, options], newTarget) =>
			Reflect.construct(target, [modelPath, { ...options, lazyMode: true }], newTarget) as object,
	});
}

/** Vocabulary and merges as the file's metadata: 50 MB for Gemma. The tokenizer has its own; only their number is asked for. */
function forgetVocabularyText(model: LlamaModel): void {
	const lists: Record<string, unknown> = model.fileInfo.metadata.tokenizer?.ggml ?? {};
	for (const [key, list] of Object.entries(lists)) {
		// An array of that length without elements would still take eight bytes for each.
		if (Array.isArray(list)) lists[key] = { length: list.length };
	}
}
