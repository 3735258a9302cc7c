/** Everything that a native build depends on, and the name that its result has in the cache. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { firstLine } from './compiler.ts';
import { CROSS_CXX } from './cross-compiler.ts';
import { type CmakeOptions, commonCpuFlags, instructionSetOptions, PI5_CPU_FLAGS } from './instruction-sets.ts';
import { digestSources, listPatches, OWN_SOURCES, pinnedVersion } from './own-sources.ts';

/** Raise it when the way of building changes its result. */
const RECIPE = 2;

export interface BuildInputs {
	/** Folder of the installed node-llama-cpp. */
	readonly packageFolder: string;
	readonly packageVersion: string;
	/** Folder of our sources and patches. */
	readonly sources: string;
	/** Files, in the order in which they are applied. */
	readonly patches: readonly string[];
	readonly options: CmakeOptions;
	readonly compiler: string;
	/** The architecture to build for, as Node names it. */
	readonly target: string;
	/** Hex; the same inputs give the same key on any clone. */
	readonly key: string;
}

/**
 * @param target another architecture than the machine's own is built by a cross compiler, for the cores of a Raspberry Pi 5
 * @throws when there is no C++ compiler or no CMake, or when the patches were made for another release of node-llama-cpp
 */
export function readBuildInputs(sources = OWN_SOURCES, target: string = process.arch): BuildInputs {
	const packageFolder = join(dirname(fileURLToPath(import.meta.resolve('node-llama-cpp'))), '..');
	const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { readonly version: string };
	const pinned = pinnedVersion(sources);
	if (version !== pinned) throw new Error(`the patches of llama.cpp are for node-llama-cpp ${pinned}, and ${version} is installed`);
	const isCross = target !== process.arch;
	if (isCross && target !== 'arm64') throw new Error(`nothing here builds for ${target}`);
	const options = instructionSetOptions(target, isCross ? PI5_CPU_FLAGS : commonCpuFlags(readFileSync('/proc/cpuinfo', 'utf8')));
	const compiler = [firstLine(isCross ? CROSS_CXX : 'c++'), firstLine('cmake')].join('; ');
	const facts = [RECIPE, version, digestSources(sources), options, compiler, process.platform, target, process.versions.modules];
	const key = createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 24);
	return { packageFolder, packageVersion: version, sources, patches: listPatches(sources), options, compiler, target, key };
}
