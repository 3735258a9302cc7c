/** Builds the engine with our patches, before its tests need it. */

import { homedir } from 'node:os';
import { join } from 'node:path';
import { cacheDir } from '../../appliance/config/places.ts';
import { readBuildInputs } from '../../native/build/build-inputs.ts';
import { obtainOwnBuild } from '../../native/build/own-build.ts';

const abort = new AbortController();
// The compilers are a group of their own, and end with the signal.
process.once('SIGTERM', () => abort.abort());
const folder = join(cacheDir(process.env, homedir()), 'native');
await obtainOwnBuild({ inputs: readBuildInputs(), folder, onProgress: () => undefined, signal: abort.signal });
