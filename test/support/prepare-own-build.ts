/** Builds the engine with our patches, before its tests need it. */

import { homedir } from 'node:os';
import { nativeDir } from '../../appliance/config/places.ts';
import { readBuildInputs } from '../../native/build/build-inputs.ts';
import { obtainOwnBuild } from '../../native/build/own-build.ts';

const abort = new AbortController();
// The compilers are a group of their own, and end with the signal.
process.once('SIGTERM', () => abort.abort());
const folder = nativeDir(process.env, homedir());
await obtainOwnBuild({ inputs: readBuildInputs(), folder, onProgress: () => undefined, signal: abort.signal });
