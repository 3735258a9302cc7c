/** Reads the recorded wire files. */

import { readFileSync } from 'node:fs';

export function recorded(name: string): Uint8Array {
	return new Uint8Array(readFileSync(new URL(`../../dialect/recorded/${name}`, import.meta.url)));
}
