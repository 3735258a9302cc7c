/** Decodes a few tokens of a model greedily with node-llama-cpp's prebuilt engine, or the build in a folder, and prints them. */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

if (process.env.EMULATED_NODE !== undefined) process.execPath = process.env.EMULATED_NODE;
const [modelPath = '', folder] = process.argv.slice(2);
const library: typeof import('node-llama-cpp') =
	folder === undefined ? await import('node-llama-cpp') : await import(pathToFileURL(join(folder, 'dist', 'index.js')).href);
const quiet = { progressLogs: false, logLevel: library.LlamaLogLevel.error };
const llama =
	folder === undefined
		? await library.getLlama({ ...quiet, build: 'never', gpu: false })
		: await library.getLlama('lastBuild', { ...quiet, usePrebuiltBinaries: false, skipDownload: true });
const model = await llama.loadModel({ modelPath, gpuLayers: 0 });
const context = await model.createContext({ contextSize: 256, batchSize: 64, threads: 1, flashAttention: true });
const tokens: number[] = [];
for await (const token of context.getSequence().evaluate(model.tokenize('the user and the model', true), { temperature: 0 })) {
	tokens.push(token);
	if (tokens.length === 12) break;
}
console.log(JSON.stringify({ architecture: process.arch, text: model.detokenize(tokens as never), tokens }));
process.exit(0);
