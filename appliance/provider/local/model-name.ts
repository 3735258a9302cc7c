/** What the box calls a model: its file's name, which callers can write in a request, unlike the titles inside the files. */

import { basename } from 'node:path';

export function modelNameOf(modelPath: string): string {
	return basename(modelPath).replace(/\.gguf$/i, '');
}
