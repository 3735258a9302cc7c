/** Everything that a native build depends on, and the name that its result has in the cache. */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { firstLine } from './compiler.ts';
import { type CmakeOptions, commonCpuFlags, instructionSetOptions } from './instruction-sets.ts';

/** Raise it when the way of building changes its result. */
const RECIPE = 1;

export interface BuildInputs {
	/** Folder of the installed node-llama-cpp. */
	readonly packageFolder: string;
	readonly packageVersion: string;
	/** Files, in the order in which they are applied. */
	readonly patches: readonly string[];
	readonly options: CmakeOptions;
	readonly compiler: string;
	/** Hex; the same inputs give the same key on any clone. */
	readonly key: string;
}

/** Where our changes to llama.cpp stand. */
const PATCHES = fileURLToPath(new URL('../turboquant/ggml/patches/', import.meta.url));

/** @throws when there is no C++ compiler or no CMake */
export function readBuildInputs(patchFolder = PATCHES): BuildInputs {
	const packageFolder = join(dirname(fileURLToPath(import.meta.resolve('node-llama-cpp'))), '..');
	const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { readonly version: string };
	const patches = listPatches(patchFolder);
	const options = instructionSetOptions(process.arch, commonCpuFlags(readFileSync('/proc/cpuinfo', 'utf8')));
	const compiler = [firstLine('c++'), firstLine('cmake')].join('; ');
	const digests = patches.map((file) => createHash('sha256').update(readFileSync(file)).digest('hex'));
	const facts = [RECIPE, version, digests, options, compiler, process.platform, process.arch, process.versions.modules];
	const key = createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 24);
	return { packageFolder, packageVersion: version, patches, options, compiler, key };
}

/** Empty while llama.cpp is used as it comes: an own build would then give nothing over the prebuilt one. */
export function listPatches(patchFolder = PATCHES): readonly string[] {
	return readdirSync(patchFolder)
		.filter((name) => name.endsWith('.patch'))
		.sort()
		.map((name) => join(patchFolder, name));
}
