/** Compiles the programs that measure caches against a finished own build: its objects serve the engine and them. */

import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type BuildInputs, readBuildInputs } from './build-inputs.ts';
import { obtainCachedBuild } from './cached-build.ts';
import { obtainOwnBuild } from './own-build.ts';
import { OWN_SOURCES } from './own-sources.ts';

/** Each tool, and what it is made of beside its own file. */
const TOOLS = {
	attention_lab: [],
	kv_changes: [],
	kv_memory: [],
	kv_quality: [],
	kv_speed: [],
	kv_tool_calls: [],
	widen_weights: [],
	kv_calibrate: ['key_statistics.cpp', 'fit_transform.cpp'],
} as const;

export type KvTool = keyof typeof TOOLS;

export interface KvToolOptions {
	/** Folder of native builds. */
	readonly folder: string;
	readonly onProgress: (share: number, line: string) => void;
	readonly signal: AbortSignal;
}

/** Makes the own build first, where it is not there yet: minutes. @returns a function that names each tool's program */
export async function obtainKvTools(options: KvToolOptions): Promise<(tool: KvTool) => string> {
	const inputs = readBuildInputs();
	const llama = join(await obtainOwnBuild({ ...options, inputs }), 'llama');
	const built = await obtainCachedBuild({
		name: 'kv-tools',
		sources: ['ggml/tools/*'],
		root: OWN_SOURCES,
		facts: [inputs.key],
		folder: options.folder,
		signal: options.signal,
		commands: (out) => Object.entries(TOOLS).map(([tool, parts]) => compiler(inputs, llama, [`${tool}.cpp`, ...parts], join(out, tool))),
	});
	return (tool) => join(built, tool);
}

function compiler(inputs: BuildInputs, llama: string, sources: readonly string[], out: string): [string, ...string[]] {
	const libraries = releaseFolder(llama);
	const names = readdirSync(libraries).filter((name) => /^lib(llama\.|ggml).*\.so$/.test(name));
	return [
		'c++',
		...['-std=c++17', '-O3', '-I', join(llama, 'include')],
		...sources.map((source) => join(inputs.sources, 'ggml', 'tools', source)),
		...['-o', out, '-L', libraries, `-Wl,-rpath,${libraries}`],
		...names.map((name) => `-l:${basename(name)}`),
	];
}

/** Where node-llama-cpp put the libraries of its only local build. */
export function releaseFolder(llama: string): string {
	const builds = readdirSync(join(llama, 'localBuilds'));
	const [only] = builds;
	if (only === undefined || builds.length > 1) throw new Error(`one local build was expected in ${llama}`);
	return join(llama, 'localBuilds', only, 'Release');
}
