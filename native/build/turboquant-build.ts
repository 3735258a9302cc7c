/** Builds the codec: as the addon that index.ts of the bindings opens, and as the program that checks its kernels. */

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { obtainCachedBuild } from './cached-build.ts';
import { firstLine } from './compiler.ts';
import { CROSS_CXX, TOOLCHAIN_FILE } from './cross-compiler.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CODEC = ['native/turboquant/CMakeLists.txt', 'native/turboquant/{include,src}/**/*.{h,hpp,cpp,inc}'];

/**
 * @param target `arm64` on another machine takes the cross compiler, see cross-compiler.ts
 * @returns the addon's file: seconds from the cache, half a minute when it has to be compiled
 */
export async function obtainAddon(folder: string, signal: AbortSignal, target: string = process.arch): Promise<string> {
	const isCross = target !== process.arch;
	const cross = isCross ? ['--arch', target, `--CDCMAKE_TOOLCHAIN_FILE=${TOOLCHAIN_FILE}`] : [];
	const cmakeJs = join(dirname(fileURLToPath(import.meta.resolve('cmake-js'))), '..');
	const built = await obtainCachedBuild({
		name: isCross ? `addon-${target}` : 'addon',
		sources: [...CODEC, 'native/bindings/{CMakeLists.txt,package.json}', 'native/bindings/src/*'],
		root: ROOT,
		facts: [versionOf('cmake-js'), versionOf('node-addon-api'), ...(isCross ? [target, firstLine(CROSS_CXX)] : [])],
		folder,
		signal,
		commands: (out) => [
			[process.execPath, join(cmakeJs, 'bin', 'cmake-js'), 'build', '--directory', 'native/bindings', '--out', out, ...cross],
		],
	});
	return join(built, 'Release', 'turboquant.node');
}

/** @returns a program built with the address and undefined-behaviour sanitizers, see tests/check_kernels.cpp */
export async function obtainKernelCheck(folder: string, signal: AbortSignal): Promise<string> {
	const built = await obtainCachedBuild({
		name: 'check-kernels',
		sources: [...CODEC, 'native/turboquant/tests/*.cpp'],
		root: ROOT,
		facts: [],
		folder,
		signal,
		commands: (out) => [
			['cmake', '-S', 'native/turboquant', '-B', out, '-DTURBOQUANT_CHECKS=ON', '-DCMAKE_BUILD_TYPE=RelWithDebInfo'],
			['cmake', '--build', out],
		],
	});
	return join(built, 'check_kernels');
}

function versionOf(name: string): string {
	const manifest = join(ROOT, 'node_modules', name, 'package.json');
	return `${name} ${(JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string }).version}`;
}
