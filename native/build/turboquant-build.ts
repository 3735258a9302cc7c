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
	return join(await obtainKernelPrograms({ name: 'check-kernels', facts: [], options: [], folder, signal }), 'check_kernels');
}

/** Programs for arm64, made by the cross compiler without sanitizers; linked whole, so that an emulator needs nothing else. */
export interface Arm64KernelPrograms {
	/** See tests/check_kernels.cpp. */
	readonly check: string;
	/** See tests/count_kernels.cpp. */
	readonly count: string;
}

/** The cross compiler has to be there: obtainCrossTools. */
export async function obtainArm64KernelPrograms(folder: string, signal: AbortSignal): Promise<Arm64KernelPrograms> {
	const options = [`-DCMAKE_TOOLCHAIN_FILE=${TOOLCHAIN_FILE}`, '-DCMAKE_EXE_LINKER_FLAGS=-static', '-DTURBOQUANT_SANITIZE=OFF'];
	const facts = ['arm64', firstLine(CROSS_CXX)];
	const built = await obtainKernelPrograms({ name: 'check-kernels-arm64', facts, options, folder, signal });
	return { check: join(built, 'check_kernels'), count: join(built, 'count_kernels') };
}

interface KernelPrograms {
	readonly name: string;
	readonly facts: readonly string[];
	readonly options: readonly string[];
	readonly folder: string;
	readonly signal: AbortSignal;
}

async function obtainKernelPrograms({ options, ...build }: KernelPrograms): Promise<string> {
	return await obtainCachedBuild({
		...build,
		sources: [...CODEC, 'native/turboquant/tests/*.cpp'],
		root: ROOT,
		commands: (out) => [
			['cmake', '-S', 'native/turboquant', '-B', out, '-DTURBOQUANT_CHECKS=ON', '-DCMAKE_BUILD_TYPE=RelWithDebInfo', ...options],
			['cmake', '--build', out],
		],
	});
}

function versionOf(name: string): string {
	const manifest = join(ROOT, 'node_modules', name, 'package.json');
	return `${name} ${(JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string }).version}`;
}
