/** How the one file for developers' machines is made of the command line's own modules. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');

/** Checked in, since a box has no compiler. Not named as a script: it is data to this tree. */
export const CONNECT_BUNDLE = join(ROOT, 'appliance/server/connect/connect.mjs.txt');

export async function buildConnectBundle(): Promise<string> {
	const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
	const { outputFiles } = await build({
		absWorkingDir: ROOT,
		entryPoints: ['appliance/cli/connect/bundle-main.ts'],
		bundle: true,
		write: false,
		platform: 'node',
		format: 'esm',
		target: 'node18',
		charset: 'utf8',
		legalComments: 'inline',
		define: { INNERLOOP_VERSION: JSON.stringify(version) },
		banner: { js: '#!/usr/bin/env node\n// Innerloop: finds a box on this network and writes it into the settings of your coding agents.' },
	});
	return outputFiles[0]?.text ?? '';
}
