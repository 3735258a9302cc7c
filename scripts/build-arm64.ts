/** `npm run build:arm64`: the engine with our patches and the codec's addon for a Raspberry Pi 5, on any machine with a cross compiler. */

import { homedir } from 'node:os';
import { nativeDir } from '../appliance/config/places.ts';
import { readBuildInputs } from '../native/build/build-inputs.ts';
import { CROSS_CXX, obtainCrossTools } from '../native/build/cross-compiler.ts';
import { obtainOwnBuild } from '../native/build/own-build.ts';
import { OWN_SOURCES } from '../native/build/own-sources.ts';
import { obtainAddon } from '../native/build/turboquant-build.ts';

const abort = new AbortController();
process.once('SIGTERM', () => abort.abort());
process.once('SIGINT', () => abort.abort());
const { signal } = abort;
const folder = nativeDir(process.env, homedir());
if (process.arch !== 'arm64') await obtainCrossTools([CROSS_CXX, 'cmake', 'ninja'], signal);
let tenths = 0;
const engine = await obtainOwnBuild({
	inputs: readBuildInputs(OWN_SOURCES, 'arm64'),
	folder,
	onProgress: (share) => {
		if (share * 10 < tenths + 1) return;
		tenths = Math.floor(share * 10);
		console.error(`building the engine: ${tenths * 10} %`);
	},
	signal,
});
console.log(`engine ${engine}`);
console.log(`addon  ${await obtainAddon(folder, signal, 'arm64')}`);
