/** Builds the one file for developers' machines, which the box serves. */

import { writeFileSync } from 'node:fs';
import { buildConnectBundle, CONNECT_BUNDLE } from './connect-bundle.ts';

const text = await buildConnectBundle();
writeFileSync(CONNECT_BUNDLE, text);
console.log(`${CONNECT_BUNDLE}: ${Buffer.byteLength(text)} bytes`);
