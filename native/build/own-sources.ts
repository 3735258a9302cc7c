/** What of ours is compiled into llama.cpp: folders that are copied into its tree, and patches that hook them in. */

import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of all that is ours in llama.cpp. */
export const GGML_FOLDER = fileURLToPath(new URL('../turboquant/ggml/', import.meta.url));

/** Folder of ours → where its files stand in llama.cpp's tree. */
const PLACES: Readonly<Record<string, string>> = {
	llama: 'src/innerloop',
	attention: 'ggml/src/ggml-cpu/innerloop',
};

/** The release of node-llama-cpp, and so of llama.cpp, that the patches were made for. */
export function pinnedVersion(root = GGML_FOLDER): string {
	return readFileSync(join(root, 'patches', 'node-llama-cpp-version'), 'utf8').trim();
}

/** In the order in which they are applied. */
export function listPatches(root = GGML_FOLDER): readonly string[] {
	const folder = join(root, 'patches');
	return readdirSync(folder)
		.filter((name) => name.endsWith('.patch'))
		.sort()
		.map((name) => join(folder, name));
}

/** One digest of every file that goes into llama.cpp, by name and content: comments in a README change no build. */
export function digestSources(root = GGML_FOLDER): string {
	const hash = createHash('sha256');
	for (const file of [...listPatches(root), ...Object.keys(PLACES).flatMap((folder) => filesOf(join(root, folder)))]) {
		hash
			.update(`${file.slice(root.length)}\0`)
			.update(readFileSync(file))
			.update('\0');
	}
	return hash.digest('hex');
}

/** Into a fresh tree of llama.cpp; what an earlier copy left is removed. */
export function copySources(llamaCpp: string, root = GGML_FOLDER): void {
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
