/** Builds the program that holds the fused kernels of arm64 to the way through memory: for an emulator, without ggml's libraries. */

import { join } from 'node:path';
import { readBuildInputs } from './build-inputs.ts';
import { obtainCachedBuild } from './cached-build.ts';
import { firstLine } from './compiler.ts';
import { CROSS_CXX } from './cross-compiler.ts';
import type { KvToolOptions } from './kv-tools.ts';
import { obtainOwnBuild } from './own-build.ts';
import { OWN_SOURCES } from './own-sources.ts';

const SOURCES = [
	'ggml/tests/check_fused.cpp',
	'ggml/attention/fused-blocks.cpp',
	'ggml/attention/int8-keys.cpp',
	'ggml/attention/int8-values.cpp',
];

/** The cross compiler has to be there: obtainCrossTools. Headers come from the own build, which is made first where it is missing. */
export async function obtainFusedCheck(options: KvToolOptions): Promise<string> {
	const inputs = readBuildInputs();
	const headers = join(await obtainOwnBuild({ ...options, inputs }), 'llama', 'include');
	const at = (path: string): string => join(OWN_SOURCES, path);
	const built = await obtainCachedBuild({
		name: 'check-fused-arm64',
		sources: ['ggml/tests/*'],
		root: OWN_SOURCES,
		facts: [inputs.key, firstLine(CROSS_CXX)],
		folder: options.folder,
		signal: options.signal,
		commands: (out) => {
			// As llama.cpp's tree has them: see own-sources.ts.
			const innerloop = join(out, 'innerloop');
			const folders = ['ggml/tests', 'ggml/attention', 'include'].map(at);
			const flags = [
				'-std=c++17',
				'-O2',
				'-static',
				'-march=armv8.2-a+dotprod',
				...[headers, out, ...folders].flatMap((each) => ['-I', each]),
			];
			return [
				['mkdir', innerloop],
				['ln', '-s', at('src'), join(innerloop, 'codec')],
				['ln', '-s', at('ggml/types'), join(innerloop, 'types')],
				[CROSS_CXX, ...flags, ...SOURCES.map(at), '-o', join(out, 'check_fused')],
			];
		},
	});
	return join(built, 'check_fused');
}
