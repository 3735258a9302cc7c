/** Makes the one file for developers' machines from the command line's own modules, in memory. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, stop } from 'esbuild';

const ROOT = join(import.meta.dirname, '../..');

/** Some hundred milliseconds. Runs on Node 18 or newer and needs nothing beside it. */
export async function makeConnectBundle(): Promise<Buffer> {
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
		logLevel: 'silent',
		define: { INNERLOOP_VERSION: JSON.stringify(version) },
		banner: { js: '#!/usr/bin/env node\n// Innerloop: finds a box on this network and writes it into the settings of your coding agents.' },
	});
	// esbuild keeps a process of its own, which nothing else needs.
	await stop();
	return Buffer.from(outputFiles[0]?.contents ?? []);
}
