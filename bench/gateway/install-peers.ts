/** Installs the gateways that ours is measured against into the cache: Portkey, claude-code-router and LiteLLM. */

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cachedInstall, runNpm, runQuietly } from '../../test/support/cached-install.ts';

const LITELLM = 'litellm[proxy]==1.106.2';

export interface PeerPaths {
	/** Scripts for our Node. */
	readonly portkey: string;
	readonly claudeCodeRouter: string;
	/** A program. */
	readonly litellm: string;
}

/**
 * Needs npm, Python 3 with venv, and a C++ compiler.
 * @throws with the words of the installer that failed
 */
export async function installPeers(): Promise<PeerPaths> {
	const folder = await cachedInstall({
		source: fileURLToPath(new URL('./peers', import.meta.url)),
		kind: 'peers',
		title: 'Installing Portkey, claude-code-router and LiteLLM to measure against (some minutes)',
		async finish(fresh) {
			await buildSqlite(fresh);
			await runQuietly('python3', ['-m', 'venv', 'python'], fresh);
			await runQuietly(join(fresh, 'python/bin/pip'), ['install', '--quiet', '--disable-pip-version-check', LITELLM], fresh);
		},
	});
	return {
		portkey: join(folder, 'node_modules/@portkey-ai/gateway/build/start-server.js'),
		claudeCodeRouter: join(folder, 'node_modules/@musistudio/claude-code-router/dist/main/cli.js'),
		litellm: join(folder, 'python/bin/litellm'),
	};
}

/** claude-code-router keeps its settings in better-sqlite3, whose ready-made binaries lie where no package registry is: build it. */
async function buildSqlite(folder: string): Promise<void> {
	const nodeFolder = dirname(dirname(process.execPath));
	if (!existsSync(join(nodeFolder, 'include/node/node.h'))) {
		throw new Error(`No Node headers beside ${process.execPath}: run this benchmark by npm, which uses the pinned Node.`);
	}
	await runNpm(['rebuild', 'better-sqlite3', '--ignore-scripts=false'], folder, {
		PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
		npm_config_nodedir: nodeFolder,
		npm_config_build_from_source: 'true',
	});
}
