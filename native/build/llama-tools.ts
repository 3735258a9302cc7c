/** Compiles programs of llama.cpp's own against a finished own build, to hold our types of cache to its tests and tools. */

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readBuildInputs } from './build-inputs.ts';
import { obtainCachedBuild } from './cached-build.ts';
import { type KvToolOptions, releaseFolder } from './kv-tools.ts';
import { obtainOwnBuild } from './own-build.ts';

export type LlamaTool = 'test-backend-ops' | 'llama-perplexity' | 'llama-server';

const RECIPE = fileURLToPath(new URL('llama-tools/', import.meta.url));

/** Folders of llama.cpp that the programs are made of; public headers of ggml and llama come with the build. */
const FOLDERS = [
	'tests/test-backend-ops.cpp',
	'tools/perplexity',
	'tools/server',
	'tools/mtmd',
	'tools/ui',
	'common',
	'vendor',
	'scripts',
	'src',
	'ggml/src',
];

/** Of the patches, what touches those. */
const PATCHED = ['tests/test-backend-ops.cpp', 'common/*', 'src/*', 'ggml/src/*'];

/** @returns a function that names each program; two minutes of a core, or nothing when the cache has them */
export async function obtainLlamaTools(options: KvToolOptions): Promise<(tool: LlamaTool) => string> {
	const inputs = readBuildInputs();
	const llama = join(await obtainOwnBuild({ ...options, inputs }), 'llama');
	const bundle = join(inputs.packageFolder, 'llama', 'gitRelease.bundle');
	const built = await obtainCachedBuild({
		name: 'llama-tools',
		sources: ['CMakeLists.txt'],
		root: RECIPE,
		facts: [inputs.key],
		folder: options.folder,
		signal: options.signal,
		commands: (out) => {
			const source = join(out, 'llama.cpp');
			const places = { SOURCE: source, INCLUDE: join(llama, 'include'), LIBRARIES: releaseFolder(llama) };
			return [
				['git', 'clone', '--quiet', '--no-checkout', bundle, source],
				['git', '-C', source, 'checkout', '--quiet', 'HEAD', '--', ...FOLDERS],
				['git', '-C', source, 'apply', '--whitespace=nowarn', ...PATCHED.map((path) => `--include=${path}`), ...inputs.patches],
				['cmake', '-S', RECIPE, '-B', out, ...Object.entries(places).map(([name, place]) => `-DLLAMA_${name}=${place}`)],
				['cmake', '--build', out, '--parallel', '2'],
				['rm', '-r', source],
			];
		},
	});
	return (tool) => join(built, tool);
}
