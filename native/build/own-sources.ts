/** What of ours is compiled into llama.cpp: folders that are copied into its tree, and patches that hook them in. */

import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of all that is ours in llama.cpp. */
export const OWN_SOURCES = fileURLToPath(new URL('../turboquant/', import.meta.url));

/** Folder of ours → where its files stand in llama.cpp's tree. */
const PLACES: Readonly<Record<string, string>> = {
	'ggml/llama': 'src/innerloop',
	'ggml/attention': 'ggml/src/ggml-cpu/innerloop',
	'ggml/types': 'ggml/src/innerloop/types',
	include: 'ggml/src/innerloop/include',
	src: 'ggml/src/innerloop/codec',
};

/** In those folders, but for the codec's addon only: the engine has its own attention. */
const ADDON_ONLY = /^src\/(?:arch\/\w+\/kernels_\w+|dispatch|kernel_table|kernels_scalar|head_chunks|weights)\.[ch]pp$/;

/** The release of node-llama-cpp, and so of llama.cpp, that the patches were made for. */
export function pinnedVersion(root = OWN_SOURCES): string {
	return readFileSync(join(root, 'ggml', 'patches', 'node-llama-cpp-version'), 'utf8').trim();
}

/** In the order in which they are applied. */
export function listPatches(root = OWN_SOURCES): readonly string[] {
	const folder = join(root, 'ggml', 'patches');
	return readdirSync(folder)
		.filter((name) => name.endsWith('.patch'))
		.sort()
		.map((name) => join(folder, name));
}

/** One digest of every file that goes into llama.cpp, by name and content: a README or a kernel of the addon changes no build. */
export function digestSources(root = OWN_SOURCES): string {
	const hash = createHash('sha256');
	const files = [...listPatches(root), ...Object.keys(PLACES).flatMap((folder) => filesOf(join(root, folder)))];
	for (const file of files.filter((each) => !ADDON_ONLY.test(relative(root, each)))) {
		hash
			.update(`${relative(root, file)}\0`)
			.update(readFileSync(file))
			.update('\0');
	}
	return hash.digest('hex');
}

/** Into a fresh tree of llama.cpp; what an earlier copy left is removed. */
export function copySources(llamaCpp: string, root = OWN_SOURCES): void {
	for (const [folder, place] of Object.entries(PLACES)) {
		const target = join(llamaCpp, place);
		rmSync(target, { recursive: true, force: true });
		cpSync(join(root, folder), target, { recursive: true });
	}
}

function filesOf(folder: string): readonly string[] {
	return readdirSync(folder, { withFileTypes: true, recursive: true })
		.filter((entry) => entry.isFile())
		.map((entry) => join(entry.parentPath, entry.name))
		.sort();
}
